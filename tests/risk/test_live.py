"""Live indicators are measured between their turns, and say nothing where nothing has moved."""

from __future__ import annotations

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from guanlan.fraud import projector
from guanlan.risk import crossing
from guanlan.risk.crossing import Moved
from guanlan.risk.jobs import BETWEEN
from guanlan.risk.measuring import measure_due, measure_live
from guanlan.risk.models import IndicatorChange, IndicatorSample
from tests.risk.rows import MINUTE, NOW, Dial, limits, only, row, spec

pytestmark = pytest.mark.django_db
SECOND = dt.timedelta(seconds=1)


@pytest.fixture
def dial(monkeypatch: pytest.MonkeyPatch) -> Dial:
    made = Dial(5)
    only(monkeypatch, spec("test.dial", made, live=True), spec("test.other", Dial(1)))
    measure_due(NOW)
    return made


def times() -> list[tuple[dt.datetime, float | None, bool]]:
    found = IndicatorSample.objects.filter(indicator__name="test.dial").order_by("at")
    return [(one.at, one.value, one.live) for one in found]


def test_what_has_moved_is_written_at_once_and_its_turn_stays(dial: Dial) -> None:
    dial.value = 25
    assert measure_live(NOW + 7 * SECOND) == 1
    assert times() == [(NOW, 5, False), (NOW + 7 * SECOND, 25, True)]
    assert (row().state, row().value, row().due) == ("red", 25, NOW + MINUTE)
    assert row().recent == [5], "a trend is of turns"
    assert [one.at for one in IndicatorChange.objects.filter(after="red")] == [NOW + 7 * SECOND]
    assert row("test.other").sampled == NOW


def test_what_has_not_moved_writes_nothing(dial: Dial) -> None:
    with CaptureQueriesContext(connection) as caught:
        assert measure_live(NOW + SECOND) == 0
    assert len([one for one in caught if "SAVEPOINT" not in one["sql"]]) == 2
    assert len(times()) == 1


def test_a_turn_that_is_due_is_taken_and_not_measured_twice(dial: Dial) -> None:
    assert measure_live(NOW + MINUTE + SECOND) == 1
    assert times()[-1] == (NOW + MINUTE + SECOND, 5, False)
    assert row().due == NOW + 2 * MINUTE
    measure_due(NOW + MINUTE + 2 * SECOND)
    assert len(times()) == 2
    assert row("test.other").sampled == NOW + MINUTE


def test_a_state_that_time_alone_brings_about_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    dial = Dial(5)
    only(
        monkeypatch,
        spec(
            "test.dial", dial, live=True, every=5 * MINUTE,
            limits=limits(minimum_duration=30 * SECOND),
        ),
    )  # fmt: skip
    measure_due(NOW)
    dial.value = 25
    measure_live(NOW + SECOND)
    assert row().state == "green"
    measure_live(NOW + 31 * SECOND)
    assert row().state == "red"


def test_a_job_that_read_the_row_before_goes_on_from_where_it_stands_now(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dt.datetime] = []

    class Slow(Dial):
        def __call__(self, span):  # type: ignore[no-untyped-def]
            asked.append(span.end)
            if len(asked) == 2:
                measure_live(NOW + 59 * SECOND)  # while the job reads
            return super().__call__(span)

    only(monkeypatch, spec("test.dial", Slow(25), live=True))
    measure_due(NOW)
    IndicatorSample.objects.all().delete()
    row_before = row()
    row_before.value, row_before.state = 5.0, "green"
    row_before.save()
    measure_due(NOW + MINUTE)
    assert [at for at, _value, _live in times()] == [NOW + 59 * SECOND, NOW + MINUTE]
    reds = IndicatorChange.objects.filter(before="green", after="red")
    assert [one.at for one in reds] == [NOW + 59 * SECOND], "once"


def test_who_listens_is_told_of_values_that_moved(
    dial: Dial, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[Moved] = []
    monkeypatch.setattr(crossing, "MOVED_HOOKS", [lambda moved, now: heard.extend(moved)])
    measure_due(NOW + MINUTE)
    assert heard == []
    dial.value = 7
    measure_live(NOW + MINUTE + SECOND)
    (one,) = heard
    assert (one.indicator.name, one.before, one.indicator.value) == ("test.dial", 5, 7)


def test_the_projection_asks_for_it_once_in_a_second_and_not_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now, asked = [0.0], []
    monkeypatch.setattr(projector, "monotonic", lambda: now[0])
    monkeypatch.setattr(projector, "measure_live", lambda at: asked.append(now[0]))
    live = projector.LiveIndicators()
    for second, moved in ((0.0, 0), (0.1, 3), (0.2, 1), (0.9, 0), (1.2, 0), (2.5, 0), (2.6, 1)):
        now[0] = second
        live.bring_up(moved)
    assert asked == [0.1, 1.2, 2.6], "what moved within the second is not forgotten"


def test_that_it_fails_stops_no_projection(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(at: dt.datetime) -> int:
        raise ValueError("x")

    monkeypatch.setattr(projector, "measure_live", fails)
    live = projector.LiveIndicators()
    live.bring_up(1)
    assert live.failure == "ValueError"


def test_samples_between_turns_are_forgotten(dial: Dial) -> None:
    dial.value = 6
    measure_live(NOW + SECOND)
    IndicatorSample.objects.filter(live=True, at__lt=NOW + BETWEEN).delete()
    assert times() == [(NOW, 5, False)]
