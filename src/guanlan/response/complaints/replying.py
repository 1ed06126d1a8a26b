"""What is written to customers, and what they write again.

A letter goes through the outbox to the address that the customer gave; its text is forgotten there
once it is sent. What stays here is sealed, with a masked copy.
"""

from __future__ import annotations

import datetime as dt
from typing import Final

from django.core.exceptions import ValidationError
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import pgettext_lazy

from guanlan.core.access import SYSTEM, Subject
from guanlan.core.audit import act
from guanlan.core.models import Message
from guanlan.core.outbox.letters import Tracked
from guanlan.core.sealing import Unreadable
from guanlan.response.complaints.deadlines import last_day
from guanlan.response.complaints.handling import changing
from guanlan.response.complaints.history import note
from guanlan.response.complaints.intake import text_in
from guanlan.response.complaints.links import link_of, token_of
from guanlan.response.complaints.masking import masked_text
from guanlan.response.complaints.shipped import RECEIVED
from guanlan.response.complaints.sorting import filled
from guanlan.response.complaints.texting import send_text
from guanlan.response.models import Complaint, ComplaintMessage, ReplyTemplate
from guanlan.response.terms import Words

WAYS: Final[dict[str, Words]] = {
    "email": pgettext_lazy("way of a reply", "e-mail"),
    "phone": pgettext_lazy("way of a reply", "telephone"),
    "sms": pgettext_lazy("way of a reply", "SMS"),
    "wechat": pgettext_lazy("way of a reply", "WeChat"),
    "app": pgettext_lazy("way of a reply", "in the app"),
    "paper": pgettext_lazy("way of a reply", "on paper"),
    "web": pgettext_lazy("way of a reply", "page of the complaint"),
}
_SUBJECTS: Final = {
    "zh-hans": "关于您的投诉 [{receipt}]",
    "zh-hant": "關於您的投訴 [{receipt}]",
    "en": "Your complaint [{receipt}]",
}
MOST_MESSAGES: Final = 500  # of one complaint
ACKNOWLEDGED: Final = 3  # letters a day to one address that say that its complaint came in
DAY: Final = dt.timedelta(days=1)


def values_of(row: Complaint) -> dict[str, str]:
    """What a text may name of a complaint."""
    due = last_day(row.due)
    return {"receipt": row.receipt, "due": f"{due:%Y-%m-%d}", "link": link_of(row)}


def text_for(row: Complaint, answer: ReplyTemplate) -> str:
    """A ready text in the language of the complaint, filled in."""
    texts = answer.text
    return filled(str(texts.get(row.language) or texts.get("en", "")), values_of(row))


def reply(
    subject: Subject,
    complaint: Complaint,
    text: str,
    *,
    how: str,
    template: str = "",
    asks: bool = False,
    outcome: str = "",
    now: dt.datetime,
) -> ComplaintMessage:
    """Write to the customer: by e-mail it is sent, by SMS where `texting.channel_for` knows a way;
    anything else is recorded as said by a person. `asks` says that the customer is to answer;
    `outcome` that it tells the outcome, which stops the clock. Raises Denied, or ValidationError
    by field."""
    said = text_in(text)
    if how not in WAYS:
        raise ValidationError({"how": _("It is one of %(names)s.") % {"names": ", ".join(WAYS)}})
    with changing(subject, complaint, "complaint.reply", now, {"how": how}) as row:
        if row.state == "closed":
            raise ValidationError(_("It is closed: open it again first."))
        made = _write(row, said, how, template, subject, now)
        if not made.sent:
            text = _("The customer gave no e-mail address, or there is no channel for e-mail.")
            raise ValidationError({"how": text})
        kind = _became(made)
        note(row, kind, now, by=subject,
             values={"how": how, "template": template})  # fmt: skip
        if row.state == "new":
            row.state = "working"
        if outcome:
            row.told = row.told or now
            row.outcome, row.state = outcome, "answered"
            note(row, "told", now, by=subject, values={"outcome": outcome})
        elif asks:
            row.state = "waiting"
            note(row, "waiting", now, by=subject)
    return made


def acknowledge(row: Complaint, now: dt.datetime) -> None:
    """Tell the customer that it came in, its number and by when there will be an answer; nothing
    where there is no address, text or channel."""
    answer = ReplyTemplate.objects.filter(code=RECEIVED, enabled=True).first()
    if answer is None or not row.email:
        return
    with act("complaint.reply", row, detail={"how": "email", "template": RECEIVED}):
        made = _write(row, text_for(row, answer), "email", RECEIVED, SYSTEM, now)
        values: dict[str, str | int | None] = {"how": "email", "template": RECEIVED}
        note(row, _became(made), now, by=SYSTEM, values=values)


def acknowledge_letter(row: Complaint, now: dt.datetime) -> None:
    """The same for what came unasked, from an address that anybody may have written: no more than
    a few a day to one address."""
    lately = Complaint.objects.filter(email_index=row.email, received__gte=now - DAY)
    if not row.email or lately.count() <= ACKNOWLEDGED:
        acknowledge(row, now)


def _became(made: ComplaintMessage) -> str:
    """What is written down of a message that goes out, until the outbox knows more."""
    if made.delivery:
        return "queued"
    if made.how == "email":
        return "replied" if made.sent else "unsent"
    return "recorded"


def _write(
    row: Complaint, text: str, how: str, template: str, by: Subject, now: dt.datetime
) -> ComplaintMessage:
    sent, letter = _send(row, text) if how == "email" else (True, None)
    if how == "sms":
        letter = send_text(row, text, now)
    # The customer's own page is for whoever has its address: the masked copy does not tell it.
    shown = masked_text(text.replace(token_of(row), "•••"))
    made = ComplaintMessage(
        complaint=row, incoming=False, at=now, by_id=by.id, how=how, template=template, sent=sent,
        text=text, masked=shown, letter=letter, delivery="waiting" if letter else "",
    )  # fmt: skip
    made.save()
    return made


def _send(row: Complaint, text: str) -> tuple[bool, Message | None]:
    """Put the letter into the outbox: whether it goes, and as which message there."""
    address = row.email
    if not address or isinstance(address, Unreadable):
        return False, None
    subject = filled(_SUBJECTS.get(row.language, _SUBJECTS["en"]), {"receipt": row.receipt})
    with translation.override(row.language):
        letter = Tracked(subject, text, None, [str(address)])
        return bool(letter.send()), letter.posted


def customer_wrote(row: Complaint, text: str, how: str, now: dt.datetime) -> ComplaintMessage:
    """Take in what the customer wrote to a complaint that is there. One that waits for it goes
    on; one that was answered or closed is opened again. Raises ValidationError by field."""
    said = text_in(text)
    with act("complaint.customer", row, detail={"how": how}):
        now_row = Complaint.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if now_row.messages.filter(incoming=True).count() >= MOST_MESSAGES:
            raise ValidationError({"text": _("There is too much already; please call us.")})
        made = ComplaintMessage(
            complaint=now_row, incoming=True, at=now, how=how, text=said, masked=masked_text(said)
        )
        made.save()
        note(now_row, "customer", now, values={"how": how})
        if now_row.state in ("answered", "closed"):
            note(now_row, "reopened", now)
            now_row.closed = now_row.closed_by = None
            now_row.state, now_row.outcome, now_row.duplicate_of = "working", "", None
        elif now_row.state == "waiting":
            now_row.state = "working"
        now_row.touched = now
        now_row.save()
    return made


def rate(row: Complaint, stars: int, now: dt.datetime) -> Complaint:
    """The customer's own word, 1 (bad) to 5 (good), once it was answered; the last one counts.
    Raises ValidationError."""
    if not 1 <= stars <= 5:
        raise ValidationError({"stars": _("Choose one to five.")})
    with act("complaint.rate", row, detail={"stars": stars}):
        found = Complaint.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if found.state not in ("answered", "closed"):
            raise ValidationError(_("It has not been answered yet."))
        found.satisfaction, found.touched = stars, now
        found.save()
        note(found, "rated", now, values={"stars": stars})
    return found
