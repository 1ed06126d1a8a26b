"""Reports to regulators: drafted, handed in, approved by another person, sent with proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act
from guanlan.response import papers
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.facts import GRADES, KINDS
from guanlan.response.clocks.letters import first_text
from guanlan.response.clocks.running import is_open, send
from guanlan.response.clocks.terms import REGULATORS, Matter, said
from guanlan.response.models import RegulatoryReport, RunningClock

NOUN = "response.regulatoryreport"
_on_drafted: list[Callable[[RegulatoryReport], None]] = []


def on_drafted(hook: Callable[[RegulatoryReport], None]) -> None:
    """Call `hook` with each report that is begun, within its transaction."""
    _on_drafted.append(hook)


def matter_of(row: RunningClock | RegulatoryReport) -> Matter:
    """What a clock or a report is about."""
    return Matter(row.about_noun, row.about_id, row.about_label)


def draft(
    subject: Subject,
    matter: Matter,
    *,
    regulator: str,
    kind: str,
    language: str,
    title: str,
    clock: RunningClock | None = None,
    now: dt.datetime | None = None,
) -> RegulatoryReport:
    """Begin a report with what is known."""
    require(subject, "add", NOUN)
    at = now or timezone.now()
    given = _known(clock, language) if clock is not None else {}
    made = RegulatoryReport(
        about_noun=matter.noun, about_id=matter.id, about_label=matter.label, clock=clock,
        regulator=regulator, kind=kind, language=language, title=title[:160],
        text=first_text(matter, regulator, kind, language, given), author_id=subject.id, created=at,
    )  # fmt: skip
    with act("report.draft", made, detail={"kind": kind}):
        made.save()
        papers.keep(made, subject, at)
        for hook in _on_drafted:
            hook(made)
    return made


def _known(clock: RunningClock, language: str) -> Mapping[str, str]:
    """What the clock knows, in the report's language."""
    facts = clock.facts
    with translation.override(language):
        begun = clock.rule.start_event == "known"
        found = {
            "known_at": f"{timezone.localtime(clock.started_at):%Y-%m-%d %H:%M}" if begun else ""
        }
        if facts.get("grade"):
            found["grade"] = str(GRADES[facts["grade"]])
        if facts.get("persons") is not None:
            found["persons"] = str(facts["persons"])
        if facts.get("kinds"):
            found["data"] = _(", ").join(str(KINDS[one]) for one in facts["kinds"] if one in KINDS)
    return found


def mark_sent(
    subject: Subject,
    report: RegulatoryReport,
    *,
    sent_at: dt.datetime,
    how: str,
    receipt: str,
    now: dt.datetime | None = None,
) -> list[RunningClock]:
    """An approved report was sent: its clock stops, and it stands in the register; the clocks
    that started."""
    require(subject, "change", NOUN)
    papers.only(report, "approved")
    with act("report.send", report, detail={"how": how}):
        papers.note_sent(report, sent_at, how, receipt)
        clock = report.clock
        recipient = str(REGULATORS.get(report.regulator, report.regulator))
        if clock is not None:
            recipient = said(clock.rule.recipient)
        disclose(
            subject, matter_of(report), what="report", at=sent_at, recipient=recipient, how=how,
            title=report.title, words=receipt, report=report, now=now,
        )  # fmt: skip
        if clock is not None and is_open(clock):
            return send(subject, clock, sent_at, now)
    return []


def reads(subject: Subject) -> bool:
    """Whether the subject reads the texts of reports: who writes or approves them."""
    return may(subject, "change", NOUN) or may(subject, "approve", NOUN)
