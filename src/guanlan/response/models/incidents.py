"""Incidents: what was declared, who does what, what happened when.

Rows of an incident that is confidential are seen only by those who hold or held a role in it, by
whoever declared it, and by those who manage incidents.
"""

from __future__ import annotations

from typing import Any, ClassVar, NoReturn, Self, TypeVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet, Subject, Verb, may
from guanlan.core.appending import Unchanging
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.incident_criteria import DeclarationCriterion

M = TypeVar("M", bound=models.Model)
NOUN = "response.incident"


class IncidentRows(ScopedQuerySet[M]):
    """Rows of incidents; `incident_path` of the model leads to the incident's fields."""

    def for_user(self, subject: Subject, verb: Verb = "see") -> Self:
        """The rows on which `subject` may do `verb`, without what is confidential for them."""
        found = super().for_user(subject, verb)
        if may(subject, "manage", NOUN):
            return found
        path: str = getattr(self.model, "incident_path", "incident__")
        open_to_all = Q(**{f"{path}confidential": False})
        if subject.id is None:
            return found.filter(open_to_all)
        held = RoleHeld._default_manager.filter(person_id=subject.id).values("incident")
        own = Q(**{f"{path}declared_by": subject.id}) | Q(**{f"{path}pk__in": held})
        return found.filter(open_to_all | own)


class AppendOnly(Unchanging, IncidentRows[M]):
    """Rows of incidents that are only ever added."""


class SeverityMatrix(models.Model):
    """A version of what impact and urgency make of severity; the newest is in force.

    `cells` holds a severity's name by impact and urgency; `stable_within` and `told_every` hold
    minutes by severity, or null where there is no limit. `plans` names the plan (its id) of a
    category, which starts by itself where `starts` says so of the cell.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id cells stable_within told_every plans starts created created_by reason"
    }

    cells = models.JSONField()
    stable_within = models.JSONField()
    told_every = models.JSONField()
    plans = models.JSONField(default=dict, blank=True)
    starts = models.JSONField(default=dict, blank=True)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=300)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return f"severity matrix {self.pk}"


class Incident(models.Model):
    """Something that is dealt with by people with roles. Clocks run from `known` and are never
    set back: `acknowledged` is when somebody first took command, `stable` when it did no more
    harm (empty again once it is reopened), `matrix` the version its severity came from (0: that
    which comes with the platform, None: set by hand)."""

    class State(models.TextChoices):
        ACTIVE = "active", pgettext_lazy("state of an incident", "active")
        STABLE = "stable", pgettext_lazy("state of an incident", "stable")
        CLOSED = "closed", pgettext_lazy("state of an incident", "closed")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id title category severity impact urgency matrix state confidential how"
        " by_criterion criterion channel declared declared_by occurred known acknowledged stable"
        " reported stable_due closed closed_by closed_with reopened update_due reviewed commander"
        " to_start",
        3: "summary",
    }
    seal_row: ClassVar[str] = "seal_id"
    incident_path: ClassVar[str] = ""

    seal_id = SealId()
    title = models.CharField(max_length=120)
    summary = SealedField(max_length=4000, default="", blank=True)
    category = models.CharField(max_length=16)
    severity = models.SmallIntegerField()  # terms.Severity
    impact = models.CharField(max_length=10)
    urgency = models.CharField(max_length=10)
    matrix = models.PositiveIntegerField(null=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.ACTIVE)
    confidential = models.BooleanField(default=False)
    how = models.CharField(max_length=10, default="by_hand")  # by_hand, criterion
    by_criterion = models.ForeignKey(
        DeclarationCriterion, null=True, on_delete=models.SET_NULL, related_name="incidents"
    )
    criterion = models.CharField(max_length=120, default="", blank=True)  # its name at that time
    channel = models.CharField(max_length=120, default="", blank=True)  # where people talk
    occurred = models.DateTimeField(null=True)
    known = models.DateTimeField()
    declared = models.DateTimeField()
    declared_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    acknowledged = models.DateTimeField(null=True)
    commander = models.ForeignKey(  # as RoleHeld says it
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reported = models.DateTimeField(null=True)  # when the first report to a regulator was sent
    to_start = models.ForeignKey(  # the plan that is to start by itself, until it has
        "response.Plan", null=True, on_delete=models.SET_NULL, related_name="+"
    )
    stable = models.DateTimeField(null=True)
    stable_due = models.DateTimeField(null=True)
    update_due = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    closed_with = models.PositiveIntegerField(default=0)  # tasks that were left open
    reopened = models.PositiveIntegerField(default=0)
    reviewed = models.DateTimeField(null=True)

    objects = IncidentRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["declared", "id"]),
            models.Index(fields=["known", "id"]),
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["state", "declared", "id"], name="response_incident_state"),
            models.Index(fields=["category", "declared", "id"], name="response_incident_category"),
        ]

    def __str__(self) -> str:
        return self.title


class RoleHeld(models.Model):
    """That a person had a role in an incident, from when to when; one person a role at a time."""

    class Role(models.TextChoices):
        COMMANDER = "commander", pgettext_lazy("role in an incident", "commander")
        LIAISON = "liaison", pgettext_lazy("role in an incident", "liaison")
        SCRIBE = "scribe", pgettext_lazy("role in an incident", "scribe")
        TECHNICAL = "technical", pgettext_lazy("role in an incident", "technical lead")
        COMMUNICATIONS = "communications", pgettext_lazy("role in an incident", "communications")
        LEGAL = "legal", pgettext_lazy("role in an incident", "legal")

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id incident role person assumed_at renounced_at given_by"
    }

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="roles")
    role = models.CharField(max_length=16, choices=Role.choices)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="incident_roles"
    )
    assumed_at = models.DateTimeField()
    renounced_at = models.DateTimeField(null=True)
    given_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "role"],
                condition=Q(renounced_at__isnull=True),
                name="response_roleheld_one",
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.incident_id}"


class TimelineEntry(models.Model):
    """A line of an incident's timeline: written by a service (`kind` says which, `values` its
    numbers and names) or by a person (`text`, sealed). Lines are only ever added."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id incident at written kind by values",
        3: "text",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="entries")
    at = models.DateTimeField()  # when it happened
    written = models.DateTimeField(default=timezone.now)
    kind = models.CharField(max_length=24)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    values = models.JSONField(default=dict)
    text = SealedField(max_length=4000, default="", blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        indexes = [models.Index(fields=["incident", "at", "id"], name="response_entry_at")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.incident_id}"

    def save(self, *args: Any, **options: Any) -> None:
        """Added once. Raises TypeError for a line that is there."""
        if not self._state.adding:
            raise TypeError("A line of an incident's timeline is never changed: add another")
        super().save(*args, **options)

    def delete(self, *_args: Any, **_options: Any) -> NoReturn:
        """Refused."""
        raise TypeError("A line of an incident's timeline is never deleted")


class IncidentTask(models.Model):
    """Something to do in an incident; done by its owner, verified by another person."""

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("state of a task", "open")
        DONE = "done", pgettext_lazy("state of a task", "done, to be verified")
        VERIFIED = "verified", pgettext_lazy("state of a task", "verified")
        DROPPED = "dropped", pgettext_lazy("state of a task", "dropped")

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id incident title owner due state created created_by done done_by verified"
        " verified_by",
        3: "note",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="tasks")
    title = models.CharField(max_length=120)
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
    note = SealedField(max_length=2000, default="", blank=True)  # what was done, or why dropped
    verified = models.DateTimeField(null=True)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due", "id"]),
            models.Index(fields=["state", "due", "id"], name="response_task_state"),
        ]

    def __str__(self) -> str:
        return self.title


class IncidentLink(models.Model):
    """What an incident is tied to: the noun of a resource, and the key of a row."""

    policy_noun: ClassVar[str] = NOUN
    data_levels: ClassVar[dict[int, str]] = {2: "id incident noun key added added_by"}

    incident = models.ForeignKey(Incident, on_delete=models.CASCADE, related_name="links")
    noun = models.CharField(max_length=80)
    key = models.CharField(max_length=80)
    added = models.DateTimeField()
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = IncidentRows.as_manager()

    class Meta:
        indexes = [models.Index(fields=["noun", "key"])]
        constraints = [
            models.UniqueConstraint(
                fields=["incident", "noun", "key"], name="response_incidentlink_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.noun} {self.key} of {self.incident_id}"
