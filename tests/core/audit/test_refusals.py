"""Who is refused over and over fills no log, and is counted."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import Subject
from guanlan.core.audit.recording import Actor
from guanlan.core.audit.refusals import MOST, SECONDS, Refusals

NAMES = ("ann", "bob", "key aaaaaaaa")
STEPS = st.lists(
    st.tuples(
        st.integers(0, 50),
        st.sampled_from(NAMES),
        st.sampled_from(("see", "change")),
        st.sampled_from(("fraud.decision", "core.user")),
    ),
    max_size=60,
)


@given(STEPS)
def test_a_row_a_minute_and_none_is_forgotten(
    steps: list[tuple[int, str, str, str]],
) -> None:
    clock = 0.0
    refusals = Refusals(lambda: clock)
    happened, told = Counter[tuple[str, str, str]](), Counter[tuple[str, str, str]]()
    last: dict[tuple[str, str, str], float] = {}

    def take(name: str, verb: str, noun: str) -> None:
        happened[name, verb, noun] += 1
        for row in refusals.note(Actor(Subject(id=None, name=name)), verb, noun):
            of = (row.who.subject.name, row.verb, row.noun)
            assert of not in last or clock - last[of] >= SECONDS
            last[of] = clock
            told[of] += row.times

    for seconds, name, verb, noun in steps:
        clock += seconds
        take(name, verb, noun)
        assert all(told[of] <= happened[of] for of in told)
    for _round in range(2):  # a refusal of somebody else a minute later tells the rest
        clock += SECONDS
        take("eve", "see", "core.user")
    assert told == happened


def test_the_first_refusal_is_told_at_once() -> None:
    refusals = Refusals(lambda: 5.0)
    (row,) = refusals.note(Actor(Subject(id=1, name="ann")), "see", "core.user")
    assert row.times == 1
    assert refusals.note(Actor(Subject(id=1, name="ann")), "see", "core.user") == []


def test_what_is_counted_at_once_is_bounded() -> None:
    refusals = Refusals(lambda: 5.0)
    for n in range(MOST + 50):
        refusals.note(Actor(Subject(id=n, name=f"p{n}")), "see", "core.user")
    assert len(refusals._open) == MOST
