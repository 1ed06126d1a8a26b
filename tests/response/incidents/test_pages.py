"""The screens of incidents."""

from __future__ import annotations

import datetime as dt
import re
from html import unescape
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.models import User
from guanlan.response.incidents.declaring import declare
from guanlan.response.incidents.matrix import IMPACTS, SHIPPED, URGENCIES
from guanlan.response.models import Incident, IncidentTask, PlanRun, SeverityMatrix
from guanlan.response.terms import Severity
from tests.people import confirm, person
from tests.response.incidents.rows import make_criterion, make_incident, make_matrix, make_task
from tests.response.plans.conftest import in_force, someone
from tests.response.plans.plans import line_of
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db
CELLS = {f"{i}_{u}": SHIPPED.cells[i][u] for i in IMPACTS for u in URGENCIES}


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


class TestIncidents(ResourceSuite):
    noun = "response.incident"
    form: ClassVar = {"title": "Payments stand still", "category": "fraud", "impact": "major"}

    def make(self, n: int) -> Any:
        return make_incident(n)


class TestTasks(ResourceSuite):
    noun = "response.incidenttask"

    def make(self, n: int) -> Any:
        return make_task(n)


class TestCriteria(ResourceSuite):
    noun = "response.declarationcriterion"
    form: ClassVar = {
        "name": "Many takeovers", "category": "fraud", "severity": "high", "count": "10",
        "minutes": "15", "title": "Wave of takeovers", "impact": "major", "urgency": "high",
    }  # fmt: skip

    def make(self, n: int) -> Any:
        return make_criterion(n)


class TestMatrices(ResourceSuite):
    noun = "response.severitymatrix"
    form: ClassVar = {"reason": "After the drill", **CELLS}

    def make(self, n: int) -> Any:
        return make_matrix(n)


def test_an_incident_is_led_on_its_page() -> None:
    plan = in_force(line_of(2))
    person("operations", "ann")
    person("security_engineer", "ben")
    ann, ben = client_of("ann"), client_of("ben")
    form = ann.get(reverse("incidents_new")).content.decode()
    assert 'name="impact"' in form
    said = {"title": "Payments stand still", "category": "operations", "impact": "severe",
            "summary": "the gateway is silent"}  # fmt: skip
    ann.post(reverse("incidents_new"), said)
    row = Incident.objects.get()
    address = reverse("incident", args=[row.pk])
    assert "the gateway is silent" in ann.get(address).content.decode()
    assert row.severity == Severity.critical

    def do(who: Client, action: str, **values: Any) -> None:
        answer = who.post(reverse("incidents_do", args=[row.pk, action]), values)
        assert answer.status_code == 302, answer.content.decode()

    do(ann, "note", text="Called the bank.")
    do(ann, "assume", role="scribe", person="ben")
    later = (timezone.now() + dt.timedelta(days=2)).strftime("%Y-%m-%dT%H:%M")
    do(ann, "task", title="Restart it", due=later, owner="ben")
    do(ann, "plan", plan=str(plan.pk))
    text = ben.get(address).content.decode()
    for part in ("Called the bank.", "Restart it", "scribe", "command", "Plans"):
        assert part in text
    run = PlanRun.objects.get()
    assert reverse("plan_run", args=[run.pk]) in text
    do(ann, "link", noun="response.planrun", key=str(run.pk))
    wrong = ann.post(
        reverse("incidents_do", args=[row.pk, "link"]), {"noun": "response.planrun", "key": "99999"}
    )
    assert wrong.status_code == 422
    task = IncidentTask.objects.get()
    ben.post(reverse("incident_tasks_do", args=[task.pk, "finish"]), {"note": "Restarted."})
    door = reverse("incident_tasks_do", args=[task.pk, "verify"])
    assert door not in ben.get(reverse("incident_task", args=[task.pk])).content.decode()
    assert ben.post(door).status_code == 403
    assert ann.post(door).status_code == 302
    do(ann, "stable")
    assert ann.post(reverse("incidents_do", args=[row.pk, "close"]), {}).status_code == 422
    do(ann, "renounce", role="scribe")
    do(ann, "close")
    row.refresh_from_db()
    assert row.state == "closed"
    do(ann, "reopen", reason="It is back.")


def test_who_does_not_work_on_incidents_reads_no_text_of_people() -> None:
    row = declare(
        someone("operations"), "Leak", "privacy", "severe", now=timezone.now(),
        summary="secret words",
    )  # fmt: skip
    person("committee_member", "cm")
    eyes = client_of("cm")
    text = eyes.get(reverse("incident", args=[row.pk])).content.decode()
    assert "Leak" in text
    assert "secret words" not in text
    assert "•••" in text
    assert reverse("incidents_do", args=[row.pk, "note"]) not in text
    assert eyes.post(reverse("incidents_do", args=[row.pk, "stable"])).status_code == 403


def test_a_confidential_incident_is_not_there_for_others() -> None:
    row = declare(
        someone("operations", "ann"), "Leak", "privacy", "severe", now=timezone.now(),
        confidential=True,
    )  # fmt: skip
    person("operations", "ben")
    ben = client_of("ben")
    assert ben.get(reverse("incident", args=[row.pk])).status_code == 404
    for route in ("incidents", "incident_board", "incident_figures"):
        assert "Leak" not in ben.get(reverse(route)).content.decode()
    assert "Leak" in client_of("ann").get(reverse("incident_board")).content.decode()


def test_the_figures_say_what_is_unknown() -> None:
    now = timezone.now()
    for hours in range(1, 8):
        row = declare(
            someone("operations"), f"No. {hours}", "fraud", "minor", now=now,
            known=now - dt.timedelta(hours=hours),
        )  # fmt: skip
        row.stable = row.known + dt.timedelta(hours=hours)
        row.save()
    page = client_of("operations").get(reverse("incident_figures"))
    detect, _acknowledge, stabilise = page.context["rows"]
    assert detect[1:4] == ("unknown", "unknown", "unknown")
    assert stabilise[1:4] == ("4 h", "1 h – 7 h", "4 h")
    for line, known, unknown in ((detect, 0, 7), (stabilise, 7, 0)):
        for cell, count in ((line[4], known), (line[5], unknown)):
            address, shown = re.findall('href="([^"]+)">([0-9]+)<', cell)[0]
            assert int(shown) == count
            found = client_of("operations").get(unescape(address))
            assert found.context["many"] == count  # the list holds what the number counts


def test_the_matrix_in_force_is_shown_and_changed() -> None:
    person("risk_owner", "chief")
    chief = client_of("chief")
    assert "as it comes" in chief.get(reverse("severity_matrix_now")).content.decode()
    wrong = {**CELLS, "severe_high": "info", "reason": "Trial"}
    answer = chief.post(reverse("severity_matrices_new"), wrong)
    assert answer.status_code == 422
    assert "cannot be less severe" in answer.content.decode()
    chief.post(reverse("severity_matrices_new"), {**CELLS, "reason": "Trial"})
    row = SeverityMatrix.objects.get()
    assert "critical" in chief.get(reverse("severity_matrix", args=[row.pk])).content.decode()
    assert "version" in chief.get(reverse("severity_matrix_now")).content.decode()
