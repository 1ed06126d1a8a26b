"""What risk says on the overview: every figure and everything that waits leads to a page that the
same person may open, and the database is asked as often for many rows as for none."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.models import User
from guanlan.risk.models import CommitteeAction, Measure, MeasureDuty, Reassessment
from tests.people import person
from tests.risk import rows
from tests.web.resource_suite import still_log, unhurried

pytestmark = pytest.mark.django_db
MANY = 30
LINKS = re.compile(r'<a href="([^"]+)"')


@pytest.fixture
def owner() -> User:
    return person("owner")


@pytest.fixture
def seeded(owner: User) -> User:
    rows.seed(MANY)
    return owner


def client_of(user: User) -> Client:
    client = Client(headers={"HX-Request": "true", "Accept-Language": "en"})
    client.force_login(user)
    return client


def part(client: Client, view: str) -> str:
    answer = client.get(f"/?view={view}")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("view", ["duty", "board"])
def test_every_number_leads_to_a_page(seeded: User, view: str) -> None:
    client = client_of(seeded)
    text = part(client, view)
    links = {html.unescape(link) for link in LINKS.findall(text) if link.startswith("/")}
    assert any(link.startswith("/risks") for link in links)
    assert any(link.startswith("/risk-value") for link in links)
    for link in sorted(links):
        assert client.get(link, headers={"HX-Request": ""}).status_code == 200, link


def test_what_is_theirs_waits_for_them_and_not_for_others(seeded: User) -> None:
    measure = Measure.objects.create(
        code="M-900", title="Look", purpose="See", category="fraud", acts="detective",
        layer="watch", state="in_force", owner=seeded,
    )  # fmt: skip
    MeasureDuty.objects.create(measure=measure, due=timezone.now(), owner=seeded)
    for model, given in (
        (Reassessment, {"state": "proposed"}),
        (CommitteeAction, {"state": "open"}),
    ):
        found: Any = model._default_manager.order_by("due")
        one = found.filter(**given).first() or found.first()
        found.filter(pk=one.pk).update(owner=seeded, **given)
    mine = part(client_of(seeded), "duty")
    others = part(client_of(person("risk_owner")), "duty")
    for what in ("Duty of a measure", "Reassessment</span>", "Action of a resolution"):
        assert what in mine
        assert what not in others


def test_many_rows_ask_no_more_than_none(owner: User, monkeypatch: pytest.MonkeyPatch) -> None:
    still_log(monkeypatch)
    unhurried(monkeypatch)
    client = client_of(owner)
    part(client, "board")
    with CaptureQueriesContext(connection) as none:
        part(client, "board")
    rows.seed(MANY)
    part(client, "board")
    with CaptureQueriesContext(connection) as many:
        part(client, "board")
    assert len(many) <= len(none) + 2, "the curve's value is read where there is one"
