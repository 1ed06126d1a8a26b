"""Steps of plans that restrict and declare: once, only for what the plan was started for, and
never in a drill."""

from __future__ import annotations

import datetime as dt

import pytest

from guanlan.engine import Engine
from guanlan.response.alerts import raise_alert
from guanlan.response.cases.grouping import group_all
from guanlan.response.entities import Named, rows_of
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import Alert, Incident, IncidentLink, NeverBlock, PlanRun, Restriction
from guanlan.response.plans.advancing import advance_all
from guanlan.response.plans.cacao import Automatic
from guanlan.response.plans.running import begin
from tests.response.alerts.findings import finding
from tests.response.plans.conftest import NOW, in_force, someone
from tests.response.plans.plans import END, playbook, start
from tests.response.plans.test_running import a, auto, begun, row, state
from tests.response.restrictions import conftest as restricting

engine = restricting.engine  # a fixture: the sink that holds what is restricted

pytestmark = pytest.mark.django_db


def restrict(**more: object) -> Automatic:
    asked = {"kind": "user", "effect": "block", "reason_code": "takeover", "hours": 24}
    return auto(1, "restrict", END.id, parameters=asked | more)


def alert() -> Alert:
    users = (("user", Named("user", "u-1")), ("payee", Named("user", "u-2")))
    made = raise_alert(finding(entities=users, at=NOW), now=NOW)
    assert made is not None
    return made


def run_of(step: Automatic, about: Alert | None = None, **more: object) -> PlanRun:
    origin = ("response.alert", str(about.pk)) if about else ("", "")
    run = begun(playbook(start(a(1)), step, END), origin=origin, **more)
    advance_all(NOW)
    return run


def test_every_user_of_the_alert_is_blocked_once_and_for_a_time(engine: Engine) -> None:
    run = run_of(restrict(), alert())
    advance_all(NOW + dt.timedelta(minutes=1))
    assert state(run) == "done", row(run, 1).result
    made = list(Restriction.objects.order_by("pk"))
    assert [(one.effect, one.automatic, one.state) for one in made] == [
        ("block", True, "in_force")
    ] * 2
    assert {one.entity.key for one in made} == {"u-1", "u-2"}
    assert {one.expires for one in made} == {NOW + dt.timedelta(hours=24)}
    assert {(one.origin, one.origin_pk) for one in made} == {("response.planrun", str(run.pk))}


def test_who_must_never_be_blocked_is_left_out(engine: Engine) -> None:
    entity = rows_of([Named("user", "u-1")])[Named("user", "u-1")]
    NeverBlock.objects.create(entity=entity, kind="user", reason="the regulator's test account")
    run = run_of(restrict(), alert())
    assert row(run, 1).result["values"] == {"n": 1, "refused": 1}
    assert [one.entity.key for one in Restriction.objects.all()] == ["u-2"]


@pytest.mark.parametrize("wrong", [{"effect": "destroy"}, {"hours": 0}, {"kind": "card"}])
def test_what_cannot_be_restricted_fails_with_a_sentence(
    engine: Engine, wrong: dict[str, object]
) -> None:
    run = run_of(restrict(**wrong), alert())
    assert row(run, 1).state == "failed"
    assert row(run, 1).result
    assert not Restriction.objects.exists()


@pytest.mark.parametrize("about", ["case", "incident", "incident of the case"])
def test_a_case_and_an_incident_speak_of_the_entities_of_their_alerts(
    engine: Engine, about: str
) -> None:
    made = alert()
    other = raise_alert(finding("u-9", at=NOW), now=NOW)
    assert other is not None
    group_all(NOW)
    made.refresh_from_db()
    if about == "case":
        origin = ("response.case", str(made.case_id))
    else:
        chief = someone("owner", "chief")
        incident = declare(chief, "Accounts are taken over", "fraud", "major", now=NOW)
        tied = made if about == "incident" else made.case
        assert tied is not None
        IncidentLink.objects.create(
            incident=incident, noun=tied._meta.label_lower, key=str(tied.pk), added=NOW
        )
        origin = ("response.incident", str(incident.pk))
    run = begun(playbook(start(a(1)), restrict(), END), origin=origin)
    advance_all(NOW)
    assert state(run) == "done", row(run, 1).result
    assert {one.entity.key for one in Restriction.objects.all()} == {"u-1", "u-2"}


def test_a_plan_that_was_started_for_nothing_restricts_nobody(engine: Engine) -> None:
    run = run_of(restrict())
    assert row(run, 1).state == "failed"
    assert not Restriction.objects.exists()


def test_a_drill_restricts_and_declares_nothing(engine: Engine) -> None:
    alert()
    version = in_force(playbook(start(a(1)), restrict(), END)).current
    assert version is not None
    run = begin(someone("risk_owner"), version, PlanRun.Mode.DRILL, NOW)
    advance_all(NOW)
    assert state(run) == "done"
    assert not Restriction.objects.exists()
    assert row(run, 1).result["values"] == {"kind": "user"}


def test_an_incident_is_declared_once() -> None:
    values = {"title": "Accounts are taken over", "category": "fraud", "impact": "major"}
    run = run_of(auto(1, "declare_incident", END.id, parameters=values))
    advance_all(NOW + dt.timedelta(minutes=1))
    assert state(run) == "done", row(run, 1).result
    one = Incident.objects.get()
    assert (one.title, one.category) == (values["title"], "fraud")
