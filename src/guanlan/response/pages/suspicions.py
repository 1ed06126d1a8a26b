"""Reports of suspicious transactions: seen by who wrote one and by who approves them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple

from django import forms
from django.urls import reverse
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response import papers
from guanlan.response.cases.letters import name_of
from guanlan.response.cases.showing import shown_entities
from guanlan.response.clocks.letters import unknown_in
from guanlan.response.clocks.terms import DRAFTS, LANGUAGES, WAYS
from guanlan.response.kinds import every_kind
from guanlan.response.models import Case, CaseEntity, EntityRef, SuspicionReport
from guanlan.response.pages.regulatory_reports import LOOKS, STATES, Answer, Sent
from guanlan.response.suspicions import filing
from guanlan.response.suspicions.terms import INDICATORS
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)


class NewReport(forms.Form):
    """How a report begins; its facts come from the case."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        min_length=3,
        max_length=160,
        help_text=gettext_lazy("Without a customer's name or number; it stands in lists."),
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=LANGUAGES.items(), initial=get_language
    )
    indicators = forms.MultipleChoiceField(
        label=gettext_lazy("What is suspicious"),
        choices=INDICATORS.items(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class Rewriting(forms.Form):
    """Another draft."""

    title = forms.CharField(label=gettext_lazy("Title"), min_length=3, max_length=160)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=50_000, widget=forms.Textarea(attrs={"rows": 30})
    )
    indicators = forms.MultipleChoiceField(
        label=gettext_lazy("What is suspicious"),
        choices=INDICATORS.items(),
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )


class Line(NamedTuple):
    """A transaction as the report shows it; `amount` in minor units."""

    ref: str
    at: dt.datetime
    what: str
    amount: int | None
    currency: str
    outcome: str


class SuspicionLook:
    """What the page of a report shows; showing it writes down who read it."""

    def __init__(self, row: SuspicionReport, subject: Subject) -> None:
        self.row = row
        self.subject = subject
        self.text = papers.read_text(subject, row)

    @cached_property
    def parts(self) -> list[Any]:
        """The parties, masked, with the form to reveal each."""
        named: list[list[Any]] = self.row.facts["parties"]
        refs = EntityRef.objects.for_user(self.subject).in_bulk([entity for entity, _role in named])
        rows = [
            CaseEntity(entity=refs[entity], role=role) for entity, role in named if entity in refs
        ]
        return shown_entities(rows, every_kind(), self.subject)

    @property
    def lines(self) -> Sequence[Line]:
        """The transactions, oldest first."""
        return [
            Line(ref, dt.datetime.fromisoformat(at), what, amount, currency, outcome)
            for ref, at, what, amount, currency, outcome in self.row.facts["transactions"]
        ]

    @property
    def signs(self) -> list[str]:
        """What is suspicious."""
        return [str(INDICATORS[one]) for one in self.row.indicators if one in INDICATORS]

    @property
    def left_out(self) -> int:
        """How many transactions did not fit."""
        return int(self.row.facts.get("more_transactions", 0))

    @property
    def unread(self) -> int:
        """How many pieces of evidence were not looked through."""
        return int(self.row.facts.get("unread", 0))


def state(report: SuspicionReport) -> State:
    """Where the text is."""
    return State(LOOKS[report.state], DRAFTS[report.state])


def _add(case: Case, subject: Subject, values: Mapping[str, Any]) -> Saved:
    made = filing.draft(subject, case, **values)
    return Saved(made, _("The draft is made. What is not yet known says so."))


def _change(subject: Subject, report: SuspicionReport, values: dict[str, Any]) -> Saved:
    filing.rewrite(subject, report, **values)
    return Saved(report, _("Draft %(n)s is kept.") % {"n": report.draft})


def _take_anew(report: SuspicionReport, subject: Subject) -> str:
    filing.take_anew(subject, report)
    return _("The facts are those of the case now.")


def _hand_in(report: SuspicionReport, subject: Subject) -> str:
    filing.hand_in(subject, report)
    return _("The report waits for another person's approval.")


def _approve(report: SuspicionReport, subject: Subject) -> str:
    papers.decide(subject, report, approve=True)
    return _("The report is approved. Send it, then mark it as sent.")


def _send_back(report: SuspicionReport, subject: Subject, values: Mapping[str, Any]) -> str:
    papers.decide(subject, report, approve=False, answer=values["answer"])
    return _("The report is back with its author.")


def _sent(report: SuspicionReport, subject: Subject, values: Mapping[str, Any]) -> str:
    filing.mark_sent(subject, report, **values)
    return _("It is marked as sent.")


def _withdraw(report: SuspicionReport, subject: Subject) -> str:
    filing.withdraw(subject, report)
    return _("The report is withdrawn.")


def _way(look: SuspicionLook, subject: Subject) -> Mapping[str, Any]:
    row = look.row
    return {
        **facts(
            (_("Written by"), row.author),
            (_("Drafts"), row.draft),
            (_("Approved by"), row.approver if row.approved else ""),
            (_("Sent"), WAYS.get(row.sent_how, "")),
            (_("Receipt number"), row.receipt),
        ),
        "more": _("its case"),
        "more_url": reverse("case", args=[row.case_id]),
    }


def _text(look: SuspicionLook, subject: Subject) -> Mapping[str, Any]:
    n = unknown_in(look.text)
    more = _("not yet known: %(n)s") % {"n": n} if n else ""
    return {"text": look.text, "answer": look.row.answer, "more": more}


REPORTS = register(
    Resource(
        noun="response.suspicionreport",
        model=SuspicionReport,
        title=gettext_lazy("Suspicious-transaction report"),
        titles=gettext_lazy("Suspicious-transaction reports"),
        path="suspicions",
        route="suspicions",
        one="suspicion",
        place=("respond", 66),
        columns=(
            Column("title", gettext_lazy("Title"), wide=True),
            Column("case", gettext_lazy("Case"), "case_id", value=lambda one: f"#{one.case_id}"),
            Column("state", gettext_lazy("State"), value=state),
            Column("author", gettext_lazy("Written by"), "author__username"),
            Column("sent_at", gettext_lazy("Sent at"), cell="moment"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", choices=STATES, group=True,
                   example="state:review"),
            Filter("case", gettext_lazy("Case"), "exact", "case_id", example="case:12"),
            Filter("by", gettext_lazy("Written by"), "person", "author", example="by:me"),
        ),
        search=("title",),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(DRAFTS["draft"], "state:draft"),
            Chip(DRAFTS["review"], "state:review"),
            Chip(DRAFTS["approved"], "state:approved"),
            Chip(DRAFTS["sent"], "state:sent"),
        ),
        order="-created",
        related=("author", "approver", "case"),
        look=SuspicionLook,
        tools="response/suspicion/tools.html",
        state=state,
        heading=lambda look: Heading(
            look.row.title,
            over=_("case #%(n)s") % {"n": look.row.case_id} + f" · {name_of(look.row.case)}",
            owner=look.row.author.get_username() if look.row.author else "",
            clock=look.row.sent_at or look.row.created,
        ),
        facts=(),
        panels=(
            Panel(gettext_lazy("Text"), "response/report_text.html", _text),
            Panel(gettext_lazy("What is suspicious"), "response/suspicion/signs.html"),
            Panel(gettext_lazy("Transactions"), "response/suspicion/transactions.html"),
            Panel(
                gettext_lazy("What the newest draft changed"),
                "response/report_difference.html",
                lambda look, subject: {"lines": papers.difference(look.row)},
                when=lambda look, subject: look.row.draft > 1,
            ),
            Panel(pgettext_lazy("of a report", "Parties"), "response/alert/parts.html", wide=False),
            Panel(gettext_lazy("Its way"), "web/resource/facts.html", _way, wide=False),
            Panel(
                gettext_lazy("Who may know"), "response/suspicion/silence.html", wide=False
            ),
        ),
        form=Form(
            make=lambda subject, row: Rewriting,
            change=_change,
            initial=lambda one: {
                "title": one.title, "text": one.text, "indicators": one.indicators,
            },
        ),
        actions=(
            Action("hand_in", gettext_lazy("Ask for approval"), _hand_in,
                   when=lambda one: one.state == "draft", bulk=False),
            Action("take_anew", gettext_lazy("Take the facts anew"), _take_anew,
                   when=lambda one: one.state == "draft", bulk=False),
            Action("approve", gettext_lazy("Approve"), _approve, verb="approve",
                   when=lambda one: one.state == "review",
                   offered=lambda one, subject: papers.may_decide(subject, one), bulk=False),
            Action("send_back", gettext_lazy("Send back"), _send_back, verb="approve",
                   when=lambda one: one.state == "review",
                   offered=lambda one, subject: papers.may_decide(subject, one),
                   form=lambda subject, one: Answer),
            Action("sent", gettext_lazy("Mark as sent"), _sent, verb="approve",
                   when=lambda one: one.state == "approved", form=lambda subject, one: Sent),
            Action("withdraw", gettext_lazy("Withdraw"), _withdraw,
                   when=lambda one: one.state in ("draft", "review", "approved"), danger=True,
                   words=gettext_lazy("It will not be sent. The text is kept."), bulk=False),
        ),
        discussed=False,  # who is mentioned would learn of it
        empty=gettext_lazy(
            "No report that you may know of. On the page of a case choose Report a suspicion."
        ),
    )
)  # fmt: skip


def reports_of(look: Any, subject: Subject) -> Mapping[str, Any]:
    """The reports of a case that this person may know of, as a panel lists them."""
    rows = SuspicionReport.objects.for_user(subject).filter(case=look.row)
    return {
        "reports": [
            (one.title, reverse("suspicion", args=[one.pk]), state(one))
            for one in rows.order_by("-pk")[:20]
        ]
    }


REPORT = Action(
    "suspicion",
    gettext_lazy("Report a suspicion"),
    _add,
    verb="see",
    offered=lambda one, subject: filing.may_file(subject),
    form=lambda subject, one: NewReport,
    words=gettext_lazy(
        "Only you and those who approve such reports will see it. Never tell the customer."
    ),
)
REPORTS_OF_CASE = Panel(
    gettext_lazy("Suspicious-transaction reports"),
    "response/suspicion/of_case.html",
    reports_of,
    wide=False,
    when=lambda look, subject: filing.may_file(subject),
)
