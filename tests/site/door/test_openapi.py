"""The document says what the door does: every example fits, and a fuzzer finds nothing else."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from guanlan.site.door import Limits
from guanlan.site.door.openapi import document
from tests.site.door.conftest import Running
from tests.site.door.fake import TOKEN

DOCUMENT: dict[str, Any] = json.loads(document(Limits()))


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


SCHEMA = schemathesis.openapi.from_dict(DOCUMENT)


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


@SCHEMA.parametrize()
@settings(
    max_examples=30,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)
def test_a_fuzzer_finds_only_what_the_document_says(
    case: schemathesis.Case[Any], shared: Running
) -> None:
    # Whether an event is accepted is for the scenario to say, not for the document.
    case.call_and_validate(
        base_url=shared.url,
        headers={"Authorization": f"Bearer {TOKEN}"},
        excluded_checks=[positive_data_acceptance],
    )
