"""Automatic tests run once a day and measure, and one that fails hinders no other."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.core.exceptions import ValidationError

from guanlan.risk.measure.testing import (
    TESTS,
    Outcome,
    TestSpec,
    measure_test,
    record_test,
    run_tests,
)
from guanlan.risk.models import MeasureTest
from tests.risk.measure.rows import BY, DAY, NOW, measure

pytestmark = pytest.mark.django_db


def spec(name: str, work: Callable[[dt.datetime, dt.datetime], Outcome]) -> TestSpec:
    return TestSpec(name=name, title=name, what="", work=work, rows=lambda a, b: "/alerts")


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dt.datetime]:
    seen: list[dt.datetime] = []

    def work(since: dt.datetime, until: dt.datetime) -> Outcome:
        assert until - since == DAY
        seen.append(since)
        return Outcome(9, 1)

    def broken(since: dt.datetime, until: dt.datetime) -> Outcome:
        raise ZeroDivisionError

    monkeypatch.setitem(TESTS, "test.works", spec("test.works", work))
    monkeypatch.setitem(TESTS, "test.broken", spec("test.broken", broken))
    monkeypatch.setitem(TESTS, "test.empty", spec("test.empty", lambda a, b: Outcome(0, 0)))
    return seen


def test_each_whole_day_is_written_once_however_often_it_is_run(
    asked: list[dt.datetime],
) -> None:
    row = measure(test="test.works", since=NOW - 3 * DAY)
    assert run_tests(NOW).written == 3
    assert run_tests(NOW + dt.timedelta(hours=3)).written == 0
    assert run_tests(NOW + DAY).written == 1
    found = MeasureTest.objects.filter(measure=row)
    assert {(one.passed, one.failed, one.automatic) for one in found} == {(9, 1, "test.works")}
    assert len({one.digest for one in found}) == 4


def test_two_measures_share_what_was_found(asked: list[dt.datetime]) -> None:
    for n in (1, 2):
        measure(n, test="test.works", since=NOW - DAY)
    assert run_tests(NOW).written == 2
    assert len(asked) == 1


def test_a_test_that_raises_is_named_and_the_others_run(asked: list[dt.datetime]) -> None:
    measure(1, test="test.broken", since=NOW - DAY)
    measure(2, test="test.works", since=NOW - DAY)
    ran = run_tests(NOW)
    assert (ran.written, ran.broken) == (1, ("test.broken",))


def test_where_nothing_happened_there_is_no_evidence(asked: list[dt.datetime]) -> None:
    measure(test="test.empty", since=NOW - 3 * DAY)
    assert run_tests(NOW).written == 0
    assert not MeasureTest.objects.exists()


def test_planned_and_retired_ones_are_not_tested(asked: list[dt.datetime]) -> None:
    measure(1, test="test.works", since=NOW - DAY, state="planned")
    measure(2, test="test.works", since=NOW - DAY, state="retired")
    assert run_tests(NOW).written == 0


def test_after_a_standstill_a_month_is_made_up_for_at_most(asked: list[dt.datetime]) -> None:
    measure(test="test.works", since=NOW - 300 * DAY)
    assert run_tests(NOW).written == 31


def test_every_registered_test_runs_on_an_empty_house() -> None:
    begin = NOW.replace(hour=0)
    for one in TESTS.values():
        found = one.work(begin, begin + DAY)
        assert found.passed >= 0 <= found.failed, one.name
        assert one.rows(begin, begin + DAY).startswith("/"), one.name
    assert len(TESTS) >= 8


@pytest.mark.parametrize(
    ("passed", "failed", "ahead", "field"),
    [(0, 0, 0, "passed"), (-1, 2, 0, "passed"), (1, 0, 1, "at")],
)
def test_a_persons_test_looked_at_something_in_the_past(
    passed: int, failed: int, ahead: int, field: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        record_test(
            BY, measure(), passed=passed, failed=failed, at=NOW + ahead * DAY,
            evidence="The sheet of May.", now=NOW,
        )  # fmt: skip
    assert list(refused.value.message_dict) == [field]


def test_the_registry_is_closed_and_names_are_checked() -> None:
    with pytest.raises(ValueError, match=r"complaints\.answered"):
        measure_test(name="Nonsense", title="", what="")
    with pytest.raises(RuntimeError):
        measure_test(name="test.late", title="", what="")(lambda a, b: Outcome(0, 0))
