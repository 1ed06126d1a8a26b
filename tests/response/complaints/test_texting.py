"""A reply by SMS goes out where its gateway names a way, and the form says so before it is sent."""

from __future__ import annotations

import datetime as dt
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import SYSTEM
from guanlan.core.audit.copying import copy_rows
from guanlan.core.egress import using
from guanlan.core.models import AuditEntry, Channel, Delivery, Message
from guanlan.core.outbox.adapters import sms
from guanlan.core.outbox.delivering import deliver_due
from guanlan.response.complaints.replying import reply
from guanlan.response.complaints.texting import settle_replies
from guanlan.response.complaints.ways import save_gateway
from guanlan.response.models import Complaint, ComplaintGateway, ComplaintMessage
from tests.core.egress.servers import Reply, http_server
from tests.people import confirm, person
from tests.response.complaints.rows import NOW, taken

pytestmark = pytest.mark.django_db
NUMBER = "+8613800138000"
SOON = NOW + dt.timedelta(seconds=1)


@pytest.fixture(autouse=True)
def room(tmp_path: Path, settings: Any) -> Path:
    settings.DATA = tmp_path
    return tmp_path / "outbox" / "texts.ndjson"


def channel(kind: str = "file", **config: str) -> Channel:
    return Channel.objects.create(name=kind, kind=kind, config={"name": "texts"} | config)


def gateway(reply_by: Channel | None, kind: str = "sms") -> ComplaintGateway:
    return save_gateway(
        SYSTEM, None, name=kind, kind=kind, token="", key="", app="", reply_by=reply_by,
        enabled=True, now=NOW,
    )[0]  # fmt: skip


def by_sms(reply_by: Channel | None) -> Complaint:
    row = gateway(reply_by)
    return taken(channel="sms", source=f"gateway {row.pk}", gateway=row.pk, phone=NUMBER)


def answered(row: Complaint, text: str = "We paid it back today.") -> ComplaintMessage:
    return reply(SYSTEM, row, text, how="sms", now=NOW)


def page(client: Client, row: Complaint) -> str:
    client.cookies["guanlan_language"] = "en"
    return client.get(reverse("complaint", args=[row.pk])).content.decode()


def test_a_reply_goes_to_the_number_that_the_complaint_came_from(
    room: Path, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    row = by_sms(channel())
    made = answered(row)
    assert made.delivery == "waiting"
    client.force_login(person("customer_service", "li"))
    assert "· on its way" in page(client, row)
    stored = str([*Message.objects.values(), *Delivery.objects.values()])
    assert "13800138000" not in stored
    assert "paid it back" not in stored
    assert settle_replies(SOON) == 0, "it has not been tried yet"
    deliver_due(SOON)
    parcel = json.loads(room.read_text("utf-8"))
    assert (parcel["phone"], parcel["subject"]) == (NUMBER, "We paid it back today.")
    assert Message.objects.get(template="letter").letter is None, "forgotten once it is sent"
    assert settle_replies(SOON) == 1
    made.refresh_from_db()
    assert (made.delivery, made.sent) == ("sent", True)
    assert "· on its way" not in page(client, row)
    kinds = row.happenings.order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["taken", "queued", "replied"]
    assert "13800138000" not in caplog.text
    copy_rows()
    assert not any("13800138000" in str(one.__dict__) for one in AuditEntry.objects.all())


def test_a_reply_that_cannot_be_sent_says_so_and_its_owner_is_told(
    room: Path, client: Client
) -> None:
    way = channel()
    row = by_sms(way)
    mine = person("customer_service", "li")
    Complaint.objects.update(owner=mine)
    made = answered(row)
    Channel.objects.update(enabled=False)
    deliver_due(SOON)
    assert settle_replies(SOON) == 1
    made.refresh_from_db()
    assert (made.delivery, made.sent) == ("failed", False)
    client.force_login(mine)
    text = page(client, row)
    assert '<span class="state bad">could not be sent: the channel is not in use</span>' in text
    assert "a reply could not be sent" in text
    told = Message.objects.get(template="complaint.unsent")
    assert told.recipient == mine
    assert settle_replies(SOON) == 0


def test_an_outcome_that_was_not_sent_was_not_told_and_its_clock_runs_on() -> None:
    row = by_sms(channel())
    due = row.due
    reply(SYSTEM, row, "It is paid back.", how="sms", outcome="upheld", now=NOW)
    row.refresh_from_db()
    assert (row.state, row.told) == ("answered", NOW)
    Channel.objects.update(enabled=False)
    deliver_due(SOON)
    settle_replies(SOON)
    row.refresh_from_db()
    assert (row.state, row.told, row.outcome, row.due) == ("working", None, "", due)


@pytest.mark.parametrize("named", [True, False])
def test_before_it_is_sent_the_form_says_whether_it_is(client: Client, named: bool) -> None:
    row = by_sms(channel() if named else None)
    client.force_login(person("customer_service", "li"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("complaints_do", args=[row.pk, "reply"])).content.decode()
    assert ("SMS, sent to +86138••••8000" in text) is named
    assert ("SMS (recorded only: this gateway has no way to reply)" in text) is not named
    assert "WeChat (recorded only: nothing is sent to WeChat from here)" in text
    assert "13800138000" not in text
    made = answered(row)
    assert made.delivery == ("waiting" if named else "")
    assert row.happenings.filter(kind="queued" if named else "recorded").exists()


def test_a_channel_out_of_use_or_a_complaint_of_another_way_is_recorded_only() -> None:
    way = channel()
    row = by_sms(way)
    other = taken(channel="phone", external="2", phone=NUMBER)
    assert answered(other).delivery == ""
    Channel.objects.update(enabled=False)
    assert answered(Complaint.objects.get(pk=row.pk)).delivery == ""
    assert not Message.objects.exists()


def test_what_the_channel_would_cut_is_refused_and_nothing_is_kept() -> None:
    row = by_sms(channel("aliyun"))
    with pytest.raises(ValidationError, match="at most 35 characters; this has 36"):
        answered(row, "x" * 36)
    assert not ComplaintMessage.objects.exists()
    assert not Message.objects.exists()


def test_it_is_sent_by_a_vendor_over_the_wire(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sms, "SCHEME", "http")
    queued = Reply(200, b'{"sid": "SM1", "status": "queued"}')
    with http_server(lambda got: queued) as server, using(server.policy("sms.test")):
        way = channel(
            "twilio", account="AC1", secret="s", sender="+1555", host=f"sms.test:{server.port}"
        )
        answered(by_sms(way), "We paid it back today: please look at your account.")
        deliver_due(SOON)
        sent = parse_qs(server.got[0].body.decode())
    assert sent["To"] == [NUMBER]
    assert sent["Body"] == ["We paid it back today: please look at your account."]
    settle_replies(SOON)
    assert ComplaintMessage.objects.get().delivery == "sent"


def test_a_gateway_is_given_its_way_to_reply_on_its_form(client: Client) -> None:
    way, chat = channel(), Channel.objects.create(name="chat", kind="slack")
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    confirm(client)
    door = reverse("complaint_gateways_new")
    values = {"name": "texts", "kind": "sms", "enabled": "on"}
    assert client.post(door, values | {"reply_by": chat.pk}).status_code == 422
    other = client.post(door, values | {"kind": "hmac", "reply_by": way.pk})
    assert "Only an SMS gateway is replied for" in other.content.decode()
    client.post(door, values | {"reply_by": way.pk})
    made = ComplaintGateway.objects.get()
    assert made.reply_by == way
    change = reverse("complaint_gateways_edit", args=[made.pk])
    page = client.get(change)
    assert page.status_code == 200
    assert f'value="{way.pk}" selected' in page.content.decode()


def test_what_became_of_a_letter_is_said_as_the_outbox_knows_it(
    client: Client,
) -> None:
    way, now = channel(), timezone.now()
    row = taken(email="li@example.com")
    made = reply(SYSTEM, row, "We paid it back today.", how="email", outcome="upheld", now=now)
    mine = person("customer_service", "li")
    client.force_login(mine)
    Complaint.objects.update(owner=mine)
    assert (made.delivery, made.sent) == ("waiting", True)
    assert "e-mail · on its way" in page(client, row)
    sending = Delivery.objects.filter(message=made.letter)
    sending.update(attempts=1, why="unreachable")
    assert "not sent yet: no connection, or no answer; it is tried again 2" in page(client, row)
    sending.update(state="sent", why="", finished=now)
    assert f"e-mail · sent {timezone.localtime(now):%Y-%m-%d %H:%M}" in page(client, row)
    sending.update(state="failed", why="rejected", finished=now)
    assert settle_replies(now) == 1
    said = page(client, row)
    assert "could not be sent: the other side refuses it</span>" in said
    made.refresh_from_db()
    row.refresh_from_db()
    assert (made.delivery, made.sent, row.told, row.state) == ("failed", False, None, "working")
    assert Message.objects.filter(template="complaint.unsent").exists()
    assert made.letter is not None
    made.letter.delete()
    assert 'e-mail · <span class="state bad">could not be sent</span>' in page(client, row)
    assert way.enabled
