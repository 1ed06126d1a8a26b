"""What decisions raise as alerts, and how those alerts are called and looked at here."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Final

from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from guanlan.core.access import MASKED_FROM
from guanlan.engine.scenario.model import Rule, Scenario
from guanlan.engine.scenario.vocabulary import CURRENCIES
from guanlan.fraud import programs, words
from guanlan.fraud.frames import Layout, Record, WireEvent
from guanlan.response.alerts import Evidence, Finding, evidence_link, rule_titles
from guanlan.response.alerts.finding import MOST_AMOUNT
from guanlan.response.cases.rules import SHIPPED
from guanlan.response.entities import Named
from guanlan.response.kinds import Kind, entity_kinds
from guanlan.response.terms import Severity
from guanlan.web import words as web_words
from guanlan.web.once import once

PREFIX: Final = "fraud."
LIST: Final = "list."
OUTCOME: Final = "outcome."
LABEL: Final = "label"  # the type of events that say what another one was
WINDOW: Final = dt.timedelta(hours=1)
# From here on a decision is worth somebody's look, and how bad it is at least.
_LEAST: Final[dict[str, Severity]] = {
    "review": Severity.low,
    "challenge": Severity.low,
    "limit": Severity.medium,
    "hold": Severity.medium,
    "decline": Severity.medium,
}
# Kinds of entities by how much an alert about one tells: alerts of a customer are one matter.
TELLING: Final = SHIPPED["fraud"].kinds
_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class Finder:
    """Finds what the decisions of one scenario raise: one finding a decision, of the rule that
    weighed most and the most telling entity that it names: the customer, where there is one."""

    def __init__(self, scenario: Scenario | None) -> None:
        self._roles: dict[str, list[tuple[str, str]]] = {}
        self._rules: dict[str, Rule] = {}
        self._layout = Layout(scenario)
        if scenario is not None:
            kinds = {kind.name for kind in scenario.entities}
            self._rules = {rule.id: rule for rule in scenario.rules}
            telling = {kind: n for n, kind in enumerate(TELLING)}
            self._roles = {
                event.name: sorted(
                    ((role.name, role.kind) for role in event.roles if role.kind in kinds),
                    key=lambda role: (telling.get(role[1], len(telling)), role[0] != role[1]),
                )
                for event in scenario.events
            }

    def findings(self, batch: Iterable[Record]) -> list[tuple[int, Finding]]:
        """The findings of events that were decided, with their positions, in their order."""
        found = []
        for item in batch:
            if item.event.type == LABEL:
                continue
            try:
                one = self.finding(item)
            except Exception:  # noqa: BLE001 - a decision nobody can read is worth somebody's look
                one = _unread(item)
            if one is not None:
                found.append((item.frame.position, one))
        return found

    def finding(self, item: Record) -> Finding | None:
        """What a decision raises: nothing where it is below review and no severe rule hit."""
        decision, event = item.decision, item.event
        least = _LEAST.get(decision.outcome, Severity.info)
        worst, top = Severity.info, ""
        weight = (-1, 0)
        for reason in decision.reasons:
            severity = Severity[reason.severity]
            if (severity, reason.score) > weight:
                weight, worst, top = (severity, reason.score), severity, reason.rule
        if decision.outcome not in _LEAST and worst < Severity.high:
            return None
        text = f"{decision.type}: {decision.outcome}"
        if top:
            rule = self._rules.get(top)
            text = rule.title.get("en") if rule is not None else top
        elif decision.lists:
            top = f"{LIST}{decision.lists[0].list}"
        else:
            top = f"{OUTCOME}{decision.outcome}"
        present = tuple(
            (role, Named(kind, key))
            for role, kind in self._roles.get(event.type, ())
            if (key := event.entities.get(role)) is not None
        )
        at, amount = _at(item), self._amount(event)
        first = present[0] if present else ("type", Named("type", event.type))
        return Finding(
            rule=PREFIX + top,
            category="fraud",
            severity=max(worst, least),
            text=text[:300],
            key={first[0]: first[1].key},
            entities=present,
            evidence=(Evidence("decision", str(item.frame.seq), at),),
            at=at,
            window=WINDOW,
            amount=amount,
            currency=self._layout.currency if amount is not None else "",
        )

    def _amount(self, event: WireEvent) -> int | None:
        """What it is worth, in minor units, where its level lets that be shown."""
        if self._layout.amount_level(event.type) >= MASKED_FROM:
            return None
        amount = self._layout.amount(event)
        if amount is None or self._layout.currency not in CURRENCIES:
            return None
        return amount if 0 <= amount < MOST_AMOUNT else None


def _at(item: Record) -> dt.datetime:
    return _EPOCH + dt.timedelta(microseconds=item.frame.clock)


def _unread(item: Record) -> Finding:
    """What a decision raises of which nothing can be said."""
    at = _at(item)
    return Finding(
        rule=f"{PREFIX}unread",
        category="fraud",
        severity=Severity.high,
        text=gettext_noop("A decision could not be read for alerts"),
        key={"type": item.event.type[:64]},
        evidence=(Evidence("decision", str(item.frame.seq), at),),
        at=at,
        window=WINDOW,
    )


@once
def _titles() -> dict[str, str]:
    scenario = programs.latest()
    language = web_words.language_tag()
    if scenario is None:
        return {}
    return {rule.id: rule.title.get(language) for rule in scenario.rules}


def title(rule: str) -> str:
    """What an alert of this rule is called in the reader's language; empty where unknown."""
    name = rule.removeprefix(PREFIX)
    if name.startswith(LIST):
        return str(_("On the list %(name)s") % {"name": name.removeprefix(LIST)})
    if name.startswith(OUTCOME):
        outcome = name.removeprefix(OUTCOME)
        return str(_("Decided: %(outcome)s") % {"outcome": words.OUTCOMES.get(outcome, outcome)})
    return _titles().get(name, "")


@once
def kinds() -> Mapping[str, Kind]:
    """The kinds of entities of the scenario in force, with the levels it gives their keys."""
    scenario = programs.latest()
    language = web_words.language_tag()
    if scenario is None:
        return {}
    return {one.name: Kind(one.title.get(language), one.level) for one in scenario.entities}


def _address(ref: str) -> str:
    return reverse("decision", args=[int(ref)]) if ref.isdecimal() else ""


rule_titles(PREFIX, title)
entity_kinds(kinds)
evidence_link("decision", _("Decision"), _address)
