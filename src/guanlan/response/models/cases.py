"""Cases: alerts about one entity, worked on as one thing, and what was decided."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.case_rules import CaseQueue
from guanlan.response.models.entities import EntityRef
from guanlan.response.models.restrictions import Restriction

NOUN = "response.case"


class Case(models.Model):
    """Alerts that are worked on together.

    Without a `title` of its own it is called as the worst of its alerts is: `rule`, `text` and
    `values` are that one's. `limits` holds, for first and resolve, the limits that hold for it as
    [begin, unit, minutes, calendar]; the earliest end of each is `first_due` and `resolve_due`.
    `waiting` is since when the customer has to answer: meanwhile the clock of resolving stands
    still. `closing_*` is who wants it closed and as what, while a second person has to confirm.
    `closings` counts how often it was closed; `calls_due` says that not everybody who wanted to
    know of the last time has been called.
    """

    class State(models.TextChoices):
        NEW = "new", pgettext_lazy("state of a case", "new")
        ACKNOWLEDGED = "acknowledged", pgettext_lazy("state of a case", "acknowledged")
        CONTAINED = "contained", pgettext_lazy("state of a case", "contained")
        CLOSED = "closed", pgettext_lazy("state of a case", "closed")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id title rule text values category severity state live disposition queue owner"
        " priority opened opened_by last_alert limits first_due first_response resolve_due waiting"
        " contained closed closed_by closing_by closing_at closing_as reopened closings calls_due"
        " merged_into alert_count entity_count amount currency amount_by found by_rule told_late",
        3: "summary",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    title = models.CharField(max_length=120, default="", blank=True)
    rule = models.CharField(max_length=128, default="", blank=True)
    text = models.CharField(max_length=300, default="", blank=True)
    values = models.JSONField(default=dict)
    summary = SealedField(max_length=4000, default="", blank=True)
    category = models.CharField(max_length=16)
    severity = models.SmallIntegerField()  # terms.Severity
    state = models.CharField(max_length=12, choices=State.choices, default=State.NEW)
    live = models.BooleanField(default=True)  # not closed
    disposition = models.CharField(max_length=16, default="", blank=True)
    queue = models.ForeignKey(CaseQueue, null=True, on_delete=models.SET_NULL, related_name="cases")
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="cases"
    )
    priority = models.PositiveSmallIntegerField(default=0)  # 0 to 100
    opened = models.DateTimeField()
    opened_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    last_alert = models.DateTimeField()  # when its newest alert was raised
    by_rule = models.CharField(max_length=128, default="", blank=True)  # alerts of no entity
    limits = models.JSONField(default=dict)
    first_due = models.DateTimeField(null=True)
    first_response = models.DateTimeField(null=True)
    resolve_due = models.DateTimeField(null=True)
    waiting = models.DateTimeField(null=True)
    told_late = models.BooleanField(default=False)
    contained = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    closing_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    closing_at = models.DateTimeField(null=True)
    closing_as = models.CharField(max_length=16, default="", blank=True)
    reopened = models.PositiveIntegerField(default=0)
    closings = models.PositiveIntegerField(default=0)
    calls_due = models.BooleanField(default=False)
    merged_into = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="merged"
    )
    alert_count = models.PositiveIntegerField(default=0)
    entity_count = models.PositiveIntegerField(default=0)
    amount = models.BigIntegerField(null=True)  # at stake, as typed: minor units of `currency`
    currency = models.CharField(max_length=3, default="", blank=True)
    amount_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    found = models.JSONField(default=dict)  # by its alerts: {currency: [minor units, payments]}

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["opened", "id"]),
            models.Index(fields=["priority", "id"]),
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["live", "priority", "id"], name="response_case_live"),
            models.Index(fields=["owner", "live", "priority", "id"], name="response_case_owner"),
            models.Index(fields=["queue", "live", "priority", "id"], name="response_case_queue"),
            models.Index(fields=["state", "priority", "id"], name="response_case_state"),
            models.Index(fields=["category", "priority", "id"], name="response_case_category"),
            models.Index(
                fields=["by_rule"],
                condition=Q(live=True) & ~Q(by_rule=""),
                name="response_case_rule",
            ),
            models.Index(
                fields=["resolve_due"], condition=Q(live=True), name="response_case_due"
            ),
            models.Index(
                fields=["id"], condition=Q(calls_due=True), name="response_case_calls"
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"case {self.pk}"


class CaseEntity(models.Model):
    """An entity that a case is about; alerts join by those that are `grouping`."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id case entity role grouping"}

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="parts")
    entity = models.ForeignKey(EntityRef, on_delete=models.PROTECT, related_name="case_parts")
    role = models.CharField(max_length=64)
    grouping = models.BooleanField(default=False)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "entity"], name="response_caseentity_once")
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.case_id}"


class CaseLink(models.Model):
    """That a case has to do with another one."""

    class Kind(models.TextChoices):
        RELATED = "related", pgettext_lazy("tie of cases", "related")
        DUPLICATE = "duplicate", pgettext_lazy("tie of cases", "duplicate of")
        SPLIT = "split", pgettext_lazy("tie of cases", "split from")

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id case other kind added added_by"}

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="ties")
    other = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="tied")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    added = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "other", "kind"], name="response_caselink_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class CaseItem(models.Model):
    """Something to be done in a case; English where it came with the platform."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id case place text done done_by"}

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="items")
    place = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=200)
    done = models.DateTimeField(null=True)
    done_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "place"], name="response_caseitem_place")
        ]

    def __str__(self) -> str:
        return f"item {self.place} of {self.case_id}"


class CaseDecision(models.Model):
    """What was decided about the customer of a case, by whom and why.

    Of a customer whom a person has notified: by which way (cases.terms.TOLD_BY), and when.
    """

    class What(models.TextChoices):
        RESTRICT = "restrict", pgettext_lazy("decision on a customer", "restrict")
        RELEASE = "release", pgettext_lazy("decision on a customer", "release")
        REFUND = "refund", pgettext_lazy("decision on a customer", "refund")
        NOTIFY = "notify", pgettext_lazy("decision on a customer", "customer notified by hand")
        REPORT = "report", pgettext_lazy("decision on a customer", "report to an authority")
        NOTHING = "nothing", pgettext_lazy("decision on a customer", "do nothing")

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id case what entity restriction way told made made_by",
        3: "reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="decisions")
    what = models.CharField(max_length=10, choices=What.choices)
    entity = models.ForeignKey(EntityRef, null=True, on_delete=models.PROTECT, related_name="+")
    restriction = models.ForeignKey(
        Restriction, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    way = models.CharField(max_length=10, default="", blank=True)
    told = models.DateTimeField(null=True)
    reason = SealedField(max_length=2000)
    made = models.DateTimeField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OnlyAdded.as_manager()

    def __str__(self) -> str:
        return f"{self.what} in {self.case_id}"


class CaseEntry(models.Model):
    """A line of a case's timeline; lines are only ever added. `kind` is one of
    guanlan.response.cases.timeline.KINDS; what a person wrote is sealed."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id seal_id case at kind by values", 3: "text"}
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="entries")
    at = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=24)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    values = models.JSONField(default=dict)
    text = SealedField(max_length=2000, default="", blank=True)

    objects = OnlyAdded.as_manager()

    class Meta:
        indexes = [models.Index(fields=["case", "at", "id"], name="response_caseentry_at")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.case_id}"


class CasePause(models.Model):
    """A time in which a case waits for its customer."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id case begins ends"}

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="pauses")
    begins = models.DateTimeField()
    ends = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"pause of {self.case_id}"


class CaseCall(models.Model):
    """That one who wanted to know of a case's closing was called, once each closing."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id case closing name at"}

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="calls")
    closing = models.PositiveIntegerField()
    name = models.CharField(max_length=120)
    at = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["case", "closing", "name"], name="response_casecall_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} of {self.case_id}"
