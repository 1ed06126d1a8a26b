"""Showing one masked value in the clear: to whom may, for a purpose, and never unseen."""

from __future__ import annotations

import logging
import re
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access.nouns import MASKED_FROM
from guanlan.core.access.policy import EVERYWHERE, Subject, may, require
from guanlan.core.access.table import PURPOSES
from guanlan.core.audit import record
from guanlan.core.faults import without_values

logger = logging.getLogger(__name__)

REASON_FROM, REASON_TO = 5, 300
# What a reason must not hold, since it is kept in the audit log: numbers of people (nine digits
# or more, so that a date or a case such as 2026-118 is none), addresses.
_PERSONAL: Final = re.compile(r"\d(?:[ .·/()_\u2010-\u2015-]{0,3}\d){8,}|\S[@\uff20]\S")


class Unrecorded(Exception):
    """The act could not be written down, so it is not done."""


def checked_reason(reason: str) -> str:
    """A reason as it is kept. Raises ValidationError saying what is wrong with it."""
    text = " ".join(reason.split())
    if not REASON_FROM <= len(text) <= REASON_TO:
        raise ValidationError(
            _("Say why, in %(least)s to %(most)s characters.")
            % {"least": REASON_FROM, "most": REASON_TO}
        )
    if _PERSONAL.search(text):
        raise ValidationError(
            _(
                "The reason seems to hold a phone number, an e-mail address or another personal "
                "number. It is kept in the audit log: name the case or ticket instead."
            )
        )
    return text


def allow_reveal(
    subject: Subject,
    noun: str,
    identity: str,
    field: str,
    *,
    level: int,
    purpose: str,
    reason: str,
    scope: str = EVERYWHERE,
) -> None:
    """Allow one value of `level` (>= 3) to be shown once; returns when that is on record.

    Raises ValidationError for a purpose or reason that will not do, Denied when `subject` may
    not, Unrecorded when the audit log does not take the row. The caller shows the value after
    this returns, and not otherwise.
    """
    if purpose not in PURPOSES:
        raise ValidationError({"purpose": _("Choose a purpose.")})
    try:
        text = checked_reason(reason)
    except ValidationError as error:
        raise ValidationError({"reason": error.messages}) from None
    # The clock of the subject is that of the request, so a grant that ended is not used.
    require(subject, "reveal", noun, scope=scope, level=max(level, MASKED_FROM), purpose=purpose)
    try:
        record(
            "value.reveal",
            (noun, identity),
            detail={"field": field, "level": level},
            reason=text,
            purpose=purpose,
        )
    except Exception as error:
        logger.error("a reveal was refused: %s", without_values(error))
        raise Unrecorded from error


def purposes_for(
    subject: Subject, noun: str, level: int, scope: str = EVERYWHERE
) -> list[tuple[str, str]]:
    """(name, title) of the purposes for which `subject` may reveal `noun` at `level`."""
    return [
        (name, str(title))
        for name, title in PURPOSES.items()
        if may(subject, "reveal", noun, scope=scope, level=max(level, MASKED_FROM), purpose=name)
    ]
