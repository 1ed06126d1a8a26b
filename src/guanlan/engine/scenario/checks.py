"""What must hold between the parts of a scenario, beyond each part being well written.

Each check reports against a path such as ("features", "user_out_1h", "of"); the reader
knows where that path stands in the file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping

from guanlan.engine.scenario.model import EventType, Feature, Field
from guanlan.engine.scenario.reading import Path
from guanlan.engine.scenario.sections import Draft
from guanlan.engine.scenario.vocabulary import (
    LABEL,
    LABEL_FIELDS,
    NUMERIC_AGGREGATES,
    NUMERIC_TYPES,
    closest,
    listing,
)

Report = Callable[[Path, str], None]

MAX_EVENT_TYPES = 64
MAX_FEATURES = 512
MAX_RULES = 2_000


class Checks:
    """Checks a draft; names in `unreadable` were already reported and are passed over."""

    def __init__(self, draft: Draft, unreadable: set[str], report: Report) -> None:
        self._draft = draft
        self._unreadable = unreadable
        self._say = report
        self.faulty: set[str] = set()  # features that cannot be computed as they stand
        self._events = {event.name: event for event in draft.events}
        self._kinds = {kind.name for kind in draft.entities}
        self._roles = {e.name: {role.name: role for role in e.roles} for e in draft.events}
        self._fields = {e.name: {one.name: one for one in e.fields} for e in draft.events}

    def run(self) -> None:
        """Report everything; `draft.events` already holds the label type."""
        draft = self._draft
        for section, number, limit in (
            ("events", len(draft.events), MAX_EVENT_TYPES),
            ("features", len(draft.features), MAX_FEATURES),
            ("rules", len(draft.rules), MAX_RULES),
        ):
            if number > limit:
                counted = " (the built-in `label` is one)" if section == "events" else ""
                self._report(
                    (section,), f"at most {limit:,} {section} are allowed, not {number:,}{counted}"
                )
        self._check_kinds()
        self._check_events()
        for feature in draft.features:
            self._check_feature(feature)
        for spec in draft.lists:
            place: Path = ("lists", spec.name, "entity")
            if not self._known(place, spec.entity, self._kinds, "there is no entity kind"):
                self._unreadable.add(spec.name)
        self._check_rules()

    def _report(self, path: Path, message: str) -> None:
        self._fault(path)
        self._say(path, message)

    def _fault(self, path: Path) -> None:
        if path[0] == "features" and len(path) > 1:
            self.faulty.add(str(path[1]))

    def _known(self, path: Path, name: str, known: Collection[str], missing: str) -> bool:
        """Whether `name` is one of `known`; if not, `missing` says so, with what is there."""
        if name in known:
            return True
        self._fault(path)
        if name not in self._unreadable:
            names = sorted(known)
            hint = closest(name, names) or f"; there is {listing(names) or 'none'}"
            self._report(path, f"{missing} `{name}`{hint}")
        return False

    def _check_kinds(self) -> None:
        for kind in self._draft.entities:
            if kind.name in LABEL_FIELDS:
                self._report(
                    ("entities", kind.name, "name"),
                    f"an entity kind cannot be called `{kind.name}`, which is a field of the "
                    "built-in event type `label`",
                )

    def _check_events(self) -> None:
        kind_of: dict[str, tuple[str, str]] = {}  # role name -> (kind, event type)
        for event in self._draft.events:
            if event.name == LABEL:
                continue
            path: Path = ("events", event.name)
            if not event.roles and not self._unreadable:
                self._report(
                    (*path, "entities"), f"event type `{event.name}` needs at least one entity"
                )
            for role in event.roles:
                place = (*path, "entities", role.name)
                if not self._known(place, role.kind, self._kinds, "there is no entity kind"):
                    continue
                if role.name in LABEL_FIELDS:
                    self._report(
                        (*place, "name"),
                        f"a role cannot be called `{role.name}`, which is a field of the "
                        "built-in event type `label`",
                    )
                if role.name in self._kinds and role.name != role.kind:
                    self._report(
                        place,
                        f"role `{role.name}` is of kind {role.kind}, but `{role.name}` is itself "
                        "an entity kind; give the role another name",
                    )
                elif role.name in kind_of and kind_of[role.name][0] != role.kind:
                    kind, other = kind_of[role.name]
                    self._report(
                        place,
                        f"role `{role.name}` is of kind {role.kind} here and of kind {kind} in "
                        f"event type `{other}`; a role has one kind in the whole file",
                    )
                else:
                    kind_of[role.name] = (role.kind, event.name)
            for one in event.fields:
                if one.name in self._roles[event.name]:
                    self._report(
                        (*path, "fields", one.name, "name"),
                        f"`{one.name}` is both a role and a field of event type `{event.name}`",
                    )

    def _check_feature(self, feature: Feature) -> None:
        path: Path = ("features", feature.name)
        self._check_feature_name(feature, path)
        types = [
            self._events[name]
            for name in feature.on
            if self._known((*path, "on", name), name, self._events, "there is no event type")
        ]
        self._check_keys(feature, path, types)
        self._check_of(feature, path, types)
        if feature.agg == "stddev" and feature.window is None:
            self._report(
                (*path, "window"),
                f"feature `{feature.name}`: stddev needs a bounded window, not `ever`",
            )

    def _check_feature_name(self, feature: Feature, path: Path) -> None:
        for event in self._draft.events:
            roles, fields = self._roles[event.name], self._fields[event.name]
            if feature.name in roles or (
                feature.name in fields and all(role in roles for role in feature.lookup)
            ):
                what = "role" if feature.name in roles else "field"
                self._report(
                    (*path, "name"),
                    f"feature `{feature.name}` has the name of a {what} of event type "
                    f"`{event.name}`; names must differ",
                )
                return

    def _check_keys(self, feature: Feature, path: Path, types: list[EventType]) -> None:
        what = f"feature `{feature.name}`"
        if len(feature.by) > 2:
            self._report((*path, "by"), f"{what}: `by` takes one role or a pair of roles")
            return
        complete = True
        for role in feature.by:
            for event in types:
                complete &= self._known(
                    (*path, "by", role),
                    role,
                    self._roles[event.name],
                    f"event type `{event.name}` has no role",
                )
        if len(feature.lookup) != len(feature.by):
            self._report(
                (*path, "lookup"),
                f"{what}: `lookup` must name as many roles as `by`, which has {len(feature.by)}",
            )
            return
        every = {role.name: role.kind for event in self._draft.events for role in event.roles}
        if feature.lookup != feature.by:
            for role in feature.lookup:
                complete &= self._known((*path, "lookup", role), role, every, "there is no role")
        if not complete or not types or not self._read_somewhere(feature, path):
            return
        for by, lookup in zip(feature.by, feature.lookup, strict=True):
            if every[by] != every[lookup] and {every[by], every[lookup]} <= self._kinds:
                self._report(
                    (*path, "lookup", lookup),
                    f"{what}: role `{lookup}` is of kind {every[lookup]}, but is looked up where "
                    f"`{by}` of kind {every[by]} is remembered; both must be of one kind",
                )

    def _read_somewhere(self, feature: Feature, path: Path) -> bool:
        """Whether an event type of the file has all the roles of `lookup`."""
        for event in self._draft.events:
            if event.name != LABEL and set(feature.lookup) <= self._roles[event.name].keys():
                return True
        self._report(
            (*path, "lookup" if feature.lookup != feature.by else "by"),
            f"feature `{feature.name}` could never be read: no event type has the "
            f"roles `{'` and `'.join(feature.lookup)}`",
        )
        return False

    def _check_of(self, feature: Feature, path: Path, types: list[EventType]) -> None:
        what = f"feature `{feature.name}`"
        takes_field = feature.agg in NUMERIC_AGGREGATES
        if not takes_field and feature.agg != "distinct":
            if feature.of is not None:
                self._report((*path, "of"), f"{what}: {feature.agg} takes no `of`")
            return
        if feature.of is None:
            wanted = "the field to take it of" if takes_field else "a role or a text field"
            self._report(path, f"{what} has no `of`; {feature.agg} needs {wanted}")
            return
        found: list[tuple[EventType, Field | None]] = []
        for event in types:
            role = self._roles[event.name].get(feature.of)
            field = self._fields[event.name].get(feature.of)
            known: Mapping[str, object] = self._fields[event.name]
            if not takes_field:
                known = {**known, **self._roles[event.name]}
            if role is not None and not takes_field:
                found.append((event, None))
            elif field is not None:
                found.append((event, field))
            elif role is not None:
                self._report(
                    (*path, "of"),
                    f"{what}: {feature.agg} needs a number, and `{feature.of}` is a role",
                )
            else:
                missing = (
                    f"event type `{event.name}` has no {'' if takes_field else 'role or '}field"
                )
                self._known((*path, "of"), feature.of, known, missing)
        self._check_of_types(feature, path, found)

    def _check_of_types(
        self, feature: Feature, path: Path, found: list[tuple[EventType, Field | None]]
    ) -> None:
        what, place = f"feature `{feature.name}`", (*path, "of")
        allowed = NUMERIC_TYPES if feature.agg in NUMERIC_AGGREGATES else frozenset({"string"})
        for event, field in found:
            if field is not None and field.type not in allowed:
                wanted = "money, an int or a number" if "int" in allowed else "a role or a text"
                self._report(
                    place,
                    f"{what}: {feature.agg} needs {wanted}, and field `{field.name}` of event type "
                    f"`{event.name}` is of type {field.type}",
                )
                return
        for event, field in found[1:]:
            first_event, first = found[0]
            if _nature(field) != _nature(first):
                self._report(
                    place,
                    f"{what}: `{feature.of}` is {_nature(first)} in event type "
                    f"`{first_event.name}` and {_nature(field)} in `{event.name}`; "
                    "one feature needs one type",
                )
                return

    def _check_rules(self) -> None:
        seen: set[str] = set()
        for index, rule in self._draft.rules:
            path: Path = ("rules", index)
            if rule.id in seen:
                self._report((*path, "id"), f"a rule before this one has the id `{rule.id}` too")
            seen.add(rule.id)
            for name in rule.on:
                self._known((*path, "on", name), name, self._events, "there is no event type")


def _nature(field: Field | None) -> str:
    if field is None:
        return "a role"
    if field.type == "number":
        return f"a number with {field.decimals} decimals"
    return f"of type {field.type}"
