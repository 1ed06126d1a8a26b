"""Who is on duty, whom an alert is brought to, and what silences it for a time."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.models import Channel
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.alerts import Alert
from guanlan.response.models.entities import EntityRef


class OnCallSchedule(models.Model):
    """Who is on duty when: people take turns, and others stand in for them.

    `people` are ids of accounts in the order of their turns. Turn number n begins at `handover`
    on the day `start` + n × `turn_days`, by the clock of `zone`. Whoever is on duty is asked to
    command incidents of the categories in `commands`.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name zone people turn_days handover start commands created told_turn",
    }

    name = models.CharField(max_length=80, unique=True)
    zone = models.CharField(max_length=64)
    people = models.JSONField(default=list)
    turn_days = models.PositiveSmallIntegerField(default=7)
    handover = models.TimeField()
    start = models.DateField()
    commands = models.JSONField(default=list, blank=True)
    created = models.DateTimeField(default=timezone.now)
    told_turn = models.DateTimeField(null=True)  # begin of the turn whose hand-over was told

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name


class OnCallOverride(models.Model):
    """A person who stands in, from one time until another."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id schedule person begins ends made_by created",
        3: "reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    schedule = models.ForeignKey(OnCallSchedule, on_delete=models.CASCADE, related_name="overrides")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="on_call_overrides"
    )
    begins = models.DateTimeField()
    ends = models.DateTimeField()
    reason = SealedField(max_length=500)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["begins", "id"]),
            models.Index(fields=["schedule", "ends"], name="response_override_ends"),
        ]

    def __str__(self) -> str:
        return f"override {self.pk}"


class EscalationChain(models.Model):
    """Whom an alert is brought to: the first step at once, the others so many minutes after the
    deadline has passed and nobody has acknowledged.

    `steps` is a list of [minutes, kind, target]: schedule, person and channel by id, role by name.
    """

    data_levels: ClassVar[dict[int, str]] = {2: "id name steps created"}

    name = models.CharField(max_length=80, unique=True)
    steps = models.JSONField(default=list)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.name


class AlertRoute(models.Model):
    """A routing rule: alerts that fit it are brought to a chain, a channel or a role.

    Rules are asked in order of `position`; one that fits and says `last` ends the asking.
    `weekdays` are 0 (Monday) to 6, empty for every day; `from_time` to `to_time` may go past
    midnight, by the organisation's clock.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name position category severity rule_prefix weekdays from_time to_time chain channel"
        " role last enabled",
    }

    name = models.CharField(max_length=80)
    position = models.PositiveIntegerField(db_index=True)
    category = models.CharField(max_length=16, default="", blank=True)
    severity = models.SmallIntegerField(default=0)  # at least
    rule_prefix = models.CharField(max_length=128, default="", blank=True)
    weekdays = models.JSONField(default=list)
    from_time = models.TimeField(null=True)
    to_time = models.TimeField(null=True)
    chain = models.ForeignKey(EscalationChain, null=True, on_delete=models.PROTECT)
    channel = models.ForeignKey(Channel, null=True, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(max_length=40, default="", blank=True)
    last = models.BooleanField(default=True)
    enabled = models.BooleanField(default=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class AlertCall(models.Model):
    """One step of bringing an alert to somebody: written before it is due, done once.

    `round` counts how often the alert was routed. `outcome` is told, nobody (it went to the
    owners instead), or spared (somebody had acknowledged it before).
    """

    policy_noun: ClassVar[str] = "response.alert"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id alert round source step kind target due done outcome messages",
    }

    alert = models.ForeignKey(Alert, on_delete=models.CASCADE, related_name="calls")
    round = models.PositiveSmallIntegerField()
    source = models.CharField(max_length=40)  # route:7, or owners
    step = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10)  # schedule, person, role, channel
    target = models.CharField(max_length=80)
    due = models.DateTimeField()
    done = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=10, default="", blank=True)
    messages = models.JSONField(default=list)  # ids

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["alert", "round", "source", "step"], name="response_alertcall_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["due"], condition=models.Q(done=None), name="response_alertcall_due"
            )
        ]

    def __str__(self) -> str:
        return f"step {self.step} of {self.alert_id}"


class MaintenanceWindow(models.Model):
    """A time in which alerts that fit are recorded and nobody is told."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id name category rule_prefix begins ends made_by ended created",
        3: "reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    name = models.CharField(max_length=80)
    category = models.CharField(max_length=16, default="", blank=True)
    rule_prefix = models.CharField(max_length=128, default="", blank=True)
    begins = models.DateTimeField()
    ends = models.DateTimeField(db_index=True)
    reason = SealedField(max_length=500)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended = models.DateTimeField(null=True)  # before its time
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["begins", "id"])]

    def __str__(self) -> str:
        return self.name


class Snooze(models.Model):
    """A time in which nobody is told of a fingerprint, or of a rule about an entity."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id fingerprint rule entity severity begins until made_by ended",
        3: "reason",
    }
    seal_row: ClassVar[str] = "seal_id"

    seal_id = SealId()
    fingerprint = models.CharField(max_length=64, default="", blank=True, db_index=True)
    rule = models.CharField(max_length=128)
    entity = models.ForeignKey(
        EntityRef, null=True, on_delete=models.PROTECT, related_name="snoozes"
    )
    severity = models.SmallIntegerField()  # what is more severe is told all the same
    begins = models.DateTimeField()
    until = models.DateTimeField(db_index=True)
    reason = SealedField(max_length=500)
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    ended = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["begins", "id"])]

    def __str__(self) -> str:
        return f"snooze {self.pk}"
