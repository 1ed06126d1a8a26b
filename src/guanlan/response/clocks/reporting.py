"""Reports to regulators: drafted, handed in, approved by another person, sent with proof."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from difflib import ndiff

from django.core.exceptions import ValidationError
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may, require
from guanlan.core.audit import act, record
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.facts import GRADES, KINDS
from guanlan.response.clocks.letters import first_text
from guanlan.response.clocks.running import is_open, send
from guanlan.response.clocks.terms import REGULATORS, Matter, said
from guanlan.response.models import RegulatoryReport, ReportDraft, RunningClock

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
        _keep(made, subject, at)
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


def _keep(report: RegulatoryReport, subject: Subject, at: dt.datetime) -> None:
    ReportDraft.objects.create(
        report=report, number=report.draft, text=report.text, author_id=subject.id, at=at
    )


def rewrite(
    subject: Subject,
    report: RegulatoryReport,
    title: str,
    text: str,
    now: dt.datetime | None = None,
) -> None:
    """Another draft. Only of a report that is being drafted."""
    require(subject, "change", NOUN)
    _only(report, "draft")
    if not text.strip():
        raise ValidationError({"text": _("A report needs a text.")})
    with act("report.rewrite", report, detail={"draft": report.draft + 1}):
        report.title, report.text, report.draft = title, text, report.draft + 1
        report.save(update_fields=["title", "text", "draft"])
        _keep(report, subject, now or timezone.now())


def hand_in(subject: Subject, report: RegulatoryReport, now: dt.datetime | None = None) -> None:
    """Ask for approval; the text stays as it is from here on."""
    require(subject, "change", NOUN)
    _only(report, "draft")
    with act("report.hand_in", report):
        report.state, report.handed_in = "review", now or timezone.now()
        report.save(update_fields=["state", "handed_in"])


def decide(
    subject: Subject,
    report: RegulatoryReport,
    *,
    approve: bool,
    answer: str = "",
    now: dt.datetime | None = None,
) -> None:
    """Approve, or send back with an answer. Not by anybody who wrote a draft of it."""
    require(subject, "approve", NOUN)
    _only(report, "review")
    if not may_decide(subject, report):
        raise ValidationError(_("Who wrote a report does not approve it."))
    if not approve and len(answer.strip()) < 5:
        raise ValidationError({"answer": _("Say why, in five characters at least.")})
    report.answer, report.approver_id = answer.strip(), subject.id
    if approve:
        with act("report.approve", report):
            report.state, report.approved = "approved", now or timezone.now()
            report.save(update_fields=["state", "answer", "approver", "approved"])
    else:
        with act("report.send_back", report):
            report.state = "draft"
            report.save(update_fields=["state", "answer", "approver"])


def may_decide(subject: Subject, report: RegulatoryReport) -> bool:
    """Whether the subject has written no draft of it."""
    writers = {report.author_id, *report.drafts.values_list("author_id", flat=True)}
    return subject.id is None or subject.id not in writers


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
    _only(report, "approved")
    with act("report.send", report, detail={"how": how}):
        report.state, report.sent_at, report.sent_how = "sent", sent_at, how
        report.receipt = receipt
        report.save(update_fields=["state", "sent_at", "sent_how", "receipt"])
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


def withdraw(subject: Subject, report: RegulatoryReport) -> None:
    """A report that will not be sent."""
    require(subject, "change", NOUN)
    if report.state in ("sent", "withdrawn"):
        raise ValidationError(_("This is not possible for a text in this state."))
    with act("report.withdraw", report):
        report.state = "withdrawn"
        report.save(update_fields=["state"])


def _only(report: RegulatoryReport, state: str) -> None:
    if report.state != state:
        raise ValidationError(_("This is not possible for a text in this state."))


def reads(subject: Subject) -> bool:
    """Whether the subject reads the texts of reports: who writes or approves them."""
    return may(subject, "change", NOUN) or may(subject, "approve", NOUN)


def read_text(subject: Subject, report: RegulatoryReport) -> str:
    """The text, for who writes or approves; the reading is written down. Raises Denied."""
    require(subject, "change" if may(subject, "change", NOUN) else "approve", NOUN)
    record("report.read", report, outcome="seen")
    return str(report.text)


def difference(report: RegulatoryReport) -> list[tuple[str, str]]:
    """How the newest draft differs from the one before, by lines: (sign, text), where the sign
    is a blank, + or -."""
    texts = [str(one.text) for one in report.drafts.order_by("-number")[:2]]
    if len(texts) < 2:
        return []
    lines = ndiff(texts[1].splitlines(), texts[0].splitlines())
    return [(line[0], line[2:]) for line in lines if line[0] in " +-"]
