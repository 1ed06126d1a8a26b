"""Reports of suspicious transactions: from a case, by two people, and known to few."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry, Message, User
from guanlan.response import papers
from guanlan.response.alerts import Evidence
from guanlan.response.alerts.coalescing import Run
from guanlan.response.alerts.keeping import keep
from guanlan.response.cases.deciding import decide
from guanlan.response.models import (
    Alert,
    Case,
    CaseDecision,
    CaseEntry,
    SuspicionDraft,
    SuspicionReport,
)
from guanlan.response.models.suspicions import NOUN
from guanlan.response.suspicions import filing
from guanlan.response.suspicions.transactions import Transaction, tells_transactions
from tests.people import confirm, person
from tests.response.alerts.findings import finding
from tests.response.cases.rows import NOON, SECRET, make_alerts, make_case, make_suspicion
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


@tells_transactions("ledger")
def _ledger(refs: Any, subject: Any) -> list[Transaction]:
    return [
        Transaction(ref, NOON + dt.timedelta(minutes=int(ref)), "transfer", 12_345, "CNY", "hold")
        for ref in refs
    ]


class TestReports(ResourceSuite):
    noun = NOUN

    def make(self, n: int) -> Any:
        return make_suspicion(n)


def client_of(who: User) -> Client:
    client = Client()
    client.force_login(who)
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


def rests_on(alert: Alert, *named: tuple[str, str]) -> None:
    """Give an alert evidence, without raising it."""
    run = Run(finding(), NOON, alert)
    run.add(NOON, finding(evidence=tuple(Evidence(kind, ref, NOON) for kind, ref in named)))
    alert.evidence_count += len(named)
    alert.save()
    keep([run])


@pytest.fixture
def case() -> Case:
    """A case with two alerts, whose evidence are three transactions."""
    row = make_case(3, summary="")
    make_alerts(row, 2)
    for number, alert in enumerate(row.alerts.order_by("pk")):
        rests_on(alert, ("ledger", str(7 + number)), ("ledger", "3"), ("note", "x"))
    row.refresh_from_db()
    return row


def drafted(case: Case, by: User, **more: Any) -> SuspicionReport:
    said: dict[str, Any] = {"title": "Wave of November", "language": "en", "now": NOON}
    return filing.draft(subject_of(by), case, **(said | more))


def test_it_begins_with_what_the_case_knows(case: Case) -> None:
    anna = person("fraud_analyst", "anna")
    CaseDecision.objects.create(case=case, what="restrict", reason=SECRET, made=NOON)
    made = drafted(case, anna, indicators=["split", "in_and_out"])
    assert made.indicators == ["in_and_out", "split"]
    assert [line[:5] for line in made.facts["transactions"]] == [
        [ref, (NOON + dt.timedelta(minutes=int(ref))).isoformat(), "transfer", 12_345, "CNY"]
        for ref in ("3", "7", "8")
    ]
    assert [role for _entity, role in made.facts["parties"]] == ["user"]
    assert "Many transfers: 2 alerts" in made.text
    assert "restrict" in made.text
    assert "## Why it is suspicious\n[not yet known]" in made.text
    assert SECRET not in made.text
    assert SECRET not in str(made.facts)


def test_it_draws_from_all_evidence_and_counts_what_it_leaves_out(
    case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    anna = person("fraud_analyst", "anna")
    alert = case.alerts.latest("pk")
    rests_on(alert, *(("ledger", str(n)) for n in range(100, 1100)))
    facts = drafted(case, anna).facts
    assert [line[0] for line in facts["transactions"]] == [str(n) for n in range(800, 1100)]
    assert (facts["more_transactions"], facts["unread"]) == (703, 0)
    monkeypatch.setattr("guanlan.response.suspicions.filling.MOST_PIECES", 500)
    made = drafted(case, anna)
    assert made.facts["unread"] == 506
    text = client_of(anna).get(reverse("suspicion", args=[made.pk])).content.decode()
    assert "506 pieces of evidence were not looked through" in text


def test_in_its_language_whatever_the_readers(case: Case) -> None:
    made = drafted(case, person("fraud_analyst", "anna"), language="zh-hans")
    assert "## 可疑之处" in made.text
    assert "【尚不清楚】" in made.text


def test_the_page_masks_parties_and_shows_amounts(case: Case) -> None:
    anna = person("fraud_analyst", "anna")
    made = drafted(case, anna)
    text = client_of(anna).get(reverse("suspicion", args=[made.pk])).content.decode()
    assert "123.45" in text
    assert "It is never told to the customer" in text
    assert f"{SECRET}-3" not in text
    assert "reveal" in text


def test_two_people_and_a_proof_send_it(case: Case) -> None:
    anna, carl = person("fraud_analyst", "anna"), person("compliance_officer", "carl")
    one, two = subject_of(anna), subject_of(carl)
    made = drafted(case, anna)
    with pytest.raises(ValidationError, match="sign"):
        filing.hand_in(one, made)
    filing.rewrite(one, made, title="Wave", text="What we know", indicators=["split"])
    filing.take_anew(one, made)
    filing.hand_in(one, made)
    with pytest.raises(ValidationError):
        filing.rewrite(one, made, title="Wave", text="Other", indicators=["split"])
    with pytest.raises(Denied):
        papers.decide(one, made, approve=True)
    papers.decide(two, made, approve=False, answer="Name the accounts.")
    filing.hand_in(one, made)
    papers.decide(two, made, approve=True)
    with pytest.raises(ValidationError, match="receipt"):
        filing.mark_sent(two, made, sent_at=NOON, how="portal", receipt=" ")
    filing.mark_sent(two, made, sent_at=NOON, how="portal", receipt="R-1")
    made.refresh_from_db()
    assert (made.state, made.receipt, made.sent_at, made.draft) == ("sent", "R-1", NOON, 3)
    assert [d.number for d in SuspicionDraft.objects.order_by("number")] == [1, 2, 3]
    assert SuspicionDraft.objects.get(number=2).text == "What we know"
    with pytest.raises(ValidationError):
        filing.withdraw(one, made)


def test_who_approves_wrote_none_of_it(case: Case) -> None:
    carl = person("compliance_officer", "carl")
    made = drafted(case, carl, indicators=["split"])
    filing.hand_in(subject_of(carl), made)
    with pytest.raises(ValidationError):
        papers.decide(subject_of(carl), made, approve=True)


@pytest.mark.parametrize(
    "role",
    [
        "fraud_analyst", "risk_owner", "security_engineer", "auditor", "customer_service",
        "privacy_officer", "committee_member",
    ],
)  # fmt: skip
def test_who_works_on_the_case_does_not_learn_of_it(case: Case, role: str) -> None:
    made = drafted(case, person("fraud_analyst", "anna"))
    other = person(role, "other")
    assert not SuspicionReport.objects.for_user(subject_of(other)).exists()
    assert not SuspicionDraft.objects.for_user(subject_of(other)).exists()
    client = client_of(other)
    assert client.get(reverse("suspicion", args=[made.pk])).status_code in (403, 404)
    assert "Wave of November" not in client.get(reverse("suspicions")).content.decode()
    page = client.get(reverse("case", args=[case.pk]))
    assert "Wave of November" not in page.content.decode()
    with pytest.raises(Denied):
        filing.rewrite(subject_of(other), made, title="Wave", text="x", indicators=[])


def test_its_author_and_who_approves_see_it_on_the_case(case: Case) -> None:
    anna, carl = person("fraud_analyst", "anna"), person("compliance_officer", "carl")
    drafted(case, anna)
    for one in (anna, carl):
        page = client_of(one).get(reverse("case", args=[case.pk])).content.decode()
        assert "Wave of November" in page


def test_nothing_of_it_stands_on_the_case_and_nobody_is_written_to(case: Case) -> None:
    made = drafted(case, person("fraud_analyst", "anna"), indicators=["split"])
    filing.hand_in(subject_of(User.objects.get(username="anna")), made)
    assert not CaseEntry.objects.filter(case=case).exists()
    assert not CaseDecision.objects.filter(case=case).exists()
    assert not Message.objects.exists()


def test_it_is_begun_on_the_page_of_a_case(case: Case) -> None:
    anna = person("fraud_analyst", "anna")
    client = client_of(anna)
    address = reverse("cases_do", args=[case.pk, "suspicion"])
    answer = client.post(
        address, {"title": "A new one", "language": "zh-hant", "indicators": ["listed"]}
    )
    made = SuspicionReport.objects.get()
    assert answer.status_code == 302
    assert (made.author, made.indicators, made.language) == (anna, ["listed"], "zh-hant")
    assert "為何可疑" in made.text
    wrong = client.post(address, {"title": "A", "language": "xx", "indicators": ["none"]})
    assert wrong.status_code in (200, 422)
    assert SuspicionReport.objects.count() == 1
    refused = client_of(person("customer_service", "eve")).post(
        address, {"title": "Another", "language": "en"}
    )
    assert refused.status_code in (403, 404)
    assert SuspicionReport.objects.count() == 1


def test_who_speaks_with_customers_does_not_read_that_one_is_reported(case: Case) -> None:
    decide(SYSTEM, case, "report", "It looks like laundering.", now=NOON)
    decide(SYSTEM, case, "refund", "They were robbed.", now=NOON)
    for role, knows in (("customer_service", False), ("risk_owner", True)):
        page = client_of(person(role)).get(reverse("case", args=[case.pk])).content.decode()
        assert "They were robbed." in page
        assert ("laundering" in page) == knows
        shown = page[page.index("Decision on the customer") :]
        assert ("<strong>report to an authority</strong>" in shown) == knows


def noted() -> int:
    """How many entries the audit log has: it keeps those of the tests before."""
    copy_rows()
    return AuditEntry.objects.count()


def printed(made: SuspicionReport, by: User) -> str:
    return client_of(by).get(reverse("suspicion_print", args=[made.pk])).content.decode()


def test_it_is_printed_as_it_is_handed_over_and_the_reading_is_on_record(case: Case) -> None:
    anna, carl = person("fraud_analyst", "anna"), person("compliance_officer", "carl")
    before = noted()
    made = drafted(case, anna, indicators=["split"])
    filing.rewrite(
        subject_of(anna), made, title="Wave", text="## What happened\n<b>Money</b> left\n\n## Now",
        indicators=["split"],
    )  # fmt: skip
    text = printed(made, anna)
    assert "Not approved yet: a draft, not to be handed over." in text
    filing.hand_in(subject_of(anna), made)
    papers.decide(subject_of(carl), made, approve=True)
    filing.mark_sent(subject_of(carl), made, sent_at=NOON, how="portal", receipt="R-77")
    text = printed(made, carl)
    assert "Not approved yet" not in text
    for part in (
        f"<dd>{made.number}</dd>", "<h2>What happened</h2>", "&lt;b&gt;Money&lt;/b&gt; left",
        "amounts are split to stay below a limit", "123.45", "<td>anna</td>", "<td>carl</td>",
        "R-77", "The customer must not be told", f"#{made.facts['parties'][0][0]}</td>",
    ):  # fmt: skip
        assert part in text, part
    assert f"{SECRET}-3" not in text
    assert "sidebar" not in text
    assert "<script" not in text
    assert "<nav" not in text
    assert noted() > before
    noted()
    rows = AuditEntry.objects.order_by("index")[before:]
    assert {one.actor for one in rows if one.act == "suspicion.read"} == {"anna", "carl"}


def test_it_is_printed_in_its_language_whatever_the_readers(case: Case) -> None:
    anna = person("fraud_analyst", "anna")
    text = printed(drafted(case, anna, language="zh-hans"), anna)
    assert '<html lang="zh-Hans">' in text
    assert "可疑交易报告" in text
    assert "审批" in text


def test_who_may_not_read_it_may_not_print_it(case: Case) -> None:
    made = drafted(case, person("fraud_analyst", "anna"))
    for role in ("fraud_analyst", "risk_owner", "auditor", "customer_service"):
        client = client_of(person(role, f"other-{role}"))
        for door in ("suspicion_print", "suspicion_print_clear"):
            assert client.get(reverse(door, args=[made.pk])).status_code in (403, 404, 405)
            assert client.post(reverse(door, args=[made.pk])).status_code in (403, 404, 405)


def test_in_the_clear_only_for_a_purpose_and_each_party_is_on_record(case: Case) -> None:
    before = noted()
    made = drafted(case, person("fraud_analyst", "anna"))
    carl = person("compliance_officer", "carl", clearance=4, purposes=["legal_duty"])
    client = client_of(carl)
    assert "The parties are masked." in printed(made, carl)
    door = reverse("suspicion_print_clear", args=[made.pk])
    wrong = client.post(door, {"purpose": "legal_duty", "reason": "x"})
    assert wrong.status_code == 422
    assert f"{SECRET}-3" not in wrong.content.decode()
    text = client.post(door, {"purpose": "legal_duty", "reason": "report of case 3"})
    assert f"{SECRET}-3" in text.content.decode()
    assert "no-store" in text.headers["Cache-Control"]
    assert noted() > before
    noted()
    rows = AuditEntry.objects.order_by("index")[before:]
    [entry] = [one for one in rows if one.act == "value.reveal"]
    assert (entry.purpose, entry.reason) == ("legal_duty", "report of case 3")
