"""The JSON Schema for editors: valid files pass, broken ones do not, and it is up to date."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from guanlan.engine.scenario import json_schema, json_schema_text, load_scenario
from tests.engine.scenario.marked import WALLET, changed

ROOT = Path(__file__).resolve().parents[3]
EXAMPLES = sorted(ROOT.glob("examples/*/scenario.yaml"))
VALIDATOR = jsonschema.Draft202012Validator(json_schema())


class _Loader(yaml.SafeLoader):
    """YAML 1.2 as editors read it: `on` and `yes` are words, times are text."""


_Loader.yaml_implicit_resolvers = {
    first: [
        (tag, pattern)
        for tag, pattern in resolvers
        if not tag.endswith((":timestamp", ":bool", ":merge"))
    ]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(true|false)$"), list("tf"))


def read(text: str) -> Any:
    return yaml.load(text, Loader=_Loader)


def faults(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(read(text))]


def test_the_schema_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(json_schema())


def test_the_file_in_docs_is_up_to_date() -> None:
    written = (ROOT / "docs" / "scenario.schema.json").read_text(encoding="utf-8")
    assert written == json_schema_text(), "run: make schema"


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_shipped_examples_validate_and_load(path: Path) -> None:
    assert faults(path.read_text(encoding="utf-8")) == []
    assert load_scenario(path).rules


def test_the_wallet_of_these_tests_validates() -> None:
    assert faults(WALLET) == []


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("guanlan: 1", "guanlan: 2"),
        ("currency: CNY", "currency: XXX"),
        ("scenario: wallet", "scenario: My Wallet"),
        ("timezone: Asia/Shanghai\n", ""),
        ("rules:\n", "rulez:\n"),
        ("IP 地址}, level: 3}", "IP 地址}, level: 5}"),
        ("IP 地址}, level: 3}", "IP 地址}}"),
        ("payee: {kind: user, required: true}", "payee: {kind: user, required: maybe}"),
        ("retries: {type: int,", "retries: {type: integer,"),
        ("retries: {type: int,", "retries: {type: int, values: [a],"),
        ("booked: {type: time,", "booked: {type: time, minimum: 0,"),
        ("agg: stddev, of: amount", "agg: stddev"),
        ("by: ip, agg: count,", "by: ip, agg: count, of: user,"),
        ("agg: sum, of: amount, window: 1h", "agg: sum, of: amount"),
        ("agg: sum, of: amount, window: 1h", "agg: sum, of: amount, window: 1 hour"),
        ("by: [user, payee]", "by: [user, payee, device]"),
        ("kind: allow", "kind: white"),
        ('key: "10"', "key: 10"),
        ("severity: high", "severity: severe"),
        ("on_unknown: no_hit", "on_unknown: never"),
        ("technique: F1047", "technique: mule"),
        ("{score: 50, outcome: review}", "{score: 50, outcome: block}"),
        ("  fallback: review\n", ""),
    ],
)
def test_broken_files_fail(old: str, new: str) -> None:
    assert faults(changed(old, new))
