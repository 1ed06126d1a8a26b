"""One decision as a row of the live stream."""

from __future__ import annotations

from typing import Any, Final

from guanlan.core.access import MASKED_FROM
from guanlan.core.access.masking import mask
from guanlan.engine.log import Frame
from guanlan.engine.scenario.model import Scenario
from guanlan.fraud.frames import Layout, record

_layouts: Final[dict[str, Layout]] = {}


def _layout(scenario: Scenario | None) -> Layout:
    digest = scenario.digest if scenario else ""
    layout = _layouts.get(digest)
    if layout is None:
        if len(_layouts) >= 8:
            _layouts.clear()
        layout = _layouts[digest] = Layout(scenario)
    return layout


def stream_row(frame: Frame, scenario: Scenario | None = None) -> dict[str, Any]:
    """The row of an event frame: masked, and ready to be sent as JSON.

    `{"seq", "clock", "type", "outcome", "score", "entities": {role: shown},
    "kinds": {role: kind, of keys shown whole}, "amount", "currency", "rules": [ids that hit],
    "degraded"}`; amount in minor units or None, clock
    as RFC 3339. Without the scenario every entity counts as sensitive and there is no
    amount, so nothing leaks before the levels are known.
    """
    item = record(frame)
    layout = _layout(scenario)
    event, decision = item.event, item.decision
    shown: dict[str, str] = {}
    kinds: dict[str, str] = {}
    for role, key in event.entities.items():
        if key is not None:
            kind = layout.kind(event.type, role)
            level = layout.level(kind)
            shown[role] = mask(kind, key, level)
            if level < MASKED_FROM:
                kinds[role] = kind
    return {
        "seq": frame.seq,
        "clock": decision.clock,
        "type": event.type,
        "outcome": decision.outcome,
        "score": decision.score,
        "entities": shown,
        "kinds": kinds,
        "amount": layout.amount(event) if layout.amount_level(event.type) < MASKED_FROM else None,
        "currency": layout.currency,
        "rules": [reason.rule for reason in decision.reasons if reason.on_unknown is None],
        "degraded": decision.degraded,
    }
