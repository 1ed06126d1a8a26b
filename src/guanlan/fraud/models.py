"""The projection of the event log into tables, and stored backtests.

The log is the truth; everything here but `Backtest` can be dropped and projected again.
Times are microseconds since 1970-01-01 UTC, as in the log: exact, and cheap to write.
Ids of entities and rules are given out by the projection itself, in order of the log, so
that two projections of one log are equal row by row, once what is sealed has been opened.

Keys of entities, and whatever may hold one, are stored sealed, bound to their column and row;
an entity is found by a keyed index of its key. What is sealed is opened when it is looked at.
"""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import BlindIndex, SealedBytesField, SealedField, SealedJSONField
from guanlan.response.models import Case


class Cursor(models.Model):
    """How far the log has been projected: the one row that makes it exactly once."""

    policy_noun: ClassVar[str] = "fraud.figures"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id position seq clock events next_entity next_rule program_position",
    }

    id = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField(default=0)
    seq = models.BigIntegerField(default=-1)  # of the last frame that has one
    clock = models.BigIntegerField(default=0)
    events = models.BigIntegerField(default=0)
    next_entity = models.BigIntegerField(default=1)
    next_rule = models.IntegerField(default=1)
    program_position = models.BigIntegerField(default=-1)  # of the program now in force

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"position {self.position}"


class AlertMark(models.Model):
    """Up to where decisions have raised their alerts: it stays when the projection is made anew,
    so that history raises nothing a second time."""

    policy_noun: ClassVar[str] = "fraud.figures"
    data_levels: ClassVar[dict[int, str]] = {2: "id position"}

    id = models.SmallIntegerField(primary_key=True)
    position = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"position {self.position}"


class Program(models.Model):
    """A scenario version as the log holds it, from the position at which it began to decide.

    A program whose new features have finished warming begins again, with `state` empty.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "position digest name activated_seq activated warming",
        3: "canonical state",
    }

    position = models.BigIntegerField(primary_key=True)
    digest = models.CharField(max_length=64, db_index=True)
    name = models.CharField(max_length=128)
    canonical = SealedBytesField()  # a scenario holds the entries of its lists
    state = SealedBytesField()  # of the scenario whose features the engine held; empty = same
    activated_seq = models.BigIntegerField()
    activated = models.BigIntegerField()
    warming = models.JSONField(default=list)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.name} {self.digest[:12]}"


class ListAct(models.Model):
    """A change of a list while Guanlan ran."""

    data_levels: ClassVar[dict[int, str]] = {2: "position seq clock list", 3: "change"}

    position = models.BigIntegerField(primary_key=True)
    seq = models.BigIntegerField()
    clock = models.BigIntegerField()
    list = models.CharField(max_length=128)
    change = SealedBytesField()  # JSON of guanlan.engine.lists.ListChange

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"change of {self.list}"


class Decision(models.Model):
    """One decided event."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "seq event_id type clock event_time outcome score amount currency degraded"
        " version arrival latency_us position rules",
        3: "entities",
    }

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.CharField(max_length=128, unique=True)
    type = models.CharField(max_length=64)
    clock = models.BigIntegerField(db_index=True)
    event_time = models.BigIntegerField(null=True)
    outcome = models.SmallIntegerField()  # guanlan.engine.scenario.model.Outcome
    score = models.IntegerField()
    amount = models.BigIntegerField(null=True)  # minor units; absent from level 3 on
    currency = models.CharField(max_length=3)
    degraded = models.BooleanField()
    version = models.CharField(max_length=12)
    arrival = models.BigIntegerField()
    latency_us = models.BigIntegerField()
    position = models.BigIntegerField()
    entities = SealedJSONField()  # role -> key
    rules = models.TextField()  # JSON: ids of the rules that hit

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["outcome", "seq"]),
            models.Index(fields=["type", "seq"]),
        ]

    def __str__(self) -> str:
        return f"decision {self.seq}"


class RuleName(models.Model):
    """Short numbers for rule ids."""

    policy_noun: ClassVar[str] = "fraud.program"
    data_levels: ClassVar[dict[int, str]] = {2: "id name"}

    id = models.IntegerField(primary_key=True)
    name = models.CharField(max_length=128, unique=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name


class DecisionRule(models.Model):
    """A rule that hit, or could not be judged, in a decision."""

    policy_noun: ClassVar[str] = "fraud.decision"
    data_levels: ClassVar[dict[int, str]] = {2: "rule_id seq state"}

    HIT = 1
    UNKNOWN = 2

    pk = models.CompositePrimaryKey("rule_id", "seq")
    rule_id = models.IntegerField()
    seq = models.BigIntegerField()
    state = models.SmallIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"rule {self.rule_id} of decision {self.seq}"


class DecisionRestriction(models.Model):
    """A restriction that asked for an outcome in a decision; `name` is its own, such as r7."""

    policy_noun: ClassVar[str] = "fraud.decision"
    data_levels: ClassVar[dict[int, str]] = {2: "name seq"}

    pk = models.CompositePrimaryKey("name", "seq")
    name = models.CharField(max_length=32)
    seq = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"restriction {self.name} of decision {self.seq}"


class Entity(models.Model):
    """Something events speak of, and how it has fared."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "id kind first_seen last_seen events worst",
        3: "key key_index",
    }

    id = models.BigIntegerField(primary_key=True)
    kind = models.CharField(max_length=64)
    key = SealedField(max_length=256)
    key_index = BlindIndex(of="key", kind="exact")
    first_seen = models.BigIntegerField()
    last_seen = models.BigIntegerField(db_index=True)
    events = models.BigIntegerField()
    worst = models.SmallIntegerField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key_index", "kind"], name="fraud_entity_key")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.id}"


class EntityDecision(models.Model):
    """An entity's part in a decision."""

    data_levels: ClassVar[dict[int, str]] = {2: "entity_id seq role"}

    pk = models.CompositePrimaryKey("entity_id", "seq", "role")
    entity_id = models.BigIntegerField()
    seq = models.BigIntegerField()
    role = models.CharField(max_length=64)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"entity {self.entity_id} in decision {self.seq}"


class Label(models.Model):
    """What was later learned of an event, from the moment it was known."""

    data_levels: ClassVar[dict[int, str]] = {2: "seq event_id target value source known_at"}

    seq = models.BigIntegerField(primary_key=True)
    event_id = models.CharField(max_length=128)
    target = models.CharField(max_length=128, db_index=True)
    value = models.CharField(max_length=16)
    source = models.CharField(max_length=256)
    known_at = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"label {self.value}"


class CaseLabel(models.Model):
    """What a closed case says of a decided event: kept until it stands in the log as a label.

    It is no projection: the log learns of it from here. `why` says what kept it out of the log.
    """

    class State(models.TextChoices):
        WAITING = "waiting", pgettext_lazy("state of a label", "waits for the engine")
        WRITTEN = "written", pgettext_lazy("state of a label", "written")
        REFUSED = "refused", pgettext_lazy("state of a label", "refused")

    policy_noun: ClassVar[str] = "fraud.label"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id case closing seq value said_by made state why settled"
    }

    case = models.ForeignKey(Case, on_delete=models.PROTECT, related_name="labels")
    closing = models.PositiveIntegerField()  # which of the case's closings
    seq = models.BigIntegerField()  # of the decision it speaks of
    value = models.CharField(max_length=16)
    said_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    made = models.DateTimeField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    why = models.CharField(max_length=64, default="", blank=True)
    settled = models.DateTimeField(null=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["case", "closing", "seq"], name="fraud_caselabel_once")
        ]
        indexes = [
            models.Index(
                fields=["id"], condition=models.Q(state="waiting"), name="fraud_caselabel_waiting"
            )
        ]

    def __str__(self) -> str:
        return f"label {self.value} of decision {self.seq}"


class MinuteOutcome(models.Model):
    """Decisions of one minute, by type and outcome."""

    policy_noun: ClassVar[str] = "fraud.figures"
    data_levels: ClassVar[dict[int, str]] = {2: "minute type outcome decisions amount"}

    pk = models.CompositePrimaryKey("minute", "type", "outcome")
    minute = models.BigIntegerField()  # minutes since 1970-01-01 UTC
    type = models.CharField(max_length=64)
    outcome = models.SmallIntegerField()
    decisions = models.BigIntegerField()
    amount = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"minute {self.minute}"


class MinuteRule(models.Model):
    """Hits and unknowns of one rule in one minute."""

    policy_noun: ClassVar[str] = "fraud.figures"
    data_levels: ClassVar[dict[int, str]] = {2: "minute rule_id hits unknown"}

    pk = models.CompositePrimaryKey("minute", "rule_id")
    minute = models.BigIntegerField()
    rule_id = models.IntegerField()
    hits = models.BigIntegerField()
    unknown = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"minute {self.minute}"


class MinuteLatency(models.Model):
    """Histogram of decide latency in one minute; bucket n ends at 2 ** (n / 8) microseconds."""

    policy_noun: ClassVar[str] = "fraud.figures"
    data_levels: ClassVar[dict[int, str]] = {2: "minute bucket decisions"}

    pk = models.CompositePrimaryKey("minute", "bucket")
    minute = models.BigIntegerField()
    bucket = models.SmallIntegerField()
    decisions = models.BigIntegerField()

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return f"minute {self.minute}"


class Backtest(models.Model):
    """A report of deciding a history; the report is kept as it was produced."""

    data_levels: ClassVar[dict[int, str]] = {2: "id title scenario version created report"}

    title = models.CharField(max_length=200)
    scenario = models.CharField(max_length=128)
    version = models.CharField(max_length=12)
    created = models.DateTimeField(default=timezone.now)
    report = models.JSONField()

    objects = ScopedQuerySet.as_manager()

    class Meta:
        ordering = ["-created"]
        indexes = [models.Index(fields=["created", "id"])]

    def __str__(self) -> str:
        return self.title
