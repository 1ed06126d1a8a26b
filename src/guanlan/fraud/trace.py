"""Why a decision is what it is, ready to be read."""

from __future__ import annotations

import json
import re
from typing import Any, Final, NamedTuple

from django.urls import reverse
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.engine.explain import RuleExecution, explain
from guanlan.engine.history import Epoch
from guanlan.engine.log import Frame
from guanlan.engine.scenario.model import Band, Outcome
from guanlan.fraud import words
from guanlan.fraud.frames import Layout, Listed, RestrictedBy, record
from guanlan.fraud.models import Entity
from guanlan.fraud.showing import Shower, ShownEntity
from guanlan.response.restrictions.terms import EFFECTS

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")


class ShownRule(NamedTuple):
    """A rule and what it said; `state` is hit, no_hit or unknown."""

    id: str
    title: str
    sentence: str
    reason: str
    state: str
    severity: str
    score: int
    outcome: str
    counted: bool
    techniques: list[str]


class ShownBand(NamedTuple):
    """A band of the policy; `reached` when the score lies in it or above."""

    score: int
    outcome: str
    reached: bool
    top: bool


class ShownList(NamedTuple):
    title: str
    kind: str
    entity: str
    instead_of: str


class ShownRestriction(NamedTuple):
    """A restriction that asked for an outcome; `url` is empty for who may not see it."""

    name: str
    effect: str
    role: str
    outcome: str
    reached: str
    instead_of: str
    url: str


class Named(NamedTuple):
    """A titled value; `used` when a rule that hit or was unknown speaks of it."""

    name: str
    title: str
    value: str
    unknown: bool = False
    used: bool = False


class Trace(NamedTuple):
    """Everything a decision was made of."""

    rules: list[ShownRule]
    quiet_rules: list[ShownRule]
    bands: list[ShownBand]
    because: list[str]
    lists: list[ShownList]
    restrictions: list[ShownRestriction]
    entities: list[ShownEntity]
    fields: list[Named]
    features: list[Named]  # that a rule which hit or was unknown speaks of
    quiet_features: list[Named]
    actions: list[str]
    warming: list[str]
    scenario: str
    digest: str
    state_digest: str
    event_time: int | str | None
    decision_json: str
    numbers: dict[tuple[str, str], int | None]  # the database's, by role and key


def trace(frame: Frame, epoch: Epoch, shower: Shower, subject: Subject) -> Trace:
    """The trace of the event in `frame`, decided under `epoch`, with links for `subject`."""
    explained = explain(frame, epoch)
    item = record(frame)
    event_type = item.event.type
    numbers = entity_numbers(event_type, dict(item.event.entities), shower.layout, subject)
    rules = [_rule(execution, event_type, shower) for execution in explained.rules]
    told = [rule for rule in rules if rule.state != "no_hit"]
    told.sort(key=lambda rule: (rule.state != "hit", -rule.score))
    decision = item.decision
    bands = _bands(epoch.scenario.policy.bands, decision.score)
    lists = [_list(listed, event_type, epoch, shower) for listed in decision.lists]
    restrictions = [_restriction(r, event_type, shower, subject) for r in decision.restrictions]
    told_of = _NAME.findall(" ".join(e.rule.when for e in explained.rules if e.state != "no_hit"))
    features = [
        Named(
            feature.name,
            feature.title.get(shower.language),
            shower.feature_value(feature, explained.features[feature.name]),
            explained.features[feature.name] is None,
            feature.name in told_of,
        )
        for feature in epoch.scenario.features
        if feature.name in explained.features
    ]
    return Trace(
        rules=told,
        quiet_rules=[rule for rule in rules if rule.state == "no_hit"],
        bands=bands,
        because=_restricted_by(restrictions)
        + _because(
            Outcome[decision.outcome],
            bands,
            told,
            lists,
            decision.degraded,
            epoch,
            otherwise=not restrictions,
        ),
        lists=lists,
        restrictions=restrictions,
        entities=[
            shower.entity(event_type, role, key, numbers.get((role, key)))
            for role, key in item.event.entities.items()
            if key is not None
        ],
        fields=[
            Named(name, shower.field(event_type, name), shower.field_value(event_type, name, value))
            for name, value in item.event.fields.items()
        ],
        features=[one for one in features if one.used],
        quiet_features=[one for one in features if not one.used],
        actions=decision.actions,
        warming=list(explained.warming),
        scenario=epoch.scenario.title.get(shower.language),
        digest=explained.program,
        state_digest=explained.state,
        event_time=item.event.time,
        decision_json=json.dumps(json.loads(frame.sections[3]), ensure_ascii=False, indent=2),
        numbers=numbers,
    )


def entity_numbers(
    event_type: str, entities: dict[str, Any], layout: Layout, subject: Subject
) -> dict[tuple[str, str], int | None]:
    """The database's numbers of those of a decision's entities that `subject` may see, by role
    and key."""
    present = [(role, layout.kind(event_type, role), key) for role, key in entities.items() if key]
    seen = Entity.objects.for_user(subject)
    rows = seen.filter(key_index__in={key for _role, _kind, key in present})
    known = {(row.kind, row.key): row.id for row in rows}
    return {(role, key): known.get((kind, key)) for role, kind, key in present}


def _rule(execution: RuleExecution, event_type: str, shower: Shower) -> ShownRule:
    rule = execution.rule
    return ShownRule(
        id=rule.id,
        title=rule.title.get(shower.language),
        sentence=shower.sentence(rule, event_type),
        reason=rule.reason.get(shower.language),
        state=execution.state,
        severity=rule.severity,
        score=rule.score if execution.counted and rule.on_unknown != "review" else 0,
        outcome=rule.outcome.name if rule.outcome is not None and execution.counted else "",
        counted=execution.counted,
        techniques=[technique.technique for technique in rule.f3],
    )


def _bands(bands: tuple[Band, ...], score: int) -> list[ShownBand]:
    top = max((band.score for band in bands if band.score <= score), default=None)
    shown = [ShownBand(b.score, b.outcome.name, b.score <= score, b.score == top) for b in bands]
    if not bands or bands[0].score > 0:
        shown.insert(0, ShownBand(0, "approve", reached=True, top=top is None))
    return shown


def _list(listed: Listed, event_type: str, epoch: Epoch, shower: Shower) -> ShownList:
    title = next(
        (s.title.get(shower.language) for s in epoch.scenario.lists if s.name == listed.list),
        listed.list,
    )
    return ShownList(
        title,
        str(words.LIST_KINDS.get(listed.kind, listed.kind)),
        shower.role(event_type, listed.role),
        listed.instead_of or "",
    )


def _restriction(
    one: RestrictedBy, event_type: str, shower: Shower, subject: Subject
) -> ShownRestriction:
    number = one.id.removeprefix("r")
    seen = number.isdecimal() and len(number) < 19 and may(subject, "see", "response.restriction")
    return ShownRestriction(
        one.id,
        str(EFFECTS.get(one.effect, one.effect)),
        shower.role(event_type, one.role),
        one.outcome,
        str(words.REACHED.get(one.reached or "", "")),
        one.instead_of or "",
        reverse("restriction", args=[number]) if seen else "",
    )


def _restricted_by(restrictions: list[ShownRestriction]) -> list[str]:
    said = []
    for one in restrictions:
        values = {
            "name": one.name,
            "effect": one.effect,
            "outcome": words.OUTCOMES[one.outcome],
        }
        said.append(_("The restriction %(name)s (%(effect)s) asks for “%(outcome)s”.") % values)
        if one.instead_of:
            text = _("Without that restriction the outcome would have been “%(outcome)s”.")
            said.append(text % {"outcome": words.OUTCOMES[one.instead_of]})
    return said


def _because(
    outcome: Outcome,
    bands: list[ShownBand],
    rules: list[ShownRule],
    lists: list[ShownList],
    degraded: bool,
    epoch: Epoch,
    *,
    otherwise: bool = True,
) -> list[str]:
    """The sentences that say what set the outcome."""
    said = []
    word = str(words.OUTCOMES[outcome.name])
    for listed in lists:
        said.append(
            _("%(entity)s is in “%(list)s” (%(kind)s).")
            % {"entity": listed.entity, "list": listed.title, "kind": listed.kind}
        )
        if listed.instead_of:
            said.append(
                _("Without that entry the outcome would have been “%(outcome)s”.")
                % {"outcome": words.OUTCOMES[listed.instead_of]}
            )
    said += [
        _("The rule “%(rule)s” asks for “%(outcome)s” by itself.")
        % {"rule": rule.title, "outcome": word}
        for rule in rules
        if rule.outcome == outcome.name
    ]
    top = next((band for band in bands if band.top), None)
    if top is not None and top.outcome == outcome.name:
        said.append(
            _("The score lies in the band from %(score)s: “%(outcome)s”.")
            % {"score": top.score, "outcome": word}
        )
    if degraded:
        said.append(
            _("Something the decision needs failed, so at least the fallback “%(outcome)s” holds.")
            % {"outcome": words.OUTCOMES[epoch.scenario.policy.fallback.name]}
        )
    if not said and otherwise:
        said.append(_("A rule that could not be judged asks for it."))
    return said
