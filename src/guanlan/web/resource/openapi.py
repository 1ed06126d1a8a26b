"""The API's description, made of the same declarations as the API itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms

from guanlan.core.access import SYSTEM
from guanlan.web.resource.declared import Column, Resource

_CELLS: dict[str, dict[str, Any]] = {
    "number": {"type": ["number", "null"]},
    "flag": {"type": ["boolean", "null"]},
    "moment": {"type": ["string", "null"]},
    "until": {"type": ["string", "null"]},
    "clock": {"type": ["string", "null"]},
    "tags": {"type": "array", "items": {"type": "string"}},
}
_ERRORS = {
    "400": "The filter, order, cursor or body cannot be read.",
    "401": "No caller, or an unknown one.",
    "403": "The caller lacks the right.",
    "404": "There is no such thing, or the caller may not see it.",
}
_ERROR = {
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
}


def document(resources: Iterable[Resource]) -> dict[str, Any]:
    """OpenAPI 3.1 of these resources."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {"Error": _ERROR}
    for resource in resources:
        schemas[resource.api] = _object(resource)
        paths |= _paths(resource)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Guanlan console", "version": "1"},
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer"},
                "session": {"type": "apiKey", "in": "cookie", "name": "guanlan_session"},
            },
        },
        "security": [{"key": []}, {"session": []}],
    }


def _column(column: Column) -> dict[str, Any]:
    return {"description": str(column.title), **_CELLS.get(column.cell, {})}


def _object(resource: Resource) -> dict[str, Any]:
    names = [column.name for column in resource.columns]
    return {
        "type": "object",
        "description": str(resource.title),
        "required": ["pk", *names],
        "properties": {
            "pk": {"type": "string"},
            **{column.name: _column(column) for column in resource.columns},
        },
    }


def _content(schema: dict[str, Any]) -> dict[str, Any]:
    return {"application/json": {"schema": schema}}


def _answers(ok: str, schema: dict[str, Any], *more: str) -> dict[str, Any]:
    error = _content({"$ref": "#/components/schemas/Error"})
    found = {ok: {"description": "Done.", "content": _content(schema)}}
    words = {
        **_ERRORS,
        "409": "It does not fit the present state.",
        "412": "It was changed meanwhile.",
        "413": "The body is too large.",
        "422": "A field is not as expected.",
        "428": "If-Match is missing.",
    }
    for status in (*_ERRORS, *more):
        found[status] = {"description": words[status], "content": error}
    return found


def _query(name: str, schema: dict[str, Any], text: str) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, "description": text}


def _paths(resource: Resource) -> dict[str, Any]:
    this = {"$ref": f"#/components/schemas/{resource.api}"}
    key = {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}}
    sorts = [c.name for c in resource.columns if c.sort]
    root = f"/api/v1/{resource.api}"
    page = {
        "type": "object",
        "required": ["items", "next", "count", "more"],
        "properties": {
            "items": {"type": "array", "items": this},
            "next": {"type": ["string", "null"]},
            "count": {"type": "integer"},
            "more": {"type": "boolean", "description": "There are more than `count`."},
        },
    }
    sorting = {"enum": [*sorts, *(f"-{name}" for name in sorts)]}
    asked = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "q": {"type": "string", "maxLength": 500, "description": _typed(resource)},
            "sort": sorting,
            "limit": {"type": "integer", "minimum": 1, "maximum": 200},
            "cursor": {"type": "string"},
        },
    }
    search = {
        "summary": f"{resource.titles}, asked in the body: for what may name a person",
        "requestBody": {"required": True, "content": _content(asked)},
        "responses": _answers("200", page, "422"),
    }
    many: dict[str, Any] = {
        "get": {
            "summary": str(resource.titles),
            "parameters": [
                _query("q", {"type": "string", "maxLength": 500}, _typed(resource)),
                _query("sort", sorting, "Order"),
                _query("limit", {"type": "integer", "minimum": 1, "maximum": 200}, "Rows"),
                _query("cursor", {"type": "string"}, "`next` of the page before"),
            ],
            "responses": _answers("200", page),
        }
    }
    one: dict[str, Any] = {
        "parameters": [key],
        "get": {"summary": str(resource.title), "responses": _answers("200", this)},
    }
    form = resource.form
    if form is not None and form.add is not None:
        body = {"required": True, "content": _content(_form(resource))}
        answers = _answers("201", this, "413", "422")
        many["post"] = {"summary": "Make", "requestBody": body, "responses": answers}
    if form is not None and form.change is not None:
        match = {"name": "If-Match", "in": "header", "schema": {"type": "string"}, "required": True}
        schema = {k: v for k, v in _form(resource).items() if k != "required"}
        one["patch"] = {
            "summary": "Change",
            "parameters": [match],
            "requestBody": {"required": True, "content": _content(schema)},
            "responses": _answers("200", this, "412", "413", "422", "428"),
        }
    paths = {root: many, f"{root}/search": {"post": search}, f"{root}/{{key}}": one}
    for action in resource.actions:
        if action.again or action.together:
            continue
        said = {"type": "object", "properties": {"message": {"type": "string"}}}
        post: dict[str, Any] = {"summary": str(action.title)}
        if action.form is None:
            post["responses"] = _answers("200", said, "409")
        else:
            schema = _fields(action.form(SYSTEM, None).base_fields)
            post["requestBody"] = {"required": True, "content": _content(schema)}
            post["responses"] = _answers("200", said, "409", "422")
        paths[f"{root}/{{key}}/{action.name}"] = {"parameters": [key], "post": post}
    return paths


def _typed(resource: Resource) -> str:
    names = ", ".join(f"{one.name}:" for one in resource.all_filters().values())
    return f"Filter as typed in the console: {names}" if names else "Filter"


def _form(resource: Resource) -> dict[str, Any]:
    """The fields of a resource's form as a schema."""
    if resource.form is None:
        return {"type": "object"}
    return _fields(resource.form.make(SYSTEM, None).base_fields)


def _fields(fields: Mapping[str, forms.Field]) -> dict[str, Any]:
    return {
        "type": "object",
        "additionalProperties": False,
        "required": [n for n, f in fields.items() if f.required and not f.disabled],
        "properties": {n: _field(f) for n, f in fields.items() if not f.disabled},
    }


def _field(field: forms.Field) -> dict[str, Any]:
    words = {"description": str(field.label or "")}
    if isinstance(field, forms.ModelChoiceField):
        return words | {"type": "string"}
    if isinstance(field, forms.MultipleChoiceField):
        return words | {"type": "array", "items": _one_of(field)}
    if isinstance(field, forms.ChoiceField):
        return words | _one_of(field)
    if isinstance(field, forms.BooleanField):
        return words | {"type": "boolean"}
    if isinstance(field, forms.IntegerField):
        return words | {"type": "number"}
    limit = getattr(field, "max_length", None)
    return words | {"type": "string"} | ({"maxLength": limit} if limit else {})


def _one_of(field: forms.ChoiceField) -> dict[str, Any]:
    # What is offered may depend on who asks; then the schema names none.
    known = _choices(field)
    return {"enum": known} if known else {"type": "string"}


def _choices(field: forms.ChoiceField) -> list[str]:
    offered: Any = field.choices
    return [str(value) for value, title in offered if not isinstance(title, list | tuple)]
