"""The screens of those who keep the status page."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from guanlan.core.models import User
from guanlan.response.incidents import showing
from guanlan.response.models import (
    MaintenanceWindow,
    PublicMaintenance,
    Statement,
    StatusComponent,
    StatusPage,
    StatusPost,
    StatusSpan,
)
from tests.people import confirm, person
from tests.response.status.rows import HOUR, an_incident, approved, component, someone
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


class TestComponents(ResourceSuite):
    noun = "response.statuscomponent"
    form: ClassVar = {"name_en": "Payments", "place": "10"}

    def make(self, n: int) -> Any:
        return component(f"component {n}", place=n % 9999)

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        client = self.owner()
        address = reverse("status_components_new")
        answer = client.post(address, {"place": "10"})
        assert answer.status_code == 422
        assert "Give it a name in one language at least." in answer.content.decode()
        assert StatusComponent.objects.count() == 0
        assert client.post(address, self.form).status_code == 302
        assert StatusComponent.objects.get().name_en == "Payments"


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def test_the_page_is_switched_and_looked_at_before() -> None:
    owner = client_of(person("owner", "o").username)
    door = reverse("status_settings")
    assert (
        "Add a component first" in owner.post(door, {"public": "yes"}, follow=True).content.decode()
    )
    component("Payments")
    shown = owner.get(reverse("status_preview")).content.decode()
    assert "Only you see this" in shown
    assert "Payments" in shown
    assert "not public" in owner.get(door).content.decode()
    owner.post(door, {"public": "yes"})
    assert StatusPage.objects.get().public
    assert Client().get("/status/en").status_code == 200
    clerk = client_of(person("operations", "clerk").username)
    assert "Who manages the status page switches it." in clerk.get(door).content.decode()
    assert clerk.post(door, {"public": "no"}).status_code == 403
    owner.post(door, {"public": "no"})
    assert Client().get("/status/en").status_code == 404


def test_states_and_news_are_set_from_the_incident() -> None:
    pay = component("Payments", product="Wallet")
    incident = an_incident()
    someone("communications", "com")
    client = client_of("com")
    door = reverse("incidents_do", args=[incident.pk, "public"])
    form = client.get(door).content.decode()
    assert "Wallet · Payments" in form
    assert client.post(door, {f"component_{pay.pk}": "outage"}).status_code == 302
    assert StatusSpan.objects.get().state == "outage"
    line = incident.entries.get(kind="status")
    with translation.override("zh-hans"):
        assert showing.said(line).startswith("Payments服务")
    draft = reverse("incidents_do", args=[incident.pk, "statement"])
    said = {"title": "First news", "audience": "customers", "text_en": "Payments fail."}
    assert client.post(draft, said).status_code == 302
    made = Statement.objects.get()
    assert (made.about_noun, made.about_id) == ("response.incident", str(incident.pk))
    assert made.texts == {"en": "Payments fail."}


def test_an_approved_statement_is_posted_with_a_button() -> None:
    incident = an_incident()
    made = approved(incident, {"en": "Payments fail."})
    client = client_of("communications")
    door = reverse("statements_do", args=[made.pk, "post"])
    assert door in client.get(reverse("statement", args=[made.pk])).content.decode()
    assert client.post(door, {"phase": "looking"}).status_code == 302
    assert StatusPost.objects.get().texts == {"en": "Payments fail."}
    register = reverse("disclosures")
    person("compliance_officer", "register")
    reader = client_of("register")
    for language, audience in (("en", "customers"), ("zh-hant", "客戶")):
        reader.cookies["guanlan_language"] = language
        assert f">{audience}<" in reader.get(register).content.decode()
    page = client.get(reverse("statement", args=[made.pk])).content.decode()
    assert door not in page
    away = reverse("statements_do", args=[made.pk, "off_page"])
    assert away in page
    client.post(away)
    assert StatusPost.objects.get().withdrawn is not None


def test_a_maintenance_window_is_shown_with_its_components() -> None:
    pay = component("Payments")
    now = timezone.now()
    window = MaintenanceWindow.objects.create(name="w", begins=now, ends=now + HOUR, reason="r")
    someone("operations", "ops")
    client = client_of("ops")
    door = reverse("maintenance_windows_do", args=[window.pk, "public"])
    assert client.post(door, {"components": [str(pay.pk)]}).status_code == 302
    assert [*PublicMaintenance.objects.get().components.all()] == [pay]
    assert client.post(door, {}).status_code == 302
    assert not PublicMaintenance.objects.exists()
