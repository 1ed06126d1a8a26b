"""Filing a report of suspicious transactions.

Nothing of it stands on the timeline of its case, and nobody is written to: who may know of it is
narrower than who works on the case, and the customer is never told.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act
from guanlan.response import papers
from guanlan.response.clocks.terms import LANGUAGES
from guanlan.response.models import Case, SuspicionReport
from guanlan.response.models.suspicions import NOUN
from guanlan.response.suspicions.filling import facts_of, first_text
from guanlan.response.suspicions.terms import INDICATORS

LONGEST_TITLE = 160


def draft(
    subject: Subject,
    case: Case,
    *,
    title: str,
    language: str,
    indicators: Collection[str] = (),
    now: dt.datetime | None = None,
) -> SuspicionReport:
    """Begin a report with what the case knows. Raises Denied, or ValidationError by field."""
    require(subject, "add", NOUN)
    require(subject, "see", "response.case")
    said = title.replace("\0", "").strip()
    if not 3 <= len(said) <= LONGEST_TITLE:
        text = _("Give a title of 3 to %(n)s characters.") % {"n": LONGEST_TITLE}
        raise ValidationError({"title": text})
    if language not in LANGUAGES:
        raise ValidationError({"language": _("Choose one of the languages listed.")})
    at = now or timezone.now()
    made = SuspicionReport(
        case=case, language=language, title=said, text=first_text(case, language),
        facts=facts_of(case, subject, language), indicators=_known(indicators),
        author_id=subject.id, created=at,
    )  # fmt: skip
    with act("suspicion.draft", made):
        made.save()
        papers.keep(made, subject, at, _besides(made))
    return made


def rewrite(
    subject: Subject,
    report: SuspicionReport,
    *,
    title: str,
    text: str,
    indicators: Collection[str],
    now: dt.datetime | None = None,
) -> None:
    """Another draft, on the same facts. Raises Denied, or ValidationError by field."""
    _mine(subject, report)
    more = {"facts": report.facts, "indicators": _known(indicators)}
    papers.rewrite(subject, report, title, text, now, more)


def take_anew(subject: Subject, report: SuspicionReport, now: dt.datetime | None = None) -> None:
    """Another draft with the facts that the case has now; the text stays. Raises Denied, or
    ValidationError."""
    _mine(subject, report)
    facts = facts_of(report.case, subject, report.language)
    more = {"facts": facts, "indicators": report.indicators}
    papers.rewrite(subject, report, report.title, str(report.text), now, more)


def hand_in(subject: Subject, report: SuspicionReport, now: dt.datetime | None = None) -> None:
    """Ask for approval. It needs a sign of what is suspicious. Raises Denied, ValidationError."""
    _mine(subject, report)
    if not report.indicators:
        raise ValidationError(_("Say by at least one sign what is suspicious."))
    papers.hand_in(subject, report, now)


def mark_sent(
    subject: Subject, report: SuspicionReport, *, sent_at: dt.datetime, how: str, receipt: str
) -> None:
    """An approved report was sent, by whoever approves such reports. Raises Denied, or
    ValidationError."""
    require(subject, "approve", NOUN)
    papers.only(report, "approved")
    if not receipt.strip():
        raise ValidationError({"receipt": _("Give the receipt number.")})
    with act("suspicion.send", report, detail={"how": how}):
        papers.note_sent(report, sent_at, how, receipt.strip())


def withdraw(subject: Subject, report: SuspicionReport) -> None:
    """A report that will not be sent. Raises Denied, or ValidationError."""
    _mine(subject, report)
    papers.withdraw(subject, report)


def _mine(subject: Subject, report: SuspicionReport) -> None:
    """Raises Denied to who neither wrote it nor approves such reports."""
    if report.author_id != subject.id or subject.id is None:
        require(subject, "approve", NOUN)


def may_file(subject: Subject) -> bool:
    """Whether this person begins such reports."""
    return may(subject, "add", NOUN)


def _known(indicators: Collection[str]) -> list[str]:
    """The signs in their order. Raises ValidationError by field for one that does not exist."""
    if not set(indicators) <= INDICATORS.keys():
        raise ValidationError({"indicators": _("Choose from the signs listed.")})
    return [one for one in INDICATORS if one in set(indicators)]


def _besides(report: SuspicionReport) -> dict[str, object]:
    return {"facts": report.facts, "indicators": report.indicators}
