"""The canonical form of a scenario: the same meaning, the same bytes, the same digest.

Declarations that YAML writes as mappings have no order, so they are kept sorted by name;
lists keep the order written, since the order of rules, bands and reasons can be seen.
"""

from __future__ import annotations

import hashlib
import json
import threading
from functools import cache
from operator import attrgetter
from typing import Any

import msgspec

from guanlan.engine.scenario.expressions import from_tree, plain, to_tree
from guanlan.engine.scenario.model import FORMAT_VERSION, EventType, Scenario

_NAME = attrgetter("name")

RECENT = 8
_RECENT: dict[int, tuple[Scenario, bytes]] = {}
_LOCK = threading.Lock()


def normalised(scenario: Scenario) -> Scenario:
    """The same scenario in canonical order and spelling, with its digest.

    Raises LanguageError for a condition that is not an expression.
    """
    ordered = _ordered(scenario)
    data = _bytes(ordered)
    made = msgspec.structs.replace(ordered, digest=hashlib.sha256(data).hexdigest())
    _remember(made, data)
    return made


def _ordered(scenario: Scenario) -> Scenario:
    events = tuple(
        EventType(
            event.name,
            event.title,
            tuple(sorted(event.roles, key=_NAME)),
            tuple(sorted(event.fields, key=_NAME)),
            event.capability,
        )
        for event in sorted(scenario.events, key=_NAME)
    )
    return msgspec.structs.replace(
        scenario,
        entities=tuple(sorted(scenario.entities, key=_NAME)),
        events=events,
        features=tuple(
            msgspec.structs.replace(
                feature,
                on=tuple(sorted(feature.on)),
                where=None if feature.where is None else plain(feature.where),
            )
            for feature in sorted(scenario.features, key=_NAME)
        ),
        lists=tuple(sorted(scenario.lists, key=_NAME)),
        rules=tuple(
            msgspec.structs.replace(rule, on=tuple(sorted(rule.on)), when=plain(rule.when))
            for rule in scenario.rules
        ),
    )


def canonical(scenario: Scenario) -> bytes:
    """Minimal JSON in UTF-8 with sorted keys, without the digest and without defaults.

    Leaving defaults out keeps the digests of existing scenarios when a later version of
    Guanlan learns a new optional key.
    """
    with _LOCK:
        known, data = _RECENT.get(id(scenario), (None, b""))
    return data if known is scenario else _bytes(_ordered(scenario))


def digest(scenario: Scenario) -> str:
    """Hex SHA-256 of the canonical form."""
    return normalised(scenario).digest


def from_canonical(data: bytes) -> Scenario:
    """The scenario that `canonical` wrote. Raises ValueError for anything else."""
    tree = json.loads(data)
    if not isinstance(tree, dict) or tree.pop("guanlan", None) != FORMAT_VERSION:
        raise ValueError(f"expected a canonical scenario of format {FORMAT_VERSION}")
    for feature in tree.get("features", ()):
        if "where" in feature:
            feature["where"] = from_tree(feature["where"])
    for rule in tree.get("rules", ()):
        rule["when"] = from_tree(rule["when"])
    return normalised(msgspec.convert(tree, Scenario))


def _remember(scenario: Scenario, data: bytes) -> None:
    """Keep the bytes of a scenario just made: a reload records them within milliseconds."""
    with _LOCK:
        _RECENT[id(scenario)] = scenario, data  # holding the scenario keeps its id its own
        while len(_RECENT) > RECENT:
            del _RECENT[next(iter(_RECENT))]


def _bytes(scenario: Scenario) -> bytes:
    tree = {**_plain(scenario), "guanlan": FORMAT_VERSION}
    tree.pop("digest", None)
    for feature in tree["features"]:
        if "where" in feature:
            feature["where"] = to_tree(feature["where"])
    for rule in tree["rules"]:
        rule["when"] = to_tree(rule["when"])
    text = json.dumps(tree, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8")


@cache
def _fields(kind: type[msgspec.Struct]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return msgspec.structs.fields(kind)


def _plain(value: Any) -> Any:
    if isinstance(value, msgspec.Struct):
        return {
            field.encode_name: _plain(getattr(value, field.name))
            for field in _fields(type(value))
            if field.required or getattr(value, field.name) != field.default
        }
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value
