"""The screens of cases."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import subject_of
from guanlan.core.models import User
from guanlan.response.cases.searching import cases
from guanlan.response.models import Case, CaseDeadline, CaseDecision, CaseEntity, CaseRule
from tests.people import confirm, person
from tests.response.cases.rows import SECRET, make_alerts, make_busy, make_case, make_queue
from tests.web.resource_suite import ResourceSuite, still_log, unhurried

pytestmark = pytest.mark.django_db


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


class TestCases(ResourceSuite):
    noun = "response.case"
    form: ClassVar = {
        "title": "Wave of takeovers", "category": "fraud", "severity": "high", "summary": "seen",
        "kind": "user", "key": "u-1",
    }  # fmt: skip

    def make(self, n: int) -> Any:
        return make_case(n, summary="")

    secret: ClassVar = SECRET


class TestQueues(ResourceSuite):
    noun = "response.casequeue"
    form: ClassVar = {"name": "Desk", "categories": "fraud", "people": "", "shares": "on"}

    def make(self, n: int) -> Any:
        return make_queue(n)


def do(who: Client, row: Case, action: str, **values: Any) -> Any:
    answer = who.post(reverse("cases_do", args=[row.pk, action]), values)
    assert answer.status_code == 302, answer.content.decode()
    row.refresh_from_db()
    return answer


def test_a_case_is_worked_on_its_page() -> None:
    for role, name in (("risk_owner", "ann"), ("scenario_approver", "ben")):
        person(role, name)
    ann, ben = client_of("ann"), client_of("ben")
    row = make_case(3, severity=3)
    make_alerts(row, 2)
    entity = CaseEntity.objects.get(case=row).entity
    address = reverse("case", args=[row.pk])
    text = ann.get(address).content.decode()
    assert SECRET in text  # the summary, to who works on cases
    assert f"{SECRET}-3" not in text  # the key of the customer, to nobody unasked
    do(ann, row, "take")
    do(ann, row, "item", text="Ask the bank")
    do(ann, row, "tick", place="1", done="yes")
    do(ann, row, "amount", amount="1200.50", currency="CNY")
    assert row.amount == 120_050
    do(ann, row, "wait", reason="Asked for the passport.")
    do(ann, row, "resume")
    do(ann, row, "decide", what="restrict", entity=entity.pk, reason="It is stolen.",
       reason_code="takeover", days="3")  # fmt: skip
    made = CaseDecision.objects.get(case=row)
    assert made.restriction is not None
    assert made.restriction.origin_pk == str(row.pk)
    do(ann, row, "decide", what="notify", reason="They know.", reason_code="inquiry", days="3",
       way="phone", told="2026-11-23T09:30")  # fmt: skip
    refused = ann.post(reverse("cases_do", args=[row.pk, "decide"]),
                       {"what": "notify", "reason": "They know.", "reason_code": "inquiry",
                        "days": "3"})  # fmt: skip
    assert refused.status_code == 422
    assert "by which way the customer was notified" in refused.content.decode()
    text = ann.get(address).content.decode()
    assert "customer notified by hand · telephone · 2026-11-23 09:30" in text
    do(ann, row, "incident", title="Takeovers", impact="major", urgency="high")
    text = ann.get(address).content.decode()
    for part in ("Ask the bank", "Takeovers", "It is stolen.", "1,200.50", "takeover"):
        assert part.lower() in text.lower(), part
    do(ann, row, "close", disposition="confirmed", reason="The bank says so.")
    door = reverse("cases_do", args=[row.pk, "confirm"])
    assert door not in ann.get(address).content.decode()
    assert ann.post(door).status_code == 403
    assert door in ben.get(address).content.decode()
    do(ben, row, "confirm")
    assert (row.state, row.disposition) == ("closed", "confirmed")
    assert "confirmed" in ben.get(address).content.decode()
    do(ann, row, "reopen", reason="It goes on.")
    refused = ann.post(reverse("cases_do", args=[row.pk, "split"]),
                       {"alerts": "x", "title": "Another", "reason": "They differ."})  # fmt: skip
    assert refused.status_code == 422


def test_who_does_not_work_on_cases_reads_no_text_of_people() -> None:
    person("communications", "com")
    com = client_of("com")
    row = make_busy()
    text = com.get(reverse("case", args=[row.pk])).content.decode()
    assert SECRET not in text
    assert "•••" in text
    assert com.post(reverse("cases_do", args=[row.pk, "take"])).status_code == 403


def test_chosen_cases_are_merged_together_or_not_at_all() -> None:
    person("risk_owner", "ann")
    ann = client_of("ann")
    rows = [make_case(n) for n in range(3)]
    other = make_case(9, category="security")

    def merge(*chosen: Case) -> None:
        said = {"action": "merge_all", "key": [row.pk for row in chosen], "sure": "1"}
        assert ann.post(reverse("cases_act"), said).status_code == 302

    merge(rows[0], other)
    assert Case.objects.filter(live=True).count() == 4
    merge(rows[0], rows[1], other)
    assert Case.objects.filter(live=True).count() == 4
    merge(*rows)
    assert set(Case.objects.filter(merged_into=rows[0])) == {rows[1], rows[2]}
    # It is no act on one: neither a button of the page nor an address.
    assert ann.post(reverse("cases_do", args=[other.pk, "merge_all"])).status_code == 404


def test_the_inbox_finds_what_is_mine_late_or_waiting() -> None:
    ann = person("risk_owner", "ann")
    client = client_of("ann")
    now = timezone.now()
    hour = dt.timedelta(hours=1)
    mine = make_case(1, owner=ann)
    late = make_case(2, resolve_due=now - hour)
    waits = make_case(3, resolve_due=now - hour, waiting=now - 2 * hour)
    unanswered = make_case(4, first_due=now - hour)

    def found(query: str) -> set[int]:
        return {int(row.key) for row in client.get(reverse("cases"), {"q": query}).context["rows"]}

    assert found("live:yes owner:me") == {mine.pk}
    assert found("live:yes owner:none") == {late.pk, waits.pk, unanswered.pk}
    assert found("late:yes") == {late.pk, unanswered.pk}
    assert found("live:yes waiting:yes") == {waits.pk}


def test_the_search_finds_cases_by_number_and_words() -> None:
    person("risk_owner", "ann")
    subject = subject_of(User.objects.get(username="ann"))
    row = make_case(1, title="Ring of mules")
    make_case(2)
    assert [one.title for one in cases(subject, f"#{row.pk}", 5)] == [f"#{row.pk} Ring of mules"]
    assert len(list(cases(subject, "mules", 5))) == 1
    assert not list(cases(subject_of(person(None)), "mules", 5))


def test_what_holds_is_changed_on_its_pages() -> None:
    person("risk_owner", "ann")
    ann = client_of("ann")
    rule, deadline = (
        reverse("case_rules_edit", args=["fraud"]),
        reverse("case_deadlines_edit", args=[3]),
    )

    def change(door: str, **said: str) -> int:
        return ann.post(door, said | {"_stamp": ann.get(door).context["stamp"]}).status_code

    said = {"minutes": "30", "most": "5", "kinds": "device user", "confirm_from": "never",
            "checklist": "Look\nAsk"}  # fmt: skip
    assert change(rule, **said | {"kinds": "Device!"}) == 422
    assert change(rule, **said) == 302
    row = CaseRule.objects.get(pk="fraud")
    assert (row.minutes, row.kinds, row.confirm_from) == (30, ["device", "user"], None)
    assert row.checklist == ["Look", "Ask"]
    assert change(deadline, first="10", resolve="5", unit="elapsed") == 422
    assert change(deadline, first="10", resolve="50", unit="elapsed") == 302
    assert CaseDeadline.objects.get(pk=3).resolve == 50
    for page in ("case_rules", "case_deadlines", "case_queues"):
        assert ann.get(reverse(page)).status_code == 200


def test_a_case_of_ten_thousand_alerts_opens_as_one_of_ten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    unhurried(monkeypatch)
    still_log(monkeypatch)
    person("owner")
    client = client_of("owner")
    counts = []
    for alerts in (10, 10_000):
        case = make_busy(alerts=alerts) if alerts == 10 else make_busy(4, alerts)
        address = reverse("case", args=[case.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            page = client.get(address)
        assert page.status_code == 200
        assert page.content.decode().count("Many transfers") <= 40
        counts.append(len(caught))
    assert counts[0] == counts[1]
    assert counts[0] <= 30


def test_the_alerts_of_a_case_are_listed() -> None:
    person("owner")
    client = client_of("owner")
    case = make_case(1)
    make_alerts(case, 3)
    make_alerts(make_case(2), 2)
    page = client.get(reverse("alerts"), {"q": f"case:{case.pk}"})
    assert len(page.context["rows"]) == 3
