"""The register of disclosures: what was told to whom, when and how."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.clocks.terms import Matter
from guanlan.response.models import Disclosure, RegulatoryReport, Statement

_on_disclosed: list[Callable[[Disclosure], None]] = []


def on_disclosed(hook: Callable[[Disclosure], None]) -> None:
    """Call `hook` with each line of the register, within its transaction."""
    _on_disclosed.append(hook)


def disclose(
    subject: Subject,
    matter: Matter,
    *,
    what: str,
    at: dt.datetime,
    recipient: str,
    how: str,
    title: str,
    words: str = "",
    report: RegulatoryReport | None = None,
    statement: Statement | None = None,
    now: dt.datetime | None = None,
) -> Disclosure:
    """Write a line into the register. Lines are never changed: what was wrong is told by
    another line. Raises ValidationError for a time that lies ahead."""
    if what == "notice":  # the others follow from a report or a statement, which asked for a right
        require(subject, "add", "response.disclosure")
    moment = now or timezone.now()
    if at > moment + dt.timedelta(minutes=5):
        raise ValidationError({"at": _("This time lies ahead.")})
    made = Disclosure(
        about_noun=matter.noun,
        about_id=matter.id,
        about_label=matter.label,
        what=what,
        at=at,
        recipient=recipient[:120],
        how=how,
        title=title[:160],
        words=words,
        report=report,
        statement=statement,
        author_id=subject.id,
        created=moment,
    )
    with act("disclosure.add", made, detail={"what": what, "how": how}):
        made.save()
        for hook in _on_disclosed:
            hook(made)
    return made
