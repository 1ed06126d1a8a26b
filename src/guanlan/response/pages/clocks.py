"""Clocks of regulators that run: what is to be reported to whom, and by when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.facts import EVENTS, GRADES, KINDS
from guanlan.response.clocks.reporting import draft
from guanlan.response.clocks.rules import limit_of
from guanlan.response.clocks.running import cancel, is_open, send
from guanlan.response.clocks.terms import (
    LANGUAGES,
    REGULATORS,
    REPORTS,
    STARTS,
    STATES,
    WAYS,
    Matter,
    limit_words,
    remaining,
    said,
)
from guanlan.response.models import RegulatoryReport, RunningClock
from guanlan.response.pages import clock_changes
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Happening,
    Heading,
    Link,
    Panel,
    Resource,
    State,
    Term,
    Timeline,
    facts,
    register,
)
from guanlan.web.resource.fields import MomentInput
from guanlan.web.words import number

SOON: Final = 0.75  # of the time spent: amber
TERMS: Final = {
    "open": pgettext_lazy("clocks", "to be reported"),
    "closed": pgettext_lazy("clocks", "nothing to be done"),
}


def state(clock: RunningClock) -> State:
    """Running, running out, missed, sent late, met, or cancelled."""
    if clock.state == "missed" and clock.sent_at is not None:
        return State("bad", _("sent late"))
    if clock.state == "missed":
        return State("bad", STATES["missed"])
    if clock.state != "running":
        return State("off", STATES[clock.state])
    if clock.paused_at is not None:
        return State("warn", _("paused"))
    now = timezone.now()
    if now >= clock.due:
        return State("bad", STATES["missed"])
    spent = (now - clock.started_at) / (clock.due - clock.started_at)
    return State("warn" if spent >= SOON else "on", STATES["running"])


def left(clock: RunningClock) -> str:
    """What is left, in words; when it was sent, where it was."""
    if clock.sent_at is not None:
        return _("sent %(at)s") % {"at": f"{timezone.localtime(clock.sent_at):%Y-%m-%d %H:%M}"}
    if not is_open(clock):
        return ""
    if clock.paused_at is not None:
        return _("paused since %(at)s") % {
            "at": f"{timezone.localtime(clock.paused_at):%Y-%m-%d %H:%M}"
        }
    limit = limit_words(limit_of(clock.rule), clock.rule.at_once)
    return remaining(clock.due, clock.started_at, limit, timezone.now())


def verified(clock: RunningClock) -> State:
    """Whether somebody has checked the rule against its source."""
    return rule_mark(clock.rule.verified)


def rule_mark(checked: bool) -> State:
    """Checked against the source, or not: then it looks unknown."""
    return State("on", _("verified")) if checked else State("unknown", _("not verified"))


def by_open(term: Term, subject: Subject) -> Q:
    """Clocks with something to be done, or without."""
    still = Q(state__in=("running", "missed"), sent_at=None)
    return still if term.value == "open" else ~still


class Sent(forms.Form):
    """When and how the report was sent."""

    sent_at = forms.DateTimeField(
        label=gettext_lazy("Sent at"),
        widget=MomentInput(),
        initial=timezone.now,
    )
    how = forms.ChoiceField(
        label=gettext_lazy("How"),
        choices=[(one, WAYS[one]) for one in ("portal", "email", "phone", "paper", "meeting")],
    )
    words = forms.CharField(
        label=gettext_lazy("Receipt number, or what was said"),
        required=False,
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Attach the receipt to the clock as a file."),
    )


class Letter(forms.Form):
    """In which language a report for the clock is written."""

    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=LANGUAGES.items(), initial=get_language
    )


class Why(forms.Form):
    """Why a clock should not run."""

    why = forms.CharField(
        label=gettext_lazy("Reason"),
        min_length=5,
        max_length=300,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


def _sent(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    started = send(subject, clock, values["sent_at"])
    disclose(
        subject,
        Matter(clock.about_noun, clock.about_id, clock.about_label),
        what="report",
        at=values["sent_at"],
        recipient=said(clock.rule.recipient),
        how=values["how"],
        title=said(clock.rule.title),
        words=values["words"],
    )
    if started:
        return _("It is marked as sent, and the next clock runs: %(what)s.") % {
            "what": _(", ").join(said(one.rule.title) for one in started)
        }
    return _("It is marked as sent.")


def _report(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    rule, language = clock.rule, values["language"]
    draft(
        subject,
        Matter(clock.about_noun, clock.about_id, clock.about_label),
        regulator=rule.regulator,
        kind=rule.report_kind,
        language=language,
        title=rule.title.get(language) or said(rule.title),
        clock=clock,
    )
    return _("The draft is made: it stands under Reports. What is not yet known says so.")


def _cancel(clock: RunningClock, subject: Subject, values: Mapping[str, Any]) -> str:
    cancel(subject, clock, values["why"])
    return _("The clock is cancelled.")


def _rule(clock: RunningClock, subject: Subject) -> Mapping[str, Any]:
    rule = clock.rule
    checked = _("verified by %(who)s on %(on)s") % {"who": rule.checked_by, "on": rule.checked_on}
    context = facts(
        (_("Trigger"), said(rule.trigger)),
        (_("Limit"), limit_words(limit_of(rule), rule.at_once)),
        (_("Runs from"), STARTS[rule.start_event]),
        (_("Report"), REPORTS[rule.report_kind]),
        (_("To"), said(rule.recipient)),
        (_("Source"), rule.source),
        (_("Checked"), checked if rule.verified else _("not verified: read the source")),
        (_("Note"), said(rule.note)),
    )
    if may(subject, "see", "response.clockrule"):
        version = _("version %(n)s") % {"n": rule.version}
        return {**context, "more": version, "more_url": reverse("clock_rule", args=[rule.pk])}
    return context


def known_facts(stored: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What was known when clocks were started, as title and value."""

    def several(name: str, words: Mapping[str, Any]) -> str:
        if stored.get(name) is None:
            return _("not yet known")
        return _(", ").join(str(words[one]) for one in stored[name] if one in words) or _("none")

    grade, persons = stored.get("grade"), stored.get("persons")
    return [
        (_("What happened"), several("events", EVENTS)),
        (_("Kinds of data"), several("kinds", KINDS)),
        (_("Grade"), str(GRADES[grade]) if grade else _("not yet known")),
        (_("Persons affected"), number(persons) if persons is not None else _("not yet known")),
    ]


def _alarms(clock: RunningClock, subject: Subject) -> Sequence[Happening]:
    rows = clock.alarms.order_by("-percent")
    found = []
    for one in rows:
        rung = one.rung is not None
        mark = State("warn" if rung else "off", f"{one.percent} %")
        found.append(Happening(one.due, _("rung") if rung else _("rings then"), mark))
    return found


def _reports(clock: RunningClock, subject: Subject) -> Mapping[str, Any]:
    rows = RegulatoryReport.objects.for_user(subject).filter(clock=clock).order_by("-created")
    return {"reports": rows[:20]}


CLOCKS = register(
    Resource(
        noun="response.runningclock",
        model=RunningClock,
        title=gettext_lazy("Regulatory clock"),
        titles=gettext_lazy("Regulatory clocks"),
        path="clocks",
        route="clocks",
        one="clock",
        api="clocks",
        place=("respond", 60),
        columns=(
            Column(
                "rule",
                gettext_lazy("Report"),
                value=lambda clock: said(clock.rule.title),
                level=2,
                wide=True,
            ),
            Column("about_label", pgettext_lazy("clocks", "For")),
            Column("left", gettext_lazy("Time left"), value=left, level=2),
            Column("due", pgettext_lazy("clocks", "Due"), cell="until", sort=True),
            Column("state", gettext_lazy("State"), value=state),
            Column("verified", gettext_lazy("Rule"), value=verified, level=2),
            Column(
                "regulator",
                gettext_lazy("Regulator"),
                "rule__regulator",
                value=lambda clock: REGULATORS.get(clock.rule.regulator, clock.rule.regulator),
                shown=False,
            ),
            Column(
                "started_at", pgettext_lazy("clocks", "From"), cell="moment", sort=True, shown=False
            ),
            Column("sent_at", gettext_lazy("Sent at"), cell="moment", shown=False),
            Column("why", gettext_lazy("Reason"), shown=False),
            Column(
                "turn", gettext_lazy("In order of urgency"), cell="moment", sort=True, shown=False
            ),
        ),
        filters=(
            Filter(
                "is",
                gettext_lazy("To be done"),
                "choice",
                "state",
                choices=TERMS,
                read=by_open,
                level=2,
                example="is:open",
            ),
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=STATES,
                group=True,
                example="state:missed",
            ),
            Filter(
                "regulator",
                gettext_lazy("Regulator"),
                "choice",
                "rule__regulator",
                choices=REGULATORS,
                group=True,
                example="regulator:CAC",
            ),
            Filter("for", pgettext_lazy("clocks", "For"), "text", "about_label"),
            Filter("duty", gettext_lazy("Obligation"), "exact", "obligation"),
            Filter("before", gettext_lazy("Due by"), "time", "due", sign="<"),
            Filter("after", gettext_lazy("Due from then on"), "time", "due", sign=">="),
        ),
        search=("about_label", "code"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(TERMS["open"], "is:open"),
            Chip(STATES["missed"], "state:missed"),
            Chip(STATES["met"], "state:met"),
        ),
        order="turn",
        related=("rule", "author"),
        state=state,
        name_of=lambda clock: said(clock.rule.title),
        heading=lambda clock: Heading(
            over=clock.about_label,
            owner=clock.author.get_username() if clock.author else "",
            clock=Clock(clock.due, clock.started_at) if is_open(clock) else clock.due,
        ),
        facts=("about_label", "left", "due", "started_at", "sent_at", "regulator", "why"),
        panels=(
            Panel(gettext_lazy("The rule"), "web/resource/facts.html", _rule),
            Panel(
                gettext_lazy("What was known"),
                "web/resource/facts.html",
                lambda clock, subject: facts(*known_facts(clock.facts)),
            ),
            Panel(
                gettext_lazy("Reports"),
                "response/clock_reports.html",
                _reports,
                when=lambda clock, subject: may(subject, "see", "response.regulatoryreport"),
            ),
            Timeline(
                gettext_lazy("Pauses and extensions"),
                clock_changes.changes,
                wide=False,
                when=lambda clock, subject: clock.rule.may_pause or clock.rule.may_extend > 0,
            ),
            Timeline(gettext_lazy("Alarms"), _alarms, wide=False),
        ),
        actions=(
            Action(
                "report",
                gettext_lazy("Write the report"),
                _report,
                when=is_open,
                offered=lambda clock, subject: may(subject, "add", "response.regulatoryreport"),
                form=lambda subject, clock: Letter,
            ),
            Action(
                "sent",
                gettext_lazy("Mark as sent"),
                _sent,
                when=is_open,
                form=lambda subject, clock: Sent,
                words=gettext_lazy(
                    "All clocks of this obligation stop, and those that follow it start. What was"
                    " told is written into the register of disclosures."
                ),
            ),
            Action(
                "pause",
                gettext_lazy("Ask for a pause"),
                clock_changes.pause,
                when=lambda clock: clock_changes.free(clock) and clock.rule.may_pause,
                bulk=False,
                form=lambda subject, clock: clock_changes.Pause,
                words=gettext_lazy("The rule allows it; another person grants it."),
            ),
            Action(
                "extend",
                gettext_lazy("Ask for more time"),
                clock_changes.extend,
                when=lambda clock: clock_changes.free(clock) and clock.rule.may_extend > 0,
                bulk=False,
                form=lambda subject, clock: clock_changes.MoreTime,
                words=gettext_lazy("The rule allows it; another person grants it."),
            ),
            Action(
                "grant",
                gettext_lazy("Grant"),
                clock_changes.grant,
                verb="approve",
                when=lambda clock: bool(clock.pending),
                bulk=False,
            ),
            Action(
                "refuse",
                pgettext_lazy("a proposal", "Refuse"),
                clock_changes.refuse,
                verb="approve",
                when=lambda clock: bool(clock.pending),
                bulk=False,
                form=lambda subject, clock: clock_changes.Answer,
            ),
            Action(
                "go_on",
                gettext_lazy("Go on"),
                clock_changes.go_on,
                when=lambda clock: clock.paused_at is not None,
                bulk=False,
                words=gettext_lazy("What was left when it was paused is left now."),
            ),
            Action(
                "cancel",
                gettext_lazy("Cancel the clock"),
                _cancel,
                when=is_open,
                danger=True,
                form=lambda subject, clock: Why,
                words=gettext_lazy("For a clock that should not run. Its start is kept."),
            ),
        ),
        links=(Link(gettext_lazy("Start clocks"), "start_clocks"),),
        before="response/clock_strip.html",
        empty=gettext_lazy(
            "No clock runs. When something is known that a regulator must hear of, choose Start"
            " clocks: the rules that apply are proposed with their reasons."
        ),
    )
)
