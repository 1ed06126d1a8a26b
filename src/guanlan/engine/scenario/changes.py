"""What changed between two versions of a scenario."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from msgspec import Struct

from guanlan.engine.scenario.canonical import normalised
from guanlan.engine.scenario.model import Scenario, Text

_NO_TITLE = Text(en="", zh="")


class Changed(Struct, frozen=True):
    """A declaration that both versions have, and the keys of it that differ."""

    name: str
    keys: tuple[str, ...]


class Delta(Struct, frozen=True):
    """Names that came, went, or stayed with another meaning."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    changed: tuple[Changed, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.added or self.removed or self.changed)


class Changes(Struct, frozen=True):
    """The difference between two scenarios.

    `shape_changed` tells whether what is remembered of events differs, so that state must be
    rebuilt from the log; without it, a reload keeps the state. `rules_reordered` is true when
    rules that stayed stand in another order.
    """

    entities: Delta
    events: Delta
    features: Delta
    lists: Delta
    rules: Delta
    rules_reordered: bool
    policy: tuple[str, ...]  # keys of the policy that differ
    scenario: tuple[str, ...]  # of name, title, currency, timezone: those that differ
    shape_changed: bool

    def __bool__(self) -> bool:
        deltas = (self.entities, self.events, self.features, self.lists, self.rules)
        return any(deltas) or self.rules_reordered or bool(self.policy) or bool(self.scenario)


def diff(old: Scenario, new: Scenario) -> Changes:
    """What is different in `new`, by name; the order of declarations does not matter."""
    old, new = normalised(old), normalised(new)
    old_rules, new_rules = _by_name(old.rules, "id"), _by_name(new.rules, "id")
    return Changes(
        entities=_delta(_by_name(old.entities), _by_name(new.entities)),
        events=_delta(_by_name(old.events), _by_name(new.events)),
        features=_delta(_by_name(old.features), _by_name(new.features)),
        lists=_delta(_by_name(old.lists), _by_name(new.lists)),
        rules=_delta(old_rules, new_rules),
        rules_reordered=[name for name in old_rules if name in new_rules]
        != [name for name in new_rules if name in old_rules],
        policy=_differing(old.policy, new.policy),
        scenario=tuple(
            name
            for name in ("name", "title", "currency", "timezone")
            if getattr(old, name) != getattr(new, name)
        ),
        shape_changed=_shape(old) != _shape(new),
    )


def _by_name(structs: Iterable[Struct], key: str = "name") -> dict[str, Struct]:
    return {getattr(one, key): one for one in structs}


def _delta(old: dict[str, Struct], new: dict[str, Struct]) -> Delta:
    both = [name for name in old if name in new and old[name] != new[name]]
    return Delta(
        added=tuple(name for name in new if name not in old),
        removed=tuple(name for name in old if name not in new),
        changed=tuple(Changed(name, _differing(old[name], new[name])) for name in both),
    )


def _differing(old: Struct, new: Struct) -> tuple[str, ...]:
    names = [field.name for field in msgspec.structs.fields(old)]
    return tuple(name for name in names if getattr(old, name) != getattr(new, name))


def _shape(scenario: Scenario) -> Any:
    """All that decides what the state holds, and nothing else."""
    events = [
        (
            event.name,
            [(role.name, role.kind, role.required) for role in event.roles],
            [(one.name, one.type, one.required, one.decimals) for one in event.fields],
        )
        for event in scenario.events
    ]
    features = [msgspec.structs.replace(one, title=_NO_TITLE) for one in scenario.features]
    # Filters may speak of hours and of money in major units.
    filtered = any(feature.where is not None for feature in features)
    return events, features, (scenario.timezone, scenario.currency) if filtered else None
