"""Reading events that were recorded under an older scenario.

When event types change, the state is built anew from what was posted: what the new scenario
no longer declares is left out, and what it declares and the old event lacks is absent, even
where it is required now.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec
from msgspec import structs

from guanlan.engine.event import python_type
from guanlan.engine.kernel import Shape
from guanlan.engine.rows import Fill, Keys, build_fill
from guanlan.engine.scenario.model import EventType, Scenario


class Namespace:
    """Attributes of an event, its entities or its fields."""

    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)

    def __getattr__(self, name: str) -> Any:
        return None


class Lenient:
    """Turns old event bodies into rows of the present shape."""

    def __init__(self, scenario: Scenario, shape: Shape, keys: Keys) -> None:
        self._types: dict[str, tuple[EventType, Fill]] = {}
        self._currency = scenario.currency
        for event in scenario.events:
            loose = structs.replace(
                event,
                roles=tuple(structs.replace(role, required=False) for role in event.roles),
                fields=tuple(structs.replace(field, required=False) for field in event.fields),
            )
            self._types[event.name] = (loose, build_fill(scenario, shape, loose, keys))

    def row(self, body: bytes, clock: int) -> tuple[int, ...] | None:
        """The row of an old event at `clock`; None when its type is no longer declared."""
        old = msgspec.json.decode(body)
        known = self._types.get(old["type"])
        if known is None:
            return None
        event, fill = known
        entities, fields = old.get("entities") or {}, old.get("fields") or {}
        posted = Namespace(
            {
                "id": old["id"],
                "entities": Namespace({role.name: entities.get(role.name) for role in event.roles}),
                "fields": Namespace(
                    {
                        field.name: _convert(
                            fields.get(field.name), python_type(field, self._currency)
                        )
                        for field in event.fields
                    }
                ),
            }
        )
        return fill(posted, _time(old.get("time"), clock), clock)[1]


def _convert(value: Any, kind: Any) -> Any:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError:
        return None


def _time(value: Any, clock: int) -> int:
    if isinstance(value, int):
        return value * 1000
    if value is None:
        return clock
    moment = msgspec.convert(value, dt.datetime)
    return int((moment - dt.datetime(1970, 1, 1, tzinfo=dt.UTC)) / dt.timedelta(microseconds=1))
