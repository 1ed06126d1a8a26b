"""From the bytes a caller posts to a typed event, or one sentence that says what is wrong.

The fast path is a msgspec decoder built once per scenario: one tagged struct per event type.
When it refuses, `refusal.explain` reads the body again slowly and finds the sentence; the
decoder's own words are not used because they may echo a value.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Annotated, Any, Literal, Union

import msgspec
from msgspec import Meta, Struct, defstruct

from guanlan.engine.refusal import Refused, explain, forbidden_content, looks_forbidden
from guanlan.engine.scenario.model import EventType, Field, Scenario

MAX_ABSOLUTE = 10**14
"""Bound on stored numbers, so that int64 window sums cannot overflow."""

MAX_ID_LENGTH = 128
MAX_KEY_LENGTH = 256
EARLIEST = 946_684_800_000_000
"""2000-01-01 UTC in microseconds; an event said to be older is a broken clock."""

LATEST_AHEAD = 86_400_000_000
"""How far ahead of the receiver's clock an event's time may be, in microseconds."""

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


def microseconds(value: dt.datetime | int) -> int:
    """Microseconds since 1970-01-01 UTC of a wire time (RFC 3339, or integer milliseconds)."""
    if isinstance(value, int):
        return value * 1000
    delta = value - _EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def rfc3339(clock: int) -> str:
    """The wire form of a time in microseconds: `2026-11-23T09:00:00.000123Z`."""
    moment = _EPOCH + clock * _MICROSECOND
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond:06d}Z"


class ClockText:
    """`rfc3339` as bytes, for clocks that come in order: events that arrive together share
    their clock, and the date is remembered, for strftime is slow."""

    def __init__(self) -> None:
        self._clock, self._text = -1, b""
        self._day, self._date = -1, b""

    def __call__(self, clock: int) -> bytes:
        if clock == self._clock:
            return self._text
        day, rest = divmod(clock, 86_400_000_000)
        if day != self._day:
            self._day, self._date = day, rfc3339(clock)[:11].encode()
        second, part = divmod(rest, 1_000_000)
        minute, second = divmod(second, 60)
        self._text = b"%b%02d:%02d:%02d.%06dZ" % (self._date, *divmod(minute, 60), second, part)
        self._clock = clock
        return self._text


class Codec:
    """Decodes the wire events of one scenario.

    `decode` returns a struct with attributes `id`, `time`, `entities`, `fields`; the two
    inner structs have one attribute per role and field, None where absent.
    """

    def __init__(self, scenario: Scenario) -> None:
        self._scenario = scenario
        types = [_wire_type(event, scenario.currency) for event in scenario.events]
        union: Any = Union[tuple(types)]  # noqa: UP007 - built at run time
        self._decoder = msgspec.json.Decoder(union)
        self.type_index = {wire: index for index, wire in enumerate(types)}
        self._texts = {
            wire: _free_text(event) for wire, event in zip(types, scenario.events, strict=True)
        }

    def decode(self, body: bytes) -> Any:
        """The event of `body`; raises `Refused` with status, code, sentence and field."""
        try:
            event = self._decoder.decode(body)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            raise explain(body, self._scenario) from None
        if looks_forbidden(self._texts[type(event)](event)):
            refused = forbidden_content(body)
            if refused is not None:
                raise refused
        return event


def check_time(event_time: int, arrival: int) -> None:
    """Refuse a time no working clock would give."""
    if event_time < EARLIEST:
        raise Refused(422, "absurd_time", "time is before the year 2000", "time")
    if event_time > arrival + LATEST_AHEAD:
        raise Refused(
            422, "absurd_time", "time is more than a day ahead of this server's clock", "time"
        )


def _free_text(event: EventType) -> Callable[[Any], str]:
    """A function that joins the values of an event in which a caller may write anything.

    Names are checked by the decoder, and the values of the other types cannot carry text.
    """
    places = ["{ev.id}", *(f"{{ev.entities.{role.name}}}" for role in event.roles)]
    places += [
        f"{{ev.fields.{field.name}}}"
        for field in event.fields
        if field.type == "string" and not field.values
    ]
    # Only identifiers that the scenario loader has checked are in this source.
    text: Callable[[Any], str] = eval(f"lambda ev: f'{' '.join(places)}'.lower()")  # noqa: S307
    return text


def _wire_type(event: EventType, currency: str) -> type[Struct]:
    key = Annotated[str, Meta(min_length=1, max_length=MAX_KEY_LENGTH)]
    entities = defstruct(
        f"{event.name}_entities",
        _ordered([(role.name, key, role.required) for role in event.roles]),
        forbid_unknown_fields=True,
    )
    fields = defstruct(
        f"{event.name}_fields",
        _ordered([(f.name, python_type(f, currency), f.required) for f in event.fields]),
        forbid_unknown_fields=True,
    )
    time = Annotated[dt.datetime, Meta(tz=True)] | Annotated[int, Meta(ge=0, le=10**14)] | None
    no_entities = all(not role.required for role in event.roles)
    no_fields = all(not field.required for field in event.fields)
    members: list[Any] = [
        ("id", Annotated[str, Meta(min_length=1, max_length=MAX_ID_LENGTH)]),
        *([] if no_entities else [("entities", entities)]),
        *([] if no_fields else [("fields", fields)]),
        ("time", time, None),
        *([("entities", entities, msgspec.field(default_factory=entities))] if no_entities else []),
        *([("fields", fields, msgspec.field(default_factory=fields))] if no_fields else []),
    ]
    return defstruct(
        f"{event.name}_event", members, tag_field="type", tag=event.name, forbid_unknown_fields=True
    )


def _ordered(members: list[tuple[str, Any, bool]]) -> list[Any]:
    required = [(name, kind) for name, kind, needed in members if needed]
    optional = [(name, kind | None, None) for name, kind, needed in members if not needed]
    return [*required, *optional]


def python_type(field: Field, currency: str) -> Any:
    """The type msgspec checks a field's wire value against."""
    low, high = bounds(field)
    match field.type:
        case "money":
            amount = Annotated[int, Meta(ge=low, le=high)]
            wrapped = defstruct(
                "money",
                [("value", amount), ("currency", Literal[currency])],
                forbid_unknown_fields=True,
            )
            return amount | wrapped
        case "int":
            return Annotated[int, Meta(ge=low, le=high)]
        case "number":
            scale = 10**field.decimals
            return Annotated[float, Meta(ge=low / scale, le=high / scale)]
        case "bool":
            return bool
        case "time":
            return Annotated[dt.datetime, Meta(tz=True)] | Annotated[int, Meta(ge=0, le=10**14)]
        case "string":
            if field.values:
                return Literal[field.values]
            return Annotated[str, Meta(max_length=field.max_length)]


def bounds(field: Field) -> tuple[int, int]:
    """Smallest and largest stored value of a numeric field."""
    low = field.minimum
    if low is None:
        low = 0 if field.type == "money" else -MAX_ABSOLUTE
    high = MAX_ABSOLUTE if field.maximum is None else field.maximum
    return max(low, -MAX_ABSOLUTE), min(high, MAX_ABSOLUTE)
