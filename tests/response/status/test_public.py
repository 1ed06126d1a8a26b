"""The public page: what everybody sees, and what nobody ever sees there."""

from __future__ import annotations

import datetime as dt
import html
import json
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone, translation
from pytest_django import Settings

from guanlan.core.access import Denied
from guanlan.core.models import User
from guanlan.response.incidents import following, roles
from guanlan.response.models import MaintenanceWindow, StatusPost
from guanlan.response.pages import status_public
from guanlan.response.pages.status_public import accepted
from guanlan.response.status import keeping
from guanlan.response.status.limiting import Limiter
from tests.response.status.rows import HOUR, an_incident, approved, component, someone, switch_on

pytestmark = pytest.mark.django_db
DOORS = ("/status", "/status/en", "/status/zh-hans", "/status/zh-hant", "/status.json",
         "/status.atom", "/status/en.atom", "/status/zh-hans.atom")  # fmt: skip
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(status_public, "LIMITER", Limiter(10_000, 60.0))
    status_public.forget()
    yield
    status_public.forget()


@contextmanager
def refused(sentence: str) -> Iterator[None]:
    """A service refuses, and says so; a request before may have left another language."""
    with translation.override("en"), pytest.raises(ValidationError, match=sentence):
        yield


def seen(door: str) -> str:
    status_public.forget()
    answer = Client().get(door)
    assert answer.status_code == 200, door
    return html.unescape(answer.content.decode())


def test_it_is_off_until_somebody_who_may_switches_it_on() -> None:
    for door in DOORS:
        assert Client().get(door).status_code == 404, door
    with refused("Add a component first"):
        switch_on()
    component("Payments")
    with pytest.raises(Denied):
        keeping.switch(someone("operations"), True, timezone.now())
    switch_on()
    for door in DOORS:
        assert "Payments" in seen(door) or door.endswith(".atom"), door
    keeping.switch(someone("risk_owner"), False, timezone.now())
    status_public.forget()
    for door in DOORS:
        assert Client().get(door).status_code == 404, door


def test_nobody_is_known_there_and_caches_may_keep_it() -> None:
    component("Payments")
    switch_on()
    for door in DOORS:
        answer = Client().get(door)
        assert not answer.cookies, door
        assert answer["Cache-Control"] == "public, max-age=15"
        assert "Cookie" not in answer.get("Vary", ""), door
        assert "<script" not in answer.content.decode()
    answer = Client().get("/status", headers={"Accept-Language": "zh-HK,en;q=0.4"})
    assert answer["Content-Language"] == "zh-Hant"
    assert 'lang="zh-Hant"' in answer.content.decode()
    assert Client().get("/status/fr").status_code == 404
    assert Client().post("/status").status_code in (403, 405)


def test_languages_of_browsers(settings: Settings) -> None:
    settings.LANGUAGE_CODE = "zh-hans"
    for header, lang in (
        ("zh-TW", "zh-hant"), ("zh-CN,zh;q=0.9", "zh-hans"), ("en-GB", "en"), ("fr,en;q=0.1", "en"),
        ("", "zh-hans"), ("*", "zh-hans"), ("x" * 600, "zh-hans"),
    ):  # fmt: skip
        assert accepted(header) == lang, header


def test_who_asks_too_often_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    component("Payments")
    switch_on()
    monkeypatch.setattr(status_public, "LIMITER", Limiter(3, 60.0))
    answers = [Client().get("/status/en") for _n in range(5)]
    assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
    assert int(answers[-1]["Retry-After"]) > 0


def test_news_are_what_two_people_approved_and_nothing_else() -> None:
    pay = component("Payments", product="Wallet")
    switch_on()
    incident = an_incident()
    speaker = someone("communications")
    keeping.set_states(someone("operations"), incident, {pay.pk: "partial"}, timezone.now())
    made = approved(incident, {"en": "Some payments fail.", "zh-hans": "部分支付失败。"})
    keeping.post(speaker, made, "looking", timezone.now())
    for door, text in (
        ("/status/en", "Some payments fail."), ("/status/zh-hans", "部分支付失败。"),
        ("/status/zh-hant", "部分支付失败。"), ("/status.json", "部分支付失败。"),
        ("/status/en.atom", "Some payments fail."),
    ):  # fmt: skip
        assert text in seen(door), door
    made.refresh_from_db()
    assert made.state == "published", "to post is to publish, with its line in the register"
    entry = ET.fromstring(seen("/status/en.atom")).find(f"{ATOM}entry")
    assert entry is not None
    assert entry.findtext(f"{ATOM}title") == "Payments: partial outage (being looked into)"
    assert entry.findtext(f"{ATOM}id") == f"urn:uuid:{StatusPost.objects.get().public}"
    found = json.loads(seen("/status.json"))
    assert found["state"] == "partial"
    assert found["components"][0]["names"]["zh-hant"] == "Payments服务"
    assert found["incidents"][0]["news"][0]["phase"] == "looking"
    with refused("Only an approved statement"):
        keeping.post(speaker, made, "found", timezone.now())
    keeping.withdraw(speaker, made, timezone.now())
    for door in DOORS:
        assert "Some payments fail." not in seen(door)
        assert "部分支付失败。" not in seen(door)


@pytest.mark.parametrize("state", ["draft", "review"])
def test_a_text_that_is_not_approved_is_not_posted(state: str) -> None:
    incident = an_incident()
    made = approved(incident, {"en": "Words"})
    made.state = state
    made.save()
    with refused("Only an approved statement"):
        keeping.post(someone("communications"), made, "looking", timezone.now())


def test_a_role_in_the_incident_speaks_of_it() -> None:
    pay = component("Payments")
    incident = an_incident()
    service = someone("customer_service")
    with pytest.raises(Denied):
        keeping.set_states(service, incident, {pay.pk: "outage"}, timezone.now())
    person = User.objects.get(username="customer_service")
    roles.assume(someone("risk_owner"), incident, "liaison", person, now=timezone.now())
    assert keeping.set_states(service, incident, {pay.pk: "outage"}, timezone.now()) == 1
    assert keeping.set_states(service, incident, {pay.pk: "outage"}, timezone.now()) == 0
    line = incident.entries.get(kind="status")
    assert (line.values["title_en"], line.values["state"]) == ("Payments", "outage")
    assert line.by_id == service.id
    for wrong in ({pay.pk: "on fire"}, {pay.pk + 1: "outage"}):
        with pytest.raises(ValidationError):
            keeping.set_states(service, incident, wrong, timezone.now())


def test_maintenance_is_public_only_where_it_was_marked() -> None:
    pay = component("Payments")
    switch_on()
    now = timezone.now()
    windows = [
        MaintenanceWindow.objects.create(
            name=f"MIGRATE-{n}", begins=now + n * HOUR, ends=now + (n + 2) * HOUR, reason="secret"
        )
        for n in range(3)
    ]
    assert "Planned maintenance" not in seen("/status/en")
    keeping.show_maintenance(someone("communications"), windows[1], [pay.pk], now)
    assert seen("/status/en").count("Planned maintenance") == 1
    assert len(json.loads(seen("/status.json"))["maintenance"]) == 1
    keeping.show_maintenance(someone("communications"), windows[0], [pay.pk], now)
    assert json.loads(seen("/status.json"))["state"] == "maintenance"
    keeping.show_maintenance(someone("communications"), windows[0], [], now)
    assert json.loads(seen("/status.json"))["state"] == "operational"
    for door in DOORS:
        assert "MIGRATE" not in seen(door)


def test_nothing_internal_is_ever_there() -> None:
    """Whatever people wrote inside is marked; the mark is looked for behind every door."""
    mark = "ZQXINTERNAL"
    inside = f"{mark}-title"
    pay, login = component("Payments", product="Wallet"), component("Login")
    component(f"{mark}-retired", retired=timezone.now())
    switch_on()
    now = timezone.now()
    command = someone("risk_owner", f"{mark}-chief")
    for n in range(3):
        incident = an_incident(
            inside, summary=f"{mark} summary", channel=f"{mark} room", criterion=f"{mark} crit",
            confidential=n == 1,
        )  # fmt: skip
        keeping.set_states(command, incident, {pay.pk: "outage", login.pk: "degraded"}, now)
        following.tell(command, incident, "customers", f"{mark} told", now=now, how=f"{mark} how")
        posted = approved(incident, {"en": f"Public {n}"}, title=f"{mark} statement")
        keeping.post(command, posted, "found", now)
        gone = approved(incident, {"en": f"{mark} withdrawn"})
        keeping.post(command, gone, "found", now)
        keeping.withdraw(command, gone, now)
        approved(incident, {"en": f"{mark} approved, not posted"})
        if n == 2:
            keeping.set_states(command, incident, {pay.pk: "operational"}, now)
            incident.state, incident.closed = "closed", now
            incident.save()
    for shown in (True, False):
        window = MaintenanceWindow.objects.create(
            name=f"{mark} window", begins=now, ends=now + HOUR, reason=f"{mark} reason",
            rule_prefix=mark,
        )  # fmt: skip
        if shown:
            keeping.show_maintenance(command, window, [login.pk], now)
    for door in DOORS:
        text = seen(door)
        assert mark not in text, door
        assert "the supplier" not in text, door
        if "atom" not in door and not door.endswith("json"):
            assert "/incidents" not in text
    assert "Public 0" in seen("/status/en"), "so that there is something to look through"
    for n in range(3):
        assert f"Public {n}" in seen("/status.json")


def test_the_number_of_queries_does_not_grow() -> None:
    connections = pytest.importorskip("django.db").connections
    switched = False
    counts = []
    for n in (1, 6):
        now = timezone.now()
        for _n in range(n):
            pay = component("Payments")
            incident = an_incident()
            keeping.set_states(someone("operations"), incident, {pay.pk: "outage"}, now)
            keeping.post(someone("communications"), approved(incident, {"en": "x"}), "looking", now)
            window = MaintenanceWindow.objects.create(
                name="w", begins=now, ends=now + dt.timedelta(hours=1), reason="r"
            )
            keeping.show_maintenance(someone("operations"), window, [pay.pk], now)
        if not switched:
            switch_on()
            switched = True
        status_public.forget()
        Client().get("/status/en")
        status_public.forget()
        with CaptureQueriesContext(connections["default"]) as caught:
            assert Client().get("/status/en").status_code == 200
        counts.append(len(caught))
        with CaptureQueriesContext(connections["default"]) as again:
            Client().get("/status/en")
        assert len(again) == 0, "what was made a moment ago is answered as it is"
    assert counts[0] == counts[1]
    assert counts[0] <= 8


def test_the_page_asks_for_nothing_but_its_own_style() -> None:
    component("Payments")
    switch_on()
    text = seen("/status/en")
    assert "http://" not in text.replace("http://testserver", "")
    assert "style=" not in text
    assert reverse("status_feed_in", args=["en"]) in text
