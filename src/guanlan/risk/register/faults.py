"""What is wrong with parameters, in the reader's language, at the field of the form."""

from __future__ import annotations

from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from guanlan.quant import Invalid

# The sentences of guanlan.quant, which speaks English only.
_SENTENCES: Final = (
    gettext_noop("the interval is upside down or empty; expected low < high"),
    gettext_noop("expected a finite number above zero"),
    gettext_noop("expected a finite number, zero or above"),
    gettext_noop("expected an amount in whole minor units, above zero, within int64"),
    gettext_noop("expected an amount in whole minor units, zero or above, within int64"),
    gettext_noop("expected an amount between least and most"),
    gettext_noop("reaches outside least and most, which bound every loss"),
    gettext_noop("expected an interval that holds the mode"),
    gettext_noop("no PERT between these bounds has that interval"),
    gettext_noop("no Gamma is that wide or that narrow"),
    gettext_noop("expected two losses at least"),
    gettext_noop("expected a loss at or below the threshold"),
    gettext_noop("expected a share above 0, at most 1"),
    gettext_noop("must say either `interval: [low, high]` or `rate`, in events a year"),
    gettext_noop("must be one of `lognormal`, `pert` and `losses`"),
    gettext_noop("must be a number"),
)
# By the path in the parameters: the field of the form that holds it.
FIELDS: Final = {
    "frequency.interval": "often_high",
    "frequency.rate": "rate",
    "frequency.shape": "shape",
    "frequency": "often",
    "severity.lognormal.interval": "loss_high",
    "severity.lognormal.median": "median",
    "severity.lognormal.quantile": "quantile",
    "severity.lognormal.level": "level",
    "severity.lognormal.evidence": "evidence",
    "severity.pert.least": "least",
    "severity.pert.mode": "mode",
    "severity.pert.most": "most",
    "severity.pert.interval": "loss_high",
    "severity.losses.amounts": "amounts",
    "severity.losses.threshold": "threshold",
    "severity": "cost",
    "insurance.deductible": "deductible",
    "insurance.limit": "limit",
    "insurance.share": "share",
    "year_insurance": "year_limit",
}


def told(error: Invalid) -> ValidationError:
    """The fault beside the field of the form that it speaks of."""
    path = error.field.split("[")[0]
    while path and path not in FIELDS:
        path = path.rpartition(".")[0]
    sentence = _(error.expected)
    return ValidationError({FIELDS[path]: sentence} if path else sentence)
