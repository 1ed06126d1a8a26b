"""Channels keep their secrets; wishes are checked; a test tells at once how it went."""

from __future__ import annotations

from datetime import time
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from guanlan.core.access import Denied, Subject
from guanlan.core.models import Channel, Message, Preference, User
from guanlan.core.outbox import keeping, managing
from guanlan.core.outbox.adapters import ADAPTERS
from guanlan.core.outbox.keeping import Unreadable
from guanlan.core.outbox.managing import Wishes
from guanlan.core.sealing import Stored
from tests.core.outbox.conftest import Written

pytestmark = pytest.mark.django_db

NOBODY = Subject(id=None, name="nobody")
OWNER = Subject(id=None, name="o", roles=frozenset({"owner"}), scopes=frozenset({"*"}))
MAIL = {"host": "mail.example.com", "port": "587", "security": "starttls",
        "sender": "guanlan@example.com", "user": "u", "password": "very secret"}  # fmt: skip


def save(channel: Channel | None = None, subject: Subject = OWNER, **more: Any) -> Channel:
    given_ = {"name": "mail", "kind": "email", "per_minute": 30, "values": MAIL, **more}
    return managing.save_channel(subject, channel, **given_)


def test_a_secret_is_sealed_and_kept_when_it_is_not_given_again() -> None:
    channel = save()
    (stored,) = Channel.objects.values_list("config", flat=True)
    assert b"very secret" not in stored.blob
    assert b"mail.example.com" not in stored.blob
    assert keeping.config_of(channel) == MAIL
    changed = save(channel, values={**MAIL, "password": "", "user": "v"})
    assert keeping.config_of(changed) == {**MAIL, "user": "v"}


def test_a_sealed_text_opens_only_in_its_place() -> None:
    one, other = save(), save(name="other")
    sealed = Channel.objects.filter(pk=one.pk).values_list("config", flat=True)[0]
    for found in (sealed.blob, sealed.blob[:-4], b"x", b"", b'{"host":"plain"}'):
        Channel.objects.filter(pk=other.pk).update(config=Stored(found))
        other = Channel.objects.get(pk=other.pk)
        with pytest.raises(Unreadable):
            keeping.config_of(other)
    assert keeping.config_of(one) == MAIL


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"kind": "pigeon"}, "kind"),
        ({"name": " "}, "channel_name"),
        ({"per_minute": 0}, "per_minute"),
        ({"values": {**MAIL, "host": ""}}, "host"),
        ({"values": {**MAIL, "port": "70000"}}, "port"),
        ({"values": {**MAIL, "port": "٣"}}, "port"),
        ({"values": {**MAIL, "security": "perhaps"}}, "security"),
        ({"values": {**MAIL, "sender": "a@b@c"}}, "sender"),
        ({"values": {**MAIL, "host": "a\r\nb"}}, "host"),
        ({"values": {**MAIL, "to": "12"}}, "to"),
        ({"kind": "webhook", "values": {"url": "file:///x", "secret": "s"}}, "url"),
    ],
)
def test_a_bad_channel_is_refused_naming_the_field(more: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        save(**more)
    assert [*refused.value.message_dict] == [field]
    assert not Channel.objects.exists()


def test_every_field_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(ValidationError) as refused:
        save(name="", per_minute=0, values={**MAIL, "host": "", "port": "x"})
    assert {*refused.value.message_dict} == {"channel_name", "per_minute", "host", "port"}


def test_a_name_is_used_once() -> None:
    save()
    with pytest.raises(ValidationError, match="channel_name"):
        save()


def test_channels_are_not_for_everybody(file_channel: Channel) -> None:
    for attempt in (
        lambda: save(subject=NOBODY),
        lambda: managing.use_channel(NOBODY, file_channel, False),
        lambda: managing.send_test(NOBODY, file_channel),
    ):
        with pytest.raises(Denied):
            attempt()
    assert Channel.objects.get().enabled


def test_a_test_tells_how_it_went(file_channel: Channel, written: Written) -> None:
    delivery = managing.send_test(OWNER, file_channel)
    assert delivery.state == "sent"
    assert written()[0].subject == "测试 file"
    Channel.objects.update(config=Stored(b"damaged"))
    file_channel.refresh_from_db()
    delivery = managing.send_test(OWNER, file_channel)
    assert (delivery.state, delivery.why) == ("failed", "unreadable")
    assert not Message.objects.filter(read=None).exists()


def test_wishes_are_kept_and_a_number_is_sealed(lin: User) -> None:
    wishes = Wishes(
        language="en", zone="UTC", quiet_from=time(22), quiet_to=time(7), phone="+86 138 0013 8000"
    )
    row = managing.save_wishes(lin, wishes)
    assert b"138" not in Preference.objects.values_list("phone", flat=True)[0].blob
    assert keeping.phone_of(row) == "+8613800138000"
    managing.save_wishes(lin, Wishes())
    assert keeping.phone_of(Preference.objects.get()) == "+8613800138000"
    managing.save_wishes(lin, Wishes(phone=""))
    assert Preference.objects.get().phone == ""


@pytest.mark.parametrize(
    ("wishes", "field"),
    [
        (Wishes(language="tlh"), "language"),
        (Wishes(zone="Mars/Olympus"), "zone"),
        (Wishes(zone="../etc/passwd"), "zone"),
        (Wishes(quiet_from=time(22)), "quiet_to"),
        (Wishes(phone="13800138000"), "phone"),
    ],
)
def test_bad_wishes_are_refused_naming_the_field(lin: User, wishes: Wishes, field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        managing.save_wishes(lin, wishes)
    assert [*refused.value.message_dict] == [field]
    assert not Preference.objects.exists()


@pytest.mark.parametrize(
    "moved", [{"host": "mail.evil.example"}, {"port": "2525"}, {"security": "none"}]
)
def test_a_secret_is_never_sent_to_another_place_than_it_was_given_for(
    moved: dict[str, str],
) -> None:
    """Who may change a channel cannot read its password, nor have it sent to a server of theirs."""
    channel = save()
    with pytest.raises(ValidationError) as error:
        save(channel, values={**MAIL, **moved, "password": ""})
    assert set(error.value.message_dict) == {"password"}
    assert keeping.config_of(Channel.objects.get()) == MAIL
    assert "very secret" not in str(error.value)
    changed = save(channel, values={**MAIL, **moved, "password": "another"})
    assert keeping.config_of(changed)["password"] == "another"


@pytest.mark.parametrize("kind", sorted(ADAPTERS))
def test_every_kind_says_where_its_secrets_go(kind: str) -> None:
    fields = {field.name: field for field in ADAPTERS[kind].fields}
    places = {"host", "port", "security", "url"} & set(fields)
    assert all(fields[name].leads for name in places)
