"""Through which channels a message goes, and when: wishes, quiet hours, digests."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.conf import settings

from guanlan.core.models import Channel, Delivery, Message, Preference, User
from guanlan.core.people.organisation import organisation

SMS_KINDS: Final = ("aliyun", "tencent", "twilio")
DIGEST_HOUR: Final = 9  # of the reader's day


class Route(NamedTuple):
    """One delivery to be made."""

    channel: Channel
    due: datetime
    bundle: str = ""
    state: str = Delivery.State.PENDING
    why: str = ""


def preference_of(user: User) -> Preference:
    """The person's wishes; an unsaved default where none were ever made."""
    return Preference.objects.filter(user=user).first() or Preference(user=user)


def language_of(user: User | None) -> str:
    """The language in which a person is written to; the installation's for a channel."""
    if user is None:
        return str(settings.LANGUAGE_CODE)
    return preference_of(user).language or str(settings.LANGUAGE_CODE)


def zone_of(preference: Preference) -> ZoneInfo:
    """The zone of the person's clock: their own where they set one, else the organisation's."""
    return ZoneInfo(preference.zone) if preference.zone else organisation().zone


def routes(message: Message, at: datetime) -> list[Route]:
    """The deliveries of a new message. A person's notice in the console needs none."""
    if message.recipient is None:
        return [Route(message.channel, at)] if message.channel else []
    wishes = preference_of(message.recipient)
    found: list[Route] = []
    bundle = wishes.digest if message.urgency == Message.Urgency.INFO else ""
    due = digest_due(wishes, bundle, at) if bundle else at
    if message.urgency != Message.Urgency.CRITICAL:
        due = after_quiet(wishes, due)
    if wishes.by_email and message.recipient.email and (mail := first_channel("email", "file")):
        found.append(Route(mail, due, bundle))
    critical = message.urgency == Message.Urgency.CRITICAL
    if critical and wishes.by_sms and wishes.phone and (sms := first_channel(*SMS_KINDS)):
        found.append(Route(sms, at))
    return found


def first_channel(*kinds: str) -> Channel | None:
    """The channel in use of the first of these kinds that has one; of several the oldest."""
    for kind in kinds:
        found = Channel.objects.filter(kind=kind, enabled=True).order_by("pk").first()
        if found is not None:
            return found
    return None


def digest_due(wishes: Preference, bundle: str, at: datetime) -> datetime:
    """When the next digest goes out, by the reader's clock."""
    local = at.astimezone(zone_of(wishes))
    if bundle == Delivery.Bundle.DAY:
        due = local.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
        return due if due > local else due + timedelta(days=1)
    past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
    # By elapsed time: the hour that follows on the clock may be two away when it is set back.
    return at - past + timedelta(hours=1)


def after_quiet(wishes: Preference, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours in which it falls: late, but never never."""
    start, end = wishes.quiet_from, wishes.quiet_to
    if start is None or end is None or start == end:
        return at
    local = at.astimezone(zone_of(wishes))
    if not _within(local.time(), start, end):
        return at
    until = local.replace(hour=end.hour, minute=end.minute, second=0, microsecond=0)
    return until if until > local else until + timedelta(days=1)


def _within(moment: time, start: time, end: time) -> bool:
    if start < end:
        return start <= moment < end
    return moment >= start or moment < end
