"""Parameters of the register as `guanlan.quant` takes them.

Their JSON is spelled as in a risk file (docs/quant.md), amounts in minor units of `currency`:

    frequency       {"interval": [2, 9]} or {"rate": 3, "shape": 2}
    severity        {"lognormal": {…}}, {"pert": {…}} or {"losses": {…}}
    insurance       None or {"deductible": 1000000, "limit": 50000000, "share": 0.8}
    year_insurance  the same, of the year's sum
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Final

from guanlan.quant import Risk
from guanlan.quant.terms import risk_of
from guanlan.risk.models import RiskParameters

REMEMBERED: Final = 8192  # solving for a Gamma or a tail takes a thousand times as long as asking


def quant_risk(parameters: RiskParameters) -> Risk:
    """The risk that parameters tell, named by its code, in its group. Raises Invalid."""
    risk = parameters.risk
    return stated(
        risk.code,
        risk.group,
        (
            parameters.frequency,
            parameters.severity,
            parameters.insurance,
            parameters.year_insurance,
        ),
    )


def stated(code: str, group: str, said: tuple[object, object, object, object]) -> Risk:
    """The same of plain values: frequency, severity, insurance by event, by year. Raises
    Invalid."""
    return _read(code, group, json.dumps(said, sort_keys=True))


@lru_cache(REMEMBERED)
def _read(code: str, group: str, text: str) -> Risk:
    frequency, severity, insurance, year = json.loads(text)
    return risk_of(code, frequency, severity, group or None, insurance, year)
