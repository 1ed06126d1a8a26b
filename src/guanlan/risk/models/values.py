"""What a year may cost, each time that it moved, and the ratings that people accept."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import pgettext_lazy

from guanlan.core.access import ScopedQuerySet
from guanlan.risk.models.indicators import Forgettable
from guanlan.risk.models.register import Risk, RiskParameters

VALUE = "risk.value"


class RiskValue(models.Model):
    """The loss of a year of the whole register, at a moment; amounts in minor units of `currency`.

    `inputs` is everything that went in, written canonically: with `model`, `step` and `size` (the
    grid) every number of it can be computed again, byte for byte; `digest` is theirs. `figures`
    holds inherent, residual and target: each expected, deviation, no_loss, tails, interval.
    `cause` names what moved since the value before: kind, risk and name of each. `number` counts
    values without a gap, so that of two workers only one stores the next.
    """

    policy_noun: ClassVar[str] = VALUE
    data_levels: ClassVar[dict[int, str]] = {
        2: "id number at currency model digest step size inputs figures curve cause expected var95"
        " var99 var999 tvar99 beyond"
    }

    number = models.PositiveBigIntegerField(unique=True)
    at = models.DateTimeField()
    currency = models.CharField(max_length=3)
    model = models.CharField(max_length=60)
    digest = models.CharField(max_length=64)
    step = models.FloatField()
    size = models.PositiveIntegerField()
    inputs = models.JSONField()
    figures = models.JSONField()
    curve = models.JSONField()  # of each stage, (loss, probability) points
    cause = models.JSONField(default=list)
    # The residual year, as columns: what charts and lists ask for.
    expected = models.BigIntegerField()
    var95 = models.BigIntegerField()
    var99 = models.BigIntegerField()
    var999 = models.BigIntegerField()
    tvar99 = models.BigIntegerField()
    beyond = models.FloatField(null=True)  # probability that the year costs more than tolerated

    objects = Forgettable.as_manager()

    class Meta:
        indexes = [models.Index(fields=["at", "id"])]

    def __str__(self) -> str:
        return f"value {self.number}"


class RiskFigure(models.Model):
    """One risk's part of a value; written for the risks that moved. `rate` is events a year;
    `multiplier` is that of its indicators, `left` the share its measures leave (of frequency, of
    severity); `tail` its part of TVaR 99. `likelihood` and `impact` are 1 to 5, `level` theirs."""

    policy_noun: ClassVar[str] = VALUE
    scope_field: ClassVar[str] = "risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id value risk at rate multiplier frequency_left severity_left inherent expected target"
        " var95 var99 tail likelihood impact level"
    }

    value = models.ForeignKey(RiskValue, on_delete=models.CASCADE, related_name="parts")
    risk = models.ForeignKey(Risk, on_delete=models.CASCADE, related_name="figures")
    at = models.DateTimeField()
    rate = models.FloatField()
    multiplier = models.FloatField()
    frequency_left = models.FloatField()
    severity_left = models.FloatField()
    inherent = models.BigIntegerField()  # expected of a year, without measures
    expected = models.BigIntegerField()  # residual
    target = models.BigIntegerField()  # with what is planned, too
    var95 = models.BigIntegerField()
    var99 = models.BigIntegerField()
    tail = models.FloatField()
    likelihood = models.PositiveSmallIntegerField()
    impact = models.PositiveSmallIntegerField()
    level = models.CharField(max_length=10)

    objects = Forgettable.as_manager()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["value", "risk"], name="risk_figure_once")]
        indexes = [models.Index(fields=["risk", "at", "id"])]

    def __str__(self) -> str:
        return f"figure of {self.risk_id}"


class Reassessment(models.Model):
    """A proposal: the numbers of a risk have moved so far that a person should rate it again.

    Numbers move by themselves, ratings need a person. `before` and `after` are the figures that
    differ, `causes` what moved them. Accepted, it makes the version `parameters` or only sets the
    rating; refused, it says why.
    """

    class State(models.TextChoices):
        PROPOSED = "proposed", pgettext_lazy("state of a reassessment", "proposed")
        ACCEPTED = "accepted", pgettext_lazy("state of a reassessment", "accepted")
        REFUSED = "refused", pgettext_lazy("state of a reassessment", "refused")

    policy_noun: ClassVar[str] = "risk.reassessment"
    scope_field: ClassVar[str] = "risk__product__code"
    data_levels: ClassVar[dict[int, str]] = {
        2: "id risk value state opened due owner before after causes level_before level_after"
        " decided decided_by reason parameters"
    }

    risk = models.ForeignKey(Risk, on_delete=models.PROTECT, related_name="reassessments")
    value = models.ForeignKey(RiskValue, on_delete=models.PROTECT, related_name="+")
    state = models.CharField(max_length=8, choices=State.choices, default=State.PROPOSED)
    opened = models.DateTimeField(default=timezone.now)
    due = models.DateTimeField()
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    before = models.JSONField()
    after = models.JSONField()
    causes = models.JSONField(default=list)
    level_before = models.CharField(max_length=10, default="", blank=True)
    level_after = models.CharField(max_length=10, default="", blank=True)
    decided = models.DateTimeField(null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    reason = models.CharField(max_length=500, default="", blank=True)
    parameters = models.ForeignKey(
        RiskParameters, null=True, on_delete=models.PROTECT, related_name="+"
    )

    objects = ScopedQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["risk"], condition=models.Q(state="proposed"), name="risk_reassess_once"
            )
        ]
        indexes = [models.Index(fields=["state", "id"]), models.Index(fields=["risk", "id"])]

    def __str__(self) -> str:
        return f"reassessment of {self.risk_id}"
