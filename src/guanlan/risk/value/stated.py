"""What people state of a risk, as `guanlan.quant` takes it: the JSON of RiskParameters, which is
spelled as in a risk file (docs/quant.md). Each text is solved for once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from typing import Any, Final

from guanlan.quant import Frequency, Layer, Retained, Severity, terms

REMEMBERED: Final = 8192  # solving for a Gamma or a tail takes a thousand times as long as asking
Said = Mapping[str, Any]


def frequency_of(said: Said) -> Frequency:
    """Events a year. Raises Invalid."""
    return _read_frequency(json.dumps(said, sort_keys=True))


@lru_cache(REMEMBERED)
def _read_frequency(text: str) -> Frequency:
    return terms.frequency_of(json.loads(text))


def severity_of(said: Said, insurance: Said | None) -> Severity:
    """The loss of one event, less what an insurer pays of it. Raises Invalid."""
    return _read_severity(json.dumps([said, insurance], sort_keys=True))


@lru_cache(REMEMBERED)
def _read_severity(text: str) -> Severity:
    said, insurance = json.loads(text)
    gross = terms.severity_of(said)
    layer = layer_of(insurance, "insurance")
    return gross if layer is None else Retained(gross, layer)


def layer_of(said: Said | None, field: str = "year_insurance") -> Layer | None:
    """Terms of an insurance. Raises Invalid."""
    return None if said is None else terms.layer_of(said, field)
