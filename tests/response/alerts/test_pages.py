"""Screens of alerts: found by what they are, masked, worked on, closed with what they were."""

from __future__ import annotations

import re
from datetime import date, time, timedelta
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.models import User
from guanlan.response.alerts import evidence_link, raise_alert, raise_alerts
from guanlan.response.alerts.evidence import _kinds
from guanlan.response.models import (
    AckDeadline,
    Alert,
    AlertRoute,
    AlertRule,
    DeadLetter,
    EntityRef,
    EscalationChain,
    MaintenanceWindow,
    OnCallOverride,
    OnCallSchedule,
    Snooze,
)
from guanlan.response.terms import Severity
from tests.people import confirm, person
from tests.response.alerts.findings import finding
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


class TestAlerts(ResourceSuite):
    noun = "response.alert"
    secret = "anna-the-first-of-them"

    def make(self, n: int) -> Alert:
        at = timezone.now() - timedelta(minutes=1)
        found = raise_alert(finding(f"{self.secret}-{n}", key={"n": n}, at=at))
        assert found is not None
        return found


class TestRules(ResourceSuite):
    noun = "response.alertrule"

    def make(self, n: int) -> AlertRule:
        raise_alert(finding(rule=f"fraud.rule_{n}", at=timezone.now()))
        return AlertRule.objects.get(name=f"fraud.rule_{n}")


class TestLetters(ResourceSuite):
    noun = "response.deadletter"
    secret = "anna-the-first-of-them"

    def make(self, n: int) -> DeadLetter:
        raise_alert(finding(f"{self.secret}-{n}", category="weather"))
        return DeadLetter.objects.latest("pk")


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def raised(user: str = "u-1", **options: object) -> Alert:
    found = raise_alert(finding(user, **{"at": timezone.now(), **options}))
    assert found is not None
    return found


def listed(client: Client, query: str) -> set[int]:
    page = client.get(reverse("alerts"), {"q": query})
    assert page.context["problems"] == [], query
    return {int(row.key) for row in page.context["rows"]}


def do(client: Client, alert: Alert, name: str, **values: str) -> str:
    """Do an action; the page that it leads to, or what the form objects to."""
    answer = client.post(reverse("alerts_do", args=[alert.pk, name]), values, follow=True)
    return answer.content.decode()


def test_alerts_are_found_by_what_they_are(owner: Client) -> None:
    low = raised("u-1", severity=Severity.low, rule="fraud.a.x").pk
    late = raised("u-2", severity=Severity.critical, rule="fraud.b.x").pk
    Alert.objects.filter(pk=late).update(deadline=timezone.now() - timedelta(minutes=1))
    closed = raised("u-3", rule="privacy.c.x", category="privacy")
    do(owner, closed, "close", disposition="confirmed", reason="it was one")
    gone = closed.pk
    assert listed(owner, "") == {low, late, gone}
    assert listed(owner, "live:yes") == {low, late}
    assert listed(owner, "severity:>=high") == {late}
    assert listed(owner, "late:yes") == {late}
    assert listed(owner, "-late:yes") == {low, gone}
    assert listed(owner, "category:privacy") == {gone}
    assert listed(owner, "was:confirmed") == {gone}
    assert listed(owner, "rule:fraud.a.x") == {low}
    ref = EntityRef.objects.order_by("pk")[1]
    assert listed(owner, f"entity:~{ref.pk}") == {late}


def test_an_alert_is_acknowledged_contained_closed_and_opened_again(owner: Client) -> None:
    alert = raised()
    page = do(owner, alert, "acknowledge")
    assert f"Alert {alert.pk} is acknowledged." in page
    alert.refresh_from_db()
    assert (alert.state, alert.owner.get_username() if alert.owner else "") == (
        "acknowledged", "owner"
    )  # fmt: skip
    seen = alert.acknowledged
    do(owner, alert, "contain")
    assert "Give a reason" in do(owner, alert, "close", disposition="benign", reason="-")
    do(owner, alert, "close", disposition="benign", reason="a known traveller")
    alert.refresh_from_db()
    assert (alert.state, alert.disposition, alert.live) == ("closed", "benign", False)
    page = do(owner, alert, "reopen", reason="it was not")
    alert.refresh_from_db()
    assert (alert.state, alert.disposition, alert.acknowledged) == ("contained", "", seen)
    assert "a known traveller" in page
    assert "it was not" in page


def test_it_is_given_to_who_may_work_on_it(owner: Client) -> None:
    alert = raised()
    person("fraud_analyst", "li")
    person("committee_member", "wang")
    assert "belongs to li" in do(owner, alert, "give", person="li")
    for name in ("wang", "nobody-knows"):
        assert "Nobody of this name works on alerts." in do(owner, alert, "give", person=name)
    assert "belongs to owner" in do(owner, alert, "give", person="me")
    assert "belongs to nobody" in do(owner, alert, "give", person="")


def test_who_only_looks_is_offered_nothing(client: Client) -> None:
    alert = raised()
    client.force_login(person("committee_member"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("alert", args=[alert.pk])).content.decode()
    assert "Many transfers" in text
    assert reverse("alerts_do", args=[alert.pk, "acknowledge"]) not in text
    answer = client.post(reverse("alerts_do", args=[alert.pk, "acknowledge"]))
    assert answer.status_code == 403
    assert Alert.objects.get().state == "new"


def test_the_key_is_masked_and_revealed_for_a_purpose(owner: Client) -> None:
    alert = raised("anna-the-first-of-them")
    text = owner.get(reverse("alert", args=[alert.pk])).content.decode()
    assert "anna-the-first" not in text
    door = reverse("reveal_entity_ref", args=[EntityRef.objects.get().pk])
    assert door in text
    said = {"value": "key", "purpose": "fraud_investigation", "reason": "case 12 is open"}
    assert "anna-the-first" not in owner.post(door, said).content.decode(), "who they are first"
    confirm(owner)
    assert "Say why" in owner.post(door, said | {"reason": ""}).content.decode()
    assert "anna-the-first-of-them" in owner.post(door, said).content.decode()


def test_evidence_leads_to_what_it_is(owner: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(_kinds, "decision", raising=False)
    evidence_link("decision", "Decision", lambda ref: f"/somewhere/{ref}")
    text = owner.get(reverse("alert", args=[raised().pk])).content.decode()
    assert re.search(r'<a href="/somewhere/17">\s*Decision 17</a>', text)
    with pytest.raises(ValueError, match="twice"):
        evidence_link("decision", "Decision", lambda ref: "")


def test_a_dead_letter_is_raised_after_all_or_discarded(owner: Client) -> None:
    raise_alerts([finding(f"u-{n}", category="weather", at=timezone.now()) for n in range(2)])
    first, second = DeadLetter.objects.order_by("pk")
    text = owner.get(reverse("alert_letter", args=[first.pk])).content.decode()
    assert "It is of no category of risk; expected one of technical security, data privacy" in text
    assert "u-0" not in text
    owner.post(reverse("alert_letters_do", args=[first.pk, "retry"]), {"category": "fraud"})
    first.refresh_from_db()
    assert (first.state, first.alert) == ("raised", Alert.objects.get())
    owner.post(reverse("alert_letters_do", args=[second.pk, "discard"]), {"reason": "a test"})
    second.refresh_from_db()
    assert (second.state, second.reason) == ("discarded", "a test")
    assert Alert.objects.count() == 1


def test_a_chain_says_in_words_when_who_is_told(owner: Client) -> None:
    chain = EscalationChain.objects.create(
        name="night", steps=[[0, "role", "owner"], [15, "role", "risk_owner"]]
    )
    text = owner.get(reverse("alert_chain", args=[chain.pk])).content.decode()
    assert "<td>at once</td><td>Role: Owner</td>" in text
    assert "<td>15 min later</td><td>Role: Risk owner</td>" in text


def test_times_are_chosen_not_typed(owner: Client) -> None:
    for name, kind in (("alert_routes_new", "time"), ("stand_ins_new", "datetime-local"),
                       ("maintenance_windows_new", "datetime-local")):  # fmt: skip
        assert f'type="{kind}"' in owner.get(reverse(name)).content.decode(), name


def test_a_rule_shows_how_often_it_is_right(owner: Client) -> None:
    for n in range(6):
        alert = raised(f"u-{n}")
        was = "confirmed" if n < 4 else "false_positive"
        page = owner.get(reverse("alert_rule", args=[AlertRule.objects.get().pk]))
        assert ("unknown" in page.content.decode()) is (n < 5)
        do(owner, alert, "close", disposition=was, reason="as it was")
    text = owner.get(reverse("alert_rule", args=[AlertRule.objects.get().pk])).content.decode()
    assert "67 %" in text
    assert "95 % interval: 30 % to 90 %, from 6 judged" in text


def test_the_page_of_an_alert_names_its_rule_in_words_with_its_record(owner: Client) -> None:
    alert = raised(text="Transfers of %(n)s within: %(time)s", values={"n": 7, "time": "1 h"})
    rule = AlertRule.objects.get()
    page = owner.get(reverse("alert", args=[alert.pk])).content.decode()
    link = f'<a href="{reverse("alert_rule", args=[rule.pk])}" title="{rule.name}">'
    assert f"{link}Transfers of … within</a>" in page
    assert "Precision: unknown" in page
    assert f">{rule.name}<" not in page, "its short name stands on the rule's page"
    assert rule.name in owner.get(reverse("alert_rule", args=[rule.pk])).content.decode()
    raise_alert(finding("u-9", category="weather", at=timezone.now()))
    letters = owner.get(reverse("alert_letters")).content.decode()
    assert "Transfers of … within" in letters
    assert rule.name not in letters


def test_deadlines_are_changed_by_who_may(owner: Client, client: Client) -> None:
    assert AckDeadline.objects.count() == 5
    door = reverse("alert_deadlines_edit", args=[4])
    stamp = owner.get(door).context["stamp"]
    owner.post(door, {"minutes": "5", "_stamp": stamp})
    assert AckDeadline.objects.get(severity=4).minutes == 5
    alert = raised(severity=Severity.critical)
    assert alert.deadline == alert.raised + timedelta(minutes=5)
    client.force_login(person("fraud_analyst"))
    assert client.get(door).status_code == 403


def test_many_are_acknowledged_at_once(owner: Client) -> None:
    keys = [str(raised(f"u-{n}").pk) for n in range(3)]
    owner.post(reverse("alerts_act"), {"action": "acknowledge", "key": keys[:2], "sure": "1"})
    assert set(Alert.objects.filter(state="acknowledged").values_list("pk", flat=True)) == {
        int(key) for key in keys[:2]
    }


class TestSchedules(ResourceSuite):
    noun = "response.oncallschedule"
    form: ClassVar[dict[str, Any]] = {
        "name": "desk", "people": "owner", "turn_days": "7", "handover": "09:00",
        "start": "2026-11-23", "zone": "Asia/Shanghai",
    }  # fmt: skip

    def make(self, n: int) -> OnCallSchedule:
        return OnCallSchedule.objects.create(
            name=f"desk {n}", zone="UTC", handover=time(9), start=date(2026, 1, 1), people=[1]
        )


class TestStandIns(ResourceSuite):
    noun = "response.oncalloverride"

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        self.make(1).delete()
        desk = str(OnCallSchedule.objects.get().pk)
        values = {"schedule": desk, "person": "li", "begins": "2026-11-23 09:00",
                  "ends": "2026-11-24 09:00", "reason": "a wedding"}  # fmt: skip
        type(self).form = values
        super().test_a_form_with_nothing_in_it_says_why_and_changes_nothing()

    def make(self, n: int) -> OnCallOverride:
        desk, _new = OnCallSchedule.objects.get_or_create(
            name="desk", zone="UTC", handover=time(9), start=date(2026, 1, 1)
        )
        who, _new = User.objects.get_or_create(username="li")
        now = timezone.now()
        return OnCallOverride.objects.create(
            schedule=desk, person=who, begins=now, ends=now + timedelta(days=1), reason="a wedding"
        )


class TestChains(ResourceSuite):
    noun = "response.escalationchain"
    form: ClassVar[dict[str, Any]] = {"name": "night", "steps": "0 role:owner"}

    def make(self, n: int) -> EscalationChain:
        return EscalationChain.objects.create(name=f"chain {n}", steps=[[0, "role", "owner"]])


class TestRoutes(ResourceSuite):
    noun = "response.alertroute"
    form: ClassVar[dict[str, Any]] = {
        "name": "all", "position": "1", "severity": "2", "role": "owner", "enabled": "on",
    }  # fmt: skip

    def make(self, n: int) -> AlertRoute:
        return AlertRoute.objects.create(name=f"route {n}", position=n, role="owner")


class TestWindows(ResourceSuite):
    noun = "response.maintenancewindow"
    form: ClassVar[dict[str, Any]] = {
        "name": "release", "begins": "2026-11-23 09:00", "ends": "2026-11-23 12:00",
        "reason": "release 3",
    }  # fmt: skip

    def make(self, n: int) -> MaintenanceWindow:
        now = timezone.now()
        return MaintenanceWindow.objects.create(
            name=f"window {n}", begins=now, ends=now + timedelta(hours=1), reason="x"
        )


class TestSnoozes(ResourceSuite):
    noun = "response.snooze"

    def make(self, n: int) -> Snooze:
        now = timezone.now()
        return Snooze.objects.create(
            fingerprint=f"{n}", rule="fraud.a.x", severity=2, begins=now,
            until=now + timedelta(hours=1), reason="x",
        )  # fmt: skip


def test_an_alert_is_snoozed_on_its_page_for_thirty_days_at_most(owner: Client) -> None:
    alert = raised()
    values = {"scope": "entity", "reason": "known traveller"}
    assert "Ensure this value" in do(owner, alert, "snooze", days="31", **values)
    assert "Nobody is told" in do(owner, alert, "snooze", days="2", **values)
    alert.refresh_from_db()
    assert alert.muted == "snooze"
    assert Snooze.objects.get().entity is not None
    assert raised("u-1", rule="fraud.other.x").muted == ""
    page = owner.get(reverse("alert", args=[alert.pk])).content.decode()
    assert "known traveller" in page


def test_groups_by_rule_are_named_in_words_with_the_code_small(owner: Client) -> None:
    raised(rule="fraud.rule_1", text="%(n)s transfers within an hour", values={"n": 12})
    page = owner.get(reverse("alerts"), {"group": "rule"}).content.decode()
    group = page.split('class="rows groups"')[1].split("</table>")[0]
    assert ">… transfers within an hour</a>" in group
    assert '<code class="small quiet">fraud.rule_1</code>' in group
