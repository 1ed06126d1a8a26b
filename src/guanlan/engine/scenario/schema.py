"""A JSON Schema of the scenario file, for completion and hints in editors.

It knows the shape of the file. What depends on other parts of the file (roles that must
exist, types that must fit, expressions) only the loader checks.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from guanlan.engine.scenario.checks import MAX_EVENT_TYPES, MAX_FEATURES, MAX_RULES
from guanlan.engine.scenario.model import FORMAT_VERSION
from guanlan.engine.scenario.reading import MAX_TEXT
from guanlan.engine.scenario.sections import MAX_SCORE, MAX_STRING
from guanlan.engine.scenario.vocabulary import (
    AGGREGATES,
    CAPABILITIES,
    CURRENCIES,
    FIELD_TYPES,
    LIST_KINDS,
    MAX_NAME,
    NAME_PATTERN,
    NUMERIC_AGGREGATES,
    ON_UNKNOWN,
    OUTCOMES,
    RULE_PATTERN,
    SEVERITIES,
    TACTIC_PATTERN,
    TECHNIQUE_PATTERN,
    WINDOW_PATTERN,
    WINDOWED_AGGREGATES,
)

Schema = dict[str, Any]


def json_schema() -> Schema:
    """The schema, JSON Schema 2020-12."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Guanlan scenario",
        "description": "Which events exist, what is remembered of them, which rules judge them.",
        **_object(
            {
                "guanlan": {"const": FORMAT_VERSION, "description": "Version of this format."},
                "scenario": _ref("name", "Name of the scenario."),
                "title": _ref("text"),
                "currency": {
                    "enum": sorted(CURRENCIES),
                    "description": "ISO 4217 code of every money field.",
                },
                "timezone": _text("IANA time zone of hour() and weekday(), like Asia/Shanghai."),
                "entities": _named("entity", "The kinds of things that events speak of.", 1),
                "events": {
                    **_named("event", "What a caller may post.", 1),
                    "maxProperties": MAX_EVENT_TYPES - 1,
                },
                "features": {
                    **_named("feature", "Windowed aggregates that rules read."),
                    "maxProperties": MAX_FEATURES,
                },
                "lists": _named("list", "Lists of entities that act on the outcome."),
                "rules": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/rule"},
                    "maxItems": MAX_RULES,
                },
                "policy": {"$ref": "#/$defs/policy"},
            },
            optional=("features", "lists", "rules"),
        ),
        "$defs": _definitions(),
    }


def json_schema_text() -> str:
    """The schema as `docs/scenario.schema.json` holds it."""
    return json.dumps(json_schema(), indent=2, ensure_ascii=False) + "\n"


def _definitions() -> Schema:
    name_or_names = {
        "oneOf": [
            {"$ref": "#/$defs/name"},
            {
                "type": "array",
                "items": {"$ref": "#/$defs/name"},
                "minItems": 1,
                "uniqueItems": True,
            },
        ]
    }
    return {
        "name": {"type": "string", "pattern": NAME_PATTERN, "maxLength": MAX_NAME},
        "names": name_or_names,
        "text": _object(
            {"en": _text("English."), "zh": _text("简体中文。"), "zh-Hant": _text("繁體中文。")},
            optional=("zh-Hant",),
        ),
        "level": {
            "enum": [1, 2, 3, 4],
            "description": "Data level: 1 public, 2 internal, 3 confidential, 4 sensitive. "
            "3 and above is masked on screens.",
        },
        "outcome": {"enum": list(OUTCOMES), "description": "Mildest first."},
        "expression": {
            "type": ["string", "boolean"],
            "description": "A condition in the rule language, e.g. amount > money(500).",
        },
        "window": {
            "type": "string",
            "pattern": WINDOW_PATTERN,
            "description": "90s, 5m, 24h, 30d, or ever.",
        },
        "entity": _object({"title": _ref("text"), "level": _ref("level")}),
        "role": {
            "oneOf": [
                {"enum": ["required", "optional"]},
                _object(
                    {
                        "kind": _ref("name", "Entity kind."),
                        "required": {"type": "boolean"},
                        "title": _ref("text"),
                    },
                    optional=("kind", "required", "title"),
                ),
            ]
        },
        "event": _object(
            {
                "title": _ref("text"),
                "entities": _named("role", "Who and what takes part, by role.", 1),
                "fields": _named("field", "Typed values of the event."),
                "capability": {
                    "enum": list(CAPABILITIES),
                    "description": "What it uses that a restriction may block or limit.",
                },
            },
            optional=("fields", "capability"),
        ),
        "field": _field(),
        "feature": _feature(),
        "list": _list(),
        "rule": _rule(),
        "band": _object(
            {
                "score": {"type": "integer", "minimum": 1},
                "outcome": _ref("outcome"),
                "actions": _ref("names", "Asked of the caller."),
            },
            optional=("actions",),
        ),
        "policy": _object(
            {
                "bands": {
                    "type": "array",
                    "items": {"$ref": "#/$defs/band"},
                    "description": "Ascending: from this total score upwards, this outcome.",
                },
                "fallback": _ref("outcome", "When something a decision needs has failed."),
            }
        ),
    }


def _field() -> Schema:
    schema = _object(
        {
            "title": _ref("text"),
            "type": {"enum": list(FIELD_TYPES), "description": "money is whole minor units."},
            "level": _ref("level"),
            "required": {"type": "boolean", "default": False},
            "decimals": {"type": "integer", "minimum": 0, "maximum": 6},
            "minimum": {"type": "number"},
            "maximum": {"type": "number"},
            "negative": {"type": "boolean", "description": "Of money: may be below zero."},
            "values": {
                "type": "array",
                "items": {"type": "string", "minLength": 1},
                "minItems": 1,
                "uniqueItems": True,
                "description": "The only values a text may take.",
            },
            "max_length": {"type": "integer", "minimum": 1, "maximum": MAX_STRING},
        },
        optional=(
            "required", "decimals", "minimum", "maximum", "negative", "values", "max_length",
        ),
    )  # fmt: skip
    schema["allOf"] = [
        _when("type", ["money"], forbid=["decimals", "values", "max_length"]),
        _when("type", ["int"], forbid=["decimals", "negative", "values", "max_length"]),
        _when("type", ["number"], forbid=["negative", "values", "max_length"]),
        _when("type", ["string"], forbid=["decimals", "minimum", "maximum", "negative"]),
        _when(
            "type",
            ["bool", "time"],
            forbid=["decimals", "minimum", "maximum", "negative", "values", "max_length"],
        ),
    ]
    return schema


def _feature() -> Schema:
    roles = {
        "oneOf": [
            {"$ref": "#/$defs/name"},
            {
                "type": "array",
                "items": {"$ref": "#/$defs/name"},
                "minItems": 1,
                "maxItems": 2,
                "uniqueItems": True,
            },
        ]
    }
    schema = _object(
        {
            "title": _ref("text"),
            "on": _ref("names", "Event types that are remembered."),
            "by": {**roles, "description": "Role or pair of roles that keys what is remembered."},
            "lookup": {**roles, "description": "Roles of the event that reads it; default `by`."},
            "agg": {"enum": list(AGGREGATES)},
            "of": _ref("name", "Field, or for distinct also a role."),
            "where": _ref("expression"),
            "window": _ref("window"),
        },
        optional=("lookup", "of", "where", "window"),
    )
    with_of = sorted(NUMERIC_AGGREGATES | {"distinct"})
    schema["allOf"] = [
        _when("agg", with_of, require=["of"]),
        _when("agg", [agg for agg in AGGREGATES if agg not in with_of], forbid=["of"]),
        _when("agg", sorted(WINDOWED_AGGREGATES), require=["window"]),
    ]
    return schema


def _list() -> Schema:
    entry = _object(
        {
            "key": _text("The entity, as events name it."),
            "reason": _text("Why it is on the list."),
            "author": _text("Who put it there."),
            "expires": {
                "type": "string",
                "format": "date-time",
                "description": "With a zone, like 2027-01-01T00:00:00Z.",
            },
        },
        optional=("expires",),
    )
    return _object(
        {
            "title": _ref("text"),
            "kind": {"enum": list(LIST_KINDS)},
            "entity": _ref("name", "Entity kind."),
            "outcome": _ref("outcome"),
            "entries": {"type": "array", "items": entry},
        },
        optional=("outcome", "entries"),
    )


def _rule() -> Schema:
    technique = _object(
        {
            "technique": {"type": "string", "pattern": TECHNIQUE_PATTERN},
            "tactic": {"type": "string", "pattern": TACTIC_PATTERN},
        }
    )
    return _object(
        {
            "id": {"type": "string", "pattern": RULE_PATTERN},
            "on": _ref("names", "Event types that are judged."),
            "title": _ref("text"),
            "when": _ref("expression"),
            "severity": {"enum": list(SEVERITIES)},
            "reason": _ref("text", "What the analyst reads."),
            "score": {"type": "integer", "minimum": -MAX_SCORE, "maximum": MAX_SCORE},
            "outcome": _ref("outcome", "At least this, whatever the score."),
            "on_unknown": {"enum": list(ON_UNKNOWN), "default": "no_hit"},
            "f3": {"type": "array", "items": technique},
            "tags": _ref("names"),
            "actions": _ref("names", "Asked of the caller."),
        },
        optional=("score", "outcome", "on_unknown", "f3", "tags", "actions"),
    )


def _object(properties: Mapping[str, Schema], optional: Sequence[str] = ()) -> Schema:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": [name for name in properties if name not in optional],
        "additionalProperties": False,
    }


def _named(definition: str, description: str, least: int = 0) -> Schema:
    schema: Schema = {
        "type": "object",
        "description": description,
        "propertyNames": {"$ref": "#/$defs/name"},
        "additionalProperties": {"$ref": f"#/$defs/{definition}"},
    }
    return {**schema, "minProperties": least} if least else schema


def _ref(definition: str, description: str = "") -> Schema:
    schema: Schema = {"$ref": f"#/$defs/{definition}"}
    return {**schema, "description": description} if description else schema


def _text(description: str) -> Schema:
    return {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_TEXT,
        "description": description,
    }


def _when(
    name: str, values: Sequence[str], require: Sequence[str] = (), forbid: Sequence[str] = ()
) -> Schema:
    then: Schema = {"required": list(require)} if require else {}
    if forbid:
        then["properties"] = dict.fromkeys(forbid, False)
    return {
        "if": {"properties": {name: {"enum": list(values)}}, "required": [name]},
        "then": then,
    }
