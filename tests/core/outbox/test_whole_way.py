"""From `send` to what a real mail server and a real HTTP server get, and what they never get."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from guanlan.core import outbox
from guanlan.core.access import subject_of
from guanlan.core.egress import Policy, parse_rule, using
from guanlan.core.models import Channel, Delivery, Message, Preference, User
from guanlan.core.outbox import delivering, limits
from guanlan.core.outbox.adapters import sms
from guanlan.core.outbox.reading import escalate_overdue
from guanlan.core.outbox.sending import Urgency
from tests.core.egress.servers import Got, Reply, Server, http_server, resolver
from tests.core.outbox import vendors
from tests.core.outbox.sink import Sink, mail_server

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 8, 20, tzinfo=UTC)  # 16:20 in Shanghai
SECRET = "6222021234567890123"


def channel(kind: str, **config: str) -> Channel:
    made = Channel(name=kind, kind=kind, per_minute=1000)
    made.config = config
    made.save()
    return made


@pytest.fixture
def sink(db: None) -> Iterator[Sink]:
    """What the mail server got; there is a channel that leads to it."""
    with mail_server() as (found, config):
        channel("email", **config)
        yield found


@pytest.fixture
def server() -> Iterator[Server]:
    with http_server() as found:
        yield found


def send(to: Any, urgency: Urgency = "normal", **more: Any) -> list[Message]:
    context: dict[str, str | int | float] = {"case": 7, "account": SECRET}
    return outbox.send("test.case", to=to, context=context, urgency=urgency, **{"now": NOW, **more})


def deliver(after: timedelta = timedelta()) -> None:
    while delivering.deliver_due(NOW + after)[0]:
        pass


def outcome() -> list[tuple[str, str]]:
    return list(Delivery.objects.order_by("pk").values_list("state", "why"))


def test_each_reader_gets_a_letter_in_their_own_language(sink: Sink) -> None:
    for language in ("en", "zh-hans", "zh-hant"):
        user = User.objects.create_user(language, email=f"{language}@example.com")
        Preference.objects.create(user=user, language=language)
        send(user)
    deliver()
    told = {letter["To"]: text for letter, text in zip(sink.letters, sink.texts(), strict=True)}
    assert told["en@example.com"].startswith("Case 7\nAccount ***0123 needs you.")
    assert told["zh-hans@example.com"].startswith("案件 7\n账户 ***0123 需要您处理。")
    assert told["zh-hant@example.com"].startswith("案件 7\n帳戶 ***0123 需要您處理。")


def test_a_personal_value_is_in_no_byte_that_leaves(sink: Sink, lin: User, server: Server) -> None:
    with using(Policy((*_rules(server), *_mail_rules()), _names())):
        hook = channel("webhook", url=f"http://hook.test:{server.port}/", secret="s")
        send([lin, hook])
        deliver()
    (raw,), (letter,) = sink.raw, sink.letters
    (got,) = server.got
    for form in (raw, letter.get_content().encode(), got.body, got.path.encode()):
        for text in (SECRET, SECRET[:-4], base64.b64encode(SECRET.encode()).decode()):
            assert text.encode() not in form
    assert "***0123" in letter.get_content()
    assert "***0123" in json.loads(got.body)["body"]


def _rules(server: Server) -> list[Any]:
    return [parse_rule(f"hook.test:{server.port}")]


def _mail_rules() -> list[Any]:
    return [parse_rule(f"mail.test:{Channel.objects.get(kind='email').config['port']}")]


def _names() -> Any:
    return resolver({"hook.test": ["127.0.0.1"], "mail.test": ["127.0.0.1"]})


def test_what_is_for_information_comes_in_one_letter_each_hour(sink: Sink, lin: User) -> None:
    for _n in range(3):
        send(lin, "info")
    deliver(timedelta(minutes=39))
    assert sink.letters == []
    deliver(timedelta(minutes=40))
    (text,) = sink.texts()
    assert text.startswith("3 条消息\n• 案件 7")
    assert text.count("•") == 3
    assert outcome() == [("sent", "")] * 3


def test_in_quiet_hours_only_what_is_critical_arrives(sink: Sink, lin: User) -> None:
    Preference.objects.create(
        user=lin, quiet_from=time(16), quiet_to=time(7, 30), zone="Asia/Shanghai"
    )
    send(lin, "urgent")
    send(lin, "critical")
    deliver()
    assert [letter["Importance"] for letter in sink.letters] == ["high"]
    deliver(timedelta(hours=15, minutes=9))
    assert len(sink.letters) == 1
    deliver(timedelta(hours=15, minutes=10))  # 07:30
    assert len(sink.letters) == 2


def test_a_person_gets_so_many_letters_an_hour_and_the_rest_in_one(sink: Sink, lin: User) -> None:
    for _n in range(limits.PERSON_PER_HOUR + 4):
        send(lin)
    deliver()
    assert len(sink.letters) == limits.PERSON_PER_HOUR
    deliver(timedelta(hours=1))
    assert len(sink.letters) == limits.PERSON_PER_HOUR + 1
    assert sink.texts()[-1].count("•") == 4


def test_a_channel_is_called_so_often_a_minute(server: Server) -> None:
    with using(server.policy("hook.test")):
        hook = channel("webhook", url=f"http://hook.test:{server.port}/", secret="s")
        Channel.objects.update(per_minute=2)
        for _n in range(5):
            send(hook)
        for minutes, arrived in ((0, 2), (0.5, 2), (1, 4), (2, 5)):
            deliver(timedelta(minutes=minutes, seconds=minutes > 0))
            assert len(server.got) == arrived, minutes


def test_what_nobody_acknowledges_reaches_another_and_what_somebody_does_not(
    sink: Sink, lin: User
) -> None:
    chief = User.objects.create_superuser("chief", email="chief@example.com", password="x" * 20)
    (kept, left) = (
        send(lin, "critical", acknowledge_within=timedelta(minutes=10))[0] for _n in range(2)
    )
    deliver()
    assert [letter["To"] for letter in sink.letters] == ["lin@example.com"] * 2
    assert outbox.acknowledge(subject_of(lin), kept, NOW)
    assert escalate_overdue(NOW + timedelta(minutes=9)) == 0
    assert escalate_overdue(NOW + timedelta(minutes=11)) == 1
    delivering.deliver_due()  # it was told now, by the clock
    assert [letter["To"] for letter in sink.letters[2:]] == ["chief@example.com"]
    assert "lin" in sink.texts()[2]
    assert not outbox.acknowledge(subject_of(lin), kept, NOW)  # once
    left.refresh_from_db()
    assert left.escalated is not None
    assert outbox.unread(subject_of(chief)).count() == 1


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "inside.test", "[::ffff:127.0.0.1]"])
def test_an_address_inside_is_never_called(server: Server, host: str) -> None:
    names = resolver({"inside.test": ["127.0.0.1"], "localhost": ["127.0.0.1"]})
    with using(Policy((), names)):
        hook = channel("webhook", url=f"http://{host}:{server.port}/", secret="s")
        send(hook)
        deliver()
    assert outcome() == [("failed", "refused")]
    assert server.got == []


def test_a_mail_server_inside_is_never_called(sink: Sink, lin: User) -> None:
    inside = resolver({"mail.test": ["127.0.0.1"]})
    with using(Policy((), inside)):
        send(lin)
        deliver()
    assert outcome() == [("failed", "refused")]
    assert sink.letters == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(server: Server, status: int) -> None:
    def away(got: Got) -> Reply:
        return Reply(status, b"", (("Location", f"http://hook.test:{server.port}/elsewhere"),))

    with http_server(away) as sends_on:
        rules = [parse_rule(f"hook.test:{port}") for port in (server.port, sends_on.port)]
        with using(Policy(tuple(rules), _names())):
            hook = channel("webhook", url=f"http://hook.test:{sends_on.port}/", secret="s")
            send(hook)
            deliver()
    assert len(sends_on.got) == 1
    assert server.got == []
    assert outcome() == [("failed", "refused")]


SMS = {
    "aliyun": ({"key": "key", "secret": "secret", "sign_name": "观澜", "template": "SMS_1",
                "variable": "content"}, {"Code": "OK"}),
    "tencent": ({"key": "key", "secret": "secret", "sign_name": "观澜", "template": "1",
                 "app": "14"}, {"Response": {"SendStatusSet": [{"Code": "Ok"}]}}),
    "twilio": ({"account": "AC1", "secret": "secret", "sender": "+15005550006"}, {"sid": "1"}),
}  # fmt: skip


@pytest.mark.parametrize("kind", [*SMS])
def test_a_critical_message_goes_by_sms_signed_and_no_number_is_flooded(
    lin: User, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sms, "SCHEME", "http")
    config, answer = SMS[kind]
    Preference.objects.create(user=lin, by_sms=True, by_email=False, phone="+8613800138000")
    reply = Reply(200, json.dumps(answer).encode())
    with http_server(lambda got: reply) as server, using(server.policy("sms.test")):
        channel(kind, **config, host=f"sms.test:{server.port}")
        send(lin, "critical")
        send(lin, "critical")
        deliver()
        assert len(server.got) == 1  # one a minute to one number
        deliver(timedelta(seconds=61))
    first, second = server.got
    for got in (first, second):
        whole = f"{got.path} {got.body.decode()}"
        assert "13800138000" in whole
        assert SECRET not in whole
        if kind == "aliyun":
            assert vendors.aliyun_takes(got, "key", "secret")
        elif kind == "tencent":
            assert vendors.tencent_takes(got, "key", "secret")
        else:
            word = base64.b64decode(got.headers["authorization"].removeprefix("Basic "))
            assert word == b"AC1:secret"
