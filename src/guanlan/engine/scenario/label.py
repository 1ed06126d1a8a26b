"""The event type that every scenario has: a label, what an event turned out to be."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from guanlan.engine.scenario.model import EntityKind, EntityRole, EventType, Field, Text
from guanlan.engine.scenario.vocabulary import LABEL

LABEL_VALUES = ("fraud", "legit")

_FIELDS = (
    Field(
        name="source",
        type="string",
        title=Text(en="source of the label", zh="标签来源", zh_hant="標籤來源"),
        level=1,
    ),
    Field(
        name="target",
        type="string",
        title=Text(en="labelled event", zh="被标记的事件", zh_hant="被標記的事件"),
        level=1,
        required=True,
        max_length=128,
    ),
    Field(
        name="value",
        type="string",
        title=Text(en="label", zh="标签", zh_hant="標籤"),
        level=1,
        required=True,
        values=LABEL_VALUES,
    ),
)


def label_event(entities: Iterable[EntityKind], events: Iterable[EventType]) -> EventType:
    """The `label` type: every kind and every role of the file as an optional role.

    So a label can name the same entities as the event it speaks of (`target`, by id), and a
    feature `on: label` can count confirmed frauds by any of them.
    """
    roles = {kind.name: EntityRole(kind.name, kind.name, required=False) for kind in entities}
    for event in events:
        for role in event.roles:
            roles.setdefault(role.name, msgspec.structs.replace(role, required=False))
    return EventType(
        name=LABEL,
        title=Text(en="label", zh="标签", zh_hant="標籤"),
        roles=tuple(roles[name] for name in sorted(roles)),
        fields=_FIELDS,
    )
