"""The scenario in force, as a reviewer reads it."""

from __future__ import annotations

import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import Any, Final, NamedTuple

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from guanlan.core.access import Subject
from guanlan.engine.scenario.environment import where_names
from guanlan.engine.scenario.model import Feature, Scenario
from guanlan.fraud import figures, programs, words
from guanlan.fraud.dashboards import day_labels, since
from guanlan.fraud.models import Label, ListAct, Program
from guanlan.fraud.pages.figures import read_window, window_titles
from guanlan.fraud.showing import Shower, decisions_url
from guanlan.response.terms import SEVERITIES
from guanlan.web.charts import Chart, Series
from guanlan.web.resource import Drawing, Heading, Panel, object_page, resource_of
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.templatetags.console import from_microseconds


class Precision(NamedTuple):
    """Labelled decisions in which a rule hit: how many were fraud, of how many.

    Where nobody ever reports honest events, every rule would look perfect: the share says
    something only where `judged`.
    """

    fraud: int
    labelled: int
    judged: bool

    @property
    def share(self) -> float | None:
        return self.fraud / self.labelled if self.judged else None


class RuleLine(NamedTuple):
    id: str
    title: str
    sentence: str
    reason: str
    severity: str
    score: int
    outcome: str
    on_unknown: str
    techniques: list[str]
    tags: tuple[str, ...]
    hits: int
    unknown: int
    precision: Precision | None
    url: str


class ListLine(NamedTuple):
    name: str
    title: str
    kind: str
    entity: str
    entries: int
    changes: int
    url: str


# Name, title, roles (title, required), fields (name, title, type, level, required).
EventLine = tuple[str, str, list[tuple[str, bool]], list[tuple[str, str, str, int, bool]]]


class FeatureLine(NamedTuple):
    name: str
    title: str
    what: str
    by: str
    on: str
    where: str
    window: str


def precisions(subject: Subject) -> dict[str, Precision]:
    """What the labels say of each rule, over all history.

    Decisions are few in kind, so they are counted by their whole set of hits first.
    """
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT d.rules, l.value, count(DISTINCT d.seq) FROM fraud_label l"
            " JOIN fraud_decision d ON d.event_id = l.target"
            " WHERE NOT EXISTS (SELECT 1 FROM fraud_label n"
            " WHERE n.target = l.target AND n.seq > l.seq) GROUP BY d.rules, l.value"
        )
        counted = cursor.fetchall()
    fraud: Counter[str] = Counter()
    labelled: Counter[str] = Counter()
    for rules, value, count in counted:
        for rule in json.loads(rules):
            labelled[rule] += count
            if value == "fraud":
                fraud[rule] += count
    judged = Label.objects.for_user(subject).filter(value="legit").exists()
    return {rule: Precision(fraud[rule], labelled[rule], judged) for rule in labelled}


class ScenarioLook:
    """A version of a scenario as a reviewer looks at it, with its hits in a window of time."""

    def __init__(self, row: Program, subject: Subject, span: figures.Window | None = None) -> None:
        self.row = row
        self.subject = subject
        self.span = span or figures.window(DAY, time.time_ns() // 1000)
        epoch = programs.at(row.position)
        self.scenario = epoch.scenario if epoch is not None else None
        self.shower = Shower(self.scenario)
        self.windows = window_titles()

    @property
    def found(self) -> Scenario:
        """The scenario; panels are shown only where there is one."""
        if self.scenario is None:
            raise LookupError(f"the scenario at {self.row.position} does not open")
        return self.scenario

    @cached_property
    def groups(self) -> list[tuple[str, list[RuleLine], int]]:
        """Rules by what they look at, with how often they hit."""
        groups = _rules(self.found, self.shower, self.span, self.subject)
        return [(title, lines, sum(one.hits for one in lines)) for title, lines in groups]

    @cached_property
    def features(self) -> list[FeatureLine]:
        return [_feature(self.found, one, self.shower) for one in self.found.features]

    @cached_property
    def feature_groups(self) -> list[tuple[str, list[FeatureLine]]]:
        """Features by whose history they look at."""
        groups: dict[str, list[FeatureLine]] = defaultdict(list)
        for one in self.features:
            groups[one.by].append(one)
        return list(groups.items())

    @cached_property
    def lists(self) -> list[ListLine]:
        return _lists(self.found, self.shower, self.subject)

    @cached_property
    def events(self) -> list[EventLine]:
        return _events(self.found, self.shower)

    @property
    def tactics(self) -> list[tuple[str, list[tuple[str, str]]]]:
        return _coverage(self.found, self.shower)

    @property
    def kinds(self) -> list[tuple[str, str, int]]:
        language = self.shower.language
        return [(k.name, k.title.get(language), k.level) for k in self.found.entities]


def heading(look: ScenarioLook) -> Heading:
    """The scenario's title, and since when it has decided."""
    title = look.scenario.title.get(look.shower.language) if look.scenario else look.row.name
    activated = look.row.activated
    return Heading(title, clock=from_microseconds(activated) if activated else None)


def hits_over_time(look: ScenarioLook, subject: Subject) -> Chart:
    """Hits of rules over time, by severity; a bar leads to the decisions of its time."""
    span = look.span
    severities = {rule.id: rule.severity for rule in look.found.rules}
    sums = {name: [0] * len(span.bars) for name in _SEVERITY_COLOURS}
    for rule, hits in figures.hits_by_bar(span, subject).items():
        if rule in severities:
            line = sums[severities[rule]]
            sums[severities[rule]] = [x + y for x, y in zip(line, hits, strict=True)]
    present = [name for name in _SEVERITY_COLOURS if any(sums[name])]
    return Chart(
        id="hits",
        title=_("Hits over time, by severity of the rule"),
        note=str(look.windows[span.hours]),
        x=day_labels(span),
        y=_("hits"),
        stacked=True,
        whole=True,
        size="short",
        links=[
            decisions_url(
                f"after:{figures.local_text(bar)} before:{figures.local_text(bar + span.bar)}"
            )
            for bar in span.bars
        ],
        series=[
            Series(
                name=str(SEVERITIES.get(name, name)),
                colour=_SEVERITY_COLOURS[name],
                data=sums[name],
            )
            for name in present
        ],
        empty=_("No rule has hit in this time."),
    )


_SEVERITY_COLOURS: Final = {
    "info": "--o-monitor",
    "low": "--o-approve",
    "medium": "--o-review",
    "high": "--o-challenge",
    "critical": "--o-decline",
}
DAY: Final = 24  # hours


def _counted(more: Callable[[ScenarioLook], str]) -> Callable[[ScenarioLook, Subject], Any]:
    return lambda look, subject: {"more": more(look)}


def _opens(look: ScenarioLook, subject: Subject) -> bool:
    return look.scenario is not None


def _techniques(look: ScenarioLook) -> str:
    count = len({t.technique for rule in look.found.rules for t in rule.f3})
    return _("MITRE Fight Fraud Framework, %(n)s techniques watched") % {"n": count}


PANELS: Final = (
    Panel(gettext_lazy("Policy"), "fraud/scenario/policy.html", when=_opens, id="policy"),
    Drawing(hits_over_time, when=_opens),
    Panel(
        gettext_lazy("Coverage by tactic"),
        "fraud/scenario/coverage.html",
        _counted(_techniques),
        when=_opens,
        id="coverage",
    ),
    Panel(gettext_lazy("Rules"), "fraud/scenario/rules.html", when=_opens, id="rules"),
    Panel(gettext_lazy("Features"), "fraud/scenario/features.html", when=_opens, id="features"),
    Panel(gettext_lazy("Lists"), "fraud/scenario/lists.html", when=_opens, id="lists"),
    Panel(gettext_lazy("Events"), "fraud/scenario/events.html", when=_opens, id="events"),
)


@needs("see", "fraud.program")
@require_safe
def scenario(request: HttpRequest) -> HttpResponse:
    """The scenario in force."""
    seen = Program.objects.for_user(subject_of_request(request))
    row = seen.order_by("-position").first()
    if row is None:
        return render(request, "fraud/no_scenario.html")
    return _page(request, row)


@needs("see", "fraud.program")
@require_safe
def scenario_version(request: HttpRequest, position: int) -> HttpResponse:
    """A scenario that is or was in force."""
    seen = Program.objects.for_user(subject_of_request(request))
    return _page(request, get_object_or_404(seen, pk=position))


def _page(request: HttpRequest, row: Program) -> HttpResponse:
    look = ScenarioLook(row, subject_of_request(request), read_window(request))
    return object_page(request, resource_of("fraud.program"), row, look=look)


def _rules(
    found: Scenario, shower: Shower, span: figures.Window, subject: Subject
) -> list[tuple[str, list[RuleLine]]]:
    counts = {count.name: count for count in figures.rule_counts(span, subject, None)}
    known = precisions(subject)
    when = since(span)
    groups: dict[str, list[RuleLine]] = defaultdict(list)
    for rule in found.rules:
        count = counts.get(rule.id)
        title = ", ".join(shower.type(name) for name in rule.on)
        groups[title].append(
            RuleLine(
                id=rule.id,
                title=rule.title.get(shower.language),
                sentence=shower.sentence(rule),
                reason=rule.reason.get(shower.language),
                severity=rule.severity,
                score=rule.score,
                outcome=rule.outcome.name if rule.outcome is not None else "",
                on_unknown=rule.on_unknown,
                techniques=[t.technique for t in rule.f3],
                tags=rule.tags,
                hits=count.hits if count else 0,
                unknown=count.unknown if count else 0,
                precision=known.get(rule.id),
                url=decisions_url(f"rule:{rule.id} {when}"),
            )
        )
    return list(groups.items())


def _coverage(found: Scenario, shower: Shower) -> list[tuple[str, list[tuple[str, str]]]]:
    """Each tactic of F3 with the techniques that rules watch for, and those rules' titles."""
    covered: dict[str, dict[str, list[str]]] = {tactic: {} for tactic in words.TACTICS}
    for rule in found.rules:
        for technique in rule.f3:
            rules = covered.setdefault(technique.tactic, {}).setdefault(technique.technique, [])
            rules.append(rule.title.get(shower.language))
    return [
        (
            str(words.TACTICS.get(tactic, tactic)),
            [(technique, " · ".join(rules)) for technique, rules in sorted(techniques.items())],
        )
        for tactic, techniques in covered.items()
    ]


def _role(found: Scenario, shower: Shower, name: str) -> str:
    """What a role is called by the first kind of event that has it; its name where none has."""
    types = (one.name for one in found.events if any(role.name == name for role in one.roles))
    first = next(types, None)
    return shower.role(first, name) if first is not None else name


def _feature(found: Scenario, feature: Feature, shower: Shower) -> FeatureLine:
    first = feature.on[0]
    of = ""
    if feature.of is not None:
        event = shower.event_type(first)
        is_role = event is not None and any(role.name == feature.of for role in event.roles)
        of = shower.role(first, feature.of) if is_role else shower.field(first, feature.of)
    by = " + ".join(shower.role(first, role) for role in feature.by)
    if feature.lookup != feature.by:
        by = _("%(by)s, read by %(lookup)s") % {
            "by": by,
            "lookup": " + ".join(_role(found, shower, role) for role in feature.lookup),
        }
    where = ""
    if feature.where is not None:
        where = shower.condition(feature.where, where_names(found, first, lambda name: name))
    aggregate = str(words.AGGREGATES[feature.agg])
    return FeatureLine(
        name=feature.name,
        title=feature.title.get(shower.language),
        what=f"{aggregate} · {of}" if of else aggregate,
        by=by,
        on=_(", ").join(shower.type(name) for name in feature.on),
        where=where,
        window=shower.window(feature),
    )


def _lists(found: Scenario, shower: Shower, subject: Subject) -> list[ListLine]:
    acts = Counter(ListAct.objects.for_user(subject).values_list("list", flat=True))
    return [
        ListLine(
            spec.name,
            spec.title.get(shower.language),
            str(words.LIST_KINDS[spec.kind]),
            shower.kind(spec.entity),
            len(spec.entries),
            acts[spec.name],
            f"{reverse('list_changes')}?q=list:{spec.name}",
        )
        for spec in found.lists
    ]


def _events(found: Scenario, shower: Shower) -> list[EventLine]:
    return [
        (
            event.name,
            event.title.get(shower.language),
            [(shower.role(event.name, role.name), role.required) for role in event.roles],
            [
                (
                    field.name,
                    field.title.get(shower.language),
                    str(words.FIELD_TYPES[field.type]),
                    field.level,
                    field.required,
                )
                for field in event.fields
            ],
        )
        for event in found.events
        if event.name != "label"
    ]
