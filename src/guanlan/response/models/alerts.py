"""Alerts: what was found, how often, and what people made of it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.entities import EntityRef


class AlertRule(models.Model):
    """A rule that has raised an alert: what precision is counted by."""

    data_levels: ClassVar[dict[int, str]] = {2: "id name category text first_seen last_seen"}

    name = models.CharField(max_length=128, unique=True)
    category = models.CharField(max_length=16)
    text = models.CharField(max_length=300)  # as it was last said, in English
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["last_seen", "id"])]

    def __str__(self) -> str:
        return self.name


class Alert(models.Model):
    """One thing found, however often it was found again.

    `current` marks the one live alert of a fingerprint to which the next finding is added; the
    database holds that there is at most one. `text` is English with `%(name)s` for `values`.
    `muted` says why nobody is told for the moment, `muted_until` when that ends.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id fingerprint rule category severity text values state live current disposition"
        " window count first_seen last_seen raised evidence evidence_count amounts owner"
        " deadline acknowledged acknowledged_by contained closed closed_by muted muted_until"
        " muted_severity told told_severity due case case_pending",
    }

    fingerprint = models.CharField(max_length=64)  # keyed SHA-256, hex
    rule = models.CharField(max_length=128)
    category = models.CharField(max_length=16)
    severity = models.SmallIntegerField()  # terms.Severity
    text = models.CharField(max_length=300)
    values = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="new")
    live = models.BooleanField(default=True)  # not closed
    current = models.BooleanField(default=True)
    disposition = models.CharField(max_length=16, default="", blank=True)
    window = models.PositiveIntegerField()  # seconds
    count = models.PositiveBigIntegerField(default=1)
    first_seen = models.DateTimeField()
    last_seen = models.DateTimeField()
    raised = models.DateTimeField()  # when the alert was written: clocks start here
    # The first and the newest pieces, as [kind, ref, ISO time]; all of them are AlertEvidence.
    evidence = models.JSONField(default=list)
    evidence_count = models.PositiveBigIntegerField(default=0)
    amounts = models.JSONField(default=dict)  # by currency: [minor units, number of payments]
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    deadline = models.DateTimeField(null=True)  # by which somebody acknowledges it
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    contained = models.DateTimeField(null=True)
    closed = models.DateTimeField(null=True)
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    muted = models.CharField(max_length=12, default="", blank=True)  # maintenance, snooze
    muted_until = models.DateTimeField(null=True)
    muted_severity = models.SmallIntegerField(default=0)  # a higher one is not muted
    told = models.PositiveSmallIntegerField(default=0)  # how often the routing rules were asked
    told_severity = models.SmallIntegerField(default=-1)  # the severity they were asked for
    due = models.DateTimeField(null=True)  # when the sweep has to look at it next
    case = models.ForeignKey(
        "response.Case", null=True, on_delete=models.SET_NULL, related_name="alerts"
    )
    case_pending = models.BooleanField(default=True)  # cases have to look at it

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["fingerprint"],
                condition=models.Q(current=True),
                name="response_alert_current",
            )
        ]
        indexes = [
            models.Index(fields=["last_seen", "id"]),
            models.Index(fields=["first_seen", "id"]),
            models.Index(fields=["severity", "id"]),
            models.Index(fields=["live", "last_seen", "id"], name="response_alert_live"),
            models.Index(fields=["state", "last_seen", "id"], name="response_alert_state"),
            models.Index(fields=["category", "last_seen", "id"], name="response_alert_category"),
            models.Index(fields=["rule", "last_seen", "id"], name="response_alert_rule"),
            models.Index(fields=["rule", "live", "disposition"], name="response_alert_was"),
            models.Index(fields=["owner", "live", "last_seen", "id"], name="response_alert_owner"),
            models.Index(
                fields=["deadline"], condition=models.Q(state="new"), name="response_alert_late"
            ),
            models.Index(
                fields=["due"], condition=models.Q(due__isnull=False), name="response_alert_due"
            ),
            models.Index(
                fields=["muted_until"], condition=~models.Q(muted=""), name="response_alert_muted"
            ),
            models.Index(fields=["case", "last_seen", "id"], name="response_alert_case"),
            models.Index(
                fields=["id"],
                condition=models.Q(case_pending=True, live=True, muted=""),
                name="response_alert_caseless",
            ),
        ]

    def __str__(self) -> str:
        return f"alert {self.pk}"


class AlertEntity(models.Model):
    """An entity's part in an alert; the first fifty of an alert are kept."""

    policy_noun: ClassVar[str] = "response.alert"
    data_levels: ClassVar[dict[int, str]] = {2: "id alert entity role"}

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="parts")
    entity = models.ForeignKey(EntityRef, on_delete=models.PROTECT, related_name="alert_parts")
    role = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "entity", "role"], name="response_alertentity_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.role} of {self.alert_id}"


class AlertEvidence(models.Model):
    """Evidence of an alert that was raised together, from the `begins`-th piece on (from 0): all
    that is kept of an alert is what its chunks hold one after the other.

    `pieces` is JSON: a list of [kind, reference, time in ISO 8601].
    """

    policy_noun: ClassVar[str] = "response.alert"
    data_levels: ClassVar[dict[int, str]] = {2: "id alert begins count pieces"}

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="chunks")
    begins = models.PositiveIntegerField()
    count = models.PositiveSmallIntegerField()
    pieces = models.TextField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["alert", "begins"], name="response_alertevidence_once")
        ]

    def __str__(self) -> str:
        return f"{self.count} pieces of evidence of {self.alert_id}"


class AlertHappening(models.Model):
    """What became of an alert, line by line; lines are only ever added.

    `kind` is one of guanlan.response.alerts.history.KINDS; what a person wrote is sealed.
    """

    policy_noun: ClassVar[str] = "response.alert"
    data_levels: ClassVar[dict[int, str]] = {2: "id seal_id alert at kind by values", 3: "reason"}
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="happenings")
    at = models.DateTimeField()
    kind = models.CharField(max_length=24)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    values = models.JSONField(default=dict)
    reason = SealedField(max_length=500, null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        return f"{self.kind} of {self.alert_id}"


class AckDeadline(models.Model):
    """Within how many minutes an alert of a severity is to be acknowledged; None: no deadline."""

    data_levels: ClassVar[dict[int, str]] = {2: "severity minutes changed"}

    severity = models.SmallIntegerField(primary_key=True)  # terms.Severity
    minutes = models.PositiveIntegerField(null=True)
    changed = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"severity {self.severity}"


class DeadLetter(models.Model):
    """A finding that could not be understood, kept whole until somebody retries or discards it."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id source why values received state decided decided_by alert",
        3: "body reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    source = models.CharField(max_length=128)  # the rule, as far as it is one
    why = models.CharField(max_length=300)  # English, with %(name)s for `values`
    values = models.JSONField(default=dict)
    received = models.DateTimeField()
    body = SealedField()  # JSON
    state = models.CharField(max_length=10, default="waiting")  # waiting, raised, discarded
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    alert = models.ForeignKey(Alert, null=True, on_delete=models.SET_NULL, related_name="+")
    reason = SealedField(max_length=500, null=True)

    called: str  # the rule in words, where a page has read it

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["received", "id"]),
            models.Index(fields=["state", "received", "id"], name="response_deadletter_state"),
        ]

    def __str__(self) -> str:
        return f"dead letter {self.pk}"
