"""What holds for every resource that is registered: generated from the registry."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import services
from guanlan.core.access import SYSTEM
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AccessGrant, Channel, Delivery, Invitation, JobRun, Message, User
from guanlan.engine.lists import ListChange
from guanlan.fraud import models
from guanlan.fraud.services import project, store_backtest
from guanlan.response.alerts import raise_alerts
from guanlan.response.entities import Named
from guanlan.response.models import (
    CaseEntry,
    Complaint,
    OnCallOverride,
    RoleHeld,
    Sink,
    SuspicionReport,
)
from guanlan.response.restrictions import Terms, appeal, propose, protect_and_lift
from guanlan.web.models import BulkAct
from guanlan.web.resource import Resource, resource_of, resources
from guanlan.web.resource.reading import address_of, visible
from tests.fraud import conftest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import person
from tests.response.alerts.findings import finding
from tests.response.alerts.test_pages import (
    TestChains as Chains,
)
from tests.response.alerts.test_pages import TestRoutes as Routes
from tests.response.alerts.test_pages import TestSchedules as Schedules
from tests.response.alerts.test_pages import TestSnoozes as Snoozes
from tests.response.alerts.test_pages import TestWindows as Windows
from tests.response.cases import rows as case_rows
from tests.response.clocks import seeds as clocks
from tests.response.complaints import rows as complaint_rows
from tests.response.incidents import rows as incident_rows
from tests.response.plans import rows as plan_rows
from tests.response.status import rows as status_rows
from tests.risk import governance_rows
from tests.risk import rows as risk_rows
from tests.risk.measure import rows as measure_rows
from tests.scene import pond_standing
from tests.web.resource_suite import still_log, unhurried

pytestmark = pytest.mark.django_db
NOUNS = [one.noun for one in resources()]
DISCUSSED = [one.noun for one in resources() if one.discussed]
LIST_MOST, PAGE_MOST = 12, 22  # queries of a list and of an object's page
MANY = 30

nothing_remembered = conftest.nothing_remembered  # fixture


@pytest.fixture(scope="module")
def seeded(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[User]:
    """Some rows of everything that has a list, and their owner."""
    with pond_standing(django_db_blocker, tmp_path_factory.mktemp("pond") / "log") as pond:
        with django_db_blocker.unblock():
            owner = seed(pond)
        yield owner


def seed(pond: World) -> User:
    for n in range(MANY):
        services.create_api_key(f"wallet-{n}", ["events:write"])
        store_backtest(f"report {n}", "pond", "abc", report())
    incident_rows.seed(MANY)
    case_rows.seed(MANY)
    complaint_rows.seed(MANY)
    risk_rows.seed(MANY)
    measure_rows.seed(MANY)
    channel = Channel.objects.create(name="mail", kind="email")
    message = Message.objects.create(template="comment.mention", recipient=person(None, "told"))
    Delivery.objects.bulk_create(Delivery(message=message, channel=channel) for _ in range(MANY))
    for _n in range(MANY):
        pond.program()
    project(pond.tail())
    change = ListChange("watched", "u-1", "ann", "case 12, call back")
    models.ListAct.objects.bulk_create(
        models.ListAct(
            position=n, seq=n, clock=n, list=change.list, change=msgspec.json.encode(change)
        )
        for n in range(MANY)
    )
    for n in range(MANY):
        clocks.a_rule(f"rule-{n}")
        clocks.a_calendar(n)
    for n in range(MANY):
        clocks.a_clock(n)
        clocks.a_report(n)
        clocks.a_statement(n)
        clocks.a_disclosure(n)
    now = timezone.now()
    for n in range(MANY):
        colleague = person("risk_owner", f"colleague-{n}")
        Invitation.objects.create(
            email=f"colleague-{n}@example.com", role="auditor", sha256=bytes([n] * 32), expires=now
        )
        for glass in (False, True):
            AccessGrant.objects.create(
                person=colleague, verb="see", noun="fraud.decision", reason="case 12", minutes=20,
                broken_glass=glass, review_due=now if glass else None,
            )  # fmt: skip
    for n in range(MANY):
        rota = Schedules().make(n)
        substitute = person(None, f"substitute-{n}")
        OnCallOverride.objects.create(
            schedule=rota, person=substitute, begins=now, ends=now, reason="x"
        )
        for seeded in (Chains(), Routes(), Windows(), Snoozes()):
            seeded.make(n)
        raise_alerts(
            [finding(f"u-{n}", rule=f"fraud.rule_{n}"), finding(f"u-{n}", category="weather")], now
        )
    versions = [plan_rows.make_version(n) for n in range(MANY)]
    for n in range(MANY):
        plan_rows.make_step(n, plan_rows.make_run(n, versions[-1]))
        plan_rows.make_drill(n, versions[-1])
    for n in range(MANY):
        plan_rows.make_action(n)
        status_rows.component(f"component {n}")
    JobRun.objects.bulk_create(JobRun(job="platform.clean") for _ in range(MANY))
    restrict()
    copy_rows()
    owner = person("owner")  # the newest, whom nobody deletes
    BulkAct.objects.bulk_create(
        BulkAct(owner=owner, noun="core.apikey", action="revoke", language="en", total=9)
        for _ in range(MANY)
    )
    return owner


@pytest.fixture
def full(seeded: User, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The owner's browser, in an installation that has some of everything."""
    unhurried(monkeypatch)
    client = Client()
    client.force_login(seeded)
    client.cookies["guanlan_language"] = "en"
    client.cookies["guanlan_first_steps"] = "seen"
    return client


def restrict() -> None:
    """Restrictions, appeals against them, what is never blocked, and sinks."""
    watch = Terms(effect="watch", reason_code="inquiry")
    for n in range(MANY):
        made = propose(SYSTEM, Named("user", f"u-{n}"), watch)
        appeal(SYSTEM, made, by="customer", text="It was me.")
        protect_and_lift(SYSTEM, kind="device", key=f"d-{n}", reason="a device of the desk")
        Sink.objects.create(name=f"sink-{n:02}")


def queries(client: Client, address: str) -> int:
    """How often a look at the page asks the database: the second, which finds what is kept
    between requests (the organisation, the scenarios in force)."""
    client.get(address)
    with CaptureQueriesContext(connection) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def rows_of(resource: Resource) -> Any:
    return visible(resource, SYSTEM).order_by("-pk")


@pytest.mark.parametrize("noun", NOUNS)
def test_list_and_page_ask_the_database_as_often_for_few_rows_as_for_many(
    full: Client, noun: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    still_log(monkeypatch)
    resource = resource_of(noun)
    row = rows_of(resource).first()
    assert rows_of(resource).count() > 2, f"seed some rows of {noun} in this file"
    listed, page = reverse(resource.route) + "?q=", address_of(resource, row)
    of_list, of_page = queries(full, listed), queries(full, page)
    others = rows_of(resource).exclude(pk=row.pk).values_list("pk", flat=True)
    if noun == "core.user":
        RoleHeld.objects.all().delete()  # who held a role in an incident stays
    if noun == "response.case":  # one in which something was done, or was reported, stays
        others = others.exclude(pk__in=CaseEntry.objects.values("case"))
        others = others.exclude(pk__in=SuspicionReport.objects.values("case"))
    if noun == "response.complaintcategory":
        Complaint.objects.all().delete()  # a category that complaints are of stays
    governance_rows.let_go(noun, row.pk)
    resource.model._default_manager.filter(pk__in=list(others)).delete()
    assert queries(full, listed) == of_list <= LIST_MOST
    # Of a decision or an entity alone in its world there are no neighbours to ask for.
    alone = 2 if noun in ("fraud.decision", "fraud.entity") else 0
    assert of_page - alone <= queries(full, page) <= of_page <= PAGE_MOST


@pytest.mark.parametrize("noun", DISCUSSED)
def test_every_object_has_comments_files_and_history(full: Client, noun: str) -> None:
    resource = resource_of(noun)
    row = rows_of(resource).first()
    said = {"text": "Called back, all is well."}
    door, address = reverse("add_comment", args=[noun, row.pk]), address_of(resource, row)
    full.post(door, said)
    text = full.get(address).content.decode()
    assert "Called back, all is well." in text
    assert reverse("add_attachment", args=[noun, row.pk]) in text
    assert not resource.history or 'title="comment.add"' in text
    stranger = Client()
    stranger.force_login(person(None, "stranger"))
    assert stranger.post(door, said).status_code in (403, 404)
    auditor = Client()
    auditor.force_login(person("auditor", "eyes"))
    text = auditor.get(address).content.decode()
    assert "Called back, all is well." in text
    assert door not in text, "who changes nothing is offered no form"
