"""Replies by SMS: through the outbox to the number that the complaint came from, where its gateway
names a channel for them. And what became of these and of letters.

The number stands sealed in the outbox until it is sent, and nowhere in a log.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core import outbox
from guanlan.core.access import SYSTEM
from guanlan.core.access.masking import mask
from guanlan.core.audit import act
from guanlan.core.models import Channel, Delivery, Message
from guanlan.core.outbox.adapters import ADAPTERS
from guanlan.core.outbox.letters import TEXT_KINDS, post_text
from guanlan.core.outbox.sending import people_who_may
from guanlan.core.sealing import Unreadable
from guanlan.response.complaints.history import note
from guanlan.response.complaints.terms import NOUN
from guanlan.response.models import Complaint, ComplaintMessage
from guanlan.response.terms import Words

AT_ONCE: Final = 500
_RECORDED: Final[dict[str, Words]] = {
    "sms": gettext_lazy("SMS (recorded only: this gateway has no way to reply)"),
    "wechat": gettext_lazy("WeChat (recorded only: nothing is sent to WeChat from here)"),
}

outbox.template(
    "complaint.unsent",
    names={"number": 2},
    texts={
        "en": (
            "A reply to complaint {number} could not be sent",
            "The customer did not get it: reply another way. An outcome was not told by it.",
        ),
        "zh-hans": (
            "投诉 {number} 的答复未能发出",
            "客户没有收到。请改用其他方式答复。其中的处理结果并未告知客户。",
        ),
        "zh-hant": (
            "投訴 {number} 的答覆未能送出",
            "客戶沒有收到。請改用其他方式答覆。其中的處理結果並未告知客戶。",
        ),
    },
)


def channel_for(row: Complaint) -> Channel | None:
    """The channel by which an SMS answers it; None where a reply by SMS is only recorded."""
    if row.channel != "sms" or row.gateway is None:
        return None
    if not row.phone or isinstance(row.phone, Unreadable):
        return None
    channel = row.gateway.reply_by
    usable = channel is not None and channel.enabled and channel.kind in TEXT_KINDS
    return channel if usable else None


def ways_for(row: Complaint, ways: dict[str, Words]) -> list[tuple[str, Words]]:
    """The ways by which it can be answered, each with what will become of the words."""
    titles = ways | _RECORDED
    if channel_for(row) is not None:
        number = mask("phone", str(row.phone), 3)
        titles["sms"] = _("SMS, sent to %(number)s") % {"number": number}
    return [*titles.items()]


def send_text(row: Complaint, text: str, now: dt.datetime) -> Message | None:
    """Put an SMS into the outbox; None where there is no way. Raises ValidationError where it is
    longer than the channel takes."""
    channel = channel_for(row)
    if channel is None:
        return None
    most = ADAPTERS[channel.kind].longest
    if most and len(text) > most:
        said = _("An SMS of this channel has at most %(most)s characters; this has %(n)s.")
        raise ValidationError({"text": said % {"most": most, "n": len(text)}})
    return post_text(channel, str(row.phone), text, (NOUN, str(row.pk)), now)


def settle_replies(now: dt.datetime) -> int:
    """Write down what became of replies by SMS and e-mail: sent or not; how many. Who owns the
    complaint is told of one that was not, or who leads complaints where nobody owns it."""
    over = Q(letter=None) | ~Q(letter__deliveries__state__in=("pending", "sending"))
    waiting = ComplaintMessage.objects.filter(over, delivery="waiting").order_by("pk")
    keys = list(waiting.values_list("pk", flat=True)[:AT_ONCE])
    return sum(_settled(key, now) for key in keys)


def _settled(key: int, now: dt.datetime) -> bool:
    with act("complaint.delivery", (NOUN, "")):
        one = (
            ComplaintMessage.objects.select_for_update().filter(pk=key, delivery="waiting").first()
        )
        if one is None:  # another was faster
            return False
        ways = Delivery.objects.filter(message=one.letter_id, state=Delivery.State.SENT)
        one.sent = one.letter_id is not None and ways.exists()
        one.delivery = "sent" if one.sent else "failed"
        one.save(update_fields=["sent", "delivery"])
        rows = Complaint.objects.select_for_update(of=("self",)).select_related("owner")
        row = rows.get(pk=one.complaint_id)
        values: dict[str, str | int | None] = {"how": one.how, "template": one.template}
        note(row, "replied" if one.sent else "unsent", now, by=SYSTEM, values=values)
        if not one.sent:
            _untold(row, one.at, now)
            _tell_unsent(row, now)
    return True


def _untold(row: Complaint, at: dt.datetime, now: dt.datetime) -> None:
    """An outcome that was to be told by what was not sent has not been told: the clock runs on."""
    if row.told != at:
        return
    row.told = row.closed = row.closed_by = None
    row.state, row.outcome, row.touched = "working", "", now
    row.save()
    note(row, "reopened", now, by=SYSTEM)


def _tell_unsent(row: Complaint, now: dt.datetime) -> None:
    people = [row.owner] if row.owner is not None else people_who_may("approve", NOUN)
    outbox.send(
        "complaint.unsent",
        to=[one for one in people if one.pk != row.about_id],
        context={"number": row.receipt},
        urgency="urgent",
        about=row,
        now=now,
    )
