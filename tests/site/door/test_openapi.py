"""The document says what the door does: every example fits, and a fuzzer finds nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import positive_data_acceptance

from guanlan.core.egress.policy import Policy, parse_rules, using
from guanlan.engine import Engine
from guanlan.engine.scenario import load_scenario, parse_scenario
from guanlan.site.door import Limits
from guanlan.site.door.openapi import document
from guanlan.site.door.wire_schema import event_example, event_schema
from tests.site.door.conftest import Running
from tests.site.door.fake import SCENARIO, TOKEN, microseconds

DOCUMENT: dict[str, Any] = json.loads(document(Limits(), parse_scenario(SCENARIO, "small.yaml")))


@schemathesis.serializer("application/x-ndjson")
def ndjson(ctx: schemathesis.SerializationContext, value: Any) -> bytes:
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


ROOT = Path(__file__).resolve().parents[3]
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


@pytest.mark.parametrize("name", ["wallet", "handbook"])
def test_the_example_of_a_scenario_is_accepted_by_it(name: str, cache: Path) -> None:
    scenario = load_scenario(ROOT / "examples" / name / "scenario.yaml")
    example = event_example(scenario)
    jsonschema.Draft202012Validator(event_schema(scenario)).validate(example)
    with Engine.in_memory(scenario, secret=b"s" * 32, now=microseconds, cache=cache) as engine:
        (answer,) = engine.decide([json.dumps(example).encode()])
    assert answer.status == 200, answer.body


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
    # The fuzzer calls through requests, which other tests of this process put under the policy.
    with using(Policy(parse_rules([shared.url.removeprefix("http://")]))):
        response = case.call(base_url=shared.url, headers={"Authorization": f"Bearer {TOKEN}"})
        # That a time may not be ahead of the clock cannot be said in a schema, nor that 5.0 is
        # no integer: to JSON Schema it is one, and money is never taken from a decimal number.
        sayable = b'"absurd_time"' not in response.content and not _whole_float(case.body)
        case.validate_response(
            response,
            headers={"Authorization": f"Bearer {TOKEN}"},
            excluded_checks=[] if sayable else [positive_data_acceptance],
        )


def _whole_float(value: object) -> bool:
    """Whether a decimal number without a fraction stands anywhere in `value`."""
    if isinstance(value, dict):
        return any(_whole_float(item) for item in value.values())
    if isinstance(value, list):
        return any(_whole_float(item) for item in value)
    return isinstance(value, float) and value.is_integer()
