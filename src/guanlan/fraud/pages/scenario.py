"""The scenario in force, as a reviewer reads it."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from typing import NamedTuple

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from guanlan.core.access import Subject
from guanlan.engine.scenario.environment import where_names
from guanlan.engine.scenario.model import Feature, Scenario
from guanlan.fraud import figures, programs, words
from guanlan.fraud.dashboards import since
from guanlan.fraud.models import Label, ListAct, Program
from guanlan.fraud.pages.overview import read_window, window_titles
from guanlan.fraud.showing import Shower, decisions_url
from guanlan.web.rights import needs, subject_of_request


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


@needs("see", "fraud.program")
@require_safe
def scenario(request: HttpRequest) -> HttpResponse:
    """Rules as sentences, policy, coverage, features, lists, events."""
    found = programs.latest()
    if found is None:
        return render(request, "fraud/scenario.html", {"scenario": None})
    shower = Shower(found)
    span = read_window(request)
    subject = subject_of_request(request)
    program = Program.objects.for_user(subject).order_by("-position").first()
    context = {
        "scenario": found,
        "title": found.title.get(shower.language),
        "program": program,
        "span": span,
        "windows": window_titles(),
        "groups": _rules(found, shower, span, subject),
        "bands": found.policy.bands,
        "fallback": found.policy.fallback.name,
        "tactics": _coverage(found, shower),
        "techniques": len({t.technique for rule in found.rules for t in rule.f3}),
        "features": [_feature(found, feature, shower) for feature in found.features],
        "lists": _lists(found, shower, subject),
        "events": _events(found, shower),
        "kinds": [(k.name, k.title.get(shower.language), k.level) for k in found.entities],
    }
    return render(request, "fraud/scenario.html", context)


def _rules(
    found: Scenario, shower: Shower, span: figures.Window, subject: Subject
) -> list[tuple[str, list[RuleLine]]]:
    counts = {count.name: count for count in figures.rule_counts(span, None)}
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


def _feature(found: Scenario, feature: Feature, shower: Shower) -> FeatureLine:
    first = feature.on[0]
    of = ""
    if feature.of is not None:
        event = shower.event_type(first)
        is_role = event is not None and any(role.name == feature.of for role in event.roles)
        of = shower.role(first, feature.of) if is_role else shower.field(first, feature.of)
    by = " + ".join(shower.role(first, role) for role in feature.by)
    if feature.lookup != feature.by:
        by = _("%(by)s, read by %(lookup)s") % {"by": by, "lookup": " + ".join(feature.lookup)}
    where = ""
    if feature.where is not None:
        where = shower.condition(feature.where, where_names(found, first, lambda name: name))
    aggregate = str(words.AGGREGATES[feature.agg])
    return FeatureLine(
        name=feature.name,
        title=feature.title.get(shower.language),
        what=f"{aggregate} · {of}" if of else aggregate,
        by=by,
        on=", ".join(shower.type(name) for name in feature.on),
        where=where,
        window=shower.window(feature),
    )


def _lists(
    found: Scenario, shower: Shower, subject: Subject
) -> list[tuple[str, str, str, str, int, int]]:
    acts = Counter(ListAct.objects.for_user(subject).values_list("list", flat=True))
    return [
        (
            spec.name,
            spec.title.get(shower.language),
            str(words.LIST_KINDS[spec.kind]),
            shower.kind(spec.entity),
            len(spec.entries),
            acts[spec.name],
        )
        for spec in found.lists
    ]


def _events(
    found: Scenario, shower: Shower
) -> list[tuple[str, str, list[tuple[str, bool]], list[tuple[str, str, str, int, bool]]]]:
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
