"""Scenario texts with one fault, whose place is marked in the text itself.

`▲` stands right before the character that the problem must be reported at, so that a test
shows the place and does not count columns the way the loader does.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from guanlan.engine.scenario import Issue, ScenarioError, parse_scenario

MARK = "▲"
WALLET = (Path(__file__).parent / "wallet.yaml").read_text(encoding="utf-8")


def changed(old: str, new: str, text: str = WALLET) -> str:
    """`text` with `old`, which must stand in it once, replaced."""
    assert text.count(old) == 1, f"{text.count(old)} times in the text: {old}"
    return text.replace(old, new)


def unmarked(text: str) -> tuple[str, list[tuple[int, int]]]:
    """The text without marks, and the line and column of each."""
    places = []
    while MARK in text:
        before, _, after = text.partition(MARK)
        places.append((before.count("\n") + 1, len(before) - before.rfind("\n")))
        text = before + after
    return text, places


def problems(text: str) -> tuple[Issue, ...]:
    """Everything that is wrong with a scenario text."""
    with pytest.raises(ScenarioError) as caught:
        parse_scenario(text, "bad.yaml")
    return caught.value.issues


def assert_problems(marked: str, *messages: str) -> None:
    """The marked text has exactly these problems, in order, each at its mark."""
    text, places = unmarked(marked)
    assert len(places) == len(messages), "one mark for each message"
    found = [str(issue) for issue in problems(text)]
    assert found == [
        f"bad.yaml:{line}:{column}: {message}"
        for (line, column), message in zip(places, messages, strict=True)
    ]
