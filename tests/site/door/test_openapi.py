"""The document says what the door does: every example fits, and a fuzzer finds nothing else."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from schemathesis.checks import (
    CheckContext,
    content_type_conformance,
    not_a_server_error,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from guanlan.site.door import Limits
from guanlan.site.door.openapi import document
from tests.site.door.conftest import Running
from tests.site.door.fake import TOKEN

DOCUMENT: dict[str, Any] = json.loads(document(Limits()))


def test_every_operation_has_examples_that_fit_their_schemas() -> None:
    seen = 0
    for path, operations in DOCUMENT["paths"].items():
        for operation in operations.values():
            parts = [operation["requestBody"]] if "requestBody" in operation else []
            parts += [_resolved(r) for r in operation["responses"].values()]
            for part in parts:
                for content in part["content"].values():
                    schema = {**content["schema"], "components": DOCUMENT["components"]}
                    jsonschema.Draft202012Validator(schema).validate(content["example"])
                    seen += 1
            for parameter in operation.get("parameters", ()):
                assert parameter["example"], path
    assert seen > 80


def _resolved(node: dict[str, Any]) -> dict[str, Any]:
    if "$ref" not in node:
        return node
    found: Any = DOCUMENT
    for part in node["$ref"].removeprefix("#/").split("/"):
        found = found[part]
    return dict(found)


def test_the_door_serves_the_document(shared: Running) -> None:
    assert shared.client.get("/v1/openapi.json").json() == DOCUMENT
