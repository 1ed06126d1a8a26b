"""The matrix of OWASP ASVS 5.0 is whole, and every test and document it names is there."""

from __future__ import annotations

import ast
import re
from collections import Counter
from functools import cache
from typing import Any

import pytest
import yaml

from tests.house.tree import ROOT

MATRIX: dict[str, dict[str, Any]] = yaml.safe_load(
    (ROOT / "docs" / "security" / "asvs.yaml").read_text("utf-8")
)
LEVELS = {1: 70, 2: 183}  # requirements of the standard, version 5.0.0
NEEDS = {"met": {"by", "doc"}, "none": {"why"}, "operator": {"doc"}, "open": {"why"}}


@cache
def functions(file: str) -> frozenset[str]:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    defined = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, defined))


def test_every_requirement_of_both_levels_has_its_row() -> None:
    assert Counter(row["level"] for row in MATRIX.values()) == LEVELS
    assert all(re.fullmatch(r"V\d{1,2}\.\d{1,2}\.\d{1,2}", name) for name in MATRIX)


@pytest.mark.parametrize("name", MATRIX)
def test_a_row_has_what_its_state_asks_for(name: str) -> None:
    row = MATRIX[name]
    assert any(row.get(part) for part in NEEDS[row["state"]]), name
    for test in row.get("by", []):
        file, _, function = test.partition("::")
        assert function in functions(file), test
    if "doc" in row:
        assert (ROOT / row["doc"]).is_file(), row["doc"]


def test_what_is_open_is_told() -> None:
    """A row that is met leaves this list; none may come to it."""
    assert {name for name, row in MATRIX.items() if row["state"] == "open"} == OPEN


OPEN: set[str] = set()
