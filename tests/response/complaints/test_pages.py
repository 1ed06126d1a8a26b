"""Screens of complaints: found by what they are, masked, worked on, answered, closed."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import Any, ClassVar

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core import services
from guanlan.core.access import SYSTEM
from guanlan.core.models import Channel, Message
from guanlan.response.complaints.links import path_of
from guanlan.response.incidents.declaring import declare
from guanlan.response.models import (
    Complaint,
    ComplaintCategory,
    ComplaintGateway,
    ComplaintLetter,
    ComplaintMessage,
    ComplaintTerms,
    IncidentLink,
    Mailbox,
    ReplyTemplate,
)
from tests.people import confirm, person
from tests.response.complaints import rows
from tests.response.complaints.rows import taken
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


class TestComplaints(ResourceSuite):
    noun = "response.complaint"
    secret = rows.SECRET
    form: ClassVar[dict[str, Any]] = {"text": "The refund never came", "channel": "phone"}

    def make(self, n: int) -> Complaint:
        return rows.make_complaint(n)


class TestLetters(ResourceSuite):
    noun = "response.complaintletter"
    secret = rows.SECRET

    def make(self, n: int) -> ComplaintLetter:
        return rows.make_letter(n)


class TestCategories(ResourceSuite):
    noun = "response.complaintcategory"
    there = 11
    form: ClassVar[dict[str, Any]] = {
        "code": "cards", "title_en": "Cards", "title_zh_hans": "卡", "title_zh_hant": "卡",
        "words": "card, 卡", "risk": "fraud", "enabled": "on",
    }  # fmt: skip

    def make(self, n: int) -> ComplaintCategory:
        return rows.make_category(n)

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        ComplaintCategory.objects.all().delete()
        super().test_a_form_with_nothing_in_it_says_why_and_changes_nothing()


class TestAnswers(ResourceSuite):
    noun = "response.replytemplate"
    there = 5
    form: ClassVar[dict[str, Any]] = {
        "code": "hello", "title_en": "Hello", "title_zh_hans": "您好", "title_zh_hant": "您好",
        "text_en": "Hello {receipt}", "text_zh_hans": "您好", "text_zh_hant": "您好",
    }  # fmt: skip

    def make(self, n: int) -> ReplyTemplate:
        return rows.make_answer(n)

    def test_a_form_with_nothing_in_it_says_why_and_changes_nothing(self) -> None:
        ReplyTemplate.objects.all().delete()
        super().test_a_form_with_nothing_in_it_says_why_and_changes_nothing()


class TestTerms(ResourceSuite):
    noun = "response.complaintterms"
    form: ClassVar[dict[str, Any]] = {
        "simple": "10", "complex": "20", "extension": "20", "source": "the law", "reason": "new",
    }  # fmt: skip

    def make(self, n: int) -> ComplaintTerms:
        return rows.make_terms(n)


class TestMailboxes(ResourceSuite):
    noun = "response.mailbox"
    secret = rows.SECRET
    form: ClassVar[dict[str, Any]] = {
        "name": "box", "host": "imap.example.com", "port": "993", "account": "a@example.com",
        "passphrase": "p", "folder": "INBOX",
    }  # fmt: skip

    def make(self, n: int) -> Mailbox:
        return rows.make_mailbox(n)


class TestGateways(ResourceSuite):
    noun = "response.complaintgateway"
    secret = rows.SECRET
    form: ClassVar[dict[str, Any]] = {"name": "sms", "kind": "sms"}

    def make(self, n: int) -> ComplaintGateway:
        return rows.make_gateway(n)


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def listed(client: Client, query: str) -> set[int]:
    page = client.get(reverse("complaints"), {"q": query})
    assert page.context["problems"] == [], query
    return {int(row.key) for row in page.context["rows"]}


def do(client: Client, row: Complaint, name: str, **values: Any) -> str:
    """Do an action; the page that it leads to, or what the form objects to."""
    answer = client.post(reverse("complaints_do", args=[row.pk, name]), values, follow=True)
    row.refresh_from_db()
    return answer.content.decode()


def test_complaints_are_found_by_what_they_are(owner: Client) -> None:
    now = timezone.now()
    late = taken("Nobody answers", now, received=now - dt.timedelta(days=20), product="card").pk
    regulated = taken("我要打12378", now, channel="sms", category="fees").pk
    done = taken("It was solved", now)
    do(owner, done, "told", outcome="upheld")
    assert listed(owner, "") == {late, regulated, done.pk}
    assert listed(owner, "open:yes") == {late, regulated}
    assert listed(owner, "late:yes") == {late}
    assert listed(owner, "-late:yes") == {regulated, done.pk}
    assert listed(owner, "label:regulator") == {regulated}
    assert listed(owner, "priority:>=high") == {regulated}
    assert listed(owner, "category:fees") == {regulated}
    assert listed(owner, "product:card") == {late}
    assert listed(owner, "channel:sms") == {regulated}
    assert listed(owner, "outcome:upheld") == {done.pk}


def test_it_is_worked_on_from_taking_to_closing(owner: Client) -> None:
    row = taken(now=timezone.now())
    assert "is yours" in do(owner, row, "take")
    assert (row.state, row.owner and row.owner.get_username()) == ("working", "owner")
    do(owner, row, "sort", category="privacy", product="wallet")
    assert (row.category.code, row.risk, row.complex, row.days) == ("privacy", "privacy", True, 30)
    page = do(owner, row, "reply", text="Please send the date.", how="phone", then="asks")
    assert row.state == "waiting"
    assert "Please send the date." in page
    assert "Tell the customer the outcome first" not in page
    do(owner, row, "reply", template="upheld", how="paper", then="upheld")
    assert (row.state, row.outcome) == ("answered", "upheld")
    assert row.told is not None
    do(owner, row, "close", cause="process", reason="a form was lost")
    assert (row.state, row.cause) == ("closed", "process")
    told = row.told
    page = do(owner, row, "reopen", reason="the customer called again")
    assert (row.state, row.told) == ("working", told), "no new time"
    assert "a form was lost" in page


def test_a_letter_needs_an_address_and_a_channel(owner: Client) -> None:
    row = taken(now=timezone.now())
    page = do(owner, row, "reply", text="We are sorry.", how="email")
    assert "no e-mail address" in page
    assert not ComplaintMessage.objects.exists()
    Channel.objects.create(name="mail", kind="email")
    other = taken(now=timezone.now(), email="li.na@example.com")
    assert "on its way" in do(owner, other, "reply", text="Call 13800138000.", how="email")
    letter = Message.objects.get(template="letter").letter
    assert letter["to"] == "li.na@example.com"
    assert "13800138000" in letter["body"]
    assert other.receipt in letter["subject"]
    kept = ComplaintMessage.objects.get()
    assert (kept.text, kept.masked) == ("Call 13800138000.", "Call ••••8000.")


def test_more_time_is_asked_for_by_one_and_decided_by_another(owner: Client) -> None:
    row = taken(now=timezone.now())
    due = row.due
    do(owner, row, "extend", reason="papers are abroad")
    answer = owner.post(
        reverse("complaints_do", args=[row.pk, "decide"]),
        {"decision": "yes", "reason": "I say so"},
    )
    assert answer.status_code == 403
    leader = Client()
    leader.force_login(person("risk_owner"))
    do(leader, row, "decide", decision="yes", reason="papers are abroad")
    assert (row.extension, row.due) == (30, due + dt.timedelta(days=30))


def test_nobody_sees_or_handles_a_complaint_about_themselves(owner: Client) -> None:
    li = person("customer_service", "li")
    row = taken("Li was rude to me", timezone.now())
    do(owner, row, "give", person="li")
    do(owner, row, "sort", category="service", product="", about="li")
    assert row.owner is None, "whom it is about loses it"
    page = do(owner, row, "give", person="li")
    assert "Nobody handles a complaint about themselves." in page
    client = Client()
    client.force_login(li)
    assert row.pk not in listed(client, "")
    assert client.get(reverse("complaint", args=[row.pk])).status_code == 404
    assert client.post(reverse("complaints_do", args=[row.pk, "take"])).status_code == 404


def test_what_is_masked_is_revealed_for_a_purpose(owner: Client) -> None:
    row = taken("Call me: 13800138000", timezone.now(), email="li.na@example.com",
                customer="anna-1")  # fmt: skip
    text = owner.get(reverse("complaint", args=[row.pk])).content.decode()
    assert "••••8000" in text
    assert "13800138000" not in text
    assert "li.na@example.com" not in text
    assert "anna-1" not in text
    door = reverse("reveal_complaint", args=[row.pk])
    said = {"purpose": "customer_request", "reason": "calls back"}
    confirm(owner)
    for name, clear in (("text", "13800138000"), ("email", "li.na@example.com"),
                        ("customer", "anna-1")):  # fmt: skip
        assert clear in owner.post(door, said | {"value": name}).content.decode()
    assert owner.post(door, said | {"value": "phone"}).status_code == 404


def test_one_like_another_is_proposed_and_closed_as_the_same(owner: Client) -> None:
    now = timezone.now()
    first = taken("The refund of my order never came to my card", now, customer="u-1")
    other = taken("the refund of my order never came to my card!!", now, customer="u-1")
    stranger = taken("the refund of my order never came to my card!!", now, customer="u-2")
    assert (other.like_id, other.likeness, stranger.like_id) == (first.pk, 100, None)
    assert first.receipt in owner.get(reverse("complaint", args=[other.pk])).content.decode()
    do(owner, other, "same", number=first.pk)
    assert (other.state, other.outcome, other.duplicate_of_id) == ("closed", "duplicate", first.pk)
    assert "Name another complaint" in do(owner, stranger, "same", number=other.pk)


def test_the_open_incident_of_its_kind_is_proposed_and_tied(owner: Client) -> None:
    now = timezone.now()
    incident = declare(SYSTEM, "Payments stand still", "operations", "major", now=now)
    declare(SYSTEM, "Something else", "fraud", "major", now=now)
    row = taken(now=now, category="payment")
    page = owner.get(reverse("complaint", args=[row.pk])).content.decode()
    assert "Payments stand still" in page
    assert "Something else" not in page
    do(owner, row, "tie", incident=incident.pk)
    assert IncidentLink.objects.get().key == str(row.pk)
    assert "tied to an incident" in owner.get(reverse("complaint", args=[row.pk])).content.decode()


def test_a_program_brings_complaints_once_and_sees_only_its_own(client: Client) -> None:
    mine = services.create_api_key("gateway", ["complaints:write"])[1]
    other = services.create_api_key("other", ["complaints:write"])[1]
    body = {"text": "退款一直没有到账", "idempotency_key": "m-1", "customer": "u-1"}
    door = reverse("api_complaints")
    client.cookies["guanlan_language"] = "en"

    def send(body: dict[str, str], key: str = mine) -> Any:
        return client.post(door, json.dumps(body), content_type="application/json",
                           headers={"Authorization": f"Bearer {key}"})  # fmt: skip

    first, again = send(body), send(body)
    assert (first.status_code, again.status_code) == (201, 201), first.content
    assert first.json()["pk"] == again.json()["pk"]
    assert first.json()["channel"] == "interface"
    assert Complaint.objects.get().category.code == "withdrawal"
    wrong = send(body | {"text": "something else"})
    assert wrong.status_code == 422
    assert "used for another complaint" in wrong.json()["error"]["message"]
    assert send(body, other).json()["pk"] != first.json()["pk"], "ids are each source's own"
    found = client.get(door, headers={"Authorization": f"Bearer {mine}"}).json()
    assert [one["pk"] for one in found["items"]] == [first.json()["pk"]]
    bad = send({"text": "x", "category": "weather"})
    assert bad.status_code == 422
    assert bad.json()["error"]["field"] == "category"


def test_html_is_read_and_not_kept(client: Client) -> None:
    row = taken("<p>Money <b>gone</b></p><script>steal()</script>", timezone.now())
    assert row.text == "Money gone"


def test_the_form_needs_no_sign_in_and_leads_to_the_page_of_the_complaint(client: Client) -> None:
    client.cookies["guanlan_language"] = "en"
    page = client.get(reverse("complain"))
    key = re.search(r'name="form_key" value="([^"]+)"', page.content.decode())
    assert key is not None
    values = {"text": "Card 6222020200112233 was charged twice", "email": "li@example.com",
              "form_key": key[1], "category": ""}  # fmt: skip
    answer = client.post(reverse("complain"), values)
    row = Complaint.objects.get()
    assert answer.headers["Location"] == path_of(row)
    assert (row.channel, row.category.code, row.language) == ("web", "payment", "en")
    assert row.subject == "Card ••••2233 was charged twice"
    client.post(reverse("complain"), values)
    assert Complaint.objects.count() == 1, "a form that is sent twice is one complaint"
    text = client.get(path_of(row)).content.decode()
    assert row.receipt in text
    assert "6222020200112233" not in text
    assert client.get(path_of(row)[:-1] + "x").status_code == 404
    bot = client.post(reverse("complain"), values | {"form_key": "other", "website": "spam"})
    assert bot.status_code == 422
    assert "Leave this field empty" in bot.content.decode()
    assert Complaint.objects.count() == 1


def test_the_customer_adds_something_and_rates(client: Client) -> None:
    client.cookies["guanlan_language"] = "en"
    row = taken(now=timezone.now())
    door = path_of(row)
    assert client.post(door, {"do": "rate", "stars": "4"}).status_code == 422
    client.post(door, {"do": "write", "text": "It was on Monday"})
    assert ComplaintMessage.objects.get().incoming
    Complaint.objects.update(state="answered", told=timezone.now(), outcome="upheld")
    client.post(door, {"do": "rate", "stars": "4"})
    row.refresh_from_db()
    assert row.satisfaction == 4
    client.post(door, {"do": "write", "text": "It happened again"})
    row.refresh_from_db()
    assert row.state == "working", "who is not content opens it again"


def test_the_form_is_not_sent_without_end_from_one_address(client: Client) -> None:
    client.cookies["guanlan_language"] = "en"
    codes = [
        client.post(reverse("complain"), {"text": f"no {n}", "form_key": str(n)}).status_code
        for n in range(31)
    ]
    assert codes == [302] * 30 + [429]
    assert Complaint.objects.count() == 30


def test_who_only_looks_is_offered_nothing(client: Client) -> None:
    row = taken(now=timezone.now())
    client.force_login(person("committee_member"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("complaint", args=[row.pk])).content.decode()
    assert row.receipt in text
    assert reverse("complaints_do", args=[row.pk, "take"]) not in text
    assert client.post(reverse("complaints_do", args=[row.pk, "take"])).status_code == 403
