"""Alerts: the inbox, and the page of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from operator import attrgetter
from typing import Any, Final

from django import forms
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.response.alerts import handling, muting
from guanlan.response.alerts.coalescing import MOST
from guanlan.response.alerts.handling import DISPOSITIONS, STATES
from guanlan.response.alerts.people import responder
from guanlan.response.alerts.precision import records
from guanlan.response.alerts.showing import (
    AlertLook,
    alert_state,
    severity_state,
    show_alerts,
    timeline,
)
from guanlan.response.alerts.titles import rule_title, rule_words
from guanlan.response.cases.amounts import in_words, payments_of
from guanlan.response.models import Alert, AlertRule, EntityRef
from guanlan.response.pages.giving import Giving, giving_many
from guanlan.response.pages.plan_starting import alert_plans
from guanlan.response.terms import CATEGORIES, SEVERITIES, Severity
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Filter,
    Heading,
    Link,
    Panel,
    Resource,
    Term,
    Timeline,
    facts,
    register,
)
from guanlan.web.words import duration, labelled, number

YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}
MUTED: Final = {
    "snooze": gettext_lazy("snoozed"),
    "maintenance": gettext_lazy("in maintenance"),
}


class Closing(forms.Form):
    """What it was, and why one says so."""

    disposition = forms.ChoiceField(
        label=gettext_lazy("What was it?"),
        choices=DISPOSITIONS.items(),
        widget=forms.RadioSelect,
        help_text=gettext_lazy("The precision of the rule is counted from this."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=handling.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Why(forms.Form):
    """Why one does it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        max_length=handling.LONGEST_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Severer(Why):
    """Another severity."""

    severity = forms.ChoiceField(
        label=gettext_lazy("Severity"),
        choices=[(name, title) for name, title in SEVERITIES.items()],
    )
    field_order = ("severity", "reason")


class Snoozing(Why):
    """Until when, and of what."""

    days = forms.FloatField(
        label=gettext_lazy("For how many days"),
        min_value=0.04,
        max_value=30,
        initial=1,
        help_text=gettext_lazy("It comes back after that, with its count. 0.5 is twelve hours."),
    )
    scope = forms.ChoiceField(
        label=gettext_lazy("What nobody is told of"),
        choices=[
            ("alert", gettext_lazy("this alert, however often it is found")),
            ("entity", gettext_lazy("this rule about the entity named first")),
        ],
        widget=forms.RadioSelect,
        initial="alert",
    )
    field_order = ("days", "scope", "reason")


UNJUDGED: Final = "unjudged"
# What findings, snoozes, windows and cases do to an alert while somebody looks at it.
DRIFTS: Final = (
    "count", "last_seen", "evidence", "evidence_count", "amounts", "muted", "muted_until",
    "muted_severity", "told", "told_severity", "due", "case", "case_pending",
)  # fmt: skip


def _acknowledge(alert: Alert, subject: Subject) -> str:
    handling.acknowledge(subject, alert)
    return _("Alert %(n)s is acknowledged.") % {"n": alert.pk}


def _contain(alert: Alert, subject: Subject) -> str:
    handling.contain(subject, alert)
    return _("Alert %(n)s is contained.") % {"n": alert.pk}


def _close(alert: Alert, subject: Subject, values: Mapping[str, Any]) -> str:
    handling.close(subject, alert, values["disposition"], values["reason"])
    return _("Alert %(n)s is closed.") % {"n": alert.pk}


def _close_false(alert: Alert, subject: Subject) -> str:
    handling.close(subject, alert, "false_positive", _("closed from the list"))
    return _("Alert %(n)s is closed.") % {"n": alert.pk}


def _reopen(alert: Alert, subject: Subject, values: Mapping[str, Any]) -> str:
    handling.reopen(subject, alert, values["reason"])
    return _("Alert %(n)s is open again.") % {"n": alert.pk}


def _give(alert: Alert, subject: Subject, values: Mapping[str, Any]) -> str:
    person = responder(values["person"], subject)
    handling.assign(subject, alert, person)
    if person is None:
        return _("Alert %(n)s belongs to nobody now.") % {"n": alert.pk}
    return _("Alert %(n)s belongs to %(person)s.") % {"n": alert.pk, "person": person}


def _severity(alert: Alert, subject: Subject, values: Mapping[str, Any]) -> str:
    handling.change_severity(subject, alert, Severity[values["severity"]], values["reason"])
    return _("Alert %(n)s has another severity.") % {"n": alert.pk}


def _snooze(alert: Alert, subject: Subject, values: Mapping[str, Any]) -> str:
    now = timezone.now()
    until = now + timedelta(days=values["days"])
    whole = values["scope"] == "entity"
    muting.snooze(subject, alert, until, values["reason"], whole_entity=whole, now=now)
    return _("Nobody is told of alert %(n)s for the moment.") % {"n": alert.pk}


def by_lateness(term: Term, subject: Subject) -> Q:
    """Alerts that nobody acknowledged in time, or the others."""
    late = Q(state="new", deadline__lte=timezone.now(), muted="")
    return late if term.value == "yes" else ~late


def by_entity(term: Term, subject: Subject) -> Q | str:
    """Alerts about an entity: by its number as `~7`, or by its exact key."""
    numbers = [v[1:] for v in term.values if v.startswith("~")]
    if any(not n.isdecimal() or len(n) > 18 for n in numbers):
        return _("“%(name)s:” cannot be this.") % {"name": term.name}
    keys = [v for v in term.values if not v.startswith("~")]
    named = EntityRef.objects.for_user(subject).filter(
        Q(pk__in=[int(n) for n in numbers]) | (Q(key_index__in=keys) if keys else Q(pk=None))
    )
    return Q(parts__entity__in=named)


def why(look: AlertLook, subject: Subject) -> Mapping[str, Any]:
    """What raised it, and how often."""
    row = look.row
    return facts(
        (_("Rule"), _rule(row, subject)),
        (_("Category of risk"), look.category),
        (_("Found"), ngettext("%(n)s time", "%(n)s times", row.count) % {"n": number(row.count)}),
        (
            _("Amount at stake"),
            labelled(in_words(row.amounts), payments_of(row.amounts)) if row.amounts else "",
        ),
        (_("Same alert within"), duration(row.window * 1_000_000)),
        (_("Fingerprint"), row.fingerprint[:16]),
    )


def _rule(alert: Alert, subject: Subject) -> SafeString:
    """Its rule in words, how often that is right, and the way to its page."""
    rule = AlertRule.objects.for_user(subject).filter(name=alert.rule).first()
    if rule is None:
        return format_html('<span title="{}">{}</span>', alert.rule, rule_title(alert.rule))
    share = records([rule.name], subject)[rule.name].precision
    precision = _("unknown") if share is None else f"{100 * share:.0f} %"
    return format_html(
        '<a href="{}" title="{}">{}</a> <span class="quiet">· {}</span>',
        reverse("alert_rule", args=[rule.pk]),
        rule.name,
        rule_words(rule.name, rule.text),
        labelled(_("Precision"), precision),
    )


def _rules_in_words(names: Sequence[str], subject: Subject) -> dict[str, str]:
    """What rules are called."""
    rules = AlertRule.objects.for_user(subject).filter(name__in=names)
    texts = dict(rules.values_list("name", "text"))
    return {name: rule_words(name, texts.get(name, "")) for name in names}


def _pieces(look: AlertLook, subject: Subject) -> Mapping[str, Any]:
    total = look.row.evidence_count
    if total <= len(look.row.evidence):
        return {"more": number(total)} if total else {}
    text = _("all %(n)s") % {"n": number(total)}
    if total > MOST:
        said = {"kept": number(MOST), "n": number(total)}
        text = _("the first %(kept)s of %(n)s are kept") % said
    return {"more": text, "more_url": reverse("alert_evidence", args=[look.row.pk])}


def heading(look: AlertLook) -> Heading:
    """What it is called, whose it is, and until when somebody has to look."""
    row = look.row
    waits = row.state == "new" and row.deadline is not None and not row.muted
    return Heading(
        look.title,
        over=f"#{row.pk}",
        owner=row.owner.get_username() if row.owner else "",
        clock=Clock(row.deadline, row.raised) if waits and row.deadline else row.last_seen,
    )


def _of_alert(
    name: str, title: str | Promise, read: Callable[[Any], Any] | None = None, **options: Any
) -> Column:
    """A column that reads a field of the alert in a prepared row."""
    value = read or attrgetter(f"alert.{options.get('field') or name}")
    return Column(name, title, value=value, level=2, **options)


ALERTS = register(
    Resource(
        noun="response.alert",
        model=Alert,
        title=gettext_lazy("Alert"),
        titles=gettext_lazy("Alerts"),
        path="alerts",
        route="alerts",
        one="alert",
        place=("respond", 10),
        api="alerts",
        columns=(
            _of_alert(
                "severity",
                gettext_lazy("Severity"),
                lambda row: severity_state(row.alert.severity),
                cell="state",
                sort=True,
            ),
            Column("title", gettext_lazy("Alert"), "text", value=attrgetter("title"), wide=True),
            _of_alert(
                "state", gettext_lazy("State"), lambda row: alert_state(row.alert), cell="state"
            ),
            Column(
                "who",
                pgettext_lazy("in an alert", "Who"),
                value=lambda row: [one.text for one in row.parts],
                cell="template",
                template="response/alert/who.html",
                level=2,  # each is masked by the level of its kind
            ),
            _of_alert("count", gettext_lazy("Found"), cell="number"),
            _of_alert(
                "owner",
                pgettext_lazy("of a thing", "Owner"),
                lambda row: row.alert.owner.get_username() if row.alert.owner else None,
            ),
            _of_alert("last_seen", gettext_lazy("Last seen"), cell="moment", sort=True),
            _of_alert(
                "first_seen", gettext_lazy("First seen"), cell="moment", sort=True, shown=False
            ),
            _of_alert(
                "category",
                gettext_lazy("Category"),
                lambda row: str(CATEGORIES[row.alert.category]),
                shown=False,
            ),
            _of_alert("rule", gettext_lazy("Rule"), cell="code", shown=False),
            _of_alert("deadline", gettext_lazy("Deadline"), cell="until", shown=False),
            _of_alert(
                "disposition",
                gettext_lazy("What it was"),
                lambda row: DISPOSITIONS.get(row.alert.disposition),
                shown=False,
            ),
            _of_alert(
                "case",
                gettext_lazy("Case"),
                lambda row: f"#{row.alert.case_id}" if row.alert.case_id else None,
                shown=False,
            ),
            _of_alert("acknowledged", gettext_lazy("Acknowledged"), cell="moment", shown=False),
            _of_alert("closed", gettext_lazy("Closed"), cell="moment", shown=False),
        ),
        filters=(
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=STATES,
                group=True,
                example="state:new",
            ),
            Filter(
                "live",
                pgettext_lazy("of an alert", "live"),
                "flag",
                group=True,
                example="live:yes",
            ),
            Filter(
                "severity",
                gettext_lazy("Severity"),
                "choice",
                choices=SEVERITIES,
                stored={one.name: int(one) for one in Severity},
                ordered=True,
                group=True,
                example="severity:>=high",
            ),
            Filter("category", gettext_lazy("Category"), "choice", choices=CATEGORIES, group=True),
            Filter("rule", gettext_lazy("Rule"), group=True, called=_rules_in_words),
            Filter(
                "owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"
            ),
            Filter(
                "was",
                gettext_lazy("What it was"),
                "choice",
                "disposition",
                choices={**DISPOSITIONS, UNJUDGED: gettext_lazy("not judged yet")},
                stored={**{name: name for name in DISPOSITIONS}, UNJUDGED: ""},
                group=True,
            ),
            Filter(
                "late",
                gettext_lazy("Not acknowledged in time"),
                "choice",
                choices=YES_NO,
                read=by_lateness,
                level=2,
            ),
            Filter("muted", gettext_lazy("Nobody is told"), "choice", choices=MUTED, group=True),
            Filter("entity", gettext_lazy("Entity"), "own", read=by_entity, level=3),
            Filter("found", gettext_lazy("Found"), "number", "count", example="found:>=10"),
            Filter("number", gettext_lazy("Number"), "exact", "id"),
            Filter("case", gettext_lazy("Case"), "number", "case_id", example="case:7"),
            Filter("after", gettext_lazy("Seen from then on"), "time", "last_seen", sign=">="),
            Filter("before", gettext_lazy("Seen until then"), "time", "last_seen", sign="<"),
            Filter("since", gettext_lazy("Raised from then on"), "time", "raised", sign=">="),
            Filter("until", gettext_lazy("Raised until then"), "time", "raised", sign="<"),
        ),
        search=("rule", "text"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(pgettext_lazy("of an alert", "live"), "live:yes"),
            Chip(gettext_lazy("mine"), "live:yes owner:me"),
            Chip(gettext_lazy("unacknowledged"), "state:new"),
            Chip(gettext_lazy("overdue"), "late:yes"),
            Chip(gettext_lazy("high and critical"), "live:yes severity:>=high"),
            Chip(gettext_lazy("nobody is told"), "muted:snooze,maintenance"),
        ),
        order="-last_seen",
        related=("owner",),
        prepare=show_alerts,
        look=AlertLook,
        heading=heading,
        state=alert_state,
        mark="response/alert/mark.html",
        name_of=lambda alert: _("Alert %(n)s") % {"n": alert.pk},
        facts=(),
        panels=(
            Panel(gettext_lazy("Why"), "web/resource/facts.html", why),
            Timeline(gettext_lazy("Timeline"), timeline),
            Panel(
                pgettext_lazy("in an alert", "Who"),
                "response/alert/parts.html",
                wide=False,
                when=lambda look, subject: bool(look.parts),
            ),
            Panel(
                gettext_lazy("Case"),
                "response/alert/case.html",
                wide=False,
                when=lambda look, subject: look.row.case_id is not None
                and may(subject, "see", "response.case"),
            ),
            Panel(
                gettext_lazy("Plans"),
                "response/alert/plans.html",
                alert_plans,
                wide=False,
                when=lambda look, subject: may(subject, "see", "response.planrun"),
            ),
            Panel(
                gettext_lazy("Evidence"), "response/alert/evidence.html", _pieces, wide=False
            ),
        ),
        actions=(
            Action(
                "acknowledge",
                gettext_lazy("Acknowledge"),
                _acknowledge,
                when=lambda alert: alert.state == "new",
            ),
            Action(
                "contain",
                gettext_lazy("Contained"),
                _contain,
                when=lambda alert: alert.state in ("new", "acknowledged"),
            ),
            Action("close", gettext_lazy("Close"), _close, when=lambda alert: alert.live,
                   form=lambda subject, alert: Closing, many=lambda subject: Closing),
            Action(
                "snooze",
                gettext_lazy("Snooze"),
                _snooze,
                when=lambda alert: alert.live and alert.muted != "maintenance",
                form=lambda subject, alert: Snoozing,
                many=lambda subject: Snoozing,
            ),
            Action("give", gettext_lazy("Give to"), _give, form=lambda subject, alert: Giving,
                   many=giving_many(Giving, responder)),
            Action("severity", gettext_lazy("Severity"), _severity,
                   when=lambda alert: alert.live, form=lambda subject, alert: Severer,
                   button=gettext_lazy("Save")),
            Action("reopen", gettext_lazy("Open again"), _reopen,
                   when=lambda alert: not alert.live, form=lambda subject, alert: Why),
            Action(
                "close_false",
                gettext_lazy("Close as false positive"),
                _close_false,
                when=lambda alert: alert.live,
                danger=True,
                words=gettext_lazy("It is closed, and counts against the precision of its rule."),
            ),
        ),
        drifts=DRIFTS,
        links=(
            Link(gettext_lazy("Rules and their precision"), "alert_rules"),
            Link(gettext_lazy("Not understood"), "alert_letters"),
            Link(gettext_lazy("Snoozes"), "alert_snoozes"),
            Link(gettext_lazy("Maintenance"), "maintenance_windows"),
        ),
        empty=gettext_lazy(
            "Nothing has been found yet. Alerts appear here when a rule finds something: send"
            " events, and what is to be reviewed or declined raises one."
        ),
        placeholder="live:yes severity:>=high owner:me",
    )
)  # fmt: skip
