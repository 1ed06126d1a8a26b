"""Gateways are believed by their signature, near their time, and once; files bring all or none."""

from __future__ import annotations

import base64
import io
import json
import time
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM
from guanlan.response.alerts.titles import said
from guanlan.response.complaints.importing import MOST_LINES, bring_in
from guanlan.response.complaints.signatures import (
    BadCall,
    read_xml,
    sign,
    wechat_open,
    wechat_seal,
    wechat_sign,
)
from guanlan.response.complaints.ways import save_gateway
from guanlan.response.models import Complaint, ComplaintGateway, ComplaintLetter
from tests.people import confirm, person
from tests.response.complaints.rows import NOW

KEY = base64.b64encode(bytes(range(32))).decode().rstrip("=")


def gateway(kind: str) -> tuple[ComplaintGateway, str]:
    return save_gateway(
        SYSTEM, None, name=kind, kind=kind, token="token-1" if kind == "wechat" else "",
        key=KEY if kind == "wechat" else "", app="wx1" if kind == "wechat" else "", enabled=True,
        now=NOW,
    )  # fmt: skip


def call(
    client: Client, row: ComplaintGateway, secret: str, body: dict[str, Any], **other: Any
) -> Any:
    client.cookies["guanlan_language"] = "en"
    data = json.dumps(body).encode()
    at = str(other.get("at", int(time.time())))
    return client.post(
        reverse("complaint_gateway_call", args=[row.slug]), other.get("data", data),
        content_type="application/json",
        headers={"X-Guanlan-Timestamp": at, "X-Guanlan-Signature": sign(secret, at, data)},
    )  # fmt: skip


@pytest.mark.django_db
def test_a_signed_call_is_taken_in_and_answered_with_its_number(client: Client) -> None:
    row, secret = gateway("hmac")
    now = int(time.time())
    answer = call(
        client, row, secret, {"id": "m-1", "text": "退款没到账", "customer": "u-1"}, at=now
    )
    made = Complaint.objects.get()
    assert (answer.status_code, answer.json()) == (202, {"number": made.receipt})
    assert (made.channel, made.customer and made.customer.key) == ("api", "u-1")
    again = call(client, row, secret, {"id": "m-1", "text": "退款没到账", "customer": "u-1"},
                 at=now - 1)  # fmt: skip
    assert again.json()["number"] == made.receipt, "the same message, signed anew"


@pytest.mark.django_db
def test_an_sms_becomes_a_complaint_of_its_number(client: Client) -> None:
    row, secret = gateway("sms")
    call(client, row, secret, {"id": "7", "from": "+8613800138000", "text": "盗刷了"})
    made = Complaint.objects.get()
    assert (made.channel, made.phone, made.category.code) == ("sms", "+8613800138000", "fraud")


@pytest.mark.django_db
def test_what_is_not_believed_is_refused_in_one_sentence_and_kept(client: Client) -> None:
    row, secret = gateway("hmac")
    body = {"id": "m-1", "text": "x"}
    answers = [
        call(client, row, "another secret", body),
        call(client, row, secret, body, data=b'{"id": "m-1", "text": "y"}'),
        call(client, row, secret, body, at=int(time.time()) - 301),
        call(client, row, secret, body, at="soon"),
        call(client, row, secret, {"id": "m-1"}),
        call(client, row, secret, {"text": "x"}),
        call(client, row, secret, body | {"category": "weather"}),
        call(client, row, secret, body | {"colour": "red"}),
    ]
    told = [answer.json()["error"]["message"] for answer in answers]
    signature = "The signature is not that of this gateway."
    off = "The call's time is missing, or more than five minutes off."
    assert told[:4] == [signature, signature, off, off]
    assert told[4] == "It is no complaint: Write what is wrong."
    assert told[5] == "The field id is missing."
    assert told[6].startswith("It is no complaint: It is of no known category")
    assert told[7] == "There is no field colour."
    assert [one.status_code for one in answers] == [401] * 4 + [422] * 4
    assert not Complaint.objects.exists()
    kept = ComplaintLetter.objects.order_by("pk")
    assert [said(one.why, one.values) for one in kept] == told
    assert "colour" in str(kept[7].body)


@pytest.mark.django_db
def test_the_very_same_call_is_made_once(client: Client) -> None:
    row, secret = gateway("hmac")
    at = int(time.time())
    first = call(client, row, secret, {"id": "m-1", "text": "x"}, at=at)
    second = call(client, row, secret, {"id": "m-1", "text": "x"}, at=at)
    assert (first.status_code, second.status_code) == (202, 409)
    assert second.json()["error"]["message"] == "This very call was made before."
    assert Complaint.objects.count() == 1


@pytest.mark.django_db
def test_who_is_refused_without_end_is_not_listened_to_for_a_while(client: Client) -> None:
    row, secret = gateway("hmac")
    good = call(client, row, secret, {"id": "m-0", "text": "x"})
    codes = [call(client, row, "wrong", {"id": "1"}).status_code for _n in range(61)]
    assert (good.status_code, codes) == (202, [401] * 60 + [429])
    assert ComplaintLetter.objects.count() == 60


@pytest.mark.django_db
def test_a_gateway_that_is_not_in_use_is_not_there(client: Client) -> None:
    row, secret = gateway("hmac")
    ComplaintGateway.objects.update(enabled=False)
    assert call(client, row, secret, {"id": "m-1", "text": "x"}).status_code == 404


def wechat(client: Client, row: ComplaintGateway, inner: str, **other: str) -> Any:
    client.cookies["guanlan_language"] = "en"
    at = other.get("at", str(int(time.time())))
    sealed = wechat_seal(KEY, other.get("app", "wx1"), inner, bytes(16))
    signature = wechat_sign(other.get("token", "token-1"), at, "n-1", sealed)
    query = f"?timestamp={at}&nonce=n-1&msg_signature={signature}"
    return client.post(
        reverse("complaint_gateway_call", args=[row.slug]) + query,
        f"<xml><ToUserName>gh_1</ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>",
        content_type="text/xml",
    )


@pytest.mark.django_db
def test_a_message_of_wechat_is_opened_and_taken_in(client: Client) -> None:
    row, _secret = gateway("wechat")
    text = ("<xml><FromUserName>open-1</FromUserName><MsgType>text</MsgType>"
            "<Content>提现失败</Content><MsgId>77</MsgId></xml>")  # fmt: skip
    answer = wechat(client, row, text)
    assert (answer.status_code, answer.content) == (200, b"success")
    made = Complaint.objects.get()
    assert (made.channel, made.text, made.customer and made.customer.key) == (
        "wechat", "提现失败", "open-1",
    )  # fmt: skip
    picture = text.replace("text</MsgType>", "image</MsgType>")
    assert wechat(client, row, picture, at=str(int(time.time()) - 1)).content == b"success"
    assert Complaint.objects.count() == 1
    refused = {
        "The signature is not that of this gateway.": {"token": "another"},
        "The message is for another WeChat account.": {"app": "wx2"},
        "The call's time is missing, or more than five minutes off.": {"at": "1"},
    }
    for sentence, other in refused.items():
        assert wechat(client, row, text, **other).json()["error"]["message"] == sentence


@pytest.mark.django_db
def test_wechat_is_greeted_when_it_sets_up_the_address(client: Client) -> None:
    row, _secret = gateway("wechat")
    at = str(int(time.time()))
    door = reverse("complaint_gateway_call", args=[row.slug])
    query = {"timestamp": at, "nonce": "n", "echostr": "abc123",
             "signature": wechat_sign("token-1", at, "n", "")}  # fmt: skip
    assert client.get(door, query).content == b"abc123"
    assert client.get(door, query | {"signature": "0" * 40}).status_code == 401


@given(st.text(max_size=200), st.binary(min_size=16, max_size=16))
def test_the_cipher_of_wechat_opens_to_what_was_sealed(text: str, random: bytes) -> None:
    clean = text.encode("utf-8", "ignore").decode()
    assert wechat_open(KEY, "wx1", wechat_seal(KEY, "wx1", clean, random)) == clean


@given(st.binary(max_size=400))
def test_no_cipher_breaks_what_opens_it(sealed: bytes) -> None:
    with pytest.raises(BadCall):
        wechat_open(KEY, "wx1", base64.b64encode(sealed).decode())


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><xml><A>&b;</A></xml>',
        "<a>" * 500,
        "no xml",
        "<xml>" + "".join(f"<t{n}/>" for n in range(99)) + "</xml>",
    ],
)
def test_xml_that_declares_nests_or_never_ends_is_refused(text: str) -> None:
    with pytest.raises(BadCall, match="body"):
        read_xml(text)


@pytest.mark.django_db
def test_a_file_is_taken_in_whole_and_once() -> None:
    data = 'text,id,category,received\n退款没到账,a,withdrawal,2026-11-20\n"two\nlines",b,,\n'
    found = bring_in(SYSTEM, data.encode("gb18030"), NOW)
    assert (found.new, found.known, found.faults) == (2, 0, ())
    assert {row.category.code for row in Complaint.objects.all()} == {"withdrawal", "other"}
    assert bring_in(SYSTEM, data.encode("gb18030"), NOW).known == 2
    assert Complaint.objects.count() == 2


@pytest.mark.django_db
def test_a_file_with_faults_is_not_taken_in_at_all_and_each_is_named() -> None:
    data = (
        "text,category,received,email\ngood,,,\nbad,weather,,\n,,,a\nworse,,tomorrow,\nx,,,nobody\n"
    )
    found = bring_in(SYSTEM, data.encode(), NOW)
    assert found.new == 0
    assert [fault.line for fault in found.faults] == [3, 4, 5, 6]
    assert "no known category" in found.faults[0].text
    assert "Write what is wrong" in found.faults[1].text
    assert "nobody" not in found.faults[3].text
    assert not Complaint.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "names the columns"),
        (b"words\nx\n", "names the columns"),
        (b"text,text\nx,y\n", "names the columns"),
        (b"text\n", "holds no complaint"),
        (b'text\n"never ends', "a quote does not end"),
        (b"text\nx,y\n", "more fields"),
        (b"text\n\x00\xff", "neither UTF-8"),
        (b"text\n" + b"x\n" * (MOST_LINES + 1), "at most"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_one_sentence(data: bytes, sentence: str) -> None:
    found = bring_in(SYSTEM, data, NOW)
    assert sentence in found.faults[0].text
    assert len(found.faults) == 1


@pytest.mark.django_db
def test_the_page_takes_a_file_and_says_what_is_wrong_with_it(client: Client) -> None:
    client.force_login(person("customer_service", "li"))
    client.cookies["guanlan_language"] = "en"
    door = reverse("import_complaints")
    assert client.get(door).status_code == 200
    bad = client.post(door, {"file": io.BytesIO(b"text,category\nx,weather\n")})
    assert bad.status_code == 422
    assert "Line 2:" in bad.content.decode()
    client.post(door, {"file": io.BytesIO(b"text\nThe refund never came\n")})
    assert Complaint.objects.count() == 1


@pytest.mark.django_db
def test_the_secret_of_a_gateway_is_shown_once(client: Client) -> None:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    confirm(client)
    made = client.post(reverse("complaint_gateways_new"), {"name": "sms", "kind": "sms"})
    row = ComplaintGateway.objects.get()
    page = made.content.decode()
    assert str(row.secret) in page
    assert row.slug in page
    text = client.get(reverse("complaint_gateway", args=[row.pk])).content.decode()
    assert str(row.secret) not in text
    assert row.slug not in text
