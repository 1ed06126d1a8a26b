"""The handbook says what the registry says."""

from __future__ import annotations

import doctest
import json
import re
from pathlib import Path

import pytest

from guanlan.engine.language import FUNCTIONS, functions, parse, sentence, to_json
from guanlan.engine.language.reference import function_table
from tests.engine.language.world import ENV

DOCS = Path(__file__).parents[3] / "docs"


@pytest.mark.parametrize(("file", "lang"), [("language.md", "en"), ("language.zh.md", "zh-Hans")])
def test_the_table_of_functions_is_up_to_date(file: str, lang: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    found = re.search(r"<!-- functions -->\n(.*)<!-- /functions -->", text, re.DOTALL)
    assert found is not None
    assert found[1] == function_table(lang), (
        f"put the output of `python -m guanlan.engine.language.reference {lang}` into docs/{file}"
    )


@pytest.mark.parametrize("file", ["language.md", "language.zh.md"])
def test_the_stored_form_shown_is_the_one_written(file: str) -> None:
    text = (DOCS / file).read_text(encoding="utf-8")
    found = re.search(r"```json\n(.*?)\n```", text, re.DOTALL)
    assert found is not None
    assert found[1].encode() == to_json(parse("amount > money(220)"))
    assert json.loads(found[1])["language"] == 1


def test_every_function_can_be_called_as_shown() -> None:
    """The way to write a function that messages and handbook show is read by the parser."""
    for function in FUNCTIONS.values():
        shown = function.call.replace(", …", ", c")
        for call in shown.split("), ") if function.name == "money" else [shown]:
            parse(call if call.endswith(")") else call + ")")


def test_the_first_example_reads_as_the_handbook_says() -> None:
    text = (DOCS / "language.md").read_text(encoding="utf-8")
    assert sentence(parse("user_out_24h > money(50000) and new_payee"), ENV, "en") in text


def test_the_registry_cannot_be_changed() -> None:
    with pytest.raises(TypeError):
        FUNCTIONS["evil"] = FUNCTIONS["abs"]  # type: ignore[index]


def test_the_examples_in_docstrings() -> None:
    assert doctest.testmod(functions).failed == 0
