"""What came in and could not be understood, and what was dealt with: nothing is lost, nothing
counts twice."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import msgspec
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from guanlan.core.audit import act
from guanlan.response.complaints.intake import Identity, Incoming, identity_of, twin_of
from guanlan.response.models import Complaint, ComplaintLetter, IntakeSeen

NOUN: Final = "response.complaintletter"
MOST_KEPT: Final = 64 << 10  # bytes of what is not understood
MAIL_KEPT: Final = dt.timedelta(days=400)
CALLS_KEPT: Final = dt.timedelta(days=1)  # longer than any call's time may be off
MAIL: Final = "mail"


class NotTaken(Exception):
    """Why something is not taken in: an English sentence with `%(name)s` for `values`, none of
    them personal; `status` is that of an answer to a call."""

    def __init__(self, why: str, values: Mapping[str, str] | None = None, status: int = 422):
        super().__init__(why)
        self.why = why
        self.values = dict(values or {})
        self.status = status


def objection(messages: list[str]) -> NotTaken:
    """What a service objected to, as a dead letter says it."""
    return NotTaken(gettext_noop("It is no complaint: %(problem)s"),
                    {"problem": " ".join(messages)[:250]})  # fmt: skip


class Original(NamedTuple):
    """A letter or call as it came: what of it can be read, the bytes that there are of it, how
    many bytes it has in all, and when it came."""

    draft: Incoming
    body: bytes
    size: int
    came: dt.datetime


def keep_letter(why: NotTaken, original: Original, now: dt.datetime) -> ComplaintLetter:
    """Keep it, sealed, until a person decides. The same message as one of which a person made a
    complaint, or that was taken in, is kept as settled by that complaint."""
    draft = original.draft
    origin, digest = _identity(original)
    kept = original.body[:MOST_KEPT]
    same = {"origin__in": [origin, twin_of(origin, digest)], "digest": digest}
    there = Complaint.objects.filter(**same).first()
    settled: dict[str, Any] = {}
    if there is not None:
        settled = {"state": "taken", "complaint": there, "decided": now}
    with act("complaintletter.keep", (NOUN, ""), detail={"channel": draft.channel}):
        return ComplaintLetter.objects.create(
            channel=draft.channel, source=draft.source, why=why.why, values=why.values,
            received=now, came=original.came, size=original.size, kept=len(kept), origin=origin,
            digest=digest, body=kept.decode("utf-8", "replace").replace("\0", ""),
            draft=msgspec.json.encode(draft).decode(), **settled,
        )  # fmt: skip


def _identity(original: Original) -> Identity:
    """By what it is known again: its id at its source and its words; where these cannot be read
    its bytes stand for them."""
    draft = original.draft
    said = b"complaint letter" + original.body
    raw = hmac.digest(settings.SECRET_KEY.encode(), said, "sha256").hex()
    named = msgspec.structs.replace(draft, external=draft.external or f"bytes {raw}")
    origin, digest = identity_of(named)
    return Identity(origin, digest if draft.text else raw)


def draft_of(letter: ComplaintLetter) -> Incoming:
    """What could be read of it; where the stored data cannot be decrypted, nothing."""
    try:
        return msgspec.json.decode(str(letter.draft), type=Incoming)
    except (msgspec.MsgspecError, UnicodeError):
        return Incoming(channel=letter.channel, text="", source=letter.source)


def seen_first(source: str, name: str, now: dt.datetime) -> bool:
    """Whether this is the first time; it is written down, in the caller's transaction."""
    said = f"complaint seen {source} {name}".encode()
    digest = hmac.digest(settings.SECRET_KEY.encode(), said, "sha256").hex()
    if IntakeSeen.objects.filter(source=source, digest=digest).exists():
        return False
    try:
        with transaction.atomic():
            IntakeSeen.objects.create(source=source, digest=digest, at=now)
    except IntegrityError:  # another is dealing with it at this moment
        return False
    return True


def forget_seen(now: dt.datetime) -> int:
    """Forget what cannot come again; how many."""
    calls = IntakeSeen.objects.exclude(source__startswith=MAIL).filter(at__lt=now - CALLS_KEPT)
    mail = IntakeSeen.objects.filter(source__startswith=MAIL, at__lt=now - MAIL_KEPT)
    with act("complaint.forget", ("response.complaint", "")):
        return calls.delete()[0] + mail.delete()[0]
