"""What came in and could not be understood, and what was dealt with: nothing is lost, nothing
counts twice."""

from __future__ import annotations

import datetime as dt
import hmac
from collections.abc import Mapping
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_noop

from guanlan.core.audit import act
from guanlan.response.models import DeadLetter, IntakeSeen

MOST_KEPT: Final = 64 << 10  # characters of a dead letter
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


def keep_letter(source: str, why: NotTaken, body: str, now: dt.datetime) -> DeadLetter:
    """Keep it, sealed, until a person decides; `source` says by which way it came."""
    with act("alert.not_understood", ("response.deadletter", ""), detail={"letters": 1}):
        return DeadLetter.objects.create(
            source=f"complaints.{source}"[:128], why=why.why, values=why.values, received=now,
            body=body.replace("\0", "")[:MOST_KEPT],
        )  # fmt: skip


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
