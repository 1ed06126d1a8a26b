"""What is chosen and what is written are the same condition."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.plans.cacao import Text, Variable
from guanlan.response.plans.comparing import SIGNS, Comparison, compared, written
from guanlan.response.plans.conditions import judge, read_condition

VARIABLES = (
    Variable("leak", "bool", Text(en="Leak")),
    Variable("hurt", "integer", Text(en="Hurt")),
    Variable("why", "string", Text(en="Why")),
)


def test_each_sign_says_what_it_means() -> None:
    for sign, value, holds in (
        ("is", 5, True), ("is", 6, False), ("is_not", 6, True), ("more", 6, True),
        ("more", 5, False), ("at_least", 5, True), ("less", 4, True), ("less", 5, False),
        ("at_most", 5, True), ("at_most", 6, False),
    ):  # fmt: skip
        source = written(Comparison("hurt", sign, "5"), "integer")
        assert judge(source, VARIABLES, {"hurt": value}).value is holds, (sign, value)
    assert judge(written(Comparison("leak", "is"), "bool"), VARIABLES, {"leak": True}).value is True
    source = written(Comparison("leak", "is_not"), "bool")
    assert judge(source, VARIABLES, {"leak": True}).value is False


@given(st.integers(-(10**14), 10**14), st.sampled_from([*SIGNS]))
def test_a_comparison_with_a_number_is_read_back(number: int, sign: str) -> None:
    one = Comparison("hurt", sign, str(number))
    assert compared(written(one, "integer"), VARIABLES) == one


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30))
def test_whatever_text_is_compared_with_the_condition_is_sound(text: str) -> None:
    source = written(Comparison("why", "is", text), "string")
    assert not isinstance(read_condition(source, VARIABLES), list)
    assert judge(source, VARIABLES, {"why": text}).value is True


@pytest.mark.parametrize(
    "source",
    [
        "",
        "leak or leak",
        "hurt",
        "leak == 5",
        "hurt > 5 and leak",
        'why < "a"',
        "other",
        "not hurt",
    ],
)
def test_what_is_no_single_comparison_is_left_as_it_was_written(source: str) -> None:
    assert compared(source, VARIABLES) is None


def test_what_does_not_suit_a_variable_is_refused() -> None:
    for one, kind in (
        (Comparison("leak", "more"), "bool"), (Comparison("why", "less", "a"), "string"),
        (Comparison("hurt", "is", "five"), "integer"), (Comparison("hurt", "is", ""), "integer"),
        (Comparison("hurt", "near", "5"), "integer"),
    ):  # fmt: skip
        with pytest.raises(ValueError, match=r"sign|value"):
            written(one, kind)
