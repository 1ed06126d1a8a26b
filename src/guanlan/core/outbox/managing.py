"""Channels and wishes: making, changing, trying out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils import timezone
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.access import Denied, Subject, require
from guanlan.core.audit import act
from guanlan.core.models import Channel, Delivery, Message, Preference, User
from guanlan.core.outbox.adapters import ADAPTERS
from guanlan.core.outbox.delivering import deliver
from guanlan.core.outbox.keeping import Unreadable, config_of
from guanlan.core.outbox.templates import LANGUAGES, template

NOUN: Final = "core.channel"
LONGEST: Final = 500
MOST_PER_MINUTE: Final = 1000
_NUMBER: Final = re.compile(r"\+[1-9]\d{6,14}")

template(
    "channel.test",
    names={"channel": 2},
    texts={
        "en": ("Test of {channel}", "This is a test of the channel {channel}. It works."),
        "zh-hans": ("测试 {channel}", "这是对渠道 {channel} 的测试，它可以使用。"),
        "zh-hant": ("測試 {channel}", "這是對管道 {channel} 的測試，它可以使用。"),
    },
)


class Wishes(Struct, frozen=True, kw_only=True):
    """What a person wants; `phone` None keeps the number that is there."""

    language: str = ""
    zone: str = ""
    quiet_from: time | None = None
    quiet_to: time | None = None
    digest: str = ""
    by_email: bool = True
    by_sms: bool = False
    phone: str | None = None


def save_channel(
    subject: Subject,
    channel: Channel | None,
    *,
    name: str,
    kind: str,
    per_minute: int,
    values: Mapping[str, str],
) -> Channel:
    """Make a channel, or change one (its kind stays). An empty secret keeps the one there is.

    Raises Denied; ValidationError by field.
    """
    require(subject, "add" if channel is None else "change", NOUN)
    kind = channel.kind if channel is not None else kind
    if kind not in ADAPTERS:
        raise ValidationError({"kind": _("Choose one of the kinds listed.")})
    try:
        before = config_of(channel) if channel is not None else {}
    except Unreadable:
        before = {}
    name = name.strip()
    wrong: dict[str, list[str]] = {}
    config: dict[str, str] = {}
    try:
        config = checked_config(kind, values, before)
    except ValidationError as error:
        wrong |= error.message_dict
    taken = Channel.objects.filter(name=name).exclude(pk=channel.pk if channel else 0)
    if not 1 <= len(name) <= 80:
        wrong["channel_name"] = [_("Give the channel a name of 1 to 80 characters.")]
    elif taken.exists():
        wrong["channel_name"] = [_("There is a channel of this name already.")]
    if not 1 <= per_minute <= MOST_PER_MINUTE:
        wrong["per_minute"] = [_("Give a whole number from 1 to 1000.")]
    if wrong:
        raise ValidationError(wrong)
    verb = "add" if channel is None else "change"
    with act(f"channel.{verb}", (NOUN, name), detail={"kind": kind}):
        row = channel or Channel(kind=kind)
        row.name, row.per_minute = name, per_minute
        row.config = config
        row.save()
    return row


def checked_config(
    kind: str, values: Mapping[str, str], before: Mapping[str, str]
) -> dict[str, str]:
    """What a channel of this kind keeps of `values`; an empty secret stays as it was `before`,
    but is never sent to another place than that for which it was given.

    Raises ValidationError by field.
    """
    config: dict[str, str] = {}
    wrong: dict[str, str] = {}
    fields = ADAPTERS[kind].fields
    moved = any(
        field.leads and values.get(field.name, "").strip() != before.get(field.name, "")
        for field in fields
    )
    for field in fields:
        text = values.get(field.name, "").strip()
        if not text and field.secret:
            text = before.get(field.name, "")
            if text and moved:
                wrong[field.name] = _("It would go to another place than before: give it again.")
                continue
        if len(text) > LONGEST or not text.isprintable():
            wrong[field.name] = _("This is too long, or holds what cannot be printed.")
        elif not text and field.required:
            wrong[field.name] = _("This is needed.")
        elif text and field.choices and text not in field.choices:
            wrong[field.name] = _("Choose one of those listed.")
        elif text and (said := _wrong(field.name, text)):
            wrong[field.name] = said
        elif text:
            config[field.name] = text
    if wrong:
        raise ValidationError(wrong)
    return config


def _wrong(name: str, text: str) -> str:
    if name == "url" and not text.startswith("https://") and not text.startswith("http://"):
        return _("Give an address that begins with https://.")
    if name == "port" and not (text.isascii() and text.isdigit() and 0 < int(text) < 65536):
        return _("Give a port from 1 to 65535.")
    if (name == "sender" and "@" in text) or (name == "to" and "@" in text):
        try:
            validate_email(text)
        except ValidationError:
            return _("Give an e-mail address.")
    if name == "to" and "@" not in text and not _NUMBER.fullmatch(text):
        return _("Give an e-mail address, or a number such as +8613800138000.")
    return ""


def use_channel(subject: Subject, channel: Channel, enabled: bool) -> None:
    """Take a channel into or out of use. Raises Denied."""
    require(subject, "change", NOUN)
    name = "channel.enable" if enabled else "channel.disable"
    with act(name, channel):
        Channel.objects.filter(pk=channel.pk).update(enabled=enabled)


def send_test(subject: Subject, channel: Channel, now: datetime | None = None) -> Delivery:
    """Send a test to the person who asks, or to the channel's room, at once.

    Its state and, where it failed, the reason stand in the delivery. Raises Denied.
    """
    require(subject, "change", NOUN)
    at = now or timezone.now()
    personal = ADAPTERS[channel.kind].needs != ""
    person = User.objects.filter(pk=subject.id or 0).first() if personal else None
    if personal and person is None:
        raise Denied(f"{subject.name} has no address for a test")
    with act("channel.test", channel):
        message = Message.objects.create(
            template="channel.test",
            context={"channel": channel.name},
            recipient=person,
            channel=channel,
            target=f"person:{person.pk}" if person else f"channel:{channel.pk}",
            urgency=Message.Urgency.CRITICAL,
            created=at,
            read=at,
        )
        delivery = Delivery.objects.create(message=message, channel=channel, due=at)
    deliver(delivery, at)
    delivery.refresh_from_db()
    return delivery


def save_wishes(user: User, wishes: Wishes) -> Preference:
    """Store how a person wants to be told. Raises ValidationError by field."""
    wrong: dict[str, str] = {}
    if wishes.language and wishes.language not in LANGUAGES:
        wrong["language"] = _("Choose one of those listed.")
    try:
        if wishes.zone:
            ZoneInfo(wishes.zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        wrong["zone"] = _("Give the name of a time zone, such as Asia/Shanghai.")
    if (wishes.quiet_from is None) != (wishes.quiet_to is None):
        wrong["quiet_to"] = _("Give both times, or neither.")
    number = re.sub(r"[ \-()]", "", wishes.phone or "")
    if number and not _NUMBER.fullmatch(number):
        wrong["phone"] = _("Give the number with its country, such as +86 138 0013 8000.")
    if wrong:
        raise ValidationError(wrong)
    with act("preference.change", user):
        row, _made = Preference.objects.get_or_create(user=user)
        for name in ("language", "zone", "quiet_from", "quiet_to", "digest", "by_email", "by_sms"):
            setattr(row, name, getattr(wishes, name))
        if wishes.phone is not None:
            row.phone = number
        row.save()
    return row
