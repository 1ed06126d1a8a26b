"""Reports, statements and the register: two people, proof, and texts that only writers read."""

from __future__ import annotations

import datetime as dt
from typing import Any, ClassVar

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import SYSTEM, Denied, Subject, subject_of
from guanlan.response import papers
from guanlan.response.clocks import letters, stating
from guanlan.response.clocks.letters import UNKNOWN, first_text, register_facts
from guanlan.response.clocks.reporting import draft, mark_sent
from guanlan.response.clocks.terms import Matter
from guanlan.response.models import (
    Disclosure,
    RegulatoryReport,
    RunningClock,
    Statement,
)
from guanlan.response.papers import decide, difference, hand_in, rewrite
from tests.people import person
from tests.response.clocks.conftest import KNOWN, LEAK
from tests.response.clocks.seeds import a_disclosure, a_report, a_statement
from tests.response.clocks.test_running import FACTS, clock, started
from tests.web.resource_suite import ResourceSuite

HOUR = dt.timedelta(hours=1)


class TestReports(ResourceSuite):
    noun = "response.regulatoryreport"
    secret = "the secret cause"
    form: ClassVar[dict[str, Any]] = {
        "label": "Leak", "regulator": "CAC", "kind": "initial", "language": "en", "title": "A",
    }  # fmt: skip

    def make(self, n: int) -> RegulatoryReport:
        return a_report(n)

    def test_what_is_secret_leaves_by_no_door(self) -> None:
        """The page shows the text to who writes reports; every other door hides it."""
        row = self.make(1)
        client = self.owner()
        names = ",".join(column.name for column in self.resource.columns)
        listed = client.get(reverse(self.resource.route), {"columns": names})
        file = client.post(
            reverse(f"{self.resource.route}_export", args=["csv"]), {"columns": names}
        )
        api = client.get(reverse(f"api_{self.resource.route}"))
        for answer in (listed, file, api):
            assert self.secret not in answer.getvalue().decode()
        watcher = Client()
        watcher.force_login(person("committee_member"))
        page = watcher.get(reverse(self.resource.one, args=[row.pk]))
        assert page.status_code == 200
        assert self.secret not in page.content.decode()
        assert self.secret in client.get(reverse(self.resource.one, args=[row.pk])).content.decode()


class TestStatements(TestReports):
    noun = "response.statement"
    secret = "the secret apology"
    form: ClassVar[dict[str, Any]] = {
        "label": "Leak", "title": "A", "audience": "media", "channel": "press",
    }  # fmt: skip

    def make(self, n: int) -> Any:
        return a_statement(n)


class TestDisclosures(TestReports):
    noun = "response.disclosure"
    secret = "the secret call"
    form: ClassVar[dict[str, Any]] = {
        "label": "Leak", "title": "A", "recipient": "CAC", "how": "phone",
        "at": "2026-01-02T03:04", "words": "told",
    }  # fmt: skip

    def make(self, n: int) -> Any:
        return a_disclosure(n)


def test_a_report_begins_with_what_the_clock_knows_and_says_what_nobody_does(
    officer: Subject,
) -> None:
    started(officer)
    found = draft(
        officer, LEAK, regulator="CAC", kind="initial", language="zh-hans", title="首报",
        clock=clock("cac-operator"),
    )  # fmt: skip
    text = str(found.text)
    assert "## 发现或获知时间\n2026-11-20 09:12" in text
    assert "## 事件级别\n较大" in text
    assert "## 涉及的数据种类与数量\n个人信息" in text
    assert f"## 原因分析\n{UNKNOWN['zh-hans']}" in text


@pytest.mark.parametrize("language", ["en", "zh-hans", "zh-hant"])
@pytest.mark.parametrize("kind", ["initial", "follow_up", "closing", "persons"])
@pytest.mark.parametrize("regulator", ["CAC", "NFRA", "PBOC", "EU-DORA", "EU-DPA"])
def test_every_report_has_a_text_in_every_language(
    db: None, regulator: str, kind: str, language: str
) -> None:
    text = first_text(LEAK, regulator, kind, language, {})
    assert text.count("## ") >= 7
    assert letters.unknown_in(text) >= 4
    assert ("Member states" in text) == (
        language == "en" and regulator == "EU-DORA" and kind != "persons"
    )


def test_facts_come_from_the_app_whose_object_it_is(db: None) -> None:
    register_facts("test.thing", lambda matter, language: {"cause": f"{matter.id} in {language}"})
    try:
        text = first_text(Matter("test.thing", "7", "A thing"), "CAC", "closing", "en", {})
        with pytest.raises(ValueError, match="registered twice"):
            register_facts("test.thing", lambda matter, language: {})
    finally:
        letters._facts.pop("test.thing")
    assert "## Cause\n7 in en" in text


def test_nobody_approves_what_they_wrote(officer: Subject) -> None:
    other = subject_of(person("privacy_officer", "petra"))
    report = draft(officer, LEAK, regulator="CAC", kind="initial", language="en", title="A")
    rewrite(other, report, "A", "a second draft")
    hand_in(officer, report)
    for writer in (officer, other):
        with pytest.raises(ValidationError, match="Who wrote a report does not approve it"):
            decide(writer, report, approve=True)
    third = subject_of(person("compliance_officer", "cora"))
    with pytest.raises(ValidationError) as refused:
        decide(third, report, approve=False)
    assert [*refused.value.message_dict] == ["answer"]
    decide(third, report, approve=True)
    with pytest.raises(ValidationError, match="not possible"):
        rewrite(officer, report, "A", "after the approval")
    with pytest.raises(Denied):
        decide(subject_of(person("committee_member")), report, approve=True)


def test_an_approved_report_stops_its_clock_and_stands_in_the_register(officer: Subject) -> None:
    started(officer)
    report = draft(
        officer, LEAK, regulator="CAC", kind="initial", language="en", title="First report",
        clock=clock("cac-operator"),
    )  # fmt: skip
    at = KNOWN + 2 * HOUR
    with pytest.raises(ValidationError, match="not possible"):
        mark_sent(officer, report, sent_at=at, how="portal", receipt="no. 7", now=at)
    hand_in(officer, report)
    decide(subject_of(person("compliance_officer", "cora")), report, approve=True)
    mark_sent(officer, report, sent_at=at, how="portal", receipt="no. 7", now=at)
    assert clock("cac-operator").state == "met"
    line = Disclosure.objects.get()
    assert (line.report, line.what, line.how, line.at) == (report, "report", "portal", at)
    assert line.recipient == "Cyberspace administration of the province"


def test_the_difference_between_drafts_is_by_lines(officer: Subject) -> None:
    report = draft(officer, LEAK, regulator="CAC", kind="initial", language="en", title="A")
    assert difference(report) == []
    rewrite(officer, report, "A", "one\ntwo\nthree")
    rewrite(officer, report, "A", "one\n2\nthree")
    assert difference(report) == [(" ", "one"), ("-", "two"), ("+", "2"), (" ", "three")]


def test_texts_do_not_stand_in_the_tables(db: None) -> None:
    a_report(1), a_statement(1), a_disclosure(1)
    with connection.cursor() as cursor:
        for table in ("regulatoryreport", "reportdraft", "statement", "disclosure"):
            cursor.execute(f"select * from response_{table}")
            for row in cursor.fetchall():
                stored = b"".join(
                    bytes(v) if isinstance(v, bytes | memoryview) else str(v).encode() for v in row
                )
                assert b"secret" not in stored


def test_a_statement_needs_communications_and_compliance_two_people_not_the_author(
    officer: Subject,
) -> None:
    speaker = subject_of(person("communications", "carl"))
    author = subject_of(person("communications", "anna"))
    statement = stating.compose(
        author, LEAK, title="We are sorry", audience="customers", channel="app", texts={}
    )
    assert set(statement.texts) == {"zh-hans", "zh-hant", "en"}, "the template of the audience"
    stating.hand_in(author, statement)
    for who, which in (
        (author, "communications"), (officer, "communications"), (speaker, "compliance"),
    ):  # fmt: skip
        with pytest.raises(ValidationError, match="two people, neither of them the author"):
            stating.approve(who, statement, which)
    assert not stating.approve(speaker, statement, "communications")
    with pytest.raises(ValidationError, match="not possible"):
        stating.publish(author, statement, at=timezone.now(), proof="x")
    assert stating.approve(officer, statement, "compliance")
    stating.publish(author, statement, at=timezone.now(), proof="dispatch 12")
    assert Statement.objects.get().state == "published"
    line = Disclosure.objects.get()
    assert (line.what, line.how, line.recipient) == ("statement", "app", "customers")
    assert str(line.words).startswith("发生了什么")


def test_an_owner_gives_one_of_the_approvals_never_both(officer: Subject) -> None:
    owner = subject_of(person("owner"))
    statement = a_statement(1)
    stating.hand_in(SYSTEM, statement)
    stating.approve(owner, statement, "communications")
    with pytest.raises(ValidationError, match="two people"):
        stating.approve(owner, statement, "compliance")


def test_what_is_sent_back_has_lost_its_approvals(officer: Subject) -> None:
    statement = a_statement(1)
    stating.hand_in(SYSTEM, statement)
    stating.approve(officer, statement, "compliance")
    stating.send_back(officer, statement, "say when it began")
    found = Statement.objects.get()
    assert (found.state, found.compliance, found.answer) == ("draft", None, "say when it began")


def test_from_the_page_of_a_clock_to_the_register(officer: Subject) -> None:
    started(officer)
    client = Client()
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    one = RunningClock.objects.get(code="cac-operator")
    client.post(reverse("clocks_do", args=[one.pk, "report"]), {"language": "en"})
    report = RegulatoryReport.objects.get()
    assert (
        f"/regulatory-reports/{report.pk}"
        in client.get(reverse("clock", args=[one.pk])).content.decode()
    )
    page = client.get(reverse("regulatory_report", args=[report.pk])).content.decode()
    assert "facts are not yet known" in page
    client.post(reverse("regulatory_reports_do", args=[report.pk, "hand_in"]))
    client.post(reverse("regulatory_reports_do", args=[report.pk, "approve"]))
    report.refresh_from_db()
    assert report.state == "review", "the owner wrote it"
    papers.decide(officer, report, approve=True)
    values = {"sent_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"), "how": "portal"}
    wrong = client.post(reverse("regulatory_reports_do", args=[report.pk, "sent"]), values)
    assert 'class="field-error"' in wrong.content.decode(), "without a receipt"
    client.post(
        reverse("regulatory_reports_do", args=[report.pk, "sent"]), values | {"receipt": "no. 7"}
    )
    assert "Cyberspace administration" in client.get(reverse("disclosures")).content.decode()
    assert FACTS.grade == "larger"
