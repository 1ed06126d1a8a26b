"""The reference is true: its examples, put together, are a scenario, in both languages."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from guanlan.engine.scenario import parse_scenario
from guanlan.engine.scenario.vocabulary import AGGREGATES, FIELD_TYPES, LIST_KINDS, OUTCOMES
from tests.engine.scenario.marked import changed, problems

DOCS = Path(__file__).resolve().parents[3] / "docs"
PAGES = {name: (DOCS / name).read_text("utf-8") for name in ("scenario.md", "scenario.zh.md")}


def example(page: str) -> str:
    """The YAML blocks of a page as one file; the first announces sections as `{...}`."""
    text = "\n".join(re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    return re.sub(r"(?m)^\w+: [{\[]\.\.\.[}\]].*\n", "", text)


def test_the_examples_of_both_pages_are_the_same_scenario() -> None:
    english, chinese = (parse_scenario(example(page), name) for name, page in PAGES.items())
    assert english.digest == chinese.digest
    assert {feature.name for feature in english.features} >= {"user_out_1h", "received_24h"}


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_every_word_of_the_format_is_explained(page: str) -> None:
    for word in (*AGGREGATES, *FIELD_TYPES, *LIST_KINDS):
        assert f"`{word}`" in page
    assert f"`{' '.join(OUTCOMES)}`" in page


@pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))
def test_the_shown_message_is_the_one_that_is_given(page: str) -> None:
    (issue,) = problems(changed("agg: avg, of: amount", "agg: avg, of: channel"))
    assert str(issue).replace("bad.yaml", "wallet.yaml") in page
