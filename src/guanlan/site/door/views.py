"""How decisions and entities look on the wire.

Values of level 3 and above are left out and named under `masked`, those of features that are
made of such fields too: no key has a clearance, so the policy lets none see them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from guanlan.core.access import MASKED_FROM
from guanlan.engine import (
    EntityView,
    Explanation,
    Restriction,
    RuleExecution,
    Scenario,
    rfc3339,
)
from guanlan.fraud.frames import Layout

Json = dict[str, Any]


def explained(found: Explanation, scenario: Scenario) -> Json:
    """A decision with everything it was made of; `decision` is as it was answered."""
    event, masked = _masked_event(found.event, scenario)
    features, hidden = _masked_features(found.features, scenario)
    return {
        "decision": found.decision,
        "arrival": rfc3339(found.arrival),
        "latency_us": found.latency_us,
        "event": event,
        "masked": masked + hidden,
        "features": features,
        "warming": list(found.warming),
        "rules": [_rule(execution) for execution in found.rules],
        "program": found.program,
        "state": found.state,
        "position": found.position,
    }


def entity(found: EntityView, scenario: Scenario) -> Json:
    """What is remembered of an entity now."""
    features, masked = _masked_features(found.features, scenario)
    return {
        "kind": found.kind,
        "key": found.key,
        "clock": rfc3339(found.clock),
        "features": features,
        "masked": masked,
        "lists": [
            {
                "list": listed.list,
                "kind": listed.kind,
                "reason": listed.entry.reason,
                "author": listed.entry.author,
                "expires": None if listed.entry.expires is None else rfc3339(listed.entry.expires),
            }
            for listed in found.lists
        ],
        "restrictions": [_restriction(one) for one in found.restrictions],
    }


def _restriction(one: Restriction) -> Json:
    """What a product may know of a restriction: what it takes away, and what the customer may be
    told; why it was made stays here."""
    told = one.told
    return {
        "id": one.id,
        "effect": one.effect,
        "capabilities": list(one.capabilities),
        "currency": one.currency or None,
        "event_amount": one.event_amount,
        "window_seconds": None if one.window is None else one.window // 1_000_000,
        "window_amount": one.window_amount,
        "window_count": one.window_count,
        "expires": None if one.expires is None else rfc3339(one.expires),
        "told": None
        if told is None
        else {lang: told.get(lang) for lang in ("en", "zh-Hans", "zh-Hant")},
    }


def _rule(execution: RuleExecution) -> Json:
    rule = execution.rule
    return {
        "rule": rule.id,
        "state": execution.state,
        "counted": execution.counted,
        "score": rule.score,
        "outcome": None if rule.outcome is None else rule.outcome.name,
        "severity": rule.severity,
        "when": rule.when,
        "title": {lang: rule.title.get(lang) for lang in ("en", "zh-Hans", "zh-Hant")},
        "f3": [{"technique": t.technique, "tactic": t.tactic} for t in rule.f3],
        "tags": list(rule.tags),
    }


def _masked_features(found: Mapping[str, Any], scenario: Scenario) -> tuple[Json, list[str]]:
    layout = Layout(scenario)
    hidden = [name for name in found if layout.feature_level(name) >= MASKED_FROM]
    return {**found, **dict.fromkeys(hidden)}, [f"features.{name}" for name in hidden]


def _masked_event(event: Json, scenario: Scenario) -> tuple[Json, list[str]]:
    """The event without its values of high level, and the places that were emptied.

    A name the scenario in force does not know (it may be newer than the event) counts as
    of high level.
    """
    declared = next((e for e in scenario.events if e.name == event.get("type")), None)
    kinds = {kind.name: kind.level for kind in scenario.entities}
    levels = {
        "entities": {} if declared is None else {r.name: kinds[r.kind] for r in declared.roles},
        "fields": {} if declared is None else {f.name: f.level for f in declared.fields},
    }
    shown = dict(event)
    masked: list[str] = []
    for part, level_of in levels.items():
        if not isinstance(shown.get(part), dict):
            continue
        values = dict(shown[part])
        for name in values:
            if level_of.get(name, MASKED_FROM) >= MASKED_FROM:
                values[name] = None
                masked.append(f"{part}.{name}")
        shown[part] = values
    return shown, masked
