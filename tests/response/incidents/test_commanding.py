"""Who is asked to command, which plan starts by itself, and who is reminded of news."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from msgspec import structs

from guanlan.core.access import SYSTEM
from guanlan.core.models import Message, User
from guanlan.core.outbox import acknowledge
from guanlan.response.alerts import raise_alert
from guanlan.response.alerts.arranging import save_schedule
from guanlan.response.incidents import moving, roles
from guanlan.response.incidents.commanding import unanswered
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.following import tell
from guanlan.response.incidents.matrix import SHIPPED, add_matrix
from guanlan.response.incidents.reminding import remind_late_news, start_waiting
from guanlan.response.models import Incident, OnCallSchedule, Plan, PlanRun
from guanlan.response.terms import Severity
from tests.people import person
from tests.response.alerts.findings import finding
from tests.response.incidents.rows import NOW
from tests.response.plans.conftest import in_force, someone
from tests.response.plans.plans import VARIABLES, line_of

pytestmark = pytest.mark.django_db
HOUR = dt.timedelta(hours=1)


def schedule(people: str, *commands: str, name: str = "duty") -> OnCallSchedule:
    return save_schedule(
        SYSTEM, None, name=name, people=people, turn_days=7, handover=dt.time(9),
        start=dt.date(2026, 1, 1), zone="Asia/Shanghai", commands=commands,
    )  # fmt: skip


def declared(by: Any = None, **more: Any) -> Incident:
    said: dict[str, Any] = {"title": "Cards are tried", "category": "fraud", "impact": "major"}
    return declare(by or SYSTEM, now=NOW, **(said | more))


def asked() -> list[Message]:
    return list(Message.objects.filter(template="incident.command"))


def test_who_is_on_duty_for_the_category_is_asked_and_commands_by_acknowledging() -> None:
    duty = person("fraud_analyst", "dora")
    schedule("dora", "fraud", "security")
    row = declared()
    assert row.commander is None
    (message,) = asked()
    assert message.recipient == duty
    acknowledge(someone("fraud_analyst", "dora"), message, NOW + HOUR / 10)
    row.refresh_from_db()
    assert row.commander_id == duty.pk
    assert row.acknowledged == NOW + HOUR / 10
    assert [one.kind for one in row.entries.order_by("id")] == ["declared", "asked", "assumed"]
    roles.renounce(someone("fraud_analyst", "dora"), row, "commander", now=NOW + HOUR)
    row.refresh_from_db()
    assert row.commander is None


def test_who_declared_it_commands_until_then_and_nobody_is_asked_of_other_categories() -> None:
    duty = person("fraud_analyst", "dora")
    schedule("dora", "fraud")
    row = declared(someone("operations"))
    assert row.commander is not None
    acknowledge(someone("fraud_analyst", "dora"), asked()[0], NOW)
    row.refresh_from_db()
    assert row.commander == duty
    declared(category="privacy")
    assert len(asked()) == 1


def test_a_commander_that_people_chose_is_not_replaced() -> None:
    person("fraud_analyst", "dora")
    schedule("dora", "fraud")
    row = declared()
    chosen = person("security_engineer", "chosen")
    roles.assume(SYSTEM, row, "commander", chosen, now=NOW)
    acknowledge(someone("fraud_analyst", "dora"), asked()[0], NOW)
    row.refresh_from_db()
    assert row.commander == chosen


def test_those_who_manage_incidents_hear_that_nobody_commands() -> None:
    person("fraud_analyst", "dora")
    person("risk_owner", "rita")
    schedule("dora", "fraud")
    declared()
    unanswered(asked()[0])
    told = Message.objects.filter(template="incident.uncommanded")
    assert "rita" in {one.recipient.username for one in told if one.recipient}


def test_a_category_has_one_schedule() -> None:
    person("fraud_analyst", "dora")
    schedule("dora", "fraud")
    with pytest.raises(ValidationError, match="named for user fraud already"):
        schedule("dora", "fraud", "security", name="other")


def matrix(plan: Plan, on: bool = True) -> None:
    add_matrix(
        SYSTEM, SHIPPED.cells, SHIPPED.stable_within, SHIPPED.told_every, "for a test", NOW,
        plans={"fraud": plan.pk}, starts={"major": {"medium": on}},
    )  # fmt: skip


def runs() -> int:
    return PlanRun.objects.count()


def test_the_plan_of_a_category_starts_once_where_the_cell_says_so() -> None:
    plan = in_force(line_of(1))
    matrix(plan)
    row = declared()
    assert runs() == 0, "not within the declaration"
    assert start_waiting(NOW) == 1
    Incident.objects.filter(pk=row.pk).update(to_start=plan)  # killed before the mark
    assert start_waiting(NOW) == 0
    run = PlanRun.objects.get()
    assert (run.origin_noun, run.origin_id) == ("response.incident", str(row.pk))
    declared(impact="minor")
    declared(category="privacy")
    assert start_waiting(NOW) == 0


def test_no_plan_starts_by_itself_unless_it_is_switched_on() -> None:
    matrix(in_force(line_of(1)), on=False)
    declared()
    assert (start_waiting(NOW), runs()) == (0, 0)


def test_a_plan_that_is_gone_is_told_in_the_timeline() -> None:
    plan = in_force(line_of(1))
    matrix(plan)
    row = declared()
    Plan.objects.filter(pk=plan.pk).update(retired=NOW)
    assert start_waiting(NOW) == 0
    assert row.entries.filter(kind="plan_missing").exists()
    with pytest.raises(ValidationError, match="not in force"):
        matrix(plan)


def reminded() -> list[str]:
    rows = Message.objects.filter(template="incident.news_late").order_by("pk")
    return [one.recipient.username for one in rows if one.recipient]


def test_late_news_remind_the_liaison_and_again_each_time_the_rhythm_has_passed() -> None:
    commander = someone("operations", "cora")
    row = declared(commander)
    assert Severity(row.severity) == Severity.high  # news each two hours
    assert remind_late_news(NOW + HOUR) == 0
    assert [remind_late_news(NOW + 2 * HOUR), remind_late_news(NOW + 3 * HOUR)] == [1, 0]
    assert reminded() == ["cora"]
    liaison = person("customer_service", "lina")
    roles.assume(commander, row, "liaison", liaison, now=NOW + 3 * HOUR)
    assert remind_late_news(NOW + 4 * HOUR) == 1
    assert reminded() == ["cora", "lina"]
    tell(commander, row, "management", "it goes on", now=NOW + 4 * HOUR)
    assert remind_late_news(NOW + 5 * HOUR) == 0
    moving.close(commander, row, reason="all is well", now=NOW + 5 * HOUR)
    assert remind_late_news(NOW + 20 * HOUR) == 0


def test_a_plan_is_started_for_an_incident_on_screen_with_its_variables(client: Client) -> None:
    plan = in_force(structs.replace(line_of(1), variables=VARIABLES))
    row = declared()
    client.force_login(person("risk_owner", "rita"))
    address = reverse("start_plan_for")
    of = {"noun": "response.incident", "id": str(row.pk)}
    assert f"#{row.pk} Cards are tried" in client.get(address, of).content.decode()
    asked = client.post(address, of | {"plan": str(plan.pk)}).content.decode()
    assert "Data has left" in asked, "the variables are asked for"
    assert runs() == 0
    values = {"plan": str(plan.pk), "known": str(plan.pk), "v_leak": "true", "v_hurt": "7"}
    answer = client.post(address, of | values)
    run = PlanRun.objects.get()
    assert answer.headers["Location"] == reverse("plan_run", args=[run.pk])
    assert (run.variables["leak"], run.variables["hurt"]) == (True, 7)
    assert run.variables["why"] == "unknown"
    assert run.origin_id == str(row.pk)
    assert row.entries.filter(kind="plan").exists()
    assert User.objects.get(username="rita") == run.started_by
    assert client.get(address, of | {"id": "999"}).status_code == 404


def test_a_plan_is_started_for_an_alert_and_stands_on_its_page(client: Client) -> None:
    plan = in_force(line_of(1))
    alert = raise_alert(finding(at=NOW), NOW)
    assert alert is not None
    client.force_login(person("risk_owner", "rita"))
    said = {"noun": "response.alert", "id": str(alert.pk), "plan": str(plan.pk)}
    client.post(reverse("start_plan_for"), said)
    run = PlanRun.objects.get()
    assert (run.origin_noun, run.origin_id) == ("response.alert", str(alert.pk))
    page = client.get(reverse("alert", args=[alert.pk])).content.decode()
    assert reverse("plan_run", args=[run.pk]) in page
    assert "start-plan?noun=response.alert" in page
