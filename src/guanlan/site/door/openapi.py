"""The OpenAPI 3.1 document of the door, with an example in every operation and error."""

from __future__ import annotations

from typing import Any

import msgspec

from guanlan.engine import Scenario
from guanlan.site.door.limits import Limits
from guanlan.site.door.wire_schema import KEY_LENGTH, event_example, event_schema, text

Json = dict[str, Any]

_ID = "t-20261123-0001"
DECISION_EXAMPLE: Json = {
    "event_id": _ID,
    "seq": 41,
    "type": "transfer",
    "clock": "2026-11-23T09:00:00.123456Z",
    "outcome": "challenge",
    "score": 40,
    "actions": ["otp"],
    "reasons": [
        {"rule": "transfer.velocity_1h", "score": 40, "outcome": "challenge", "severity": "high"}
    ],
    "lists": [],
    "unknown": [],
    "degraded": False,
    "scenario": "wallet",
    "version": "0123456789ab",
}

# status -> (code, what it means, example message)
_ERRORS: dict[int, tuple[str, str, str]] = {
    400: ("bad_json", "Not JSON in UTF-8, or not HTTP.", "the body is not JSON: it ends too early"),
    401: (
        "unauthorized",
        "No API key, or one that is unknown, revoked or expired.",
        "an API key is expected: Authorization: Bearer gl_...",
    ),
    403: ("forbidden", "The key lacks the scope.", "this key lacks the scope events:write"),
    404: ("not_found", "Nothing of that name.", "no event with this id has been decided"),
    405: ("method_not_allowed", "See the header Allow.", "this path answers POST"),
    408: ("timeout", "Too slow.", "the body did not arrive within 10 seconds"),
    409: (
        "id_reused",
        "The id was used before with another body.",
        "this event id was used before with another body; nothing was recorded",
    ),
    413: ("too_large", "The body is too large.", "the body is larger than 65536 bytes"),
    415: (
        "unsupported_media_type",
        "Another content-type is expected.",
        "content-type application/json is expected",
    ),
    422: (
        "bad_type",
        "JSON, but not what the scenario declares; `field` names the place.",
        "fields.amount must be a whole number, not a string",
    ),
    429: (
        "too_many_requests",
        "Too much waits; send it again after Retry-After seconds with the same id.",
        "too many events are waiting; send this one again later with the same id",
    ),
    500: (
        "internal",
        "An error nobody foresaw; the message holds its number in the server's log.",
        "unexpected error, logged as 4c8a9d20b1ef",
    ),
    503: (
        "unavailable",
        "The engine is starting, stopping or failed; nothing was acknowledged.",
        "the engine is starting",
    ),
}
_WITH_RETRY = (429, 503)
_FIELD = {422: "fields.amount"}


def _error(status: int) -> Json:
    code, meaning, message = _ERRORS[status]
    error: Json = {"code": code, "message": message}
    if status in _FIELD:
        error["field"] = _FIELD[status]
    response: Json = {
        "description": meaning,
        "content": {
            "application/json": {
                "schema": {"$ref": "#/components/schemas/Error"},
                "example": {"error": error},
            }
        },
    }
    if status in _WITH_RETRY:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds to wait.",
                "required": True,
                "schema": {"type": "integer", "minimum": 1},
            }
        }
    if status in (401, 403):
        response["headers"] = {
            "WWW-Authenticate": {
                "description": "RFC 6750.",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    if status == 405:
        response["headers"] = {
            "Allow": {
                "description": "The methods answered.",
                "required": True,
                "schema": {"type": "string"},
            }
        }
    return response


def _responses(good: Json, *errors: int) -> Json:
    refs = {str(e): {"$ref": f"#/components/responses/E{e}"} for e in sorted({*errors, 500})}
    return {"200": good, **refs}


def _json(description: str, schema: Json | str, example: object) -> Json:
    shape = {"$ref": f"#/components/schemas/{schema}"} if isinstance(schema, str) else schema
    return {
        "description": description,
        "content": {"application/json": {"schema": shape, "example": example}},
    }


def _body(schema: str, example: object) -> Json:
    """A body of JSON that is asked for."""
    shape = {"$ref": f"#/components/schemas/{schema}"}
    return {
        "required": True,
        "content": {"application/json": {"schema": shape, "example": example}},
    }


def _parameter(name: str, description: str, example: str) -> Json:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": text(256),
        "example": example,
    }


def _secured(scope: str = "") -> Json:
    """Takes a key; with the scope, or any."""
    # OAuth scopes are no part of a bearer scheme, so the description tells them too.
    return {"security": [{"key": []}]} | ({"x-scope": scope} if scope else {})


def _decision_schema() -> Json:
    strings: Json = {"type": "array", "items": {"type": "string"}}
    return {
        "type": "object",
        "required": [*DECISION_EXAMPLE],
        "properties": {
            "event_id": {"type": "string"},
            "seq": {"type": "integer", "minimum": 0},
            "type": {"type": "string"},
            "clock": {"type": "string", "format": "date-time"},
            "outcome": {
                "enum": ["approve", "monitor", "review", "challenge", "limit", "hold", "decline"]
            },
            "score": {"type": "integer"},
            "actions": strings,
            "reasons": {"type": "array", "items": {"type": "object"}},
            "lists": {"type": "array", "items": {"type": "object"}},
            "unknown": strings,
            "degraded": {"type": "boolean"},
            "restrictions": {
                "type": "array",
                "items": {"type": "object"},
                "description": "Restrictions that asked for an outcome; absent without one.",
            },
            "scenario": {"type": "string"},
            "version": {"type": "string"},
        },
        "example": DECISION_EXAMPLE,
    }


def _schemas(scenario: Scenario) -> Json:
    return {
        "Event": event_schema(scenario),
        "Decision": _decision_schema(),
        "Error": {
            "type": "object",
            "required": ["error"],
            "properties": {
                "error": {
                    "type": "object",
                    "required": ["code", "message"],
                    "properties": {
                        "code": {"type": "string"},
                        "message": {"type": "string"},
                        "field": {"type": "string"},
                    },
                }
            },
        },
        "Entry": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key", "reason"],
            "properties": {
                "key": text(KEY_LENGTH),
                "reason": {**text(500), "pattern": "[^\\s\\u001c-\\u001f\\u0085]"},
                "author": {"oneOf": [text(100), {"type": "null"}]},
                "expires": {"type": ["string", "null"], "format": "date-time"},
            },
        },
        "Removal": {
            "type": "object",
            "additionalProperties": False,
            "required": ["key"],
            "properties": {"key": text(KEY_LENGTH)},
        },
        "LookUp": {
            "type": "object",
            "additionalProperties": False,
            "required": ["kind", "key"],
            "properties": {"kind": text(KEY_LENGTH), "key": text(KEY_LENGTH)},
        },
        "Done": {
            "type": "object",
            "required": ["ok"],
            "properties": {"ok": {"const": True}},
        },
    }


def _paths(limits: Limits, scenario: Scenario) -> Json:
    of_list = [_parameter("list", "Name of the list.", "mule_payees")]
    example = event_example(scenario)
    event_line = msgspec.json.encode(example).decode()
    answer_lines = "".join(
        msgspec.json.encode(line).decode() + "\n"
        for line in (
            {"status": 200, "decision": DECISION_EXAMPLE},
            {"status": 422, "error": {"code": "bad_type", "message": "…"}, "line": 2},
        )
    )
    return {
        "/v1/events": {
            "post": {
                "operationId": "postEvent",
                "summary": "Record an event and decide it",
                "description": "Durable before it is answered. The same id and body again gives "
                f"the first decision byte for byte. At most {limits.event_bytes} bytes.",
                **_secured("events:write"),
                "requestBody": _body("Event", example),
                "responses": _responses(
                    _json("The decision.", "Decision", DECISION_EXAMPLE),
                    400, 401, 403, 405, 408, 409, 413, 415, 422, 429, 503,
                ),
            }
        },
        "/v1/events:batch": {
            "post": {
                "operationId": "postEvents",
                "summary": "Record and decide many events, in order",
                "description": "One event a line; one line of answer for each line that is not "
                "blank, in the same order. A line fails alone. At most "
                f"{limits.batch_bytes} bytes, {limits.event_bytes} a line.",
                **_secured("events:write"),
                "requestBody": {
                    "required": True,
                    "content": {
                        "application/x-ndjson": {
                            "schema": {"description": "Lines, each an Event."},
                            "example": event_line + "\n",
                        }
                    },
                },
                "responses": _responses(
                    {
                        "description": "A line for each event.",
                        "content": {
                            "application/x-ndjson": {
                                "schema": {"type": "string"},
                                "example": answer_lines,
                            }
                        },
                    },
                    400, 401, 403, 405, 408, 413, 415, 429, 503,
                ),
            }
        },
        "/v1/decisions/{event_id}": {
            "get": {
                "operationId": "getDecision",
                "summary": "A decision and how it came about",
                **_secured("decisions:read"),
                "parameters": [_parameter("event_id", "Id of the event.", _ID)],
                "responses": _responses(
                    _json("Explained.", {"type": "object"}, {"decision": DECISION_EXAMPLE}),
                    400, 401, 403, 404, 405, 429, 503,
                ),
            }
        },
        "/v1/entities/look-up": {
            "post": {
                "operationId": "lookUpEntity",
                "summary": "What is known of an entity now",
                "description": "The key stands in the body, for it may be somebody's number.",
                **_secured("entities:read"),
                "requestBody": _body("LookUp", {"kind": "user", "key": "u-1"}),
                "responses": _responses(
                    _json("The entity.", {"type": "object"}, {"kind": "user", "key": "u-1"}),
                    400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503,
                ),
            }
        },
        "/v1/lists/{list}/entries": {
            "post": {
                "operationId": "putEntry",
                "summary": "Put an entity on a list",
                **_secured("lists:write"),
                "parameters": of_list,
                "requestBody": _body(
                    "Entry",
                    {"key": "u-9", "reason": "case 12", "expires": "2027-01-01T00:00:00Z"},
                ),
                "responses": _responses(
                    _json("On the list, durably.", "Done", {"ok": True}),
                    400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503,
                ),
            }
        },
        "/v1/lists/{list}/entries/remove": {
            "post": {
                "operationId": "removeEntry",
                "summary": "Take an entity off a list",
                **_secured("lists:write"),
                "parameters": of_list,
                "requestBody": _body("Removal", {"key": "u-9"}),
                "responses": _responses(
                    _json("Off the list, durably.", "Done", {"ok": True}),
                    400, 401, 403, 404, 405, 408, 413, 415, 422, 429, 503,
                ),
            }
        },
        "/v1/openapi.json": {
            "get": {
                "operationId": "getOpenapi",
                "summary": "This document",
                **_secured(),
                "responses": _responses(
                    _json("OpenAPI 3.1.", {"type": "object"}, {"openapi": "3.1.0"}), 401, 405, 503
                ),
            }
        },
        "/healthz": {
            "get": {
                "operationId": "getHealth",
                "summary": "The process is alive",
                "responses": _responses(
                    _json("Alive.", {"type": "object"}, {"status": "alive"}), 405
                ),
            }
        },
        "/readyz": {
            "get": {
                "operationId": "getReady",
                "summary": "Events are decided",
                "responses": _responses(
                    _json("Ready.", {"type": "object"}, {"status": "ready", "seq": 41}), 405, 503
                ),
            }
        },
        "/metrics": {
            "get": {
                "operationId": "getMetrics",
                "summary": "Prometheus text",
                **_secured("metrics:read"),
                "responses": _responses(
                    {
                        "description": "Text format 0.0.4.",
                        "content": {
                            "text/plain": {
                                "schema": {"type": "string"},
                                "example": "guanlan_ready 1\n",
                            }
                        },
                    },
                    401, 403, 405,
                ),
            }
        },
    }  # fmt: skip


def document(limits: Limits, scenario: Scenario) -> bytes:
    """The document as JSON; its events are those of `scenario`."""
    return msgspec.json.encode(
        {
            "openapi": "3.1.0",
            "info": {
                "title": "Guanlan",
                "version": "1",
                "summary": "Events in, decisions out: durable, explained.",
                "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
            },
            "servers": [{"url": "/"}],
            "paths": _paths(limits, scenario),
            "components": {
                "schemas": _schemas(scenario),
                "responses": {f"E{status}": _error(status) for status in _ERRORS},
                "securitySchemes": {
                    "key": {
                        "type": "http",
                        "scheme": "bearer",
                        "description": "An API key, gl_<id>_<secret>.",
                    }
                },
            },
        }
    )
