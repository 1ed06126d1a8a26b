"""What the public page says of states over time."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.response.models import StatusSpan
from guanlan.response.status import keeping
from guanlan.response.status.limiting import Limiter
from guanlan.response.status.reading import DAYS, ORDER, Stretch, down, public, worst
from tests.response.status.rows import HOUR, NOW, an_incident, component, someone

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = dt.timedelta(minutes=1)


@given(
    st.lists(
        st.tuples(st.sampled_from(ORDER[1:]), st.integers(-200, 1700), st.integers(0, 900)),
        max_size=6,
    )
)
def test_what_is_down_twice_is_down_once(spans: list[tuple[str, int, int]]) -> None:
    """An oracle that looks at each minute of a day."""
    stretches = [
        Stretch(1, state, NOW + at * MINUTE, NOW + (at + length) * MINUTE)
        for state, at, length in spans
    ]
    lost = sum(
        any(
            one.begins <= NOW + n * MINUTE < (one.ends or NOW)
            and one.state in ("partial", "outage")
            for one in stretches
        )
        for n in range(1440)
    )
    assert down(stretches, NOW, NOW + 1440 * MINUTE) == lost * MINUTE


def test_the_worst_state_counts() -> None:
    assert worst([]) == "operational"
    assert worst(["degraded", "maintenance", "partial"]) == "partial"


@pytest.mark.django_db
def test_states_come_from_incidents_and_go_with_them() -> None:
    pay, login = component("Payments"), component("Login")
    first, second = an_incident(), an_incident("Another")
    speaker = someone("operations")
    keeping.set_states(speaker, first, {pay.pk: "degraded", login.pk: "operational"}, NOW - HOUR)
    keeping.set_states(speaker, second, {pay.pk: "outage"}, NOW - HOUR / 2)
    found = public(NOW, SHANGHAI)
    assert [one.state for one in found.components] == ["outage", "operational"]
    assert found.state == "outage"
    assert len(found.open) == 2
    keeping.set_states(speaker, second, {pay.pk: "operational"}, NOW)
    later = public(NOW + HOUR, SHANGHAI)
    assert later.components[0].state == "degraded", "the other incident still touches it"
    assert [one.ends for one in later.past] == [NOW]
    first.state, first.closed = "closed", NOW + HOUR
    first.save()
    over = public(NOW + 2 * HOUR, SHANGHAI)
    assert over.state == "operational", "what an incident did ends with it"
    assert over.open == []
    today = over.components[0].days[-1]
    assert (today.date.isoformat(), today.state) == ("2027-03-01", "outage")
    assert today.down == pytest.approx(30 / 1440), "slow is not down"
    assert over.components[1].uptime == 1.0


@pytest.mark.django_db
def test_days_before_a_component_was_there_are_not_known() -> None:
    component("New", created=NOW - dt.timedelta(days=3))
    days = public(NOW, SHANGHAI).components[0].days
    assert len(days) == DAYS
    assert [one.state for one in days[-5:]] == ["", *["operational"] * 4]
    assert {one.state for one in days[:-4]} == {""}


@pytest.mark.django_db
def test_a_day_is_a_day_of_the_organisation() -> None:
    pay, incident = component("Payments"), an_incident()
    at = dt.datetime(2027, 2, 27, 23, 30, tzinfo=dt.UTC)  # 28 February in Shanghai
    StatusSpan.objects.create(
        component=pay, incident=incident, state="outage", begins=at, ends=at + HOUR
    )
    days = {one.date.isoformat(): one for one in public(NOW, SHANGHAI).components[0].days}
    assert days["2027-02-28"].down == pytest.approx(1 / 24)
    assert days["2027-02-27"].state == "operational"
    there = {one.date.isoformat(): one for one in public(NOW, ZoneInfo("UTC")).components[0].days}
    assert there["2027-02-27"].down == pytest.approx(0.5 / 24)


def test_an_address_may_ask_so_often_and_then_waits() -> None:
    limiter = Limiter(3, 60.0)
    assert [limiter.wait("a", float(n)) for n in range(3)] == [0, 0, 0]
    assert limiter.wait("a", 10.0) == 50
    assert limiter.wait("b", 10.0) == 0, "each address for itself"
    assert limiter.wait("a", 60.0) == 0
