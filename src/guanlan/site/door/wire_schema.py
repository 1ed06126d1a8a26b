"""JSON Schema of the events a scenario declares, so that the API document names them."""

from __future__ import annotations

from typing import Any

from guanlan.engine.event import bounds
from guanlan.engine.scenario.model import EventType, Field, Scenario

Json = dict[str, Any]

ID_LENGTH = 128
KEY_LENGTH = 256
LABEL = "label"
_TEXT = "^[^\\u0000]*$"  # a NUL is refused wherever it stands


def text(longest: int, least: int = 1) -> Json:
    return {"type": "string", "minLength": least, "maxLength": longest, "pattern": _TEXT}


def time() -> Json:
    """RFC 3339 with a zone, or milliseconds since 1970."""
    return {
        "oneOf": [
            {"type": "string", "format": "date-time"},
            {"type": "integer", "minimum": 0, "maximum": 10**14},
        ]
    }


def event_schema(scenario: Scenario) -> Json:
    """One alternative per event type; units and titles as the scenario has them."""
    return {"oneOf": [_event(event, scenario.currency) for event in scenario.events]}


def event_example(scenario: Scenario) -> Json:
    """An event the scenario accepts."""
    event = next((e for e in scenario.events if e.name != LABEL), scenario.events[0])
    found: Json = {"id": "e-20261123-0001", "type": event.name, "time": "2026-11-23T09:00:00.123Z"}
    entities = {role.name: f"{role.kind}-1" for role in event.roles if role.required}
    fields = {field.name: _sample(field) for field in event.fields if field.required}
    return {**found, "entities": entities, "fields": fields}


def _event(event: EventType, currency: str) -> Json:
    roles = {r.name: (_nullable(text(KEY_LENGTH), r.required), r.required) for r in event.roles}
    fields = {
        f.name: (_nullable(_field(f, currency), f.required), f.required) for f in event.fields
    }
    needed = [
        name for name, part in (("entities", roles), ("fields", fields))
        if any(required for _, required in part.values())
    ]  # fmt: skip
    return {
        "title": event.title.en,
        "type": "object",
        "additionalProperties": False,
        "required": ["id", "type", *needed],
        "properties": {
            "id": {**text(ID_LENGTH), "description": "Given by the caller; makes resending safe."},
            "type": {"const": event.name},
            "time": {
                **_nullable(time(), required=False),
                "description": "When it happened; without it the time of arrival counts.",
            },
            "entities": _members(roles),
            "fields": _members(fields),
        },
    }


def _members(parts: dict[str, tuple[Json, bool]]) -> Json:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [name for name, (_, required) in parts.items() if required],
        "properties": {name: schema for name, (schema, _) in parts.items()},
    }


def _nullable(schema: Json, required: bool) -> Json:
    return schema if required else {"anyOf": [schema, {"type": "null"}]}


def _field(field: Field, currency: str) -> Json:
    return {"title": field.title.en, **_value(field, currency)}


def _value(field: Field, currency: str) -> Json:
    low, high = bounds(field)
    match field.type:
        case "money":
            amount = {"type": "integer", "minimum": low, "maximum": high}
            return {
                "description": f"Minor units of {currency}.",
                "oneOf": [
                    amount,
                    {
                        "type": "object",
                        "additionalProperties": False,
                        "required": ["value", "currency"],
                        "properties": {"value": amount, "currency": {"const": currency}},
                    },
                ],
            }
        case "int":
            return {"type": "integer", "minimum": low, "maximum": high}
        case "number":
            scale = 10**field.decimals
            return {"type": "number", "minimum": low / scale, "maximum": high / scale}
        case "bool":
            return {"type": "boolean"}
        case "time":
            return time()
        case "string":
            return {"enum": list(field.values)} if field.values else text(field.max_length, 0)


def _sample(field: Field) -> object:
    low, high = bounds(field)
    match field.type:
        case "money" | "int":
            return min(max(100, low), high)
        case "number":
            return min(max(100, low), high) / 10**field.decimals
        case "bool":
            return True
        case "time":
            return "2026-11-23T09:00:00Z"
        case "string":
            return field.values[0] if field.values else "x"
