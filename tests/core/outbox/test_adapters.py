"""What goes over the wire: real servers at the other end, signatures as the vendors publish."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from apprise.plugins.custom_json import NotifyJSON
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from guanlan.core.egress import Policy, Refused, using
from guanlan.core.outbox import adapters
from guanlan.core.outbox.adapters import NotDelivered, Parcel, chat, sms, webhook
from tests.core.egress.servers import Got, Reply, http_server, resolver
from tests.core.outbox import vendors
from tests.core.outbox.sink import Sink, mail_server

PARCEL = Parcel(
    key="abc-1",
    template="test.case",
    subject="案件 7",
    body="账户 ***0123",
    link="https://risk.example.com/notifications",
    email="lin@example.com",
    phone="+8613800138000",
    urgency="critical",
    sent=1_772_612_400.0,
)


@pytest.fixture
def mail() -> Iterator[tuple[Sink, dict[str, str]]]:
    with mail_server() as found:
        yield found


def test_a_letter_arrives_whole_and_its_repeat_has_the_same_identity(
    mail: tuple[Sink, dict[str, str]],
) -> None:
    sink, config = mail
    for _index in range(2):
        adapters.ADAPTERS["email"].deliver(config, PARCEL)
    letter, again = sink.letters
    assert letter["Subject"] == "案件 7"
    assert letter["To"] == "lin@example.com"
    assert letter["Importance"] == "high"
    assert letter["Auto-Submitted"] == "auto-generated"
    assert "账户 ***0123" in letter.get_content()
    assert PARCEL.link in letter.get_content()
    assert letter["Message-ID"] == again["Message-ID"] == "<abc-1@a.test>"


@pytest.mark.parametrize(("answer", "again"), [("451 later", True), ("550 never", False)])
def test_a_mail_servers_refusal_says_whether_to_come_back(
    mail: tuple[Sink, dict[str, str]], answer: str, again: bool
) -> None:
    sink, config = mail
    sink.answer = answer
    with pytest.raises(NotDelivered) as refused:
        adapters.ADAPTERS["email"].deliver(config, PARCEL)
    assert refused.value.again is again


def test_mail_is_never_sent_in_the_clear_where_tls_was_asked_for(
    mail: tuple[Sink, dict[str, str]],
) -> None:
    sink, config = mail
    with pytest.raises((NotDelivered, OSError)):
        adapters.ADAPTERS["email"].deliver({**config, "security": "starttls"}, PARCEL)
    assert sink.letters == []


def test_an_address_that_is_none_is_the_readers_fault(mail: tuple[Sink, dict[str, str]]) -> None:
    for address in ("lin", "lin@", "a@b\r\nBcc: c@d", "@", ""):
        parcel = structs.replace(PARCEL, email=address)
        with pytest.raises(NotDelivered) as refused:
            adapters.ADAPTERS["email"].deliver(mail[1], parcel)
        assert refused.value.why in ("no_address", "rejected"), address
    assert mail[0].letters == []


INJECTED = "\r\nBcc: mallory@example.com\r\n\r\nforged"


@pytest.mark.parametrize(
    ("parcel", "config"),
    [
        ({"subject": "x" + INJECTED}, {}),
        ({"subject": "x\nBcc: mallory@example.com"}, {}),
        ({"email": "lin@example.com" + INJECTED}, {}),
        ({"email": "lin@example.com>\r\nRCPT TO:<mallory@example.com"}, {}),
        ({"email": "lin@example.com, mallory@example.com"}, {}),
        ({"key": "k>\r\nBcc: mallory@example.com"}, {}),
        ({}, {"sender": "g@a.test" + INJECTED}),
    ],
)
def test_no_text_adds_a_header_or_a_reader_to_a_letter(
    mail: tuple[Sink, dict[str, str]], parcel: dict[str, str], config: dict[str, str]
) -> None:
    with pytest.raises(NotDelivered):
        adapters.ADAPTERS["email"].deliver({**mail[1], **config}, structs.replace(PARCEL, **parcel))
    assert mail[0].letters == []


def test_a_text_cannot_end_its_letter_and_speak_to_the_server(
    mail: tuple[Sink, dict[str, str]],
) -> None:
    body = "a\r\n.\r\nMAIL FROM:<m@x>\r\nRCPT TO:<m@x>\r\nDATA\r\nforged\r\n.\r\nBcc: m@x"
    adapters.ADAPTERS["email"].deliver(mail[1], structs.replace(PARCEL, body=body))
    (letter,) = mail[0].letters
    assert letter["Bcc"] is None
    assert letter.get_content().replace("\r\n", "\n").startswith(body.replace("\r\n", "\n"))


def test_a_mail_server_inside_is_refused_unless_allowed(
    mail: tuple[Sink, dict[str, str]],
) -> None:
    sink, config = mail
    with using(Policy()), pytest.raises(Refused):
        adapters.ADAPTERS["email"].deliver({**config, "host": "127.0.0.1"}, PARCEL)
    assert sink.letters == []


def test_a_webhook_is_signed_over_time_and_body() -> None:
    config = {"secret": "s" * 32}
    with http_server() as server, using(server.policy("hook.test")):
        url = f"http://hook.test:{server.port}/x"
        adapters.ADAPTERS["webhook"].deliver({**config, "url": url}, PARCEL)
    [got] = server.got
    stamp = got.headers["guanlan-timestamp"]
    expected = hmac.new(b"s" * 32, stamp.encode() + b"." + got.body, hashlib.sha256).hexdigest()
    assert got.headers["guanlan-signature"] == f"v1={expected}"
    assert got.headers["guanlan-delivery"] == "abc-1"
    assert json.loads(got.body)["subject"] == "案件 7"
    assert webhook.signature("s" * 32, int(stamp), got.body) == f"v1={expected}"


@pytest.mark.parametrize(("status", "again"), [(500, True), (429, True), (404, False)])
def test_an_http_refusal_says_whether_to_come_back(status: int, again: bool) -> None:
    with http_server(lambda got: Reply(status)) as server, using(server.policy("hook.test")):
        config = {"secret": "s", "url": f"http://hook.test:{server.port}/"}
        with pytest.raises(NotDelivered) as refused:
            adapters.ADAPTERS["webhook"].deliver(config, PARCEL)
    assert refused.value.again is again


def test_the_signature_of_aliyun_is_the_published_one() -> None:
    headers = {
        "host": "ecs.cn-shanghai.aliyuncs.com",
        "x-acs-action": "RunInstances",
        "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
        "x-acs-date": "2023-10-26T10:22:32Z",
        "x-acs-signature-nonce": "3156853299f313e23d1673dc12e1703d",
        "x-acs-version": "2014-05-26",
    }
    image = "win2019_1809_x64_dtc_zh-cn_40G_alibase_20230811.vhd"
    query = sms.aliyun_query({"RegionId": "cn-shanghai", "ImageId": image})
    signed = sms.aliyun_authorization(headers, query, "YourAccessKeyId", "YourAccessKeySecret")
    assert signed == (
        "ACS3-HMAC-SHA256 Credential=YourAccessKeyId,SignedHeaders=host;x-acs-action;"
        "x-acs-content-sha256;x-acs-date;x-acs-signature-nonce;x-acs-version,Signature="
        "06563a9e1b43f5dfe96b81484da74bceab24a1d853912eee15083a6f0f3283c0"
    )


def test_the_signature_of_tencent_is_the_published_one() -> None:
    body = (
        b'{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}'
    )
    key, secret = "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE", "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE"
    host = "cvm.tencentcloudapi.com"
    signed = sms.tencent_authorization(host, "cvm", body, 1551113065, key, secret)
    assert signed.endswith("72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168")


CONFIG = {
    "key": "key",
    "secret": "secret",
    "sign_name": "观澜",
    "template": "SMS_1",
    "variable": "content",
    "app": "1400",
    "account": "AC1",
    "sender": "+15005550006",
}
GOOD = {
    "aliyun": {"Code": "OK", "BizId": "1"},
    "tencent": {"Response": {"SendStatusSet": [{"Code": "Ok"}]}},
    "twilio": {"sid": "SM1", "status": "queued"},
}
BAD = {
    "aliyun": ({"Code": "isv.BUSINESS_LIMIT_CONTROL"}, False),
    "tencent": ({"Response": {"Error": {"Code": "LimitExceeded.PhoneNumberDailyLimit"}}}, True),
}


def vendor(kind: str, answer: Any, monkeypatch: pytest.MonkeyPatch) -> Got:
    monkeypatch.setattr(sms, "SCHEME", "http")
    reply = Reply(200, json.dumps(answer).encode())
    with http_server(lambda got: reply) as server, using(server.policy("sms.test")):
        config = {**CONFIG, "host": f"sms.test:{server.port}"}
        adapters.ADAPTERS[kind].deliver(config, PARCEL)
    return server.got[0]


def test_aliyun_is_given_number_sign_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    got = vendor("aliyun", GOOD["aliyun"], monkeypatch)
    sent = {name: values[0] for name, values in parse_qs(urlsplit(got.path).query).items()}
    assert sent["PhoneNumbers"] == "8613800138000"
    assert sent["SignName"] == "观澜"
    assert json.loads(sent["TemplateParam"]) == {"content": "案件 7"}
    assert vendors.aliyun_takes(got, "key", "secret")
    assert not vendors.aliyun_takes(got, "key", "another")
    other = got._replace(path=got.path.replace("8613800138000", "8613800138001"))
    assert not vendors.aliyun_takes(other, "key", "secret")


def test_tencent_is_given_number_sign_and_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    got = vendor("tencent", GOOD["tencent"], monkeypatch)
    sent = json.loads(got.body)
    assert sent["PhoneNumberSet"] == ["+8613800138000"]
    assert sent["TemplateParamSet"] == ["案件 7"]
    assert vendors.tencent_takes(got, "key", "secret")
    assert not vendors.tencent_takes(got, "key", "another")
    other = got._replace(body=got.body.replace(b"8613800138000", b"8613800138001"))
    assert not vendors.tencent_takes(other, "key", "secret")


@settings(max_examples=100)
@given(
    st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=5),
    st.text(max_size=20), st.integers(0, 2_000_000_000), st.text("abcXYZ019", min_size=1),
)  # fmt: skip
def test_signatures_are_those_that_a_vendor_computes_from_what_it_gets(
    values: dict[str, str], text: str, at: int, secret: str
) -> None:
    body = text.encode("utf-8", "replace")
    headers = {
        "host": "sms.test", "content-type": "application/json; charset=utf-8",
        "x-tc-timestamp": str(at),
        "authorization": sms.tencent_authorization("sms.test", "sms", body, at, "k", secret),
    }  # fmt: skip
    assert vendors.tencent_takes(Got("POST", "/", headers, body), "k", secret)
    values = {name: value.encode("utf-8", "replace").decode() for name, value in values.items()
              if name.encode("utf-8", "replace").decode() == name}  # fmt: skip
    query = sms.aliyun_query(values)
    signed = {"host": "sms.test", "x-acs-content-sha256": hashlib.sha256(b"").hexdigest(),
              "x-acs-date": "2026-03-04T08:20:00Z"}  # fmt: skip
    authorization = sms.aliyun_authorization(signed, query, "k", secret)
    got = Got("POST", f"/?{query}", {**signed, "authorization": authorization}, b"")
    assert vendors.aliyun_takes(got, "k", secret)


def test_twilio_is_given_number_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    got = vendor("twilio", GOOD["twilio"], monkeypatch)
    assert got.path == "/2010-04-01/Accounts/AC1/Messages.json"
    assert parse_qs(got.body.decode())["Body"] == ["案件 7"]
    assert base64.b64decode(got.headers["authorization"].split()[1]) == b"AC1:secret"


@pytest.mark.parametrize("kind", [*BAD])
def test_a_vendors_refusal_is_one(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    answer, again = BAD[kind]
    with pytest.raises(NotDelivered) as refused:
        vendor(kind, answer, monkeypatch)
    assert refused.value.again is again


@pytest.mark.parametrize("kind", ["dingtalk", "feishu", "wecom", "slack"])
def test_a_bad_token_of_a_room_is_a_fault_of_the_channel(kind: str) -> None:
    with using(Policy((), resolver({}))), pytest.raises(NotDelivered) as refused:
        adapters.ADAPTERS[kind].deliver({"token": "!"}, PARCEL)
    assert refused.value.why == "misconfigured"


ROOMS = {
    "dingtalk": ("a" * 64, "oapi.dingtalk.com"),
    "feishu": ("a" * 36, "open.feishu.cn"),
    "wecom": ("693a91f6-7xxx-4bc4-97a0-0ec2sifa5aaa", "qyapi.weixin.qq.com"),
    "slack": ("T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ", "hooks.slack.com"),
}


@pytest.mark.parametrize("kind", [*ROOMS])
def test_a_room_whose_name_leads_inside_is_not_called(kind: str) -> None:
    token, host = ROOMS[kind]
    asked: list[str] = []

    def resolve(name: str, port: int) -> list[str]:
        asked.append(name)
        return ["10.0.0.1"]

    with using(Policy((), resolve)), pytest.raises(NotDelivered) as refused:
        adapters.ADAPTERS[kind].deliver({"token": token}, PARCEL)
    assert refused.value.why == "unreachable"
    assert set(asked) == {host}


def test_a_room_gets_subject_and_text(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin: Any = NotifyJSON
    with http_server() as server, using(server.policy("room.test")):
        target = plugin(**plugin.parse_url(f"json://room.test:{server.port}/"))
        monkeypatch.setattr(chat, "_target", lambda kind, config: target)
        adapters.ADAPTERS["feishu"].deliver({"token": "x"}, PARCEL)
    sent = json.loads(server.got[0].body)
    assert sent["title"] == "案件 7"
    assert PARCEL.link in sent["message"]
