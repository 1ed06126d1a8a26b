"""Indicators: what is red, what is not known, how each moved and why."""

from __future__ import annotations

from typing import Any, Final

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.risk.charting import chart
from guanlan.risk.composing import LANGUAGES, page_of
from guanlan.risk.keeping import NOUN, may_answer
from guanlan.risk.limiting import limits_at
from guanlan.risk.models import Indicator, IndicatorLimits
from guanlan.risk.pages import indicator_forms as forms
from guanlan.risk.pages.indicator_backtest import address_of as backtest_of
from guanlan.risk.registry import INDICATORS
from guanlan.risk.showing import (
    Look,
    basis_words,
    happenings,
    in_unit,
    is_stale,
    limit_words,
    look,
    name_of,
    rows_behind,
    state_of,
    why,
)
from guanlan.risk.terms import (
    CATEGORIES,
    DIRECTIONS,
    KINDS,
    OPINIONS,
    RANKS,
    STATES,
    STILL,
    UNITS,
)
from guanlan.web.charts import Value
from guanlan.web.dashboards import Tile
from guanlan.web.resource import (
    Action,
    Chip,
    Clock,
    Column,
    Drawing,
    Filter,
    Heading,
    Link,
    Numbers,
    Panel,
    Resource,
    Timeline,
    facts,
    register,
)
from guanlan.web.resource.words import Term
from guanlan.web.templatetags.console import moment
from guanlan.web.words import duration, number

YES_NO: Final = {"yes": gettext_lazy("yes"), "no": gettext_lazy("no")}


def by_title(term: Term, subject: Subject) -> Q:
    """Those whose name, or title in the reader's language, contains the words."""
    found = Q(pk=None)
    for value in term.values:
        words = value.casefold()
        titles = [one.name for one in INDICATORS.values() if words in str(one.title).casefold()]
        found |= Q(name__in=titles) | Q(name__icontains=value)
        for key in LANGUAGES:
            found |= Q(**{f"declared__title__{key}__icontains": value})
    return found


def by_lateness(term: Term, subject: Subject) -> Q:
    """Those whose owner has not answered in time."""
    late = Q(answer_due__lt=timezone.now())
    return late if term.value == "yes" else Q(answer_due=None) | ~late


def trend(row: Indicator) -> list[Value]:
    """The last values, for a sparkline."""
    return list(row.recent)


def heading(shown: Look) -> Heading:
    """What it is called, whose it is, and by when it is answered for."""
    row = shown.row
    return Heading(
        name_of(row),
        over=str(CATEGORIES.get(row.category, row.category)),
        owner=row.owner.get_username() if row.owner else "",
        clock=Clock(row.answer_due, row.since) if row.answer_due else row.since,
    )


def tiles(shown: Look, subject: Subject) -> list[Tile]:
    """The value with what is behind it, what it stands on, its limits."""
    row = shown.row
    state = state_of(row)
    look_of = {"on": "good", "warn": "warn", "bad": "bad"}
    limits = ("—", "—")
    if shown.now is not None:
        at = limits_at(shown.now, row.sampled or timezone.now(), row.volume)
        limits = limit_words(shown.now, row.unit, at)
    age = timezone.now() - row.sampled if row.sampled is not None else None
    note = _("%(time)s ago") % {"time": duration(round(age.total_seconds()) * 1_000_000)} if (
        age is not None
    ) else _("not measured yet")  # fmt: skip
    return [
        Tile(label=pgettext("of an indicator", "Value"), value=in_unit(row.value, row.unit),
             note=note, link=rows_behind(row, row.sampled, subject),
             state=look_of.get(state.look, "unknown"),  # type: ignore[arg-type]
             trend=trend(row)),
        Tile(label=_("Stands on"), value="—" if row.volume is None else number(row.volume),
             note=_("at least %(n)s wanted") % {"n": number(shown.now.minimum_volume)}
             if shown.now is not None and shown.now.minimum_volume else ""),
        Tile(label=_("Amber from"), value=limits[0]),
        Tile(label=_("Red from"), value=limits[1]),
    ]  # fmt: skip


def explained(shown: Look, subject: Subject) -> dict[str, Any]:
    """What it is, how it is computed, why it is unknown."""
    row, spec = shown.row, shown.spec
    reason = why(row.why, row.why_values)
    if not reason and is_stale(row, timezone.now()):
        reason = _("It has not been measured for too long: the job that does it may stand still.")
    behind = rows_behind(row, row.sampled, subject)
    limit = basis_words(row.basis, row.opinion, row.state, row.unit)
    found = facts(
        (_("Why unknown"), reason),
        (_("By which limit"), limit),
        (_("Its limits"), STILL[row.still] if row.still else ""),
        (_("How it is computed"), spec.what if spec is not None else ""),
        (_("Over"), _span(spec.window.total_seconds()) if spec is not None else ""),
        (_("Measured every"), _span(spec.every.total_seconds()) if spec is not None else ""),
        (_("Unit"), UNITS.get(row.unit, row.unit)),
        (_("What is to be done"), row.action),
        (_("Answer within"), _("%(n)s h") % {"n": row.deadline_hours}),
        (_("Short name"), row.name),
    )
    if behind:
        found |= {"more": _("rows behind the value"), "more_url": behind}
    return found


def _span(seconds: float) -> str:
    return duration(round(seconds) * 1_000_000)


def versions(shown: Look, subject: Subject) -> dict[str, Any]:
    """Every version of the limits, the newest first; those in force and to come stand open."""
    unit = shown.row.unit
    found = []
    for one in shown.limits:
        amber, red = limit_words(one, unit)
        reason: Any = one.reason
        if one.shipped and shown.spec is not None:
            reason = shown.spec.reason
        by = one.created_by.get_username() if one.created_by else _("the platform")
        pairs = facts(
            (_("Why"), reason),
            (_("Which side is bad"), DIRECTIONS[one.direction]),
            (_("Amber"), amber),
            (_("Red"), red),
            (_("Hysteresis"), in_unit(one.hysteresis, unit) if one.hysteresis else ""),
            (_("Least duration"), _span(one.minimum_duration) if one.minimum_duration else ""),
            (_("Least volume"), number(one.minimum_volume) if one.minimum_volume else ""),
            (_("Stale after"), _span(one.stale_after)),
            (_("Kind of limit"), _by(one)),
            (_("In force from"), moment(one.effective, "full")),
            (_("By whom"), by),
        )
        current = shown.now is not None and one.pk == shown.now.pk
        later = shown.now is None or one.version > shown.now.version
        note = _("in force") if current else _("to come") if later else _("no longer in force")
        found.append({
            "title": _("Version %(n)s") % {"n": one.version}, "note": note,
            "open": current or later, "pairs": pairs["pairs"],
        })  # fmt: skip
    more = {"more": _("backtest and proposals"), "more_url": backtest_of(shown.row)}
    return {"versions": found, **more}


def declared(shown: Look, subject: Subject) -> dict[str, Any]:
    """What somebody composed, and the way to compose it anew."""
    row, said = shown.row, shown.row.declared or {}
    titles = said.get("title", {})
    found = facts(
        (_("Version"), said.get("version", "")),
        (_("Title in English"), titles.get("en", "")),
        (_("Title in simplified Chinese"), titles.get("hans", "")),
        (_("Title in traditional Chinese"), titles.get("hant", "")),
    )
    if may(subject, "change", NOUN):
        found |= {"more": _("compose it anew"), "more_url": page_of(row)}
    return found


def _by(one: IndicatorLimits) -> str:
    """The kind of a version, what it was fitted to, and what it watches for besides."""
    terms = one.terms
    parts = [str(KINDS[one.kind])]
    if "red_a_year" in terms:
        parts.append(
            _("%(amber)s and %(red)s false alarms a year")
            % {"amber": number(terms["amber_a_year"]), "red": number(terms["red_a_year"])}
        )
    if "n" in terms:
        parts.append(_("from %(n)s of its own") % {"n": number(terms["n"])})
    if one.forecast:
        parts.append(_("looks %(time)s ahead") % {"time": _span(one.forecast)})
    if terms.get("drift"):
        parts.append(_("watches for drift"))
    return " · ".join(parts)  # fmt: skip


def composes(row: Indicator) -> bool:
    """Whether a person composed it."""
    return row.declared is not None


def asks(row: Indicator) -> bool:
    """Whether its state is still to be answered for."""
    return row.answer_due is not None


KEPT: Final = register(
    Resource(
        noun=NOUN,
        model=Indicator,
        title=gettext_lazy("Risk indicator"),
        titles=gettext_lazy("Risk indicators"),
        path="indicators",
        route="indicators",
        one="indicator",
        place=("watch", 30),
        api="indicators",
        columns=(
            Column("title", gettext_lazy("Indicator"), "name", value=name_of, wide=True),
            Column("state", gettext_lazy("State"), "rank", value=state_of, cell="state",
                   sort=True),
            Column("value", pgettext_lazy("of an indicator", "Value"), right=True,
                   value=lambda row: in_unit(row.value, row.unit)),
            Column("recent", gettext_lazy("Trend"), value=trend, cell="template",
                   template="risk/cells/trend.html"),
            Column("since", gettext_lazy("In this state since"), cell="moment"),
            Column("owner", pgettext_lazy("of a thing", "Owner"), "owner__username"),
            Column("answer_due", gettext_lazy("Answer due"), cell="until"),
            Column("category", gettext_lazy("Kind of risk"),
                   value=lambda row: str(CATEGORIES.get(row.category, row.category))),
            Column("volume", gettext_lazy("Stands on"), cell="number", shown=False),
            Column("still", gettext_lazy("Its limits"), shown=False,
                   value=lambda row: str(STILL[row.still]) if row.still else ""),
            Column("number", gettext_lazy("Value as a number"), "value", shown=False),
            Column("unit", gettext_lazy("Unit"), shown=False,
                   value=lambda row: str(UNITS.get(row.unit, row.unit))),
            Column("why", gettext_lazy("Why unknown"), shown=False,
                   value=lambda row: why(row.why, row.why_values)),
            Column("sampled", gettext_lazy("Last measured"), cell="moment", shown=False),
            Column("enabled", gettext_lazy("Measured"), cell="flag", shown=False),
            Column("name", gettext_lazy("Short name"), cell="code", sort=True, shown=False),
        ),
        filters=(
            Filter("state", gettext_lazy("State"), "choice", "rank", choices=STATES,
                   stored=RANKS, group=True, example="state:red"),
            Filter("category", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True),
            Filter("owner", pgettext_lazy("of a thing", "Owner"), "person", example="owner:me"),
            Filter("late", gettext_lazy("Not answered in time"), "choice", choices=YES_NO,
                   read=by_lateness, level=2),
            Filter("enabled", gettext_lazy("Measured"), "flag", group=True),
            Filter("opinion", gettext_lazy("Amber by"), "choice", choices=OPINIONS, group=True),
            Filter("limits", gettext_lazy("Its limits"), "choice", "still", choices=STILL,
                   group=True, example="limits:green"),
            Filter("composed", gettext_lazy("Composed by a person"), "flag", "declared",
                   null=True),
            Filter("name", gettext_lazy("Short name"), "text"),
        ),
        free=by_title,
        chips=(
            Chip(gettext_lazy("all that are measured"), "enabled:yes"),
            Chip(gettext_lazy("red or unknown"), "enabled:yes state:red,unknown"),
            Chip(gettext_lazy("mine"), "owner:me"),
            Chip(gettext_lazy("not answered in time"), "late:yes"),
            Chip(gettext_lazy("to be recalibrated"), "limits:green,red"),
        ),
        order="state",
        related=("owner",),
        look=look,
        heading=heading,
        facts=(),
        state=state_of,
        name_of=name_of,
        panels=(
            Numbers(tiles),
            Drawing(chart),
            Panel(gettext_lazy("What it is"), "web/resource/facts.html", explained, wide=False),
            Panel(gettext_lazy("Limits"), "risk/limits.html", versions),
            Panel(gettext_lazy("Declaration"), "web/resource/facts.html", declared, wide=False,
                  when=lambda shown, subject: composes(shown.row)),
            Timeline(gettext_lazy("Changes of state"), happenings,
                     empty=gettext_lazy("Its state has not changed yet.")),
        ),
        actions=(
            Action("acknowledge", gettext_lazy("Acknowledge"), forms.acknowledge, verb="see",
                   when=asks, offered=lambda row, subject: may_answer(subject, row)),
            Action("answer", gettext_lazy("Answer"), forms.answer, verb="see", when=asks,
                   form=lambda subject, row: forms.AnswerForm,
                   offered=lambda row, subject: may_answer(subject, row)),
            Action("limits", gettext_lazy("Set limits"), forms.set_limits,
                   form=forms.limits_form),
            Action("mark", gettext_lazy("Mark a time"), forms.mark, aside=True,
                   form=lambda subject, row: forms.MarkForm),
            Action("judge", gettext_lazy("Judge its newest warning"), forms.judge, verb="see",
                   aside=True, form=lambda subject, row: forms.JudgeForm,
                   offered=lambda row, subject: may_answer(subject, row)),
            Action("owner", gettext_lazy("Name owner and action"), forms.name_owner,
                   form=forms.owner_form),
            Action("switch_on", gettext_lazy("Measure it"), forms.switch_on,
                   when=lambda row: not row.enabled),
            Action("switch_off", gettext_lazy("Measure it no more"), forms.switch_off,
                   when=lambda row: row.enabled, danger=True, aside=True,
                   words=gettext_lazy(
                       "Its state stays as it is, and nobody is told when it gets worse."
                   )),
        ),
        drifts=("state", "rank", "since", "amber_since", "red_since", "value", "volume", "sampled",
                "due", "why", "why_values", "recent", "answer_due", "opinion", "basis", "drift",
                "still"),
        links=(Link(gettext_lazy("Compose an indicator"), "indicator_compose"),),
        placeholder="state:red owner:me",
        empty=gettext_lazy(
            "No indicator fits. Each app brings its own; they are measured from the first minute."
        ),
    )
)  # fmt: skip
