"""Indicators, the limits they are judged by, what they came to, and how their state changed."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar, NoReturn, TypeVar

from django.conf import settings
from django.db import models
from django.utils import timezone

from guanlan.core.access import ScopedQuerySet
from guanlan.core.appending import OnlyAdded
from guanlan.risk.states import Limits
from guanlan.risk.terms import RANKS, StateName

M = TypeVar("M", bound=models.Model)


class Forgettable(ScopedQuerySet[M]):
    """Rows that are never changed; after years they are forgotten."""

    def update(self, **_values: Any) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self.model._meta.label}: its rows are never changed")

    def bulk_update(self, *_objects: Any, **_options: Any) -> NoReturn:
        """Refused."""
        raise TypeError(f"{self.model._meta.label}: its rows are never changed")


class Indicator(models.Model):
    """A registered indicator, as it stands: one row per name.

    `rank` orders states by what wants to be looked at first. `due` is when it is measured next,
    `sampled` when it last was; `recent` holds its last values. `answer_due` is by when its owner
    is to have answered for the state it is in; empty where nothing is asked.

    `opinion` is set where it is amber though its value is past no limit (risk.terms.OPINIONS), and
    `basis` holds the numbers by which its state came about. `drift` is where its CUSUM stands.
    `still` says that it has been of one colour for so long that its limits tell nothing.
    `declared` is the newest declaration of one that a person composed.
    """

    data_levels: ClassVar[dict[int, str]] = {
        2: "id name category unit enabled owner action deadline_hours state rank since amber_since"
        " red_since value volume sampled due why why_values recent answer_due created opinion basis"
        " drift still declared"
    }

    name = models.CharField(max_length=80, unique=True)
    category = models.CharField(max_length=16)  # risk.terms.CATEGORIES
    unit = models.CharField(max_length=8)  # risk.terms.UNITS
    enabled = models.BooleanField(default=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=500, default="", blank=True)
    deadline_hours = models.PositiveSmallIntegerField(default=24)
    state = models.CharField(max_length=8, default="unknown")  # risk.terms.STATES
    rank = models.PositiveSmallIntegerField(default=RANKS["unknown"])
    since = models.DateTimeField(null=True)
    amber_since = models.DateTimeField(null=True)
    red_since = models.DateTimeField(null=True)
    value = models.FloatField(null=True)
    volume = models.BigIntegerField(null=True)
    sampled = models.DateTimeField(null=True)
    due = models.DateTimeField()
    why = models.CharField(max_length=200, default="", blank=True)
    why_values = models.JSONField(default=dict)
    recent = models.JSONField(default=list)
    answer_due = models.DateTimeField(null=True)
    opinion = models.CharField(max_length=8, default="", blank=True)
    basis = models.JSONField(default=dict)
    drift = models.JSONField(default=dict)
    still = models.CharField(max_length=8, default="", blank=True)  # "", green, red
    declared = models.JSONField(null=True)
    created = models.DateTimeField(default=timezone.now)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["due", "id"]),
            models.Index(fields=["rank", "id"]),
            models.Index(fields=["name", "id"]),
        ]

    def __str__(self) -> str:
        return self.name


class IndicatorLimits(models.Model):
    """A version of an indicator's limits; in force is the newest whose time has come. Durations
    are in seconds. `shipped` are those it came with, whose reason the registry says. `terms` are
    what a kind other than static was fitted to; `forecast` is how far it looks ahead, if it does.
    """

    policy_noun: ClassVar[str] = "risk.indicator"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id indicator version direction amber red amber_low red_low hysteresis"
        " minimum_duration minimum_volume stale_after reason shipped created created_by effective"
        " kind terms forecast"
    }

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="limits")
    version = models.PositiveIntegerField()
    direction = models.CharField(max_length=8)
    amber = models.FloatField()
    red = models.FloatField()
    amber_low = models.FloatField(null=True)
    red_low = models.FloatField(null=True)
    hysteresis = models.FloatField(default=0.0)
    minimum_duration = models.PositiveIntegerField(default=0)
    minimum_volume = models.PositiveIntegerField(default=0)
    stale_after = models.PositiveIntegerField()
    kind = models.CharField(max_length=10, default="static")  # risk.terms.KINDS
    terms = models.JSONField(default=dict)
    forecast = models.PositiveIntegerField(default=0)
    reason = models.CharField(max_length=500, default="", blank=True)
    shipped = models.BooleanField(default=False)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    effective = models.DateTimeField()

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["indicator", "version"], name="risk_limits_version")
        ]

    def __str__(self) -> str:
        return f"limits {self.version} of indicator {self.indicator_id}"

    def read(self) -> Limits:
        """The limits, as states are judged by them."""
        return Limits(
            direction=self.direction,  # type: ignore[arg-type]
            amber=self.amber,
            red=self.red,
            amber_low=self.amber_low,
            red_low=self.red_low,
            hysteresis=self.hysteresis,
            minimum_duration=dt.timedelta(seconds=self.minimum_duration),
            minimum_volume=self.minimum_volume,
            stale_after=dt.timedelta(seconds=self.stale_after),
        )


class IndicatorSample(models.Model):
    """What an indicator came to at a time that it was due: once for each such time. The state is
    the indicator's after it; `why` says why it is unknown. `digest` is of all that went into it.
    `live` are those between its turns; they are forgotten within the hour."""

    policy_noun: ClassVar[str] = "risk.indicator"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id indicator at start value volume state limits digest why why_values live"
    }

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="samples")
    at = models.DateTimeField()
    start = models.DateTimeField()
    value = models.FloatField(null=True)
    volume = models.BigIntegerField(null=True)
    state = models.CharField(max_length=8)
    limits = models.ForeignKey(IndicatorLimits, null=True, on_delete=models.CASCADE)
    digest = models.CharField(max_length=64)
    why = models.CharField(max_length=200, default="", blank=True)
    why_values = models.JSONField(default=dict)
    live = models.BooleanField(default=False)

    objects = Forgettable.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["indicator", "at"], name="risk_sample_once")]
        indexes = [
            models.Index(fields=["at"]),
            models.Index(fields=["at"], condition=models.Q(live=True), name="risk_sample_live"),
        ]

    def __str__(self) -> str:
        return f"sample {self.pk} of indicator {self.indicator_id}"


class IndicatorChange(models.Model):
    """A change of state, who was to act on it then, by when, and what was answered. `verdict` is
    what it turned out to be: true, false, or nothing yet."""

    policy_noun: ClassVar[str] = "risk.indicator"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id indicator at before after value why why_values owner action due acknowledged"
        " acknowledged_by answered answered_by answer opinion basis verdict"
    }

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="changes")
    at = models.DateTimeField()
    before = models.CharField(max_length=8)
    after = models.CharField(max_length=8)
    value = models.FloatField(null=True)
    why = models.CharField(max_length=200, default="", blank=True)
    why_values = models.JSONField(default=dict)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    action = models.CharField(max_length=500, default="", blank=True)
    due = models.DateTimeField(null=True)
    acknowledged = models.DateTimeField(null=True)
    acknowledged_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    answered = models.DateTimeField(null=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    answer = models.CharField(max_length=500, default="", blank=True)
    opinion = models.CharField(max_length=8, default="", blank=True)
    basis = models.JSONField(default=dict)
    verdict = models.CharField(max_length=8, default="", blank=True)

    objects = ScopedQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["indicator", "at", "id"])]

    def __str__(self) -> str:
        return f"{self.before} to {self.after}"

    @property
    def to(self) -> StateName:
        """The state after it."""
        return self.after  # type: ignore[return-value]


class IndicatorDeclaration(models.Model):
    """A version of what a person composed: what is counted, over what time, how often."""

    policy_noun: ClassVar[str] = "risk.indicator"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id indicator version said reason created created_by"
    }

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="declarations")
    version = models.PositiveIntegerField()
    said = models.JSONField()
    reason = models.CharField(max_length=500)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OnlyAdded.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "version"], name="risk_declaration_version"
            )
        ]

    def __str__(self) -> str:
        return f"declaration {self.version} of indicator {self.indicator_id}"


class IndicatorNote(models.Model):
    """What a person marked on the chart of an indicator: at a time, in a few words."""

    policy_noun: ClassVar[str] = "risk.indicator"
    data_levels: ClassVar[dict[int, str]] = {2: "id indicator at text created created_by"}

    indicator = models.ForeignKey(Indicator, on_delete=models.CASCADE, related_name="notes")
    at = models.DateTimeField()
    text = models.CharField(max_length=120)
    created = models.DateTimeField(default=timezone.now)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = OnlyAdded.as_manager()

    class Meta:
        indexes = [models.Index(fields=["indicator", "at"])]

    def __str__(self) -> str:
        return f"note {self.pk} of indicator {self.indicator_id}"
