"""Versions of what people state: parameters of a risk, its drivers, the settings, the matrix."""

from __future__ import annotations

import datetime as dt
import math
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db.models import Max
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.people.organisation import organisation
from guanlan.quant import Invalid
from guanlan.risk.models import (
    Indicator,
    Risk,
    RiskDriver,
    RiskMatrix,
    RiskParameters,
    RiskSettings,
)
from guanlan.risk.register.faults import told
from guanlan.risk.register.keeping import NOUN, scope_of, text
from guanlan.risk.register.reading import stated
from guanlan.risk.value.effects import left_of

MOST_BETA: Final = 5.0
LEVELS: Final = ("low", "moderate", "high", "extreme")
# Research: events a year, and losses in yuan at which a wallet's board begins to look.
FREQUENCIES: Final = (0.1, 0.5, 2.0, 12.0)
LOSSES: Final = (1_000_000, 10_000_000, 100_000_000, 1_000_000_000)
MATRIX: Final = (
    ("low", "low", "low", "moderate", "high"),
    ("low", "low", "moderate", "high", "high"),
    ("low", "moderate", "moderate", "high", "extreme"),
    ("low", "moderate", "high", "extreme", "extreme"),
    ("moderate", "high", "high", "extreme", "extreme"),
)


def currency() -> str:
    """The register's currency: that of the settings in force, else the organisation's."""
    newest = RiskSettings.objects.order_by("-version").first()
    return newest.currency if newest is not None else organisation().currency or "CNY"


def set_parameters(
    subject: Subject, row: Risk, values: dict[str, Any], now: dt.datetime
) -> RiskParameters:
    """State how often a risk happens and what it then costs: a new version.

    values: frequency, severity, insurance, year_insurance (as `register.reading` spells them),
    currency, basis, knowledge, reason, counted_from (or None). With the basis `current` the
    shares that measures leave today are kept beside them. Raises Denied, ValidationError by field.
    """
    require(subject, "change", NOUN, scope=scope_of(row.product))
    why = text("reason", values["reason"], 5, 500)
    if values["currency"] != currency():
        raise ValidationError(_("The currency is not the register's: convert amounts beforehand."))
    counted = values.get("counted_from")
    if counted is not None and counted > now:
        raise ValidationError({"counted_from": _("Losses are counted from a day that has been.")})
    said = tuple(
        values.get(name) for name in ("frequency", "severity", "insurance", "year_insurance")
    )
    try:
        found = stated(row.code, row.group, (said[0], said[1], said[2], said[3]))
    except Invalid as error:
        raise told(error) from None
    if counted is not None and found.frequency.shape is None:
        sentence = _("A rate taken as known learns nothing from losses: state an interval.")
        raise ValidationError({"counted_from": sentence})
    if not math.isfinite(found.severity.mean):
        raise ValidationError({"cost": _("The mean loss is infinite: state a lighter tail.")})
    current = values["basis"] == RiskParameters.Basis.CURRENT
    with act("risk.parameters", row, reason=why):
        kept = Risk.objects.select_for_update(of=("self",)).get(pk=row.pk)
        left = left_of(kept, now) if current else (1.0, 1.0)
        newest = kept.parameters.aggregate(at=Max("version"))["at"] or 0
        return RiskParameters.objects.create(
            risk=kept, version=newest + 1, currency=values["currency"], frequency=said[0],
            severity=said[1], insurance=said[2], year_insurance=said[3], basis=values["basis"],
            frequency_left=left[0], severity_left=left[1], counted_from=counted,
            knowledge=values["knowledge"], reason=why, created=now, created_by_id=subject.id,
            effective=now,
        )  # fmt: skip


def set_driver(
    subject: Subject, row: Risk, indicator: Indicator, values: dict[str, Any], now: dt.datetime
) -> RiskDriver:
    """State how an indicator moves a risk: beta, centre, spread, least, most, reason. beta 0 takes
    it off. Raises Denied, ValidationError by field."""
    require(subject, "change", NOUN, scope=scope_of(row.product))
    why = text("reason", values["reason"], 5, 500)
    beta, centre, spread = values["beta"], values["centre"], values["spread"]
    least, most = values.get("least", 0.5), values.get("most", 3.0)
    for field, value in (("beta", beta), ("centre", centre), ("spread", spread)):
        if not math.isfinite(value):
            raise ValidationError({field: _("Write a finite number.")})
    if abs(beta) > MOST_BETA:
        sentence = _("Write a number from -%(n)s to %(n)s.") % {"n": MOST_BETA}
        raise ValidationError({"beta": sentence})
    if spread <= 0:
        raise ValidationError({"spread": _("Write a number above zero.")})
    if not 0 < least <= 1 <= most <= 100:
        raise ValidationError({"most": _("The least is at most 1, the most at least 1.")})
    with act("risk.driver", row, reason=why, detail={"indicator": indicator.pk}):
        kept = Risk.objects.select_for_update(of=("self",)).get(pk=row.pk)
        newest = kept.drivers.filter(indicator=indicator).aggregate(at=Max("version"))["at"] or 0
        return RiskDriver.objects.create(
            risk=kept, indicator=indicator, version=newest + 1, beta=beta, centre=centre,
            spread=spread, least=least, most=most, reason=why, created=now,
            created_by_id=subject.id, effective=now,
        )  # fmt: skip


def ensure_first(now: dt.datetime) -> None:
    """The settings and the matrix that the register begins with, once."""
    if not RiskMatrix.objects.exists():
        RiskMatrix.objects.create(
            version=1, frequencies=list(FREQUENCIES), losses=list(LOSSES),
            levels=[list(line) for line in MATRIX], effective=now, created=now,
            reason="The bands of likelihood and loss that the platform comes with.",
        )  # fmt: skip
    if not RiskSettings.objects.exists() and organisation().currency:
        RiskSettings.objects.create(
            version=1, currency=organisation().currency, effective=now, created=now,
            reason="The currency of the organisation; nothing moves risks together yet.",
        )  # fmt: skip
