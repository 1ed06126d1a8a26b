"""What is due is measured once, by the limits in force; what fails says so and stops nothing."""

from __future__ import annotations

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanlan.core.access import SYSTEM
from guanlan.risk import composing, crossing
from guanlan.risk.crossing import Crossing
from guanlan.risk.keeping import set_limits
from guanlan.risk.measuring import ensure_indicators, measure_due
from guanlan.risk.models import Indicator, IndicatorChange, IndicatorLimits, IndicatorSample
from guanlan.risk.reading import FAILED, FEW, GAP, GONE, NO_ANSWER, NO_NUMBER, NO_VALUE, STALE
from guanlan.risk.registry import INDICATORS, Measured, Span, indicator
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, row, spec

pytestmark = pytest.mark.django_db


def told(monkeypatch: pytest.MonkeyPatch) -> list[Crossing]:
    found: list[Crossing] = []
    monkeypatch.setattr(crossing, "HOOKS", [lambda some, now: found.extend(some)])
    return found


def test_a_registered_indicator_has_its_row_and_its_first_limits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, spec("test.dial", Dial()))
    assert ensure_indicators(NOW) == 0
    made = row()
    assert (made.state, made.value) == ("unknown", None)
    first = made.limits.get()
    assert (first.version, first.shipped, first.amber, first.red) == (1, True, 10, 20)


def test_the_span_ends_at_the_grid_and_the_next_turn_follows_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dial = Dial(4)
    only(monkeypatch, spec("test.dial", dial, every=5 * MINUTE, window=30 * MINUTE))
    measure_due(NOW + dt.timedelta(seconds=161))
    assert [(one.start, one.end) for one in dial.asked] == [(NOW - 30 * MINUTE, NOW)]
    assert row().due == NOW + 5 * MINUTE
    assert measure_due(NOW + 4 * MINUTE) is None, "not due yet"
    sample = IndicatorSample.objects.get()
    assert (sample.at, sample.start, sample.value, sample.state) == (
        NOW, NOW - 30 * MINUTE, 4, "green",
    )  # fmt: skip


def test_missed_turns_are_made_up_for_once(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = Dial(4)
    only(monkeypatch, spec("test.dial", dial, limits=limits(stale_after=60 * MINUTE)))
    measure_due(NOW)
    measure_due(NOW + 30 * MINUTE)
    measure_due(NOW + 30 * MINUTE)
    assert [one.end for one in dial.asked] == [NOW, NOW + 30 * MINUTE]


def test_one_that_a_new_version_measures_less_often_writes_no_time_twice(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dial = Dial(4)
    only(monkeypatch, spec("test.dial", dial))
    measure_due(NOW)
    measure_due(NOW + MINUTE)
    monkeypatch.setitem(INDICATORS, "test.dial", spec("test.dial", dial, every=60 * MINUTE))
    measure_due(NOW + 2 * MINUTE)
    assert measure_due(NOW + 3 * MINUTE) is None
    assert IndicatorSample.objects.count() == 3


def test_a_long_stop_is_told_as_unknown_from_when_the_last_value_grew_stale(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, spec("test.dial", Dial(15)))
    measure_due(NOW)
    measure_due(NOW + 300 * MINUTE)
    changes = [(one.at, one.before, one.after, one.why) for one in every_change()]
    assert changes == [
        (NOW, "unknown", "amber", ""),
        (NOW + 10 * MINUTE, "amber", "unknown", GAP),
        (NOW + 300 * MINUTE, "unknown", "amber", ""),
    ]
    assert IndicatorSample.objects.count() == 2, "nothing is invented for the time between"
    assert row().recent == [15, None, 15]


def every_change() -> list[IndicatorChange]:
    return list(IndicatorChange.objects.order_by("at", "id"))


def broken(kind: str) -> Any:
    return {
        "raises": ValueError("the secret of a customer"),
        "nan": float("nan"),
        "infinite": float("inf"),
        "huge": 10**400,
        "text": "12",
        "flag": True,
        "nothing": None,
    }[kind]


@pytest.mark.parametrize(
    ("kind", "why"),
    [
        ("raises", FAILED), ("nan", NO_NUMBER), ("infinite", NO_NUMBER), ("huge", NO_NUMBER),
        ("text", NO_NUMBER), ("flag", NO_NUMBER), ("nothing", NO_VALUE),
    ],
)  # fmt: skip
def test_what_is_no_value_is_unknown_with_the_reason_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch, kind: str, why: str
) -> None:
    bad, good = Dial(broken(kind)), Dial(25)
    only(monkeypatch, spec("test.a_bad", bad), spec("test.dial", good))
    measure_due(NOW)
    failed = row("test.a_bad")
    assert (failed.state, failed.why) == ("unknown", why)
    assert "secret" not in str(failed.why_values)
    assert (row().state, row().value) == ("red", 25)


def test_failing_from_the_first_turn_on_is_told_and_too_little_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = told(monkeypatch)
    few = spec("test.few", Dial(1, volume=1), limits=limits(minimum_volume=5))
    dial = Dial(None)
    only(monkeypatch, spec("test.bad", Dial(ValueError("x"))), few, spec("test.dial", dial))
    measure_due(NOW)
    measure_due(NOW + MINUTE)
    assert [(one.indicator.name, one.change.why) for one in found] == [("test.bad", FAILED)]
    dial.value = ValueError("x")
    measure_due(NOW + 2 * MINUTE)
    measure_due(NOW + 3 * MINUTE)
    assert [one.indicator.name for one in found] == ["test.bad", "test.dial"], "each once"
    assert {(one.change.before, one.change.after) for one in found} == {("unknown", "unknown")}


def test_an_answer_of_another_form_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = [None, 12, (1.0, 2), Measured(1.0, -1)]
    for answer in answers:

        def work(span: Span, answer: Any = answer) -> Any:
            return answer

        only(monkeypatch, spec("test.dial", work))
        measure_due(NOW)
        assert (row().state, row().why) == ("unknown", NO_ANSWER)


def test_a_query_that_fails_does_not_end_the_transaction(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def bad(span: Any) -> Measured:
        with connection.cursor() as cursor:
            cursor.execute("SELECT nothing FROM nowhere")
        return Measured(1.0, 1)

    only(monkeypatch, spec("test.bad", bad), spec("test.dial", Dial(1)))
    measure_due(NOW)
    assert (row("test.bad").why, row().state) == (FAILED, "green")


def test_too_little_volume_and_old_data_are_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def old(span: Any) -> Measured:
        return Measured(1.0, 9, newest=span.end - 11 * MINUTE)

    only(
        monkeypatch,
        spec("test.dial", Dial(1, volume=4), limits=limits(minimum_volume=5)),
        spec("test.old", old),
    )
    measure_due(NOW)
    assert (row().state, row().why) == ("unknown", FEW)
    assert row().why_values == {"volume": 4, "least": 5}
    assert row("test.old").why == STALE


def test_what_no_version_measures_any_more_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", Dial(1)))
    measure_due(NOW)
    monkeypatch.setattr(composing, "INDICATORS", {})
    measure_due(NOW + MINUTE)
    assert (row().state, row().why) == ("unknown", GONE)


def test_one_that_is_switched_off_is_not_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = Dial(1)
    only(monkeypatch, spec("test.dial", dial))
    Indicator.objects.update(enabled=False)
    assert measure_due(NOW) is None
    assert dial.asked == []


def test_crossings_to_red_and_unknown_and_back_are_told_and_no_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = told(monkeypatch)
    dial = Dial(1)
    only(monkeypatch, spec("test.dial", dial))
    for n, value in enumerate((1, 12, 25, 25, None, 12, 1)):
        dial.value = value
        measure_due(NOW + n * MINUTE)
    assert [(one.change.before, one.change.after) for one in found] == [
        ("unknown", "green"), ("amber", "red"), ("red", "unknown"), ("unknown", "amber"),
    ]  # fmt: skip
    assert all(one.sample.pk and one.sample.state == one.change.after for one in found)


def test_a_red_has_an_owner_an_action_and_a_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = Dial(25)
    only(monkeypatch, spec("test.dial", dial))
    Indicator.objects.update(action="Call the desk.", deadline_hours=8)
    measure_due(NOW)
    change = every_change()[-1]
    assert (change.action, change.due) == ("Call the desk.", NOW + dt.timedelta(hours=8))
    assert row().answer_due == change.due
    dial.value = None
    measure_due(NOW + MINUTE)
    assert row().answer_due == change.due, "a change to unknown does not begin the clock anew"
    dial.value = 1
    measure_due(NOW + 2 * MINUTE)
    assert row().answer_due is None


def test_limits_are_judged_by_the_version_that_is_in_force(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    only(monkeypatch, spec("test.dial", Dial(15)))
    later = NOW + 2 * MINUTE
    set_limits(SYSTEM, row(), limits(amber=5.0, red=9.0), "the desk is smaller", NOW, later)
    for n in range(4):
        measure_due(NOW + n * MINUTE)
    samples = IndicatorSample.objects.order_by("at").values_list("state", "limits__version")
    assert list(samples) == [("amber", 1), ("amber", 1), ("red", 2), ("red", 2)]


def test_limits_samples_and_versions_are_never_edited(monkeypatch: pytest.MonkeyPatch) -> None:
    only(monkeypatch, spec("test.dial", Dial(15)))
    measure_due(NOW)
    for rows in (IndicatorLimits.objects.all(), IndicatorSample.objects.all()):
        with pytest.raises(TypeError):
            rows.update(indicator=None)


def test_the_digest_can_be_made_again_and_tells_every_difference(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    dial = Dial(15)
    only(monkeypatch, spec("test.dial", dial), spec("test.other", dial))
    measure_due(NOW)
    measure_due(NOW + MINUTE)
    digests = set(IndicatorSample.objects.values_list("digest", flat=True))
    assert len(digests) == 4
    IndicatorSample.objects.all().delete()
    only(monkeypatch, spec("test.dial", dial), spec("test.other", dial))
    measure_due(NOW)
    assert set(IndicatorSample.objects.values_list("digest", flat=True)) < digests


def test_many_indicators_cost_no_query_each(monkeypatch: pytest.MonkeyPatch) -> None:
    def cost(many: int, at: dt.datetime) -> int:
        dials = [spec(f"test.number_{n}", Dial(n)) for n in range(many)]
        only(monkeypatch, *dials)
        with CaptureQueriesContext(connection) as caught:
            measure_due(at)
        assert IndicatorSample.objects.count() == many
        return len([one for one in caught if "SAVEPOINT" not in one["sql"]])

    told(monkeypatch)  # what raising alerts asks is another matter
    few, lots = cost(3, NOW), cost(400, NOW)
    assert few <= 8
    assert lots <= few + 2 * 400 / 70, "rows are written in batches, as many as a statement takes"


def test_a_worker_that_was_slower_writes_nothing_a_second_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = told(monkeypatch)
    asked: list[Span] = []

    def slow(span: Span) -> Measured:
        asked.append(span)
        if len(asked) == 1:
            measure_due(NOW)  # another worker, which ends before this one writes
        return Measured(25.0, 1)

    only(monkeypatch, spec("test.dial", slow))
    measure_due(NOW)
    assert len(asked) == 2
    assert IndicatorSample.objects.count() == len(every_change()) == len(found) == 1


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets one write at a time, by the file"
)
@pytest.mark.django_db(transaction=True)
def test_two_workers_write_each_sample_once(monkeypatch: pytest.MonkeyPatch) -> None:
    found = told(monkeypatch)
    gate = threading.Barrier(2)

    def slow(span: Span) -> Measured:
        gate.wait(20)
        return Measured(25.0, 1)

    only(monkeypatch, spec("test.dial", slow))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            measure_due(NOW)
        except BaseException as error:  # noqa: BLE001 - told below
            failures.append(error)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(2)]
    for one in workers:
        one.start()
    for one in workers:
        one.join(30)
    assert failures == []
    assert IndicatorSample.objects.count() == len(every_change()) == len(found) == 1


def test_the_registry_is_closed_after_the_start() -> None:
    said: dict[str, Any] = {
        "title": "x", "what": "x", "unit": "count", "direction": "higher", "reason": "x",
        "category": "fraud", "window": MINUTE, "every": MINUTE, "drill": lambda span: "/",
    }  # fmt: skip
    with pytest.raises(RuntimeError, match="closed"):
        indicator(name="test.late", amber=1, red=2, **said)(Dial())
    for wrong, words in (
        ({"red": 0.5}, "red is no lower than amber"),
        ({"red": float("nan")}, "finite"),
        ({"unit": "apples"}, "expected a unit"),
        ({"category": "weather"}, "expected a category"),
        ({"every": dt.timedelta(seconds=61)}, "whole minutes"),
        ({"window": dt.timedelta(0)}, "longer than nothing"),
    ):
        with pytest.raises(ValueError, match=words):
            indicator(name="test.wrong", **{"amber": 1, "red": 2, **said, **wrong})
    with pytest.raises(ValueError, match="a name such as"):
        indicator(name="Wrong", amber=1, red=2, **said)


def test_a_name_twice_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("guanlan.risk.registry.apps.ready", False)
    said: dict[str, Any] = {
        "title": "x", "what": "x", "unit": "count", "direction": "higher", "reason": "x",
        "category": "fraud", "window": MINUTE, "every": MINUTE, "drill": lambda span: "/",
    }  # fmt: skip
    with pytest.raises(ValueError, match="registered twice"):
        indicator(name="complaints.received", amber=1, red=2, **said)(Dial())
