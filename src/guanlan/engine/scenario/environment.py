"""What an expression may speak of in each event type, with types and what may be unknown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from guanlan.engine.language import Env, Name, Type
from guanlan.engine.scenario.model import EntityRole, EventType, Feature, Field, Scenario, Text

RESERVED: dict[str, tuple[Type, Text]] = {
    "time": (Type.TIME, Text(en="time of the event", zh="事件时间", zh_hant="事件時間")),
    "clock": (Type.TIME, Text(en="time of the decision", zh="决策时间", zh_hant="決策時間")),
    "lateness": (Type.DURATION, Text(en="lateness", zh="迟到时长", zh_hant="遲到時長")),
    "event_type": (Type.STRING, Text(en="event type", zh="事件类型", zh_hant="事件類型")),
}
"""Names of every event type: when it happened and was decided (µs), how late it came."""

_NEVER_UNKNOWN = frozenset({"count", "sum", "distinct", "is_new"})
_RESULTS = {
    "count": Type.INT,
    "distinct": Type.INT,
    "is_new": Type.BOOL,
    "since_first": Type.DURATION,
    "since_last": Type.DURATION,
}


def names(scenario: Scenario, event_type: str, load: Callable[[str], str]) -> Env:
    """What a rule may speak of in events of this type: roles, fields, times and features.

    `load` gives the Python source that yields a name's value in generated code. A feature
    can be read when every role of its `lookup` is declared for the type. Raises KeyError for
    an event type that the scenario does not have.
    """
    event = _event(scenario, event_type)
    known = dict(_own_names(scenario, event, load))
    fields = {(e.name, field.name): field for e in scenario.events for field in e.fields}
    for feature in readable(scenario, event_type):
        known[feature.name] = Name(
            type=_result(feature, fields),
            optional=feature_optional(feature, event),
            title=feature.title,
            load=load(feature.name),
        )
    return _env(scenario, known)


def where_names(scenario: Scenario, event_type: str, load: Callable[[str], str]) -> Env:
    """What the filter of a feature may speak of: the event itself, and no other feature."""
    return _env(scenario, dict(_own_names(scenario, _event(scenario, event_type), load)))


def readable(scenario: Scenario, event_type: str) -> tuple[Feature, ...]:
    """The features that are computed for events of this type, in the scenario's order."""
    roles = {role.name for role in _event(scenario, event_type).roles}
    return tuple(feature for feature in scenario.features if roles.issuperset(feature.lookup))


def feature_optional(feature: Feature, event: EventType) -> bool:
    """Whether the feature may be unknown for events of this type.

    An aggregate over nothing is unknown, except those that are 0 or true of nothing; those
    are unknown only where a role they are looked up by may be absent.
    """
    required = {role.name for role in event.roles if role.required}
    return feature.agg not in _NEVER_UNKNOWN or not required.issuperset(feature.lookup)


def _event(scenario: Scenario, event_type: str) -> EventType:
    for event in scenario.events:
        if event.name == event_type:
            return event
    raise KeyError(event_type)


def _own_names(
    scenario: Scenario, event: EventType, load: Callable[[str], str]
) -> Iterator[tuple[str, Name]]:
    types = tuple(one.name for one in scenario.events)
    for name, (kind, title) in RESERVED.items():
        values = types if name == "event_type" else ()
        yield name, Name(type=kind, optional=False, title=title, load=load(name), values=values)
    kinds = {kind.name: kind.title for kind in scenario.entities}
    for role in event.roles:
        yield (
            role.name,
            Name(
                type=Type.STRING,
                optional=not role.required,
                title=_role_title(role, kinds),
                load=load(role.name),
                kind=role.kind,
            ),
        )
    for field in event.fields:
        yield (
            field.name,
            Name(
                type=Type(field.type),
                optional=not field.required,
                title=field.title,
                load=load(field.name),
                values=field.values,
            ),
        )


def _role_title(role: EntityRole, kinds: dict[str, Text]) -> Text:
    if role.title is not None:
        return role.title
    title = kinds.get(role.kind, Text(en=role.kind, zh=role.kind))
    if role.name == role.kind:
        return title
    return Text(
        en=f"{role.name} ({title.en})",
        zh=f"{role.name}（{title.zh}）",
        zh_hant=f"{role.name}（{title.get('zh-Hant')}）",
    )


def _result(feature: Feature, fields: dict[tuple[str, str], Field]) -> Type:
    fixed = _RESULTS.get(feature.agg)
    if fixed is not None or feature.of is None:
        return fixed or Type.INT
    kind = Type(fields[(feature.on[0], feature.of)].type)
    if feature.agg in ("avg", "stddev") and kind is not Type.MONEY:
        return Type.NUMBER
    return kind


def _env(scenario: Scenario, known: dict[str, Name]) -> Env:
    return Env(
        names=known,
        lists={spec.name: spec.entity for spec in scenario.lists},
        timezone=scenario.timezone,
        currency=scenario.currency,
        list_titles={spec.name: spec.title for spec in scenario.lists},
    )
