"""The risk committee: who sits on it, when it met, what it decided and what became of that."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.risk.models.measures import Measure

COMMITTEE = "risk.committee"
ACTION = "risk.committeeaction"
MEMBER = "risk.committeemember"


class CommitteeMember(models.Model):
    """Somebody on the committee from a day on, to a day: an account, or a name without one."""

    class Role(models.TextChoices):
        CHAIR = "chair", pgettext_lazy("role on the committee", "chair")
        SECRETARY = "secretary", pgettext_lazy("role on the committee", "secretary")
        MEMBER = "member", pgettext_lazy("role on the committee", "member")

    policy_noun: ClassVar[str] = MEMBER
    data_levels: ClassVar[dict[int, str]] = {2: "id person name role begin end created created_by"}

    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT,
        related_name="+",
    )  # fmt: skip
    name = models.CharField(max_length=120)
    role = models.CharField(max_length=10, choices=Role.choices)
    begin = models.DateField()
    end = models.DateField(null=True, blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["begin", "id"])]

    def __str__(self) -> str:
        return self.name


class Meeting(models.Model):
    """A meeting. `quorum` is how many members it needs, `approvals` how many members besides the
    chair approve the minutes. Frozen with the last of them: `digest` is that of `frozen`, the
    canonical JSON of everything that was recorded."""

    class Kind(models.TextChoices):
        REGULAR = "regular", pgettext_lazy("kind of meeting", "regular")
        EXTRAORDINARY = "extraordinary", pgettext_lazy("kind of meeting", "extraordinary")

    class State(models.TextChoices):
        PLANNED = "planned", pgettext_lazy("state of a meeting", "planned")
        HELD = "held", pgettext_lazy("state of a meeting", "held, minutes in draft")
        REVIEW = "review", pgettext_lazy("state of a meeting", "minutes to be approved")
        APPROVED = "approved", pgettext_lazy("state of a meeting", "minutes approved")
        CANCELLED = "cancelled", pgettext_lazy("state of a meeting", "cancelled")

    policy_noun: ClassVar[str] = COMMITTEE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id title kind at place link quorum approvals state minutes version handed_in frozen"
        " digest told created created_by"
    }

    title = models.CharField(max_length=120)
    kind = models.CharField(max_length=14, choices=Kind.choices, default=Kind.REGULAR)
    at = models.DateTimeField()
    place = models.CharField(max_length=120, default="", blank=True)
    link = models.CharField(max_length=300, default="", blank=True)
    quorum = models.PositiveSmallIntegerField()
    approvals = models.PositiveSmallIntegerField(default=1)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    minutes = models.TextField(max_length=20_000, default="", blank=True)
    version = models.PositiveSmallIntegerField(default=0)
    handed_in = models.DateTimeField(null=True)
    frozen = models.TextField(default="", blank=True)
    digest = models.CharField(max_length=64, default="", blank=True)
    told = models.DateTimeField(null=True)  # the members, that it will be
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["at", "id"]), models.Index(fields=["state", "at", "id"])]

    def __str__(self) -> str:
        return self.title


class AgendaItem(models.Model):
    """A point of a meeting. Proposed by the platform (`source` and `key` say because of what) or
    the secretary's own (no source). `words` and `values` make the sentence in each language."""

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("state of a point of the agenda", "proposed")
        TAKEN = "taken", pgettext_lazy("state of a point of the agenda", "on the agenda")
        LEFT = "left", pgettext_lazy("state of a point of the agenda", "left out")

    policy_noun: ClassVar[str] = COMMITTEE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id meeting position title words values source key route state reason created"
    }

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="agenda")
    position = models.PositiveSmallIntegerField(default=0)
    title = models.CharField(max_length=200, default="", blank=True)
    words = models.CharField(max_length=40, default="", blank=True)
    values = models.JSONField(default=dict, blank=True)
    source = models.CharField(max_length=40, default="", blank=True)
    key = models.CharField(max_length=80, default="", blank=True)
    route = models.CharField(max_length=60, default="", blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    reason = models.CharField(max_length=300, default="", blank=True)  # why left out
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "source", "key"],
                condition=~models.Q(source=""),
                name="risk_agenda_once",
            )
        ]
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title or self.words


class Attendance(models.Model):
    """Whether a member was there; `present` of a proxy counts for the quorum no more than once."""

    policy_noun: ClassVar[str] = COMMITTEE
    data_levels: ClassVar[dict[int, str]] = {2: "id meeting member present note"}

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendance")
    member = models.ForeignKey(CommitteeMember, on_delete=models.PROTECT, related_name="+")
    present = models.BooleanField()
    note = models.CharField(max_length=200, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "member"], name="risk_attendance_once")
        ]

    def __str__(self) -> str:
        return f"{self.member_id} at {self.meeting_id}"


class MinutesApproval(models.Model):
    """A member's approval of a version of the minutes."""

    policy_noun: ClassVar[str] = COMMITTEE
    data_levels: ClassVar[dict[int, str]] = {2: "id meeting version member at"}

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="approved_by")
    version = models.PositiveSmallIntegerField()
    member = models.ForeignKey(CommitteeMember, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "version", "member"], name="risk_minutes_approved_once"
            )
        ]

    def __str__(self) -> str:
        return f"approval of {self.meeting_id}"


class Resolution(models.Model):
    """What a meeting resolved, with the votes; `recused` names those who took no part and why.
    A review of a measure's effectiveness names the measure and what becomes of it; `evidence` is
    what the committee was shown."""

    class Verdict(models.TextChoices):
        NONE = "", pgettext_lazy("review of a measure", "no review")
        KEEP = "keep", pgettext_lazy("review of a measure", "keep as it is")
        CHANGE = "change", pgettext_lazy("review of a measure", "change it")
        RETIRE = "retire", pgettext_lazy("review of a measure", "retire it")

    policy_noun: ClassVar[str] = COMMITTEE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id meeting agenda number text votes_for against abstained recused carried measure"
        " verdict evidence created created_by"
    }

    meeting = models.ForeignKey(Meeting, on_delete=models.PROTECT, related_name="resolutions")
    agenda = models.ForeignKey(
        AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="resolutions"
    )
    number = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=2000)
    votes_for = models.PositiveSmallIntegerField()
    against = models.PositiveSmallIntegerField()
    abstained = models.PositiveSmallIntegerField()
    recused = models.CharField(max_length=300, default="", blank=True)
    carried = models.BooleanField()
    measure = models.ForeignKey(
        Measure, null=True, blank=True, on_delete=models.PROTECT, related_name="reviews"
    )
    verdict = models.CharField(max_length=8, choices=Verdict.choices, default="", blank=True)
    evidence = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["meeting", "number"], name="risk_resolution_number")
        ]
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.text[:80]


class CommitteeAction(models.Model):
    """Something to be done because of a resolution; done by its owner, verified by another."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of an action", "open")
        DONE = "done", pgettext_lazy("state of an action", "done, to be verified")
        VERIFIED = "verified", pgettext_lazy("state of an action", "verified")
        DROPPED = "dropped", pgettext_lazy("state of an action", "dropped")

    policy_noun: ClassVar[str] = ACTION
    data_levels: ClassVar[dict[int, str]] = {
        2: "id resolution title owner due state created created_by done done_by note verified"
        " verified_by reason told escalated"
    }

    resolution = models.ForeignKey(Resolution, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=160)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    due = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    done = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    note = models.CharField(max_length=1000, default="", blank=True)  # what was done
    verified = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300, default="", blank=True)
    told = models.DateTimeField(null=True)  # its owner, that it is late
    escalated = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["due", "id"]), models.Index(fields=["state", "due", "id"])]

    def __str__(self) -> str:
        return self.title
