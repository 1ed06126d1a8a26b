"""Damaged files are refused with places, or read; they never crash the loader."""

from __future__ import annotations

import re

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.scenario import (
    Issue,
    ScenarioError,
    canonical,
    document,
    from_canonical,
    names,
    parse_scenario,
)
from tests.engine.scenario.marked import WALLET

TOKENS = [match.span() for match in re.finditer(r"[\w.<>=]+|\[[^\[\]]*\]|\{[^{}]*\}", WALLET)]
OTHERS = [
    "[]", "{}", "null", "~", "1", "-1", "1.5", "true", "''", '"\\0"', "*x", "&x", "-", ":", "|",
    "[[]]", "[a, b]", "{a: b}", "user", "[user]", "[user, user]", "amount", "transfer", "in_24h",
    "ever", "label", "time", "sum", "distinct", "last", "string", "money(1)", "\n", "  ",
    "9" * 30, "a" * 300,
]  # fmt: skip


def _issues(text: str) -> tuple[Issue, ...]:
    try:
        scenario = parse_scenario(text, "damaged.yaml")
    except ScenarioError as error:
        return error.issues or (Issue("", 0, 0, "refused without a reason"),)
    assert from_canonical(canonical(scenario)) == scenario
    for event in scenario.events:
        names(scenario, event.name, str)
    return ()


def _assert_placed(issues: tuple[Issue, ...], text: str) -> None:
    for issue in issues:
        assert 1 <= issue.line <= text.count("\n") + 1
        assert issue.column >= 1
        assert issue.message.strip()
        assert "\n" not in issue.message


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(st.sampled_from(TOKENS), st.sampled_from(OTHERS)), max_size=3))
def test_words_replaced_by_others(damage: list[tuple[tuple[int, int], str]]) -> None:
    text = WALLET
    for (start, end), other in sorted(damage, reverse=True):
        text = text[:start] + other + text[end:]
    _assert_placed(_issues(text), text)


@settings(deadline=None, max_examples=60)
@given(
    st.integers(0, len(WALLET)),
    st.integers(0, 40),
    st.text(st.sampled_from("{}[]:,-'\"#&*!|>%@`\n\t a1.\\~é猫\x00"), max_size=12),
)
def test_characters_cut_out_and_put_in(start: int, length: int, junk: str) -> None:
    text = WALLET[:start] + junk + WALLET[start + length :]
    for loader in (yaml.CSafeLoader, yaml.SafeLoader):
        document._LOADER, before = loader, document._LOADER
        try:
            issues = _issues(text)
        finally:
            document._LOADER = before
        _assert_placed(issues, text)
