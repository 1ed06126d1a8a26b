"""The sections of a scenario file, read into the nouns of `model`.

A declaration that cannot be read is left out and its name remembered, so that nothing which
refers to it is reported a second time.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import cast

from guanlan.engine.scenario.document import Node, Scalar, Table
from guanlan.engine.scenario.model import (
    Aggregate,
    Band,
    EntityKind,
    EntityRole,
    EventType,
    Feature,
    Field,
    FieldType,
    ListEntry,
    ListKind,
    ListSpec,
    OnUnknown,
    Outcome,
    Policy,
    Rule,
    Severity,
    Technique,
)
from guanlan.engine.scenario.reading import INT64, Path, Reader
from guanlan.engine.scenario.vocabulary import (
    AGGREGATES,
    CAPABILITIES,
    FIELD_TYPES,
    LIST_KINDS,
    NAME_PATTERN,
    ON_UNKNOWN,
    OUTCOMES,
    RULE_PATTERN,
    SEVERITIES,
    TACTIC_PATTERN,
    TECHNIQUE_PATTERN,
    WINDOWED_AGGREGATES,
    is_card_security_name,
)

MAX_SCORE = 1_000
MAX_STRING = 4_096


@dataclass(slots=True)
class Draft:
    """What could be read, with rules by their place in the file."""

    entities: list[EntityKind] = field(default_factory=list)
    events: list[EventType] = field(default_factory=list)
    features: list[Feature] = field(default_factory=list)
    lists: list[ListSpec] = field(default_factory=list)
    rules: list[tuple[int, Rule]] = field(default_factory=list)
    policy: Policy = field(default_factory=lambda: Policy((), Outcome.review))


def read_entities(reader: Reader, node: Node | None, draft: Draft) -> None:
    for name, key, value in reader.named(node, ("entities",), "entity kind"):
        path: Path = ("entities", name)
        what = f"entity kind `{name}`"
        found = reader.table(value, path, what, required=("title", "level"), at=key)
        found = found or {}
        draft.entities.append(
            EntityKind(
                name,
                reader.title(found.get("title"), (*path, "title"), f"title of {what}"),
                reader.integer(found.get("level"), f"level of {what}", 1, 4) or 4,
            )
        )


def read_events(reader: Reader, node: Node | None, draft: Draft) -> None:
    for name, key, value in reader.named(node, ("events",), "event type"):
        path: Path = ("events", name)
        what = f"event type `{name}`"
        found = reader.table(
            value,
            path,
            what,
            required=("title", "entities"),
            optional=("fields", "capability"),
            at=key,
        )
        if found is None:
            reader.unreadable.add(name)
            continue
        roles = [
            _role(reader, role, role_key, role_node, (*path, "entities", role), what)
            for role, role_key, role_node in reader.named(
                found.get("entities"), (*path, "entities"), f"role of {what}"
            )
        ]
        fields = [
            _field(reader, field_name, field_key, field_node, (*path, "fields"), what)
            for field_name, field_key, field_node in _field_nodes(
                reader, found.get("fields"), (*path, "fields"), what
            )
        ]
        draft.events.append(
            EventType(
                name,
                reader.title(found.get("title"), (*path, "title"), f"title of {what}"),
                tuple(role for role in roles if role),
                tuple(one for one in fields if one),
                reader.choice(found.get("capability"), f"capability of {what}", CAPABILITIES),
            )
        )


def _role(
    reader: Reader, name: str, key: Scalar, node: Node, path: Path, event: str
) -> EntityRole | None:
    what = f"role `{name}` of {event}"
    if isinstance(node, Scalar):
        word = reader.choice(node, what, ("required", "optional"))
        return EntityRole(name, name, required=word != "optional")
    found = reader.table(node, path, what, optional=("kind", "required", "title"), at=key)
    if found is None:
        reader.unreadable.add(name)
        return None
    kind = reader.name(found.get("kind"), f"kind of {what}") if "kind" in found else name
    if kind is None:
        reader.unreadable.add(name)
        return None
    required = reader.boolean(found.get("required"), f"required of {what}")
    title = None
    if "title" in found:
        title = reader.title(found["title"], (*path, "title"), f"title of {what}")
    return EntityRole(name, kind, bool(required), title)


def _field_nodes(
    reader: Reader, node: Node | None, path: Path, event: str
) -> list[tuple[str, Scalar, Node]]:
    """The declared fields, without those that would carry card-security data."""
    if isinstance(node, Table):
        allowed = []
        for key, value in node.entries:
            if is_card_security_name(key.text):
                reader.report(
                    key.offset,
                    f"field `{key.text}` of {event} would hold a card verification value, PIN, "
                    "password or track data, which Guanlan never takes; remove it",
                )
                reader.unreadable.add(key.text)
            else:
                allowed.append((key, value))
        node = Table(node.offset, tuple(allowed), node.size)
    return reader.named(node, path, f"field of {event}")


_FIELD_OPTIONS = {
    "decimals": ("number",),
    "minimum": ("money", "int", "number"),
    "maximum": ("money", "int", "number"),
    "negative": ("money",),
    "values": ("string",),
    "max_length": ("string",),
}


def _field(
    reader: Reader, name: str, key: Scalar, node: Node, fields: Path, event: str
) -> Field | None:
    path = (*fields, name)
    what = f"field `{name}` of {event}"
    found = reader.table(
        node,
        path,
        what,
        required=("title", "type", "level"),
        optional=("required", *_FIELD_OPTIONS),
        at=key,
    )
    kind = reader.choice(found.get("type"), f"type of {what}", FIELD_TYPES) if found else None
    if found is None or kind is None:
        reader.unreadable.add(name)
        return None
    for option, kinds in _FIELD_OPTIONS.items():
        if option in found and kind not in kinds:
            reader.report(
                found[option].offset,
                f"{option} of {what} is for fields of type {' or '.join(kinds)}, not {kind}",
            )
            del found[option]
    decimals = reader.integer(found.get("decimals"), f"decimals of {what}", 0, 6) or 0
    negative = reader.boolean(found.get("negative"), f"negative of {what}")
    minimum = reader.scaled(found.get("minimum"), f"minimum of {what}", decimals)
    maximum = reader.scaled(found.get("maximum"), f"maximum of {what}", decimals)
    if kind == "money" and not negative:
        if minimum is not None and minimum < 0:
            reader.wrong(
                found["minimum"], f"minimum of {what}", "0 or more unless `negative: true` is set"
            )
        minimum = max(minimum or 0, 0)
    if minimum is not None and maximum is not None and minimum > maximum:
        reader.wrong(found["maximum"], f"maximum of {what}", "at least its minimum")
    length = reader.integer(found.get("max_length"), f"max_length of {what}", 1, MAX_STRING)
    return Field(
        name,
        cast(FieldType, kind),
        reader.title(found.get("title"), (*path, "title"), f"title of {what}"),
        reader.integer(found.get("level"), f"level of {what}", 1, 4) or 4,
        required=bool(reader.boolean(found.get("required"), f"required of {what}")),
        decimals=decimals,
        minimum=minimum,
        maximum=maximum,
        values=_values(reader, found.get("values"), path, what, length or 256),
        max_length=length or 256,
    )


def _values(
    reader: Reader, node: Node | None, path: Path, what: str, length: int
) -> tuple[str, ...]:
    if node is None:
        return ()
    if isinstance(node, Scalar):
        reader.wrong(node, f"values of {what}", "a list of texts")
        return ()
    values = reader.words(
        node,
        (*path, "values"),
        f"values of {what}",
        lambda item, about: reader.string(item, f"each of the {about}", length),
    )
    return values or ()


def read_features(reader: Reader, node: Node | None, draft: Draft) -> None:
    for name, key, value in reader.named(node, ("features",), "feature"):
        feature = _feature(reader, name, key, value)
        if feature is None:
            reader.unreadable.add(name)
        else:
            draft.features.append(feature)


def _feature(reader: Reader, name: str, key: Scalar, node: Node) -> Feature | None:
    path: Path = ("features", name)
    what = f"feature `{name}`"
    found = reader.table(
        node,
        path,
        what,
        required=("title", "on", "by", "agg"),
        optional=("lookup", "of", "where", "window"),
        at=key,
    )
    if found is None:
        return None
    broken = len(reader.issues)
    title = reader.title(found.get("title"), (*path, "title"), f"title of {what}")
    agg = reader.choice(found.get("agg"), f"agg of {what}", AGGREGATES)
    on = reader.words(found.get("on"), (*path, "on"), f"on of {what}", reader.name)
    by = reader.words(found.get("by"), (*path, "by"), f"by of {what}", reader.name)
    lookup = by
    if "lookup" in found:
        lookup = reader.words(found["lookup"], (*path, "lookup"), f"lookup of {what}", reader.name)
    of = reader.name(found.get("of"), f"of of {what}")
    where = reader.expression(found.get("where"), f"where of {what}")
    window = reader.window(found.get("window"), f"window of {what}")
    if "window" not in found and agg in WINDOWED_AGGREGATES:
        reader.report(key.offset, f"{what} has no `window`; a {agg} needs one, like 24h, or `ever`")
    if agg is None or on is None or by is None or lookup is None:
        return None
    if len(reader.issues) > broken and "of" in found and of is None:
        return None
    return Feature(
        name,
        title,
        tuple(sorted(on)),
        by,
        lookup,
        cast(Aggregate, agg),
        of=of,
        where=where,
        window=window[0] if window else None,
    )


_FIXED_OUTCOMES = {"allow": Outcome.approve, "immutable_block": Outcome.decline}
_USUAL_OUTCOMES = {"watch": Outcome.review, "block": Outcome.decline}


def read_lists(reader: Reader, node: Node | None, draft: Draft) -> None:
    for name, key, value in reader.named(node, ("lists",), "list"):
        path: Path = ("lists", name)
        what = f"list `{name}`"
        found = reader.table(
            value,
            path,
            what,
            required=("title", "kind", "entity"),
            optional=("outcome", "entries"),
            at=key,
        )
        title = reader.title((found or {}).get("title"), (*path, "title"), f"title of {what}")
        kind = reader.choice((found or {}).get("kind"), f"kind of {what}", LIST_KINDS)
        entity = reader.name((found or {}).get("entity"), f"entity of {what}")
        if found is None or kind is None or entity is None:
            reader.unreadable.add(name)
            continue
        asked = _outcome(reader, found.get("outcome"), f"outcome of {what}")
        fixed = _FIXED_OUTCOMES.get(kind)
        if fixed is not None and asked is not None and asked != fixed:
            reader.report(
                found["outcome"].offset,
                f"outcome of {what} is always {fixed.name}, because the list is of kind {kind}",
            )
        outcome = asked if fixed is None and asked is not None else fixed
        entries = _entries(reader, found.get("entries"), (*path, "entries"), what)
        draft.lists.append(
            ListSpec(
                name,
                title,
                cast(ListKind, kind),
                entity,
                _USUAL_OUTCOMES[kind] if outcome is None else outcome,
                entries,
            )
        )


def _entries(reader: Reader, node: Node | None, path: Path, what: str) -> tuple[ListEntry, ...]:
    entries: dict[str, ListEntry] = {}
    for index, item in enumerate(reader.items(node, path, f"entries of {what}")):
        about = f"entry {index + 1} of {what}"
        found = reader.table(
            item, (*path, index), about, required=("key", "reason", "author"), optional=("expires",)
        )
        if found is None:
            continue
        key = reader.string(found.get("key"), f"key of {about}")
        reason = reader.string(found.get("reason"), f"reason of {about}")
        author = reader.string(found.get("author"), f"author of {about}")
        expires = reader.instant(found.get("expires"), f"expires of {about}")
        if key is None:
            continue
        if key in entries:
            reader.report(found["key"].offset, f"{about} has the same key as an entry before it")
        entries.setdefault(key, ListEntry(key, reason or "", author or "", expires))
    return tuple(entries.values())


def _outcome(reader: Reader, node: Node | None, what: str) -> Outcome | None:
    word = reader.choice(node, what, OUTCOMES)
    return None if word is None else Outcome[word]


def read_rules(reader: Reader, node: Node | None, draft: Draft) -> None:
    for index, item in enumerate(reader.items(node, ("rules",), "rules")):
        rule = _rule(reader, index, item)
        if rule is not None:
            draft.rules.append((index, rule))


def _rule(reader: Reader, index: int, node: Node) -> Rule | None:
    path: Path = ("rules", index)
    what = f"rule {index + 1}"
    if isinstance(node, Table):
        named = [value for key, value in node.entries if key.text == "id"]
        if named and isinstance(named[0], Scalar) and re.match(RULE_PATTERN, named[0].text):
            what = f"rule `{named[0].text}`"
    found = reader.table(
        node,
        path,
        what,
        required=("id", "on", "title", "when", "severity", "reason"),
        optional=("score", "outcome", "on_unknown", "f3", "tags", "actions"),
    )
    if found is None:
        return None
    rule_id = reader.pattern(
        found.get("id"), f"id of {what}", RULE_PATTERN, "a name like transfer.velocity_1h"
    )
    on = reader.words(found.get("on"), (*path, "on"), f"on of {what}", reader.name)
    when = reader.expression(found.get("when"), f"when of {what}")
    severity = reader.choice(found.get("severity"), f"severity of {what}", SEVERITIES)
    on_unknown = reader.choice(found.get("on_unknown"), f"on_unknown of {what}", ON_UNKNOWN)
    rule = Rule(
        rule_id or "",
        reader.title(found.get("title"), (*path, "title"), f"title of {what}"),
        tuple(sorted(on or ())),
        when or "",
        reader.title(found.get("reason"), (*path, "reason"), f"reason of {what}"),
        cast(Severity, severity or "info"),
        score=reader.integer(found.get("score"), f"score of {what}", -MAX_SCORE, MAX_SCORE) or 0,
        outcome=_outcome(reader, found.get("outcome"), f"outcome of {what}"),
        on_unknown=cast(OnUnknown, on_unknown or "no_hit"),
        f3=_techniques(reader, found.get("f3"), (*path, "f3"), what),
        tags=_tags(reader, found.get("tags"), (*path, "tags"), what),
        actions=_tags(reader, found.get("actions"), (*path, "actions"), what),
    )
    return rule if rule_id and on and when else None


def _tags(reader: Reader, node: Node | None, path: Path, what: str) -> tuple[str, ...]:
    def read(item: Node, about: str) -> str | None:
        return reader.pattern(item, f"each of the {about}", NAME_PATTERN, "a name like step_up")

    return reader.words(node, path, f"{path[-1]} of {what}", read) or ()


def _techniques(reader: Reader, node: Node | None, path: Path, what: str) -> tuple[Technique, ...]:
    techniques = []
    for index, item in enumerate(reader.items(node, path, f"f3 of {what}")):
        about = f"f3 entry {index + 1} of {what}"
        found = reader.table(item, (*path, index), about, required=("technique", "tactic"))
        technique = reader.pattern(
            (found or {}).get("technique"),
            f"technique of {about}",
            TECHNIQUE_PATTERN,
            "a MITRE F3 id like F1047 or T1110.004",
        )
        tactic = reader.pattern(
            (found or {}).get("tactic"), f"tactic of {about}", TACTIC_PATTERN, "like initial-access"
        )
        if technique and tactic:
            techniques.append(Technique(technique, tactic))
    return tuple(techniques)


def read_policy(reader: Reader, node: Node | None, draft: Draft) -> None:
    if node is None:
        return
    found = reader.table(node, ("policy",), "policy", required=("bands", "fallback"))
    if found is None:
        return
    bands: list[Band] = []
    for index, item in enumerate(reader.items(found.get("bands"), ("policy", "bands"), "bands")):
        path: Path = ("policy", "bands", index)
        what = f"band {index + 1} of the policy"
        part = reader.table(item, path, what, required=("score", "outcome"), optional=("actions",))
        if part is None:
            continue
        score = reader.integer(part.get("score"), f"score of {what}", 1, INT64)
        outcome = _outcome(reader, part.get("outcome"), f"outcome of {what}")
        actions = _tags(reader, part.get("actions"), (*path, "actions"), what)
        if score is not None and outcome is not None:
            _check_ascending(reader, part, bands, Band(score, outcome, actions), what)
    fallback = _outcome(reader, found.get("fallback"), "fallback of the policy")
    draft.policy = Policy(tuple(bands), Outcome.review if fallback is None else fallback)


def _check_ascending(
    reader: Reader, part: dict[str, Node], bands: list[Band], band: Band, what: str
) -> None:
    if bands and band.score <= bands[-1].score:
        reader.wrong(
            part["score"], f"score of {what}", f"above the one before it ({bands[-1].score})"
        )
    elif bands and band.outcome < bands[-1].outcome:
        reader.wrong(
            part["outcome"],
            f"outcome of {what}",
            f"at least as strict as the one before it ({bands[-1].outcome.name})",
        )
    bands.append(band)
