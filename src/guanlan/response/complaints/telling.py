"""What staff are told of complaints: that one is escalated, and that time runs out."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Final

from django.db.models import Q
from django.utils import translation

from guanlan.core import outbox
from guanlan.core.audit import act
from guanlan.core.models import User
from guanlan.core.outbox.routing import language_of
from guanlan.core.outbox.sending import people_who_may
from guanlan.response.complaints.terms import LABELS, NOUN
from guanlan.response.models import Complaint
from guanlan.web.words import until_plain

# How long before it is due the owner is told, and once more when it is over.
BEFORE: Final = dt.timedelta(days=3)
AT_ONCE: Final = 500

outbox.template(
    "complaint.escalated",
    names={"number": 2, "labels": 2, "due": 2},
    texts={
        "en": (
            "Complaint {number} is escalated: {labels}",
            "Complaint {number} speaks of: {labels}. The customer is to be told by {due}.",
        ),
        "zh-hans": (
            "投诉 {number} 升级：{labels}",
            "投诉 {number} 涉及：{labels}。答复期限 {due}。",
        ),
        "zh-hant": (
            "投訴 {number} 升級：{labels}",
            "投訴 {number} 涉及：{labels}。答覆期限 {due}。",
        ),
    },
)
outbox.template(
    "complaint.due",
    names={"number": 2, "due": 2},
    texts={
        "en": (
            "Complaint {number} is due at {due}",
            "The customer has not been told the outcome of complaint {number}. It is due at {due}.",
        ),
        "zh-hans": ("投诉 {number} 将于 {due} 到期", "投诉 {number} 尚未答复客户，期限 {due}。"),
        "zh-hant": ("投訴 {number} 將於 {due} 到期", "投訴 {number} 尚未答覆客戶，期限 {due}。"),
    },
)
outbox.template(
    "complaint.overdue",
    names={"number": 2, "due": 2},
    texts={
        "en": (
            "Overdue: complaint {number}",
            "Complaint {number} was due at {due}, and the customer has not been told the outcome.",
        ),
        "zh-hans": ("投诉 {number} 已超期", "投诉 {number} 应于 {due} 前答复，尚未答复客户。"),
        "zh-hant": ("投訴 {number} 已逾期", "投訴 {number} 應於 {due} 前答覆，尚未答覆客戶。"),
    },
)


def labels_in_words(row: Complaint) -> str:
    """The labels of a complaint, in the current language."""
    return " · ".join(str(title) for name, title in LABELS.items() if getattr(row, name))


def tell_escalated(row: Complaint, now: dt.datetime) -> None:
    """Tell those who lead complaints, but nobody whom it is about. Once for the same labels."""
    which = "".join(name[0] for name in LABELS if getattr(row, name))
    for person in people_who_may("approve", NOUN):
        if person.pk == row.about_id:
            continue
        with translation.override(language_of(person)):
            said = labels_in_words(row)
        outbox.send(
            "complaint.escalated",
            to=person,
            context={"number": row.receipt, "labels": said, "due": _moment(row.due)},
            urgency="urgent",
            about=row,
            dedup=f"complaint {row.pk} {which}",
            now=now,
        )


def tell_due(now: dt.datetime) -> int:
    """Tell owners (or who leads, where there is none) of what is due soon, and who leads of what
    is over; how many messages. Each is told once for a due time."""
    soon = Q(reminded=0, due__lte=now + BEFORE) | Q(reminded__lt=2, due__lte=now)
    open_ones = Complaint.objects.filter(soon, told=None).exclude(state="closed")
    keys = list(open_ones.order_by("due").values_list("pk", flat=True)[:AT_ONCE])
    leading = people_who_may("approve", NOUN) if keys else []
    return sum(_remind(key, leading, now) for key in keys)


def _remind(key: int, leading: Sequence[User], now: dt.datetime) -> int:
    over: dict[str, bool] = {}
    with act("complaint.remind", (NOUN, str(key)), detail=over):
        row = Complaint.objects.select_for_update(of=("self",)).select_related("owner").get(pk=key)
        over["over"] = row.due <= now
        row.reminded = 2 if row.due <= now else 1
        row.save(update_fields=["reminded"])
        to = {one.pk: one for one in leading} if over["over"] or row.owner is None else {}
        if row.owner is not None:
            to[row.owner.pk] = row.owner
        to.pop(row.about_id or 0, None)
        made = outbox.send(
            "complaint.overdue" if over["over"] else "complaint.due",
            to=[*to.values()],
            context={"number": row.receipt, "due": _moment(row.due)},
            urgency="urgent" if over["over"] else "normal",
            about=row,
            now=now,
        )
    return len(made)


def _moment(at: dt.datetime) -> str:
    return until_plain(at)
