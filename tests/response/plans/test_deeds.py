"""Steps of plans that restrict and declare: once, only for what the plan was started for, and
never in a drill."""

from __future__ import annotations

import datetime as dt

import pytest

from guanlan.core.access import SYSTEM
from guanlan.engine import Engine
from guanlan.response.alerts import raise_alert
from guanlan.response.cases.closing import close
from guanlan.response.cases.grouping import group_all
from guanlan.response.cases.joining import merge
from guanlan.response.cases.opening import open_case
from guanlan.response.entities import Named, rows_of
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import (
    Alert,
    Case,
    CaseLink,
    Incident,
    IncidentLink,
    NeverBlock,
    PlanRun,
    Restriction,
)
from guanlan.response.plans.advancing import advance_all
from guanlan.response.plans.cacao import Automatic
from guanlan.response.plans.running import begin
from guanlan.response.terms import Severity
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


def case_step(**more: object) -> Automatic:
    return auto(1, "open_case", END.id, parameters={"title": "Wave of takeovers"} | more)


def test_what_a_run_was_started_for_gets_a_case_once() -> None:
    about = alert()
    run = run_of(case_step(), about)
    advance_all(NOW + dt.timedelta(minutes=1))
    assert state(run) == "done", row(run, 1).result
    made = Case.objects.get()
    about.refresh_from_db()
    assert (about.case, about.case_pending) == (made, False)
    assert (made.alert_count, made.entity_count, made.category) == (1, 2, about.category)
    assert made.severity == about.severity
    group_all(NOW)
    assert Case.objects.count() == 1, "further alerts about them join it"


def test_a_case_that_is_open_is_joined_and_one_that_is_closed_tied() -> None:
    about = alert()
    group_all(NOW)
    first = Case.objects.get()
    run = run_of(case_step(), about)
    assert row(run, 1).result["values"] == {"n": first.pk}
    assert Case.objects.count() == 1
    close(SYSTEM, first, "benign", "looked at", now=NOW)
    run_of(case_step(), about)
    made = Case.objects.latest("pk")
    assert made.pk != first.pk
    assert CaseLink.objects.get().other == first
    about.refresh_from_db()
    assert about.case == first, "an alert stays where it was worked on"


@pytest.mark.parametrize("wrong", [{"severity": "awful"}, {"category": "weather"}, {"title": "x"}])
def test_a_case_that_cannot_be_opened_says_why(wrong: dict[str, object]) -> None:
    run = run_of(case_step(**wrong), alert())
    assert row(run, 1).state == "failed"
    assert row(run, 1).result
    assert not Case.objects.exists()


def test_without_an_alert_it_needs_a_category() -> None:
    assert row(run_of(case_step()), 1).state == "failed"
    assert row(run_of(case_step(category="fraud")), 1).state == "done"
    assert Case.objects.get().alert_count == 0


def test_in_a_drill_no_case_is_opened() -> None:
    about = alert()
    version = in_force(playbook(start(a(1)), case_step(), END)).current
    assert version is not None
    origin = ("response.alert", str(about.pk))
    run = begin(someone("risk_owner"), version, PlanRun.Mode.DRILL, NOW, origin=origin)
    advance_all(NOW)
    assert state(run) == "done"
    assert row(run, 1).result["values"] == {"title": "Wave of takeovers"}
    assert not Case.objects.exists()


def incident_of(*tied: Alert | Case) -> Incident:
    chief = someone("owner", "chief")
    made = declare(chief, "Accounts are taken over", "security", "major", now=NOW)
    for one in tied:
        IncidentLink.objects.create(
            incident=made, noun=one._meta.label_lower, key=str(one.pk), added=NOW
        )
    return made


def run_for(incident: Incident, **more: object) -> PlanRun:
    origin = ("response.incident", str(incident.pk))
    run = begun(playbook(start(a(1)), case_step(**more), END), origin=origin)
    advance_all(NOW)
    return run


def test_an_incident_gets_a_case_of_its_category_with_what_its_alerts_speak_of_once() -> None:
    first = alert()
    second = raise_alert(finding("u-9", at=NOW), now=NOW)
    assert second is not None
    incident = incident_of(first, second)
    run = run_for(incident)
    assert state(run) == "done", row(run, 1).result
    made = Case.objects.get()
    assert (made.category, made.severity) == ("security", incident.severity)
    assert (made.alert_count, made.entity_count) == (2, 3)
    assert {one.case for one in Alert.objects.all()} == {made}
    assert incident.links.filter(noun="response.case", key=str(made.pk)).exists()
    again = run_for(incident)
    assert row(again, 1).result["values"] == {"n": made.pk}
    assert Case.objects.count() == 1


@pytest.mark.parametrize("tied", ["case", "alert"])
def test_the_open_case_that_an_incident_is_tied_to_is_gone_on_with(tied: str) -> None:
    about = alert()
    group_all(NOW)
    about.refresh_from_db()
    there = Case.objects.get()
    run = run_for(incident_of(there if tied == "case" else about))
    assert row(run, 1).result["values"] == {"n": there.pk}
    assert Case.objects.count() == 1
    assert there.entries.filter(kind="plan").exists()


def test_of_cases_of_an_incident_the_one_that_another_went_on_in_is_found() -> None:
    rows = [
        open_case(SYSTEM, title=f"case {n}", category="fraud", severity=Severity.low, now=NOW)
        for n in range(3)
    ]
    chief = someone("risk_owner", "lead")
    merge(chief, rows[0], rows[1], "the same wave", now=NOW)
    close(SYSTEM, rows[2], "benign", "looked at", now=NOW)
    run = run_for(incident_of(rows[0], rows[2]))
    assert row(run, 1).result["values"] == {"n": rows[1].pk}


def test_a_closed_case_of_an_incident_is_tied_to_the_new_one() -> None:
    alert()
    group_all(NOW)
    first = Case.objects.get()
    close(SYSTEM, first, "benign", "looked at", now=NOW)
    incident = incident_of(first)
    run = run_for(incident, severity="low", category="fraud")
    assert state(run) == "done", row(run, 1).result
    made = Case.objects.latest("pk")
    assert (made.category, made.severity, made.entity_count) == ("fraud", Severity.low, 2)
    assert CaseLink.objects.get().other == first
    assert incident.links.filter(key=str(made.pk)).exists()


def test_an_incident_that_is_tied_to_nothing_gets_a_case_of_its_own() -> None:
    incident = incident_of()
    assert state(run_for(incident)) == "done"
    made = Case.objects.get()
    assert (made.category, made.entity_count, made.alert_count) == ("security", 0, 0)
    assert incident.entries.filter(kind="linked").exists()
