"""Restrictions of entities, what is never restricted, appeals, and what each sink holds."""

from __future__ import annotations

from typing import ClassVar
from uuid import uuid4

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.sealing import SealedField, SealId
from guanlan.response.models.entities import EntityRef


class RestrictionState(models.TextChoices):
    """From proposal to end; a restriction that has ended never begins again."""

    PROPOSED = "proposed"
    IN_FORCE = "in_force"
    LIFTED = "lifted"
    EXPIRED = "expired"
    REFUSED = "refused"


def _one_key() -> str:
    return uuid4().hex


class Restriction(models.Model):
    """An entity, or a network of addresses, that is blocked, limited, watched or allowed.

    `kind` is that of the entity. Amounts are whole minor units of `currency`. `revision` counts
    the changes of what sinks are to hold. `key` is the caller's own: the same key again is the
    same restriction.
    """

    seal_row: ClassVar[str] = "seal_id"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id key entity kind network effect capabilities currency event_amount"
        " window_seconds window_amount window_count reason_code told state automatic author"
        " approver proposed decided starts expires ended ended_by origin origin_pk revision",
        3: "reason end_reason",
    }

    seal_id = SealId()
    key = models.CharField(max_length=120, unique=True, default=_one_key)
    entity = models.ForeignKey(EntityRef, on_delete=models.PROTECT, related_name="restrictions")
    kind = models.CharField(max_length=64)
    network = models.BooleanField(default=False)
    effect = models.CharField(max_length=8)
    capabilities = models.CharField(max_length=200)  # words with a space around each
    currency = models.CharField(max_length=3, default="", blank=True)
    event_amount = models.BigIntegerField(null=True)
    window_seconds = models.BigIntegerField(null=True)
    window_amount = models.BigIntegerField(null=True)
    window_count = models.BigIntegerField(null=True)
    reason_code = models.CharField(max_length=32)
    reason = SealedField()
    told = models.CharField(max_length=32, default="", blank=True)
    state = models.CharField(max_length=10, choices=RestrictionState.choices)
    automatic = models.BooleanField(default=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    proposed = models.DateTimeField(default=timezone.now)
    decided = models.DateTimeField(null=True)
    starts = models.DateTimeField()
    expires = models.DateTimeField(null=True)
    ended = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    end_reason = SealedField(default="")
    origin = models.CharField(max_length=80, default="", blank=True)  # "response.incident"
    origin_pk = models.CharField(max_length=80, default="", blank=True)
    revision = models.PositiveIntegerField(default=0)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["proposed", "id"]),
            models.Index(fields=["state", "id"]),
            models.Index(fields=["entity", "state"]),
            models.Index(
                fields=["expires"],
                condition=Q(state="in_force"),
                name="response_restriction_ends",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def able(self) -> tuple[str, ...]:
        """The names of its capabilities."""
        return tuple(self.capabilities.split())

    @property
    def name(self) -> str:
        """How sinks and decisions call it."""
        return f"r{self.pk}"


class NeverBlock(models.Model):
    """What is never blocked or limited: an entity, a network, or a whole kind."""

    seal_row: ClassVar[str] = "seal_id"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id kind entity network added added_by",
        3: "reason",
    }

    seal_id = SealId()
    kind = models.CharField(max_length=64)
    entity = models.ForeignKey(  # none: the whole kind
        EntityRef, null=True, on_delete=models.PROTECT, related_name="never_blocked"
    )
    network = models.BooleanField(default=False)
    reason = SealedField()
    added = models.DateTimeField(default=timezone.now)
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["added", "id"])]
        constraints = [
            models.UniqueConstraint(fields=["entity"], name="response_neverblock_entity"),
            models.UniqueConstraint(
                fields=["kind"], condition=Q(entity=None), name="response_neverblock_kind"
            ),
        ]

    def __str__(self) -> str:
        return f"never {self.kind} {self.pk}"


class Appeal(models.Model):
    """Somebody says that a restriction is wrong; a person who did not author it decides."""

    seal_row: ClassVar[str] = "seal_id"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id seal_id restriction by received recorded_by outcome decided decided_by",
        3: "text answer",
    }

    seal_id = SealId()
    restriction = models.ForeignKey(Restriction, on_delete=models.CASCADE, related_name="appeals")
    by = models.CharField(max_length=20)
    text = SealedField()
    received = models.DateTimeField(default=timezone.now)
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )
    outcome = models.CharField(max_length=8, default="open")  # open, lifted, upheld
    answer = SealedField(default="")
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["received", "id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["restriction"], condition=Q(outcome="open"), name="response_appeal_one_open"
            )
        ]

    def __str__(self) -> str:
        return f"appeal {self.pk}"


class SinkHolding(models.Model):
    """What one sink should hold of one restriction, and what it was seen to hold.

    `settled` is false from each change until the sink has it; `revision` is that of the
    restriction whose terms are meant, so that a slow writer cannot settle what is newer.
    """

    policy_noun: ClassVar[str] = "response.sink"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id restriction sink wanted holds revision settled asked since checked repairs fault",
    }

    restriction = models.ForeignKey(Restriction, on_delete=models.CASCADE, related_name="holdings")
    sink = models.CharField(max_length=32)
    wanted = models.BooleanField()
    holds = models.BooleanField(null=True)
    revision = models.PositiveIntegerField(default=0)
    settled = models.BooleanField(default=False)
    asked = models.DateTimeField(default=timezone.now)
    since = models.DateTimeField(null=True)  # when the sink took what was asked last
    checked = models.DateTimeField(null=True)
    repairs = models.PositiveIntegerField(default=0)
    fault = models.CharField(max_length=80, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["restriction", "sink"], name="response_holding_one")
        ]
        indexes = [
            models.Index(
                fields=["sink", "id"], condition=Q(settled=False), name="response_holding_open"
            )
        ]

    def __str__(self) -> str:
        return f"{self.sink} {self.restriction_id}"


class Sink(models.Model):
    """How a sink fares: when it was last reached, and what its last read-back found."""

    data_levels: ClassVar[dict[int, str]] = {
        2: "name seen checked should holds differing repaired fault",
    }

    name = models.CharField(max_length=32, primary_key=True)
    seen = models.DateTimeField(null=True)
    checked = models.DateTimeField(null=True)
    should = models.PositiveIntegerField(default=0)
    holds = models.PositiveIntegerField(default=0)
    differing = models.PositiveIntegerField(default=0)  # found by the last read-back
    repaired = models.PositiveBigIntegerField(default=0)  # ever
    fault = models.CharField(max_length=80, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    def __str__(self) -> str:
        return self.name
