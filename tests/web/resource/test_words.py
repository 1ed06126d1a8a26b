"""The typed filter: what is typed is what is read, and the other way round."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.web.resource.words import Term, quoted, read_terms

values = st.text(
    st.characters(exclude_characters='"', exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12
)
names = st.from_regex(r"[a-z_][a-z0-9_.-]{0,8}", fullmatch=True)
named = st.builds(
    Term,
    names,
    st.sampled_from(["", ">=", "<=", ">", "<", "="]),
    st.lists(values, min_size=1, max_size=3).map(tuple),
    st.booleans(),
)
free = st.builds(Term, st.just(""), st.just(""), values.map(lambda one: (one,)), st.booleans())


@given(st.lists(named | free, max_size=6))
@settings(deadline=None)
def test_what_is_written_is_read_back(terms: list[Term]) -> None:
    assert read_terms(" ".join(map(str, terms))) == (terms, [])


@given(st.text(max_size=80))
@settings(deadline=None)
def test_no_text_breaks_the_reader(text: str) -> None:
    terms, problems = read_terms(text)
    assert all(term.values for term in terms)
    assert all(isinstance(problem, str) for problem in problems)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("state:open", Term("state", "", ("open",))),
        ("state:open,held", Term("state", "", ("open", "held"))),
        ("-state:open", Term("state", "", ("open",), True)),
        ("severity:>=high", Term("severity", ">=", ("high",))),
        ("-tag:x", Term("tag", "", ("x",), True)),
        ("-word", Term("", "", ("word",), True)),
        ('"two words"', Term("", "", ("two words",))),
        ('owner:"Li Na"', Term("owner", "", ("Li Na",))),
        ('"state:open"', Term("", "", ("state:open",))),
        ("13:30", Term("", "", ("13:30",))),
        ("O'Brien", Term("", "", ("O'Brien",))),
        ("after:2026-11-23T09:00", Term("after", "", ("2026-11-23T09:00",))),
        ("a,b", Term("", "", ("a,b",))),
    ],
)
def test_terms(text: str, term: Term) -> None:
    assert read_terms(text) == ([term], [])


def test_a_value_that_needs_quotes_gets_them() -> None:
    assert quoted("plain") == "plain"
    assert quoted("two words") == '"two words"'
    assert quoted("-1") == '"-1"'
