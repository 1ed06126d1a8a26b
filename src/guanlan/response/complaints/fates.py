"""What became of what was written to a customer, as the outbox knows it, in words."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Final, NamedTuple

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import pgettext, pgettext_lazy

from guanlan.core.models import Delivery
from guanlan.response.models import ComplaintMessage
from guanlan.response.terms import Words
from guanlan.web.pages.channels import WHYS
from guanlan.web.words import labelled

_KNOWN: Final[dict[str, Words]] = {  # where the outbox has forgotten it
    "waiting": pgettext_lazy("delivery of a reply", "on its way"),
    "sent": pgettext_lazy("delivery of a reply", "sent"),
    "failed": pgettext_lazy("delivery of a reply", "could not be sent"),
}
_OVER: Final = (Delivery.State.FAILED, Delivery.State.SUPPRESSED)


class Fate(NamedTuple):
    """What became of a message; empty where there is nothing to say. `bad`: it did not go."""

    words: str = ""
    bad: bool = False


def fates_of(rows: Iterable[ComplaintMessage]) -> dict[int, Fate]:
    """What became of messages, by their number; one query for all of them."""
    messages = list(rows)
    letters = {one.letter_id for one in messages if one.letter_id is not None}
    ways: dict[int, Delivery] = {}
    if letters:
        for way in Delivery.objects.filter(message__in=letters).order_by("pk"):
            ways[way.message_id] = way
    return {one.pk: _fate(one, ways.get(one.letter_id or 0)) for one in messages}


def _fate(one: ComplaintMessage, way: Delivery | None) -> Fate:
    if way is None:
        bad = not one.incoming and (not one.sent or one.delivery == "failed")
        return Fate(str(_KNOWN["failed" if bad else one.delivery]), bad) if (
            bad or one.delivery
        ) else Fate()  # fmt: skip
    why = str(WHYS.get(way.why, way.why))
    if way.state == Delivery.State.SENT:
        if way.finished is None:
            return Fate(str(_KNOWN["sent"]))
        text = pgettext("delivery of a reply", "sent %(time)s")
        return Fate(text % {"time": _moment(way.finished)})
    if way.state in _OVER:
        return Fate(labelled(str(_KNOWN["failed"]), why) if why else str(_KNOWN["failed"]), True)
    if way.attempts and why:
        text = _("not sent yet: %(why)s; it is tried again %(time)s")
        return Fate(text % {"why": why, "time": _moment(way.due)})
    return Fate(str(_KNOWN["waiting"]))


def _moment(at: dt.datetime) -> str:
    return date_format(timezone.localtime(at), "Y-m-d H:i")
