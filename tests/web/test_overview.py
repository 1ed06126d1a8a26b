"""The overview: the loop in its order, what waits for whom, and nothing that may not be seen."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client, RequestFactory

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import SYSTEM, Subject
from guanlan.web import overview
from guanlan.web.overview import Figure, Glance, Waiting, loop_of, waiting_for
from guanlan.web.pages.overview import usual
from tests.people import person

NOW = dt.datetime(2026, 11, 28, 12, tzinfo=dt.UTC)


def glance(subject: Subject) -> Glance:
    return Glance(subject, NOW, RequestFactory().get("/"))


@pytest.fixture
def declared(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two figures and two that may wait, in place of what the apps declare."""
    figures: dict[str, list[object]] = {stage: [] for stage in overview.STAGES}
    figures["respond"] = [
        (20, "core.user", lambda g: Figure("2", "later", "/b", "bad")),
        (10, "core.user", lambda g: Figure("1", "first", "/a", "warn")),
    ]
    figures["warn"] = [(10, "core.secretless", lambda g: Figure("9", "unseen", "/c"))]
    late, soon = NOW - dt.timedelta(hours=1), NOW + dt.timedelta(hours=1)
    waiting = [
        ("core.user", lambda g, most: [Waiting("x", f"soon {n}", "/", soon)
                                       for n in range(min(most, 5))]),
        ("core.user", lambda g, most: [Waiting("x", "never", "/", None),
                                       Waiting("x", "late", "/", late)]),
        ("core.secretless", lambda g, most: [Waiting("x", "unseen", "/", late)]),
    ]  # fmt: skip
    monkeypatch.setattr(overview, "_figures", figures)
    monkeypatch.setattr(overview, "_waiting", waiting)


def test_stages_show_what_may_be_seen_in_order_and_are_as_bad_as_their_worst(
    declared: None,
) -> None:
    (stage,) = loop_of(glance(SYSTEM))
    assert [figure.what for figure in stage.figures] == ["first", "later"]
    assert stage.look == "bad"
    assert loop_of(glance(Subject(id=7, name="stranger"))) == []


def test_what_is_late_comes_first_and_what_has_no_time_last(declared: None) -> None:
    found = waiting_for(glance(SYSTEM), most=3)
    assert [one.title for one in found.rows] == ["late", "soon 0", "soon 1"]
    assert found.more
    everything = waiting_for(glance(SYSTEM), most=50)
    assert everything.rows[-1].title == "never"
    assert not everything.more
    assert "unseen" not in {one.title for one in everything.rows}


def test_the_overview_is_filled_while_the_app_starts_only() -> None:
    with pytest.raises(RuntimeError, match="while the app starts"):
        overview.loop("warn", noun="core.user")
    with pytest.raises(ValueError, match="expected one of identify, assess"):
        overview.loop("dream", noun="core.user")  # type: ignore[arg-type]


def test_a_member_of_the_committee_begins_with_the_committees_version() -> None:
    def subject(*roles: str) -> Subject:
        return Subject(id=1, name="x", roles=frozenset(roles))

    assert usual(subject("committee_member")) == "board"
    assert usual(subject("committee_member", "fraud_analyst")) == "duty"
    assert usual(subject()) == "duty"


@pytest.mark.parametrize("view", ["duty", "board"])
@pytest.mark.parametrize("role", ["owner", "committee_member", "customer_service", "auditor"])
def test_every_role_has_an_overview(db: None, client: Client, role: str, view: str) -> None:
    client.force_login(person(role))
    answer = client.get(f"/?view={view}")
    assert answer.status_code == 200
    part = client.get(f"/?view={view}", headers={"HX-Request": "true"})
    assert "<html" not in part.content.decode()
    assert 'class="loop"' in part.content.decode()


def test_a_stranger_is_told_that_there_is_nothing_yet(db: None, client: Client) -> None:
    client.force_login(person(None))
    assert "With your roles there is nothing to see here yet." in (
        client.get("/", headers={"Accept-Language": "en"}).content.decode()
    )
