"""Reports to regulators: written, approved by another person, sent, with proof."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext, pgettext_lazy
from django.utils.translation import gettext as _

from guanlan.core.access import Subject
from guanlan.response import papers
from guanlan.response.clocks import reporting
from guanlan.response.clocks.letters import unknown_in
from guanlan.response.clocks.terms import DRAFTS, LANGUAGES, REGULATORS, REPORTS, WAYS, Matter, said
from guanlan.response.models import RegulatoryReport
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
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
from guanlan.web.resource.fields import MomentInput

LOOKS = {"draft": "unknown", "review": "warn", "approved": "on", "sent": "off",
         "published": "off", "withdrawn": "off"}  # fmt: skip
STATES = {one: DRAFTS[one] for one in ("draft", "review", "approved", "sent", "withdrawn")}


class NewReport(forms.Form):
    """A report without a clock; those for a clock begin on the clock's page."""

    label = forms.CharField(
        label=pgettext_lazy("clocks", "For"),
        max_length=120,
        help_text=gettext_lazy("A name without customers' data, such as: Leak of the mail server"),
    )
    regulator = forms.ChoiceField(label=gettext_lazy("Regulator"), choices=REGULATORS.items())
    kind = forms.ChoiceField(label=gettext_lazy("Report"), choices=REPORTS.items())
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=LANGUAGES.items(), initial=get_language
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)


class Text(forms.Form):
    """Another draft of the text."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=50_000, widget=forms.Textarea(attrs={"rows": 30})
    )


class Answer(forms.Form):
    """Why a text is sent back."""

    answer = forms.CharField(
        label=gettext_lazy("What is to be changed"), min_length=5, max_length=300
    )


class Sent(forms.Form):
    """When and how it was sent, and the receipt."""

    sent_at = forms.DateTimeField(
        label=gettext_lazy("Sent at"),
        widget=MomentInput(),
        initial=timezone.now,
    )
    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[(one, WAYS[one]) for one in ("portal", "email", "phone", "paper", "meeting")],
    )
    receipt = forms.CharField(
        label=gettext_lazy("Receipt number"),
        max_length=200,
        help_text=gettext_lazy("Attach the receipt to this page as a file."),
    )


def state(report: RegulatoryReport) -> State:
    """Where the text is."""
    return State(LOOKS[report.state], DRAFTS[report.state])


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    matter = Matter.named(values.pop("label"))
    made = reporting.draft(subject, matter, **values)
    return Saved(made, _("The draft is made. What is not yet known says so."))


def _change(subject: Subject, report: RegulatoryReport, values: dict[str, Any]) -> Saved:
    papers.rewrite(subject, report, values["title"], values["text"])
    return Saved(report, _("Draft %(n)s is kept.") % {"n": report.draft})


def _hand_in(report: RegulatoryReport, subject: Subject) -> str:
    papers.hand_in(subject, report)
    return _("The report waits for another person's approval.")


def _approve(report: RegulatoryReport, subject: Subject) -> str:
    papers.decide(subject, report, approve=True)
    return _("The report is approved. Send it, then mark it as sent.")


def _send_back(report: RegulatoryReport, subject: Subject, values: Mapping[str, Any]) -> str:
    papers.decide(subject, report, approve=False, answer=values["answer"])
    return _("The report is back with its author.")


def _sent(report: RegulatoryReport, subject: Subject, values: Mapping[str, Any]) -> str:
    started = reporting.mark_sent(subject, report, **values)
    if started:
        return _("It is marked as sent, and the next clock runs: %(what)s.") % {
            "what": _(", ").join(said(one.rule.title) for one in started)
        }
    return _("It is marked as sent.")


def _withdraw(report: RegulatoryReport, subject: Subject) -> str:
    papers.withdraw(subject, report)
    return _("The report is withdrawn.")


def _text(report: RegulatoryReport, subject: Subject) -> Mapping[str, Any]:
    text = papers.read_text(subject, report)
    n = unknown_in(text)
    unknown = ngettext("%(n)s fact is not yet known", "%(n)s facts are not yet known", n)
    return {"text": text, "answer": report.answer, "more": unknown % {"n": n} if n else ""}


def _way(report: RegulatoryReport, subject: Subject) -> Mapping[str, Any]:
    pairs: list[tuple[str, Any]] = [
        (_("Written by"), report.author),
        (_("Drafts"), report.draft),
        (_("Approved by"), report.approver if report.approved else ""),
        (_("Sent"), WAYS.get(report.sent_how, "")),
    ]
    if reporting.reads(subject):
        pairs.append((_("Receipt number"), report.receipt))
    context = facts(*pairs)
    if report.clock is not None:
        address = reverse("clock", args=[report.clock.pk])
        return {**context, "more": _("its clock"), "more_url": address}
    return context


REPORT_PAGES = register(
    Resource(
        noun="response.regulatoryreport",
        model=RegulatoryReport,
        title=gettext_lazy("Report to a regulator"),
        titles=gettext_lazy("Reports to regulators"),
        path="regulatory-reports",
        route="regulatory_reports",
        one="regulatory_report",
        api="regulatory-reports",
        place=("respond", 62),
        columns=(
            Column("title", gettext_lazy("Title"), wide=True),
            Column("about_label", pgettext_lazy("clocks", "For")),
            Column(
                "regulator",
                gettext_lazy("Regulator"),
                value=lambda one: REGULATORS.get(one.regulator, one.regulator),
            ),
            Column("kind", gettext_lazy("Report"), value=lambda one: REPORTS[one.kind]),
            Column("state", gettext_lazy("State"), value=state),
            Column("author", gettext_lazy("Written by"), "author__username"),
            Column("sent_at", gettext_lazy("Sent at"), cell="moment"),
            Column("text", gettext_lazy("Text"), shown=False),
            Column("receipt", gettext_lazy("Receipt number"), shown=False),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
        ),
        filters=(
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=STATES,
                group=True,
                example="state:review",
            ),
            Filter(
                "regulator", gettext_lazy("Regulator"), "choice", choices=REGULATORS, group=True
            ),
            Filter("kind", gettext_lazy("Report"), "choice", choices=REPORTS, group=True),
            Filter("for", pgettext_lazy("clocks", "For"), "text", "about_label"),
            Filter("by", gettext_lazy("Written by"), "person", "author", example="by:me"),
        ),
        search=("title", "about_label"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(DRAFTS["draft"], "state:draft"),
            Chip(DRAFTS["review"], "state:review"),
            Chip(DRAFTS["approved"], "state:approved"),
            Chip(DRAFTS["sent"], "state:sent"),
        ),
        order="-created",
        related=("author", "approver", "clock"),
        state=state,
        heading=lambda one: Heading(
            over=one.about_label,
            owner=one.author.get_username() if one.author else "",
            clock=Clock(one.clock.due, one.clock.started_at)
            if one.clock is not None and one.sent_at is None
            else one.sent_at or one.created,
        ),
        facts=("about_label", "regulator", "kind", "created", "sent_at"),
        panels=(
            Panel(
                gettext_lazy("Text"),
                "response/report_text.html",
                _text,
                when=lambda one, subject: reporting.reads(subject),
            ),
            Panel(
                gettext_lazy("What the newest draft changed"),
                "response/report_difference.html",
                lambda one, subject: {"lines": papers.difference(one)},
                when=lambda one, subject: one.draft > 1 and reporting.reads(subject),
            ),
            Panel(gettext_lazy("Its way"), "web/resource/facts.html", _way, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NewReport if row is None else Text,
            add=_add,
            change=_change,
            initial=lambda one: {"title": one.title, "text": one.text},
            title=gettext_lazy("New report"),
        ),
        actions=(
            Action(
                "hand_in",
                gettext_lazy("Ask for approval"),
                _hand_in,
                when=lambda one: one.state == "draft",
                bulk=False,
            ),
            Action(
                "approve",
                gettext_lazy("Approve"),
                _approve,
                verb="approve",
                when=lambda one: one.state == "review",
                offered=lambda one, subject: papers.may_decide(subject, one),
                bulk=False,
            ),
            Action(
                "send_back",
                gettext_lazy("Send back"),
                _send_back,
                verb="approve",
                when=lambda one: one.state == "review",
                offered=lambda one, subject: papers.may_decide(subject, one),
                form=lambda subject, one: Answer,
            ),
            Action(
                "sent",
                gettext_lazy("Mark as sent"),
                _sent,
                when=lambda one: one.state == "approved",
                form=lambda subject, one: Sent,
                words=gettext_lazy(
                    "All clocks of this obligation stop, and those that follow it start. What was"
                    " told is written into the register of disclosures."
                ),
            ),
            Action(
                "withdraw",
                gettext_lazy("Withdraw"),
                _withdraw,
                when=lambda one: one.state in ("draft", "review", "approved"),
                danger=True,
                words=gettext_lazy("It will not be sent. The text is kept."),
                bulk=False,
            ),
        ),
        empty=gettext_lazy(
            "No report yet. On the page of a clock choose Write the report: it begins with what"
            " is known."
        ),
    )
)
