"""A place inside a condition is found again in the YAML, however the condition is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.engine.scenario import ScenarioError
from guanlan.engine.scenario.document import Scalar, read_document
from guanlan.engine.scenario.positions import Source, scalar_offset

words = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
texts = st.lists(words, min_size=1, max_size=6)


def _scalar(text: str) -> tuple[Source, Scalar]:
    source = Source(text, "x.yaml")
    ((_, node),) = read_document(source).entries
    assert isinstance(node, Scalar)
    return source, node


def _assert_found(text: str, escaped: bool = False) -> None:
    """Every visible character of the value stands where `scalar_offset` says."""
    source, node = _scalar(text)
    for index, char in enumerate(node.text):
        if char in " \n":
            continue
        at = scalar_offset(source.text, node.offset, node.style, node.text, index)
        if escaped:
            assert source.text[at] in (char, "\\", "'")
        else:
            assert source.text[at] == char


@settings(deadline=None)
@given(texts, st.integers(1, 4))
def test_literal_and_folded_blocks(parts: list[str], indent: int) -> None:
    for style in ("|", ">", "|-", ">+", f"|{indent}"):
        body = "".join(f"{' ' * indent}{part}\n" for part in parts)
        _assert_found(f"a: {style} # why\n{body}")


@settings(deadline=None)
@given(texts, st.sampled_from([" ", "\n  ", "\n\n   "]))
def test_quoted_texts_with_escapes_and_folds(parts: list[str], gap: str) -> None:
    single = gap.join(part.replace("'", "''") for part in parts)
    _assert_found(f"a: '{single}'\n", escaped=True)
    double = gap.join(json.dumps(part)[1:-1] for part in parts)
    if "\\ud" not in double:  # JSON's halves of a character are no YAML
        _assert_found(f'a: "{double}"\n', escaped=True)


@settings(deadline=None)
@given(
    st.lists(st.from_regex(r"[a-z0-9_<>=()\u4e00-\u4eff]{1,8}", fullmatch=True), min_size=1),
    st.sampled_from([" ", "  ", "\n  ", "  \n\n  "]),
)
def test_plain_texts(parts: list[str], gap: str) -> None:
    try:
        _assert_found(f"a: x {gap.join(parts)}\n")
    except ScenarioError:
        pytest.fail("a plain text was not read")


def test_an_index_past_the_end_is_the_place_after_the_text() -> None:
    for text, end in [("a: bc\n", 5), ("a: 'bc'\n", 6), ("a: |\n  bc\n", 10)]:
        source, node = _scalar(text)
        length = len(node.text)
        assert scalar_offset(source.text, node.offset, node.style, node.text, length) == end
