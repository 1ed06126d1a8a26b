"""A message is written with what caused it, delivered once, and says no more than it may."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core import outbox
from guanlan.core.access import Denied, Subject, subject_of
from guanlan.core.audit import recording
from guanlan.core.audit.rows import Row
from guanlan.core.models import Channel, Delivery, Message, Preference, User
from guanlan.core.outbox import adapters, delivering, limits, managing, routing, templates
from guanlan.core.outbox.adapters import Adapter, NotDelivered, Parcel
from tests.core.outbox.conftest import TEXTS, Written

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 4, 8, 20, tzinfo=UTC)  # 16:20 in Shanghai
CONTEXT: dict[str, str | int] = {"case": 7, "account": "6222021234567890123"}


def send(to: Any, urgency: Any = "normal", **more: Any) -> list[Message]:
    more = {"now": NOW, **more}
    return outbox.send("test.case", to=to, context=CONTEXT, urgency=urgency, **more)


def test_a_message_is_a_notice_of_its_reader_only(lin: User) -> None:
    other = User.objects.create_user("other", password="long enough it is")
    [message] = send(lin, about=("fraud.alert", 9))
    assert (message.about_noun, message.about_id) == ("fraud.alert", "9")
    assert [*outbox.unread(subject_of(lin))] == [message]
    assert not outbox.unread(subject_of(other)).exists()
    assert not outbox.unread(Subject(id=None, name="anonymous")).exists()
    assert outbox.mark_read(subject_of(other), [message.pk]) == 0
    assert outbox.mark_read(subject_of(lin)) == 1
    assert not outbox.unread(subject_of(lin)).exists()


def test_no_value_of_level_three_is_stored_or_leaves(
    lin: User, file_channel: Channel, written: Written
) -> None:
    [message] = send(lin)
    delivering.deliver_due(NOW)
    [parcel] = written()
    message.refresh_from_db()
    for text in (str(message.context), parcel.subject, parcel.body):
        assert "62220212345" not in text
    assert parcel.body == "账户 ***0123 需要您处理。"


def test_the_reader_is_written_to_in_his_language(
    lin: User, file_channel: Channel, written: Written
) -> None:
    Preference.objects.create(user=lin, language="zh-hant")
    send(lin)
    delivering.deliver_due(NOW)
    assert written()[0].body.startswith("帳戶")
    [notice] = outbox.notices(outbox.unread(subject_of(lin)), "en")
    assert notice.text == ("Case 7", "Account ***0123 needs you.")


def test_without_a_commit_there_is_no_message(lin: User) -> None:
    with transaction.atomic():
        send(lin)
        transaction.set_rollback(True)
    assert not Message.objects.exists()


def test_the_same_thing_is_told_once(lin: User, file_channel: Channel) -> None:
    assert len(send(lin, dedup="case-7")) == 1
    assert send(lin, dedup="case-7") == []
    assert len(send([lin, file_channel], dedup="case-7")) == 1
    assert Message.objects.count() == 2


def test_what_is_not_sent_again_is_not_written_down_as_sent(
    lin: User, file_channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []

    def tell(row: Row) -> int:
        told.append(row.detail.get("recipients"))
        return len(told)

    monkeypatch.setattr(recording, "_append", tell)
    for to in (lin, lin, [lin, file_channel], [lin, lin, file_channel]):
        send(to, dedup="case-7")
    assert told == [1, 1]


@pytest.mark.parametrize(
    "context", [{}, {"case": 1}, {"case": 1, "account": "x", "more": 1}, {"case": [], "account": 1}]
)
def test_values_that_do_not_fit_are_refused(lin: User, context: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"test\.case"):
        outbox.send("test.case", to=lin, context=context)
    assert not Message.objects.exists()


def register(texts: dict[str, tuple[str, str]]) -> None:
    outbox.template("test.bad", names={"case": 2, "account": 3}, texts=texts)


def test_templates_know_no_code_and_no_other_name() -> None:
    for text in ("{other}", "{case.pk}", "{case!r}", "{case:>9}", "{", "}"):
        with pytest.raises(ValueError, match="not declared"):
            register({**TEXTS, "en": (text, "")})
    with pytest.raises(ValueError, match="expected texts in"):
        register({"en": ("", "")})
    with pytest.raises(ValueError, match="twice"):
        outbox.template("test.case", names={"case": 2, "account": 3}, texts=TEXTS)


@given(st.text(min_size=4, max_size=60))
def test_a_masked_value_keeps_little(value: str) -> None:
    shown = templates.masked(value)
    kept = shown.partition("@")[0].replace("*", "")
    assert len(kept) <= 4
    assert "\n" not in shown


@given(st.text(), st.text())
def test_a_value_cannot_become_a_placeholder_or_a_header(case: str, account: str) -> None:
    context = {"case": f"{{account}}{case}", "account": account}
    templates.template("test.given", names={"case": 2, "account": 3}, texts=TEXTS)
    try:
        ready = templates.prepared("test.given", context)
        text = templates.rendered("test.given", ready, "en")
        assert "{account}" in text.subject or len(text.subject) == 200
        assert "\r" not in text.subject
        assert "\n" not in text.subject
    finally:
        del templates._templates["test.given"]


def test_a_delivery_under_way_is_nobody_elses(lin: User, file_channel: Channel) -> None:
    send(lin)
    delivery = Delivery.objects.select_related("message", "channel").get()
    Delivery.objects.update(state="sending", attempts=1)
    assert delivering.deliver(delivery, NOW) is None


def test_a_crash_between_sending_and_writing_it_down_repeats_once_under_the_same_key(
    lin: User, file_channel: Channel, written: Written, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crashes(*args: Any) -> None:
        raise SystemExit

    send(lin)
    monkeypatch.setattr(delivering, "_finish", crashes)
    for minutes in (0, 6):
        with pytest.raises(SystemExit):
            delivering.deliver_due(NOW + timedelta(minutes=minutes))
    monkeypatch.undo()
    delivering.deliver_due(NOW + timedelta(minutes=12))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("failed", "lost")


def test_it_is_sent_again_after_a_crash_and_then_no_more(
    lin: User, file_channel: Channel, written: Written
) -> None:
    send(lin)
    Delivery.objects.update(state="sending", attempts=1, claimed=NOW)
    delivering.deliver_due(NOW + timedelta(minutes=4))
    assert written() == []
    delivering.deliver_due(NOW + timedelta(minutes=6))
    delivering.deliver_due(NOW + timedelta(minutes=60))
    assert len(written()) == 1
    assert Delivery.objects.get().state == "sent"


def failing(monkeypatch: pytest.MonkeyPatch, error: Exception) -> list[str]:
    tried: list[str] = []

    def deliver(config: Any, parcel: Parcel) -> None:
        tried.append(parcel.key)
        raise error

    monkeypatch.setitem(adapters.ADAPTERS, "file", Adapter(fields=(), deliver=deliver))
    return tried


def test_what_may_pass_is_tried_again_later_and_later(
    lin: User, file_channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = failing(monkeypatch, OSError())
    send(lin)
    at, pauses = NOW, []
    while Delivery.objects.get().state == "pending":
        delivering.deliver_due(at)
        pauses.append((Delivery.objects.get().due - at).total_seconds())
        at = max(Delivery.objects.get().due, at + timedelta(seconds=1))
    assert len(tried) == delivering.ATTEMPTS
    assert len(set(tried)) == 1
    assert all(later > sooner * 2 for sooner, later in pairwise(pauses[:-1]))
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("failed", "unreachable")
    assert Channel.objects.get().fault == "unreachable"


def test_what_is_refused_for_good_is_not_tried_again(
    lin: User, file_channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried = failing(monkeypatch, NotDelivered("rejected", again=False))
    send(lin)
    delivering.deliver_due(NOW)
    assert len(tried) == 1
    assert Delivery.objects.get().state == "failed"


def test_quiet_hours_put_off_what_is_not_critical_to_their_end(
    lin: User, file_channel: Channel, written: Written
) -> None:
    Preference.objects.create(user=lin, quiet_from=time(16, 0), quiet_to=time(7, 30))
    send(lin, "urgent")
    send(lin, "critical")
    delivering.deliver_due(NOW)
    assert [parcel.urgency for parcel in written()] == ["critical"]
    morning = datetime(2026, 3, 4, 23, 30, tzinfo=UTC)
    assert Delivery.objects.get(state="pending").due == morning
    delivering.deliver_due(morning)
    assert [parcel.urgency for parcel in written()] == ["critical", "urgent"]


def test_what_is_for_information_comes_together(
    lin: User, file_channel: Channel, written: Written
) -> None:
    for _index in range(3):
        send(lin, "info")
    delivering.deliver_due(NOW)
    assert written() == []
    delivering.deliver_due(NOW + timedelta(minutes=40))
    [parcel] = written()
    assert parcel.subject == "3 条消息"
    assert parcel.body.count("•") == 3
    assert set(Delivery.objects.values_list("state", flat=True)) == {"sent"}


def test_a_daily_digest_goes_out_in_the_readers_morning() -> None:
    wishes = Preference(zone="America/New_York")
    due = routing.digest_due(wishes, "day", NOW)
    assert due == datetime(2026, 3, 4, 14, 0, tzinfo=UTC)


def test_too_many_for_one_person_are_summed_up_and_urgent_ones_are_not(
    lin: User, file_channel: Channel, written: Written
) -> None:
    for _index in range(limits.PERSON_PER_HOUR + 5):
        send(lin)
    send(lin, "urgent")
    delivering.deliver_due(NOW)
    assert len(written()) == limits.PERSON_PER_HOUR
    assert written()[0].urgency == "urgent"
    delivering.deliver_due(NOW + timedelta(minutes=61))
    assert written()[-1].body.count("•") == 6


def test_a_channel_sends_no_more_than_it_may_in_a_minute(
    file_channel: Channel, written: Written
) -> None:
    Channel.objects.update(per_minute=2)
    for _index in range(3):
        send(file_channel)
    send(file_channel, "critical")
    delivering.deliver_due(NOW)
    assert len(written()) == 2
    delivering.deliver_due(NOW + timedelta(seconds=61))
    assert len(written()) == 4


def test_a_number_is_not_flooded(lin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    Channel.objects.create(name="sms", kind="aliyun", per_minute=1000)
    went: list[str] = []
    adapter = Adapter((), lambda config, parcel: went.append(parcel.phone), needs="phone")
    monkeypatch.setitem(adapters.ADAPTERS, "aliyun", adapter)
    managing.save_wishes(
        lin, managing.Wishes(by_email=False, by_sms=True, phone="+86 138 0013 8000")
    )
    for _index in range(12):
        send(lin, "critical")
    send(lin, "urgent")
    at, counts = NOW, []
    for minutes in range(70):
        delivering.deliver_due(at + timedelta(minutes=minutes))
        counts.append(len(went))
    assert counts[0] == 1
    assert counts[4] == 5
    assert counts[59] == 5
    assert counts[69] == 10
    assert "138001380" not in str([*Delivery.objects.values(), *Preference.objects.values()])


def test_nothing_goes_through_a_channel_that_is_off_or_to_nowhere(
    lin: User, file_channel: Channel
) -> None:
    send(lin)
    Channel.objects.update(enabled=False)
    delivering.deliver_due(NOW)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("suppressed", "channel_off")
    assert Message.objects.count() == 1


def test_nothing_goes_to_somebody_whose_account_was_disabled(
    lin: User, file_channel: Channel
) -> None:
    send(lin)
    User.objects.filter(pk=lin.pk).update(is_active=False)
    assert delivering.deliver_due(NOW) == (0, 1)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.why) == ("suppressed", "disabled")


def test_only_the_reader_acknowledges_and_only_once(lin: User) -> None:
    other = User.objects.create_superuser("other", password="long enough it is")
    [message] = send(lin, "critical", acknowledge_within=timedelta(minutes=10))
    with pytest.raises(Denied):
        outbox.acknowledge(subject_of(other), message)
    assert outbox.acknowledge(subject_of(lin), message, NOW)
    assert not outbox.acknowledge(subject_of(lin), message, NOW)
    message.refresh_from_db()
    assert message.acknowledged_by == lin


def test_what_nobody_acknowledges_is_escalated_once(
    lin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    escalated: list[Message] = []
    monkeypatch.setattr(outbox.reading, "_escalations", {})
    outbox.on_unacknowledged("test.case", escalated.append)
    [message] = send(lin, "critical", acknowledge_within=timedelta(minutes=10))
    assert outbox.reading.escalate_overdue(NOW + timedelta(minutes=9)) == 0
    assert outbox.reading.escalate_overdue(NOW + timedelta(minutes=11)) == 1
    assert outbox.reading.escalate_overdue(NOW + timedelta(minutes=12)) == 0
    assert escalated == [message]


def test_what_has_no_escalation_of_its_own_is_told_to_those_who_manage_messages(lin: User) -> None:
    owner = User.objects.create_superuser("owner", password="long enough it is")
    send(lin, "critical", acknowledge_within=timedelta(minutes=10))
    outbox.reading.escalate_overdue(NOW + timedelta(minutes=11))
    [told] = Message.objects.filter(recipient=owner)
    assert told.context == {"subject": "案件 7", "person": "lin"}


def test_a_channel_that_is_down_is_tried_once_a_round_and_holds_nobody_up(
    lin: User, file_channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = Channel.objects.create(name="dead", kind="webhook")
    tried: list[str] = []

    def fails(config: Any, parcel: Parcel) -> None:
        tried.append(parcel.key)
        raise OSError

    went: list[str] = []
    monkeypatch.setitem(adapters.ADAPTERS, "webhook", Adapter(fields=(), deliver=fails))
    works = Adapter(fields=(), deliver=lambda config, parcel: went.append(parcel.key))
    monkeypatch.setitem(adapters.ADAPTERS, "file", works)
    for _index in range(3):
        send([dead, file_channel])
    assert delivering.deliver_due(NOW) == (3, 1)
    assert (len(tried), len(went)) == (1, 3)


def test_a_message_of_a_template_that_is_gone_stops_nothing(
    lin: User, file_channel: Channel, written: Written
) -> None:
    send(lin)
    Message.objects.update(template="gone")
    send(lin)
    assert [n.text.subject for n in outbox.notices(outbox.own(subject_of(lin)), "en")] == [
        "Case 7", "gone",
    ]  # fmt: skip
    assert delivering.deliver_due(NOW) == (2, 0)
