"""Why a body was refused, in one sentence that names the field and never its value."""

from __future__ import annotations

import datetime as dt
import difflib
import re
from collections.abc import Iterator
from typing import Any

import msgspec

from guanlan.engine.scenario.model import EventType, Field, Scenario
from guanlan.engine.scenario.vocabulary import is_card_security_name

_SECRET_TEXT = re.compile(
    r"(?i)(?<![a-z0-9])(?:cvv2?|cvc2?|cav2|csc|pin(?:\s?code)?|security\s?code)(?![a-z])"
    r"[^\da-z]{0,4}(?:is\s)?\d{3,6}(?!\d)"
    r"|(?:安全码|安全碼|交易密码|交易密碼|支付密码|支付密碼|取款密码|密码|密碼)\D{0,4}\d{3,6}(?!\d)"
    r"|%?b\d{12,19}\^[^^]{2,26}\^\d{4}"
    r"|;\d{12,19}=\d{4}"
)


class Refused(Exception):
    """A refused input: HTTP status, machine code, sentence, and the field if there is one."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.field = field

    def body(self) -> bytes:
        """The error as JSON."""
        error = {"code": self.code, "message": self.message}
        if self.field is not None:
            error["field"] = self.field
        return msgspec.json.encode({"error": error})


def looks_forbidden(low: str) -> bool:
    """Whether `forbidden_content` must look closer at a body with this lower-cased free text.

    False for nearly every event; a few cheap tests because every event pays for them.
    """
    return (
        "\x00" in low
        or "cv" in low
        or "pin" in low
        or "csc" in low
        or "cav" in low
        or "security" in low
        or "^" in low
        or "=" in low
        or "码" in low
        or "碼" in low
    )


def forbidden_content(body: bytes) -> Refused | None:
    """A refusal when any name or text in `body` carries card-security data or a NUL."""
    for path, name, value in _walk(msgspec.json.decode(body), ""):
        if name and is_card_security_name(name):
            return _forbidden(path)
        if isinstance(value, str):
            if "\x00" in value or "\x00" in name:
                return Refused(422, "bad_text", f"{path or 'the event'} contains a NUL", path)
            if _SECRET_TEXT.search(value):
                return _forbidden(path)
    return None


def _forbidden(path: str) -> Refused:
    return Refused(
        422,
        "forbidden_data",
        f"{path} carries a card verification value, PIN or track data, "
        "which is never accepted and was not kept",
        path,
    )


def _walk(value: Any, path: str) -> Iterator[tuple[str, str, Any]]:
    stack: list[tuple[str, str, Any]] = [(path, "", value)]
    while stack:
        where, name, item = stack.pop()
        yield where, name, item
        if isinstance(item, dict):
            stack.extend(
                (f"{where}.{_safe(key)}" if where else _safe(key), key, item[key])
                for key in reversed(item)
            )
        elif isinstance(item, list):
            stack.extend((f"{where}[{i}]", "", item[i]) for i in reversed(range(len(item))))


def _safe(name: str) -> str:
    """A name as it may be repeated in a message: a caller may put anything there."""
    clean = "".join(c if c.isprintable() else "?" for c in name[:40])
    return re.sub(r"\d{3,}", "#", clean)


def explain(body: bytes, scenario: Scenario) -> Refused:
    """Find the sentence for a body that the typed decoder refused."""
    try:
        value = msgspec.json.decode(body)
    except UnicodeDecodeError:
        return Refused(400, "bad_encoding", "the body is not valid UTF-8")
    except RecursionError:
        return Refused(400, "bad_json", "the body is nested too deeply; an event is flat")
    except msgspec.DecodeError as error:
        return Refused(400, "bad_json", f"the body is not JSON: {_json_fault(error)}")
    if not isinstance(value, dict):
        return Refused(400, "bad_json", f"the body must be a JSON object, not {_kind(value)}")
    try:
        return forbidden_content(body) or _event_fault(value, scenario)
    except RecursionError:
        return Refused(400, "bad_json", "the body is nested too deeply; an event is flat")


def _json_fault(error: Exception) -> str:
    position = re.search(r"\(byte (\d+)\)", str(error))
    if "truncated" in str(error):
        return "it ends too early"
    return f"unexpected character at byte {position.group(1)}" if position else "it is malformed"


def _kind(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, int):
        return "an integer"
    if isinstance(value, float):
        return "a decimal number"
    if isinstance(value, str):
        return "a string"
    return "an array" if isinstance(value, list) else "an object"


def _event_fault(value: dict[str, Any], scenario: Scenario) -> Refused:
    for name in value:
        if name not in ("id", "type", "time", "entities", "fields"):
            return _undeclared(name, name, ("id", "type", "time", "entities", "fields"), "an event")
    refused = _text_fault("id", value.get("id"), required=True, longest=128)
    if refused:
        return refused
    types = {event.name: event for event in scenario.events}
    kind = value.get("type")
    if not isinstance(kind, str):
        found = "is missing" if kind is None else f"is {_kind(kind)}"
        return Refused(422, "unknown_type", f"type {found}; expected one of {_some(types)}", "type")
    if kind not in types:
        return Refused(
            422, "unknown_type", f"type is not one of this scenario's: {_some(types)}", "type"
        )
    event = types[kind]
    return (
        _time_fault("time", value.get("time"), required=False)
        or _entities_fault(value.get("entities"), event)
        or _fields_fault(value.get("fields"), event, scenario.currency)
        or Refused(422, "bad_event", f"the event does not fit event type {event.name}")
    )


def _some(names: Any) -> str:
    listed = sorted(names)
    return ", ".join(listed[:8]) + (" …" if len(listed) > 8 else "")


def _undeclared(path: str, name: str, known: Any, where: str) -> Refused:
    close = difflib.get_close_matches(name, list(known), n=1)
    hint = f"; did you mean {close[0]}?" if close else f"; declared are {_some(known)}"
    shown = ".".join(_safe(part) for part in path.split("."))
    return Refused(422, "undeclared", f"{shown} is not declared for {where}{hint}", shown)


def _entities_fault(entities: Any, event: EventType) -> Refused | None:
    if entities is None:
        entities = {}
    if not isinstance(entities, dict):
        return Refused(
            422, "bad_type", f"entities must be an object, not {_kind(entities)}", "entities"
        )
    roles = {role.name: role for role in event.roles}
    for name in entities:
        if name not in roles:
            return _undeclared(f"entities.{name}", name, roles, f"event type {event.name}")
    for role in event.roles:
        refused = _text_fault(
            f"entities.{role.name}", entities.get(role.name), required=role.required, longest=256
        )
        if refused:
            return refused
    return None


def _text_fault(path: str, value: Any, *, required: bool, longest: int) -> Refused | None:
    if value is None:
        return (
            Refused(422, "missing", f"{path} is missing; it is required", path)
            if required
            else None
        )
    if not isinstance(value, str):
        return Refused(422, "bad_type", f"{path} must be a string, not {_kind(value)}", path)
    if not value:
        return Refused(422, "empty", f"{path} is empty; expected 1 to {longest} characters", path)
    if len(value) > longest:
        return Refused(
            422, "too_long", f"{path} is {len(value)} characters long; at most {longest}", path
        )
    return None


def _time_fault(path: str, value: Any, *, required: bool) -> Refused | None:
    if value is None:
        return (
            Refused(422, "missing", f"{path} is missing; it is required", path)
            if required
            else None
        )
    expected = "an RFC 3339 time with a zone, or integer milliseconds since 1970"
    if isinstance(value, bool) or not isinstance(value, int | str):
        return Refused(422, "bad_type", f"{path} must be {expected}, not {_kind(value)}", path)
    if isinstance(value, int):
        inside = 0 <= value <= 10**14
        return None if inside else Refused(422, "absurd_time", f"{path} is out of range", path)
    try:
        moment = msgspec.convert(value, dt.datetime)
    except (msgspec.ValidationError, ValueError, OverflowError):
        return Refused(422, "bad_time", f"{path} is not {expected}", path)
    if moment.tzinfo is None:
        return Refused(422, "bad_time", f"{path} has no zone; end it with Z or an offset", path)
    return None


def _fields_fault(fields: Any, event: EventType, currency: str) -> Refused | None:
    if fields is None:
        fields = {}
    if not isinstance(fields, dict):
        return Refused(422, "bad_type", f"fields must be an object, not {_kind(fields)}", "fields")
    declared = {field.name: field for field in event.fields}
    for name in fields:
        if name not in declared:
            return _undeclared(f"fields.{name}", name, declared, f"event type {event.name}")
    for field in event.fields:
        refused = _field_fault(field, fields.get(field.name), currency)
        if refused:
            return refused
    return None


def _field_fault(field: Field, value: Any, currency: str) -> Refused | None:
    path = f"fields.{field.name}"
    if value is None:
        if field.required:
            return Refused(422, "missing", f"{path} is missing; it is required", path)
        return None
    match field.type:
        case "money":
            return _money_fault(field, path, value, currency)
        case "int":
            if isinstance(value, bool) or not isinstance(value, int):
                return _wrong(path, "an integer", value)
            return _range_fault(field, path, value)
        case "number":
            if isinstance(value, bool) or not isinstance(value, int | float):
                return _wrong(path, "a number", value)
            return _range_fault(field, path, value * 10**field.decimals)
        case "bool":
            return None if isinstance(value, bool) else _wrong(path, "true or false", value)
        case "time":
            return _time_fault(path, value, required=field.required)
        case "string":
            if not isinstance(value, str):
                return _wrong(path, "a string", value)
            if field.values and value not in field.values:
                return Refused(
                    422, "bad_value", f"{path} must be one of {_some(field.values)}", path
                )
            if len(value) > field.max_length:
                return Refused(
                    422,
                    "too_long",
                    f"{path} is {len(value)} characters long; at most {field.max_length}",
                    path,
                )
            return None


def _wrong(path: str, expected: str, value: Any) -> Refused:
    return Refused(422, "bad_type", f"{path} must be {expected}, not {_kind(value)}", path)


def _money_fault(field: Field, path: str, value: Any, currency: str) -> Refused | None:
    if isinstance(value, dict):
        if set(value) != {"value", "currency"}:
            return Refused(
                422, "bad_type", f'{path} as an object needs exactly "value" and "currency"', path
            )
        if value["currency"] != currency:
            return Refused(
                422,
                "bad_currency",
                f"{path}.currency must be {currency}, the currency of this scenario",
                f"{path}.currency",
            )
        return _money_fault(field, f"{path}.value", value["value"], currency)
    if isinstance(value, bool) or not isinstance(value, int):
        return _wrong(path, "an integer of minor units", value)
    return _range_fault(field, path, value)


def _range_fault(field: Field, path: str, stored: float) -> Refused | None:
    low = field.minimum if field.minimum is not None else (0 if field.type == "money" else None)
    if low is not None and stored < low:
        said = (
            "a negative amount" if field.type == "money" and low == 0 else "below the least allowed"
        )
        return Refused(422, "out_of_range", f"{path} is {said}", path)
    high = min(field.maximum if field.maximum is not None else 10**14, 10**14)
    if stored > high or stored < -(10**14):
        return Refused(422, "out_of_range", f"{path} is out of range", path)
    return None
