"""What was not understood becomes a complaint after all: once, as what it is, from when it came."""

from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import translation

from guanlan.core.access import SYSTEM, Denied, subject_of
from guanlan.core.audit.copying import copy_rows
from guanlan.core.models import AuditEntry, Channel
from guanlan.response.complaints.after_all import FIELDS, offered, take_after_all
from guanlan.response.complaints.deadlines import due_of
from guanlan.response.complaints.gateways import Call, receive
from guanlan.response.complaints.importing import bring_in
from guanlan.response.complaints.letters import NotTaken
from guanlan.response.complaints.shipped import RECEIVED
from guanlan.response.complaints.signatures import sign, wechat_seal, wechat_sign
from guanlan.response.complaints.ways import save_mailbox
from guanlan.response.models import Complaint, ComplaintGateway, ComplaintLetter
from tests.people import person
from tests.response.complaints.mailbox_server import HOST, mailbox_server
from tests.response.complaints.rows import NOW
from tests.response.complaints.test_gateways import KEY, gateway
from tests.response.complaints.test_mail import Desk, letter, raw

pytestmark = pytest.mark.django_db
LATER = NOW + dt.timedelta(days=3)
CARD = "6222020200112233"


@pytest.fixture
def desk(tmp_path: Path, db: None) -> Iterator[Desk]:
    with mailbox_server(tmp_path) as (folder, port, context):
        box = save_mailbox(
            SYSTEM, None, name="complaints", host=HOST, port=port, account="c@wallet.test",
            passphrase="right", folder="INBOX", whole=True, enabled=True, now=NOW,
        )  # fmt: skip
        yield Desk(folder, box, context)


def send(row: ComplaintGateway, secret: str, body: Any, now: dt.datetime = NOW) -> Any:
    """A call; the complaint that it is, or None where it is refused."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    at = str(int(now.timestamp()))
    heads = {"X-Guanlan-Timestamp": at, "X-Guanlan-Signature": sign(secret, at, data)}
    try:
        return receive(row, Call(data, heads, {}), now).complaint
    except NotTaken:
        return None


def wechat(row: ComplaintGateway, inner: str, key: str = KEY, now: dt.datetime = NOW) -> Any:
    sealed = wechat_seal(key, "wx1", inner, bytes(16))
    at = str(int(now.timestamp()))
    query = {"timestamp": at, "nonce": "n", "msg_signature": wechat_sign("no", at, "n", sealed)}
    body = f"<xml><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>".encode()
    with pytest.raises(NotTaken):
        receive(row, Call(body, {}, query), now)
    return ComplaintLetter.objects.latest("pk")


def take(row: ComplaintLetter, now: dt.datetime = LATER, **changed: str) -> Complaint:
    return take_after_all(SYSTEM, row, offered(row) | changed, now).complaint


def last() -> ComplaintLetter:
    return ComplaintLetter.objects.latest("pk")


def test_an_sms_that_was_not_believed_is_a_complaint_of_its_number_from_when_it_came() -> None:
    row, secret = gateway("sms")
    body = {"id": "7", "from": "+8613800138000", "text": f"My card {CARD} was charged twice"}
    assert send(row, "another secret", body) is None
    kept = last()
    shown = offered(kept)
    assert (shown["text"], shown["phone"]) == (
        "My card ••••2233 was charged twice", "+86138••••8000",
    )  # fmt: skip
    made = take(kept)
    assert (made.channel, made.phone, made.text) == (
        "sms", "+8613800138000", f"My card {CARD} was charged twice",
    )  # fmt: skip
    assert (made.received, made.due) == (NOW, due_of(NOW, made.days))
    kept.refresh_from_db()
    assert (kept.state, kept.complaint, kept.decided) == ("taken", made, LATER)
    line = made.happenings.get(kind="after_all")
    assert line.values == {"letter": kept.pk}
    copy_rows()
    assert AuditEntry.objects.filter(act="complaintletter.take", object_id=str(kept.pk)).exists()
    assert send(row, secret, body, NOW + dt.timedelta(minutes=1)) == made, "the same message again"
    assert Complaint.objects.count() == 1


def test_another_message_under_its_id_is_kept_and_is_another_complaint_once() -> None:
    row, secret = gateway("hmac")
    send(row, "forged", {"id": "m-1", "text": "forged words"})
    first = take(last())
    true = {"id": "m-1", "text": "the words of the customer"}
    assert send(row, secret, true) is None, "its id was used for other words"
    second = take(last())
    assert (first.text, second.text) == ("forged words", "the words of the customer")
    assert first.origin != second.origin
    assert send(row, secret, true, NOW + dt.timedelta(minutes=1)) == second
    assert Complaint.objects.count() == 2


def test_all_that_waits_of_the_same_message_is_settled_with_it() -> None:
    row, _secret = gateway("hmac")
    for n in range(3):
        send(row, "wrong", {"id": "m-1", "text": "x"}, NOW + dt.timedelta(minutes=n))
    send(row, "wrong", {"id": "m-2", "text": "x"})
    made = take(ComplaintLetter.objects.earliest("pk"))
    assert list(ComplaintLetter.objects.order_by("pk").values_list("state", "complaint")) == [
        ("taken", made.pk), ("taken", made.pk), ("taken", made.pk), ("waiting", None),
    ]  # fmt: skip
    send(row, "wrong", {"id": "m-1", "text": "x"}, LATER)
    assert (last().state, last().complaint) == ("taken", made), "refused again, and known"


def test_a_message_that_came_in_well_meanwhile_makes_no_other_complaint() -> None:
    row, secret = gateway("hmac")
    send(row, "wrong", {"id": "m-1", "text": "x"})
    there = send(row, secret, {"id": "m-1", "text": "x"})
    assert take(last(), text="what a person made of it") == there
    assert (Complaint.objects.count(), last().complaint) == (1, there)
    there.refresh_from_db()
    assert there.text == "x"


def test_what_is_missing_is_completed_and_what_is_changed_is_as_the_person_wrote_it() -> None:
    row, _secret = gateway("hmac")
    send(row, _secret, {"id": "m-1", "text": f"card {CARD}", "category": "weather",
                        "email": "li.na@example.com"})  # fmt: skip
    assert offered(last())["category"] == ""
    made = take(last(), category="fraud", email="", text=f"her card {CARD}")
    assert (made.category.code, made.email, made.text) == ("fraud", None, f"her card {CARD}")
    assert made.masked == "her card ••••2233"


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b'{"id": "m-1", "text": "y"', '{"id": "m-1", "text": "y"'),
        (b'{"id": "m-1", "text": "<p>Money <b>gone</b></p><script>x</script>"', "Money gone"),
        (b'{"id": "m-1", "colour": "red"}', ""),
        (b"[" * 100_000, "["),
        (b"\xff\xfe\x00", "��"),
    ],
)
def test_a_body_that_is_no_message_stands_as_text_or_not_at_all(body: bytes, text: str) -> None:
    row, secret = gateway("hmac")
    assert send(row, secret, body) is None
    assert text in offered(last())["text"]
    made = take(last(), text="What the customer meant")
    assert (made.text, made.channel) == ("What the customer meant", "api")


def test_of_a_body_past_the_limit_it_says_what_was_kept() -> None:
    row, secret = gateway("hmac")
    send(row, secret, {"id": "m-1", "text": "a" * (300 << 10)})
    kept = last()
    assert (kept.size > 300 << 10, kept.kept, len(str(kept.body))) == (True, 64 << 10, 64 << 10)
    assert take(kept).received == NOW


def test_a_message_of_wechat_is_read_where_its_key_opens_it() -> None:
    row, _secret = gateway("wechat")
    inner = ("<xml><FromUserName>open-1</FromUserName><MsgType>text</MsgType>"
             "<Content>提现失败</Content><MsgId>77</MsgId></xml>")  # fmt: skip
    made = take(wechat(row, inner))
    assert (made.channel, made.text, made.customer and made.customer.key) == (
        "wechat", "提现失败", "open-1",
    )  # fmt: skip
    blind = wechat(row, inner, key="A" * 43)
    assert not any(offered(blind).values()), "sealed with another key, there is nothing to read"
    with pytest.raises(ValidationError, match="Write what is wrong"):
        take(blind)
    blind.refresh_from_db()
    assert blind.state == "waiting"


def test_a_letter_of_a_program_is_taken_in_as_the_letter_that_it_is(desk: Desk) -> None:
    desk.folder.add(raw(letter("I am away", Auto_Submitted="auto-replied")))
    desk.read()
    made = take(last())
    assert (made.channel, made.text, made.email) == ("email", "I am away", "li.na@example.com")
    desk.folder.validity += 1
    desk.read()
    assert (last().state, last().complaint) == ("taken", made), "the server counted anew"
    assert Complaint.objects.count() == 1


def test_of_a_letter_too_large_only_its_head_was_kept_and_the_page_says_so(
    desk: Desk, client: Client
) -> None:
    desk.folder.lie = 50 << 20
    desk.folder.add(raw(letter()))
    desk.read()
    kept = last()
    assert (kept.size, offered(kept)["text"]) == (50 << 20, "退款"), "its subject"
    client.force_login(person("customer_service", "li"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("complaint_letter", args=[kept.pk])).content.decode()
    assert f"only the first {kept.kept}" in text
    assert "50.0\xa0MB, sealed; the rest was not kept" in text
    assert "files of a letter are not kept" in text
    assert "li.na@example.com" not in text
    made = take(kept, text="She says that her card was charged twice")
    assert (made.email, made.subject) == ("li.na@example.com", "退款")


def test_a_bomb_is_read_as_far_as_it_is_harmless(desk: Desk) -> None:
    many = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\nhelp\r\n" for _ in range(101))
    head = b"From: a@example.com\r\nMessage-ID: <b@x>\r\nMIME-Version: 1.0\r\n"
    desk.folder.add(
        head + b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n' + many + b"--x--\r\n"
    )
    desk.folder.add(b"Subject: x\r\n\r\nno sender\r\n")
    desk.read()
    parts, nobody = ComplaintLetter.objects.order_by("pk")
    assert [take(one).text for one in (parts, nobody)] == ["help", "no sender"]
    assert [one.email for one in Complaint.objects.order_by("pk")] == ["a@example.com", None]


def test_files_and_keys_are_told_what_is_wrong_and_leave_nothing_to_take_in(client: Client) -> None:
    assert bring_in(SYSTEM, b"text,category\nx,weather\n", NOW).faults[0].line == 2
    client.force_login(person("customer_service", "li"))
    answer = client.post("/api/v1/complaints", {"text": ""}, content_type="application/json")
    assert 400 <= answer.status_code < 500
    assert not ComplaintLetter.objects.exists()


def test_the_form_is_filled_in_masked_and_clicked_twice_makes_one(client: Client) -> None:
    row, _secret = gateway("sms")
    send(row, "wrong", {"id": "7", "from": "+8613800138000", "text": f"card {CARD}"})
    kept = last()
    client.force_login(person("customer_service", "li"))
    client.cookies["guanlan_language"] = "en"
    door = reverse("complaint_letters_do", args=[kept.pk, "take"])
    text = client.get(door).content.decode()
    assert "card ••••2233" in text
    assert "+86138••••8000" in text
    assert not {CARD, "13800138000"} & {*text.split()}
    typed = {name: offered(kept)[name] for name in FIELDS}
    assert client.post(door, typed | {"text": ""}).status_code == 422
    client.post(door, typed)
    again = client.post(door, typed, follow=True).content.decode()
    made = Complaint.objects.get()
    assert f"taken in as complaint {made.receipt}" in again
    assert reverse("complaint", args=[made.pk]) in again
    page = client.get(reverse("complaint", args=[made.pk])).content.decode()
    assert reverse("complaint_letter", args=[kept.pk]) in page
    assert made.text == f"card {CARD}"


def test_of_two_people_the_slower_one_is_told_the_number() -> None:
    row, _secret = gateway("hmac")
    send(row, "wrong", {"id": "m-1", "text": "x"})
    mine, theirs = last(), last()
    made = take(mine)
    with pytest.raises(ValidationError, match=f"already, as complaint {made.receipt}"):
        take(theirs)
    assert Complaint.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite lets one write at a time, by the file"
)
def test_two_people_at_the_same_moment_make_one_complaint_of_two_letters_of_it() -> None:
    row, _secret = gateway("hmac")
    for n in range(2):
        send(row, "wrong", {"id": "m-1", "text": "x"}, NOW + dt.timedelta(minutes=n))
    start = threading.Barrier(2)
    told: list[object] = []

    def race(letter: ComplaintLetter) -> None:
        try:
            start.wait(10)
            with translation.override("en"):
                told.append(take(letter).pk)
        except ValidationError as error:
            told.append(str(error.messages[0]))
        finally:
            connection.close()

    threads = [threading.Thread(target=race, args=(one,)) for one in ComplaintLetter.objects.all()]
    for one in threads:
        one.start()
    for one in threads:
        one.join(60)
    made = Complaint.objects.get()
    assert made.pk in told
    assert f"It was taken in already, as complaint {made.receipt}." in told


def test_who_sets_up_gateways_sees_and_discards_but_takes_nothing_in(client: Client) -> None:
    row, _secret = gateway("hmac")
    send(row, "wrong", {"id": "m-1", "text": "x"})
    operator = person("operations")
    with pytest.raises(Denied):
        take_after_all(subject_of(operator), last(), offered(last()), LATER)
    client.force_login(operator)
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("complaint_letter", args=[last().pk])).content.decode()
    assert "Discard" in text
    assert "Take in after all" not in text
    client.post(reverse("complaint_letters_do", args=[last().pk, "discard"]), {"reason": "a test"})
    assert last().state == "discarded"
    with pytest.raises(ValidationError, match="dealt with already"):
        take(last())


def test_the_customer_is_told_once_that_it_came_in() -> None:
    Channel.objects.create(name="file", kind="file", config={"name": "letters"})
    row, _secret = gateway("hmac")
    body = {"id": "9", "text": "It was charged twice", "email": "li@example.com"}
    assert send(row, "another secret", body) is None
    made = take(last())
    [told] = made.messages.all()
    assert (told.how, told.template, told.incoming) == ("email", RECEIVED, False)
    assert made.receipt in str(told.text)
    with pytest.raises(ValidationError, match="taken in already"):
        take(last())
    assert made.messages.count() == 1
