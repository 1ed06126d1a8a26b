"""Mailboxes: each letter once, nothing lost, nothing believed that a stranger may write."""

from __future__ import annotations

import datetime as dt
import ssl
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from guanlan.core.access import SYSTEM, subject_of
from guanlan.core.models import Channel
from guanlan.core.outbox.delivering import deliver_due
from guanlan.response.alerts.titles import said
from guanlan.response.complaints import mail
from guanlan.response.complaints.mail import Unpolled, poll, poll_all
from guanlan.response.complaints.parsing import MOST_PARTS, BadLetter, read_letter
from guanlan.response.complaints.replying import reply
from guanlan.response.complaints.ways import save_mailbox
from guanlan.response.models import Complaint, ComplaintLetter, ComplaintMessage, Mailbox
from guanlan.web.discussion.models import Attachment
from tests.core.outbox.sink import mail_server
from tests.people import person
from tests.response.complaints.mailbox_server import HOST, Folder, mailbox_server
from tests.response.complaints.rows import NOW

pytestmark = pytest.mark.django_db
PNG = b"\x89PNG\r\n\x1a\n" + bytes(200)


class Desk(NamedTuple):
    folder: Folder
    box: Mailbox
    context: ssl.SSLContext

    def read(self, now: dt.datetime = NOW) -> int:
        self.box.refresh_from_db()
        return poll(self.box, now, context=self.context)

    def letters(self) -> list[str]:
        return [said(one.why, one.values) for one in ComplaintLetter.objects.order_by("pk")]


@pytest.fixture
def desk(tmp_path: Path, db: None) -> Iterator[Desk]:
    with mailbox_server(tmp_path) as (folder, port, context):
        box = save_mailbox(
            SYSTEM, None, name="complaints", host=HOST, port=port, account="c@wallet.test",
            passphrase="right", folder="INBOX", whole=True, enabled=True, now=NOW,
        )  # fmt: skip
        yield Desk(folder, box, context)


def letter(text: str = "The refund never came", **said: str) -> EmailMessage:
    made = EmailMessage()
    made["From"] = said.pop("sender", "Li Na <li.na@example.com>")
    made["To"] = "c@wallet.test"
    made["Subject"] = said.pop("subject", "退款")
    made["Message-ID"] = said.pop("id", "<one@example.com>")
    for name, value in said.items():
        made[name.replace("_", "-")] = value
    made.set_content(text)
    return made


def raw(made: EmailMessage) -> bytes:
    return made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def test_a_letter_becomes_one_complaint_and_the_mailbox_stays_as_it_is(desk: Desk) -> None:
    desk.folder.add(raw(letter("My card 6222020200112233 was charged twice")))
    assert desk.read() == 1
    row = Complaint.objects.get()
    assert (row.channel, row.email, row.subject) == ("email", "li.na@example.com", "退款")
    assert row.masked == "My card ••••2233 was charged twice"
    assert row.received == dt.datetime(2026, 11, 27, 8, 0, tzinfo=dt.UTC)
    assert desk.read() == 0
    assert any(one.startswith("EXAMINE") for one in desk.folder.asked)
    assert not any(one.startswith(("SELECT", "STORE", "UID STORE")) for one in desk.folder.asked)


def test_the_same_letter_is_taken_in_once_also_where_the_server_counts_anew(desk: Desk) -> None:
    desk.folder.add(raw(letter()))
    desk.read()
    desk.folder.validity += 1
    desk.folder.add(raw(letter(id="<two@example.com>")))
    assert desk.read() == 2
    assert Complaint.objects.count() == 2


def test_what_broke_off_is_read_again_and_nothing_twice(desk: Desk) -> None:
    for n in range(3):
        desk.folder.add(raw(letter(f"case {n}", id=f"<{n}@example.com>")))
    desk.folder.hang_up_at = 2
    with pytest.raises(Unpolled, match="unreachable"):
        desk.read()
    assert Complaint.objects.count() == 1
    desk.folder.hang_up_at = 0
    assert desk.read() == 2
    assert sorted(str(row.text) for row in Complaint.objects.all()) == [
        "case 0", "case 1", "case 2",
    ]  # fmt: skip


def test_a_mailbox_that_is_new_begins_with_what_comes(desk: Desk) -> None:
    Mailbox.objects.update(whole=False)
    desk.folder.add(raw(letter("old")))
    assert desk.read() == 0
    desk.folder.add(raw(letter("new", id="<two@example.com>")))
    desk.read()
    assert [str(row.text) for row in Complaint.objects.all()] == ["new"]


def test_of_html_only_the_text_is_kept(desk: Desk) -> None:
    made = letter()
    made.set_content("<p>Money <b>gone</b></p><script>steal()</script>", subtype="html")
    desk.folder.add(raw(made))
    desk.read()
    assert Complaint.objects.get().text == "Money gone"


def test_files_are_kept_as_far_as_they_are_taken(desk: Desk) -> None:
    made = letter()
    made.add_attachment(PNG, maintype="image", subtype="png", filename="截图.png")
    made.add_attachment(b"PK\x03\x04" + bytes(99), maintype="application", subtype="zip",
                        filename="bomb.zip")  # fmt: skip
    desk.folder.add(raw(made))
    desk.read()
    kept = Attachment.objects.get()
    assert (kept.name, kept.kind, kept.object_id) == (
        "截图.png", "image/png", str(Complaint.objects.get().pk),
    )  # fmt: skip
    refused = Complaint.objects.get().happenings.get(kind="file_refused")
    assert "This kind of file is not taken" in str(refused.reason)


def test_a_letter_of_50_mb_is_refused_in_one_sentence_and_stays(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.folder.add(raw(letter()))
    desk.folder.lie = 50 << 20
    desk.folder.add(raw(letter(id="<two@example.com>")))
    desk.read()
    assert Complaint.objects.count() == 0
    assert "is larger than" in desk.letters()[0]
    assert not any("BODY.PEEK[])" in one for one in desk.folder.asked), "it was never fetched"
    assert "li.na@example.com" in str(ComplaintLetter.objects.earliest("pk").body)


def test_a_server_that_sends_more_than_it_said_is_cut_off(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mail, "most_letter", lambda: 100_000)
    desk.folder.add(raw(letter("x" * 200_000)))
    desk.folder.lie = 900
    with pytest.raises(Unpolled, match="unreachable"):
        desk.read()
    assert Complaint.objects.count() == 0


def test_bombs_become_dead_letters_and_what_is_behind_them_is_read(desk: Desk) -> None:
    many = b"".join(b"--x\r\nContent-Type: text/plain\r\n\r\na\r\n" for _ in range(MOST_PARTS + 1))
    head = b"From: a@example.com\r\nMIME-Version: 1.0\r\n"
    kind = b'Content-Type: multipart/mixed; boundary="x"\r\n\r\n'
    desk.folder.add(head + kind + many + b"--x--\r\n")
    deep = b"".join(
        f'Content-Type: multipart/mixed; boundary="b{n}"\r\n\r\n--b{n}\r\n'.encode()
        for n in range(40)
    )
    desk.folder.add(head + deep + b"Content-Type: text/plain\r\n\r\nhello\r\n")
    desk.folder.add(head + b"X-Long: " + b"a" * 100_000 + b"\r\n\r\nhello")
    desk.folder.add(b"Subject: x\r\n\r\nno sender\r\n")
    desk.folder.add(raw(letter()))
    assert desk.read() == 5
    assert desk.letters() == [
        "The letter has too many parts.",
        "The parts of the letter are nested too deeply.",
        "The headers of the letter are too long.",
        "The letter names no sender.",
    ]
    assert Complaint.objects.count() == 1


def test_what_a_program_wrote_is_left_to_a_person(desk: Desk) -> None:
    desk.folder.add(raw(letter("I am away", Auto_Submitted="auto-replied")))
    desk.read()
    assert Complaint.objects.count() == 0
    assert desk.letters() == ["A program wrote this letter: an absence, a bounce, a list."]


def test_an_answer_joins_its_complaint_only_from_the_same_address(desk: Desk) -> None:
    desk.folder.add(raw(letter()))
    desk.read()
    row = Complaint.objects.get()
    Complaint.objects.update(state="waiting")
    subject = f"Re: 关于您的投诉 [{row.receipt}]"
    desk.folder.add(raw(letter("It was Monday", subject=subject, id="<two@example.com>")))
    desk.folder.add(
        raw(letter("Let me in", subject=subject, id="<x@example.com>", sender="eve@example.com"))
    )
    desk.read()
    assert [str(one.text) for one in ComplaintMessage.objects.filter(incoming=True)] == [
        "It was Monday"
    ]
    row.refresh_from_db()
    assert row.state == "working"
    assert Complaint.objects.count() == 2


def test_faults_are_named_and_others_are_read_all_the_same(desk: Desk) -> None:
    desk.folder.password = "another"
    poll_all(NOW, context=desk.context)
    desk.box.refresh_from_db()
    assert (desk.box.fault, desk.box.polled) == ("login", NOW)
    assert poll_all(NOW) == 0, "a certificate that nobody vouches for"
    desk.box.refresh_from_db()
    assert desk.box.fault == "certificate"
    Mailbox.objects.update(host="inside.test")
    poll_all(NOW, context=desk.context)
    desk.box.refresh_from_db()
    assert desk.box.fault == "refused"
    Mailbox.objects.update(host=HOST)
    desk.folder.password = "right"
    poll_all(NOW, context=desk.context)
    desk.box.refresh_from_db()
    assert desk.box.fault == ""


def test_a_password_is_asked_for_anew_for_another_server(desk: Desk) -> None:
    values = {"name": "complaints", "host": HOST, "port": desk.box.port, "account": "c@wallet.test",
              "passphrase": "", "folder": "INBOX", "whole": True, "enabled": True}  # fmt: skip
    save_mailbox(SYSTEM, desk.box, now=NOW, **values)  # type: ignore[arg-type]
    with pytest.raises(ValidationError, match="Write the password"):
        save_mailbox(SYSTEM, desk.box, now=NOW, **(values | {"host": "evil.test"}))  # type: ignore[arg-type]


def test_the_receipt_and_the_reply_arrive_at_the_customer(desk: Desk) -> None:
    """A real mail server takes what we write, and none of it is kept in the outbox."""
    with mail_server() as (sink, config):
        Channel.objects.create(name="mail", kind="email", config=config)
        desk.folder.add(raw(letter()))
        # The mailbox is read under the policy of its own server.
        row = _taken(desk)
        officer = subject_of(person("customer_service", "li"))
        reply(officer, row, "We are sorry: 13800138000.", how="email", outcome="upheld", now=NOW)
        deliver_due(timezone.now())
    texts = sink.texts()
    assert row.receipt in texts[0]
    assert "We are sorry: 13800138000." in texts[1]
    kept = ComplaintMessage.objects.get(template="")
    assert kept.masked == "We are sorry: ••••8000."


def _taken(desk: Desk) -> Complaint:
    from_letter = read_letter(desk.folder.letters[1], 10, 1000)
    assert from_letter.sender == "li.na@example.com"
    return mail._made(desk.box, from_letter, "one", NOW, NOW)


def test_a_letter_of_odd_bytes_is_read_or_refused_but_never_breaks() -> None:
    for raw_bytes in (b"", b"\0\xff" * 500, b"From: a@b.c\r\n\r\n", b"From: =?x?q?=FF?=\r\n\r\nhi"):
        with pytest.raises(BadLetter):
            read_letter(raw_bytes, 100, 100)
    gbk = "Subject: x\r\nFrom: a@b.c\r\nContent-Type: text/plain; charset=gb2312\r\n\r\n退款"
    assert read_letter(gbk.encode("gb18030"), 100, 100).text == "退款"
    long = read_letter(b"From: a@b.c\r\n\r\n" + b"a" * 500, 100, 100)
    assert len(long.text) == 100
    assert long.text.endswith("[…]")
