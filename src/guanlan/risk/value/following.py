"""When the value is computed: as soon as something moves that it is made of, and each minute.

An indicator that drives a risk is followed at once, by whoever measured it. What people change
(parameters, drivers, settings, measures and their tests, losses) wants a run of the job. The job of
each minute finds whatever nobody told of; the whole, with its ranges, is computed anew each hour.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models.signals import post_save
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.jobs import Progress, Told, job, nudge
from guanlan.quant import Invalid
from guanlan.risk.crossing import Moved, on_moved
from guanlan.risk.models import (
    LossEvent,
    Measure,
    MeasureEffect,
    MeasureTest,
    Risk,
    RiskDriver,
    RiskMatrix,
    RiskParameters,
    RiskSettings,
    RiskValue,
)
from guanlan.risk.value.keeping import refresh

logger = logging.getLogger("guanlan.risk")

JOB: Final = "risk.value"
FOLLOWED: Final = (
    LossEvent, Measure, MeasureEffect, MeasureTest, Risk, RiskDriver, RiskMatrix, RiskParameters,
    RiskSettings,
)  # fmt: skip


@job(JOB, title=_("The risk value"), every=60, retries=0, timeout=600)
def value(_progress: Progress) -> Told | None:
    """Compute the value, and store it where it has moved."""
    stored = refresh(timezone.now())
    if stored is None:
        return None
    return Told(gettext_noop("value %(n)s stored"), {"n": stored.number})


@on_moved
def follow(moved: Sequence[Moved], now: dt.datetime) -> None:
    """Compute the value once indicators that drive a risk have moved, after they are written."""
    keys = [one.indicator.pk for one in moved]
    if RiskDriver.objects.exclude(beta=0.0).filter(indicator__in=keys).exists():
        transaction.on_commit(lambda: _follow(now), robust=True)


def _follow(now: dt.datetime) -> None:
    try:
        refresh(now)
    except Invalid as error:
        logger.error("the risk value: %s", error)


def _want(sender: type[Any], raw: bool = False, **_said: Any) -> None:
    if not raw and latest_value_wanted():
        transaction.on_commit(lambda: nudge(JOB), robust=True)


def latest_value_wanted() -> bool:
    """Whether there is a register to follow: before the first open risk nothing is wanted."""
    return RiskValue.objects.exists() or Risk.objects.filter(state=Risk.State.OPEN).exists()


for _model in FOLLOWED:
    post_save.connect(_want, sender=_model, dispatch_uid=f"risk.value:{_model.__name__}")
