"""Rules of clocks: what regulators ask for, in versions, each with its source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.clocks.facts import EVENTS, FLAGS, GRADES, KINDS, ROLES
from guanlan.response.clocks.rules import limit_of, new_rule, new_version, verify
from guanlan.response.clocks.terms import (
    LANGUAGES,
    LIMITS,
    REGULATORS,
    REPORTS,
    STARTS,
    limit_words,
    said,
)
from guanlan.response.models import BusinessCalendar, ClockRule
from guanlan.response.pages.clock_conditions import ConditionsField
from guanlan.response.pages.clocks import rule_mark
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Happening,
    Heading,
    Panel,
    Related,
    Resource,
    Saved,
    State,
    Timeline,
    facts,
    register,
)
from guanlan.web.resource.fields import DayInput

_SHORT: Final = {"autocomplete": "off"}
# Instead of the framework's words, which name its type.
SLUG: Final = {
    "invalid": gettext_lazy("Expected letters, digits, dashes and underscores, such as gdpr-33.")
}
_TEXTS: Final = ("title", "trigger", "recipient", "note")


class RuleForm(forms.Form):
    """What a rule says; texts in any of the console's languages."""

    regulator = forms.CharField(label=gettext_lazy("Regulator"), max_length=40)
    jurisdiction = forms.CharField(label=gettext_lazy("Jurisdiction"), max_length=20, initial="CN")
    obligation = forms.SlugField(
        error_messages=SLUG,
        label=gettext_lazy("Obligation"),
        max_length=60,
        help_text=gettext_lazy("Rules of one obligation are fulfilled by one report."),
    )
    limit_kind = forms.ChoiceField(label=gettext_lazy("Limit in"), choices=LIMITS.items())
    limit_amount = forms.IntegerField(label=gettext_lazy("Limit"))
    calendar = Related(
        BusinessCalendar, label=gettext_lazy("Business calendar"), required=False,
        help_text=gettext_lazy("For limits in working time."),
    )  # fmt: skip
    at_once = forms.BooleanField(
        label=gettext_lazy("The law says at once; the limit is a target of our own"), required=False
    )
    start_event = forms.ChoiceField(label=gettext_lazy("Runs from"), choices=STARTS.items())
    after = forms.SlugField(
        error_messages=SLUG,
        label=gettext_lazy("Follows the obligation"),
        max_length=60,
        required=False,
    )
    may_pause = forms.BooleanField(
        label=gettext_lazy("A running clock may be paused"), required=False
    )
    may_extend = forms.IntegerField(
        label=gettext_lazy("May be extended by so many days in all"),
        required=False,
        min_value=0,
        max_value=366,
        initial=0,
    )
    report_kind = forms.ChoiceField(label=gettext_lazy("Report"), choices=REPORTS.items())
    conditions = ConditionsField(label=gettext_lazy("When it applies"), required=False, initial={})
    source = forms.CharField(
        label=gettext_lazy("Source"), max_length=200, help_text=gettext_lazy("Law and article")
    )
    effective_from = forms.DateField(
        label=gettext_lazy("In force from"),
        widget=DayInput(),
    )
    effective_to = forms.DateField(
        label=gettext_lazy("In force until"), required=False,
        widget=DayInput(),
    )  # fmt: skip
    reason = forms.CharField(
        label=gettext_lazy("Why this version is made"), min_length=5, max_length=300
    )


def _made(base: type[forms.Form]) -> type[forms.Form]:
    """The form with its texts, a field for each language."""
    titles = {
        "title": gettext_lazy("Title"),
        "trigger": gettext_lazy("Trigger"),
        "recipient": gettext_lazy("Recipient"),
        "note": gettext_lazy("Note"),
    }
    fields: dict[str, Any] = {}
    for name in _TEXTS:
        for code, language in LANGUAGES.items():
            fields[f"{name}_{code.replace('-', '_')}"] = forms.CharField(
                label=_label(titles[name], language),
                required=False,
                max_length=400,
                widget=forms.TextInput(attrs=_SHORT),
            )
    return type(base.__name__, (base,), fields)


def _labelled(title: Any, language: str) -> str:
    return _("%(title)s (%(language)s)") % {"title": title, "language": language}


# The forms are made once, their labels are read in each reader's language.
_label = lazy(_labelled, str)


class NewRule(RuleForm):
    """A rule of one's own."""

    code = forms.SlugField(label=gettext_lazy("Short name"), max_length=60, error_messages=SLUG)
    field_order = ("code",)


NEW: Final = _made(NewRule)
CHANGE: Final = _made(RuleForm)


def _values(given: Mapping[str, Any]) -> dict[str, Any]:
    values = {
        name: value
        for name, value in given.items()
        if not name.startswith(tuple(f"{one}_" for one in _TEXTS))
    }
    values["may_extend"] = values.get("may_extend") or 0
    for name in _TEXTS:
        texts = {code: given[f"{name}_{code.replace('-', '_')}"] for code in LANGUAGES}
        values[name] = {code: text for code, text in texts.items() if text}
    return values


def _add(subject: Subject, given: dict[str, Any]) -> Saved:
    values = _values(given)
    calendar = values.pop("calendar")
    made = new_rule(subject, values["code"], values, values["reason"], calendar=calendar)
    return Saved(made, _("The rule is added. It is not verified yet."))


def _change(subject: Subject, rule: ClockRule, given: dict[str, Any]) -> Saved:
    values = _values(given)
    calendar = values.pop("calendar")
    made = new_version(subject, rule, values, values["reason"], calendar=calendar)
    return Saved(made, _("Version %(n)s is in use. It is not verified yet.") % {"n": made.version})


def _initial(rule: ClockRule) -> dict[str, Any]:
    names = [name for name in RuleForm.base_fields if name != "reason"]
    found = {name: getattr(rule, name) for name in names}
    for name in _TEXTS:
        for code in LANGUAGES:
            found[f"{name}_{code.replace('-', '_')}"] = getattr(rule, name).get(code, "")
    return found


def _verify(rule: ClockRule, subject: Subject) -> str:
    verify(subject, rule)
    return _("The rule is verified.")


def state(rule: ClockRule) -> State:
    """Verified or not; an old version is off."""
    if not rule.current:
        return State("off", _("replaced"))
    return rule_mark(rule.verified)


def conditions_words(conditions: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Conditions as title and what they ask for."""
    found = []
    for name, title, words in (
        ("roles", pgettext("clocks", "For"), ROLES),
        ("not_roles", _("Not for"), ROLES),
        ("events", _("What happened"), EVENTS),
        ("kinds", _("Kinds of data"), KINDS),
    ):
        if given := conditions.get(name):
            found.append((title, _(", ").join(str(words[one]) for one in given if one in words)))
    if grade := conditions.get("grade"):
        found.append((_("Grade at least"), str(GRADES[grade])))
    for name, value in conditions.get("flags", {}).items():
        found.append((str(FLAGS[name]), _("yes") if value else _("no")))
    return found or [(pgettext("clocks", "For"), _("whoever the report before was due from"))]


def _says(rule: ClockRule, subject: Subject) -> Mapping[str, Any]:
    checked = _("verified by %(who)s on %(on)s") % {"who": rule.checked_by, "on": rule.checked_on}
    return facts(
        (_("Trigger"), said(rule.trigger)),
        (_("Limit"), limit_words(limit_of(rule), rule.at_once)),
        (_("Runs from"), STARTS[rule.start_event]),
        (_("May be paused"), _("yes") if rule.may_pause else _("no")),
        (
            _("May be extended"),
            _("%(n)s days in all") % {"n": rule.may_extend} if rule.may_extend else _("no"),
        ),
        (_("Report"), REPORTS[rule.report_kind]),
        (_("To"), said(rule.recipient)),
        (_("Source"), rule.source),
        (_("Checked"), checked if rule.verified else _("not verified: read the source")),
        (_("Note"), said(rule.note)),
        (_("Why this version was made"), rule.reason or _("comes with the program")),
    )


def _versions(rule: ClockRule, subject: Subject) -> Sequence[Happening]:
    rows = ClockRule.objects.for_user(subject).filter(code=rule.code).order_by("-version")[:30]
    found = []
    for one in rows:
        text = _("version %(n)s: %(limit)s") % {
            "n": one.version, "limit": limit_words(limit_of(one), one.at_once),
        }  # fmt: skip
        found.append(
            Happening(
                one.created, text, rule_mark(one.verified), one.reason,
                reverse("clock_rule", args=[one.pk]), now=one.pk == rule.pk,
            )
        )  # fmt: skip
    return found


RULES = register(
    Resource(
        noun="response.clockrule",
        model=ClockRule,
        title=gettext_lazy("Rule of a clock"),
        titles=gettext_lazy("Rules of clocks"),
        path="clock-rules",
        route="clock_rules",
        one="clock_rule",
        api="clock-rules",
        place=("respond", 67),
        columns=(
            Column(
                "name",
                gettext_lazy("Rule"),
                value=lambda rule: said(rule.title),
                level=2,
                wide=True,
            ),
            Column("code", gettext_lazy("Short name"), cell="code", shown=False),
            Column(
                "regulator",
                gettext_lazy("Regulator"),
                sort=True,
                value=lambda rule: REGULATORS.get(rule.regulator, rule.regulator),
            ),
            Column(
                "limit",
                gettext_lazy("Limit"),
                level=2,
                value=lambda rule: limit_words(limit_of(rule), rule.at_once),
            ),
            Column(
                "start_event",
                gettext_lazy("Runs from"),
                value=lambda rule: STARTS[rule.start_event],
            ),
            Column("source", gettext_lazy("Source"), shown=False),
            Column("state", gettext_lazy("Checked"), "verified", value=state),
            Column("version", gettext_lazy("Version"), cell="number"),
            Column("effective_from", gettext_lazy("In force from"), shown=False),
            Column("effective_to", gettext_lazy("In force until"), shown=False),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(
            Filter("current", gettext_lazy("In use"), "flag", group=True, example="current:yes"),
            Filter("verified", gettext_lazy("Verified"), "flag", group=True, example="verified:no"),
            Filter(
                "regulator",
                gettext_lazy("Regulator"),
                "choice",
                choices=REGULATORS,
                group=True,
                example="regulator:CAC",
            ),
            Filter("code", gettext_lazy("Short name"), "text"),
            Filter("source", gettext_lazy("Source"), "text"),
        ),
        search=("code", "source"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in use"), "current:yes"),
            Chip(gettext_lazy("not verified"), "current:yes verified:no"),
        ),
        order="regulator",
        related=("author",),
        state=state,
        name_of=lambda rule: said(rule.title),
        heading=lambda rule: Heading(
            over=str(REGULATORS.get(rule.regulator, rule.regulator)), clock=rule.created
        ),
        facts=("code", "version", "effective_from", "effective_to"),
        panels=(
            Panel(
                pgettext_lazy("of a clock's rule", "What it says"), "web/resource/facts.html", _says
            ),
            Panel(
                gettext_lazy("When it applies"),
                "web/resource/facts.html",
                lambda rule, subject: facts(*conditions_words(rule.conditions)),
            ),
            Timeline(gettext_lazy("Versions"), _versions, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NEW if row is None else CHANGE,
            add=_add,
            change=_change,
            initial=_initial,
            title=gettext_lazy("New rule"),
        ),
        actions=(
            Action(
                "verify",
                gettext_lazy("I have checked the source"),
                _verify,
                when=lambda rule: rule.current and not rule.verified,
                offered=lambda rule, subject: (
                    rule.author_id is None or rule.author_id != subject.id
                ),
                bulk=False,
            ),
        ),
        empty=gettext_lazy(
            "No rule yet. Those that come with the program appear when it is started anew."
        ),
    )
)
