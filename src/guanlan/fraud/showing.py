"""How a scenario's things are written on a screen: titles, masked keys, values, sentences."""

from __future__ import annotations

import json
from typing import Any, NamedTuple
from urllib.parse import quote, urlencode

from django.urls import reverse
from django.utils.translation import gettext as _

from guanlan.core.access import MASKED_FROM, Subject, may_match
from guanlan.core.access.masking import HIDDEN, mask
from guanlan.engine.language import LanguageError, check, parse
from guanlan.engine.language.sentences import sentence
from guanlan.engine.scenario.model import EventType, Feature, Field, Rule, Scenario
from guanlan.fraud.frames import Layout
from guanlan.fraud.models import Decision, Entity
from guanlan.fraud.programs import environment
from guanlan.web import words
from guanlan.web.templatetags.console import clock

SUBJECTS = 2  # entities shown in a row of a list


class ShownEntity(NamedTuple):
    """An entity as a screen may show it. `url` is empty where no page may be named by it."""

    role: str
    kind: str
    text: str
    url: str


class ShownRow(NamedTuple):
    """A decision as a row of a list."""

    decision: Decision
    type: str
    entities: list[ShownEntity]
    rules: list[tuple[str, str]]  # id, title


def entity_url(kind: str, key: str) -> str:
    """The page of an entity whose key may be seen."""
    return reverse("entity", args=[kind, key])


def numbered_entity_url(kind: str, identity: int) -> str:
    """The page of an entity whose key may not be seen, by its number."""
    return reverse("entity", args=[kind, f"~{identity}"])


def decisions_url(query: str) -> str:
    """The list of decisions, filtered."""
    return f"{reverse('decisions')}?{urlencode({'q': query}, quote_via=quote)}"


class Shower:
    """Writes the things of one scenario in the current language; without one, their names."""

    def __init__(self, scenario: Scenario | None) -> None:
        self.scenario = scenario
        self.language = words.language_tag()
        self.layout = Layout(scenario)
        self.currency = scenario.currency if scenario else ""
        self._events = {e.name: e for e in scenario.events} if scenario else {}
        self._kinds = {k.name: k.title for k in scenario.entities} if scenario else {}
        self._rules = {r.id: r for r in scenario.rules} if scenario else {}
        self._fields = {
            (event.name, field.name): field
            for event in self._events.values()
            for field in event.fields
        }
        self._roles = {
            (event.name, role.name): role.title
            for event in self._events.values()
            for role in event.roles
        }

    # -- titles ------------------------------------------------------------------------------

    def type(self, name: str) -> str:
        event = self._events.get(name)
        return event.title.get(self.language) if event else name

    def types(self) -> dict[str, str]:
        """Titles of the event types one decides on."""
        return {name: self.type(name) for name in self._events if name != "label"}

    def kind(self, name: str) -> str:
        title = self._kinds.get(name)
        return title.get(self.language) if title else name

    def kinds(self) -> dict[str, str]:
        return {name: self.kind(name) for name in self._kinds}

    def kinds_for(self, subject: Subject) -> list[str]:
        """The kinds of entities that `subject` may look up by their key."""
        levels = {name: self.layout.level(name) for name in self._kinds}
        return [n for n, level in levels.items() if may_match(subject, "fraud.entity", level)]

    def role(self, event_type: str, name: str) -> str:
        """A role is called by its title, else by its kind and, where that differs, its name."""
        title = self._roles.get((event_type, name))
        if title is not None:
            return title.get(self.language)
        kind = self.layout.kind(event_type, name)
        return self.kind(kind) if kind == name else f"{name} ({self.kind(kind)})"

    def rule(self, identity: str) -> str:
        rule = self._rules.get(identity)
        return rule.title.get(self.language) if rule else identity

    def sentence(self, rule: Rule, event_type: str | None = None) -> str:
        """The rule's condition as a person reads it; its source where that fails."""
        if self.scenario is None:
            return rule.when
        env = environment(self.scenario, event_type or rule.on[0])
        return self.condition(rule.when, env)

    def condition(self, source: str, env: Any) -> str:
        try:
            typed = check(parse(source), env)
        except LanguageError:
            return source
        return source if isinstance(typed, list) else sentence(typed, env, self.language)

    # -- entities ----------------------------------------------------------------------------

    def entity(self, event_type: str, role: str, key: str, number: int | None) -> ShownEntity:
        """An entity; `number` is its row in the database, needed to link a masked one."""
        kind = self.layout.kind(event_type, role)
        return ShownEntity(self.role(event_type, role), kind, *self._shown(kind, key, number))

    def _shown(self, kind: str, key: str, number: int | None) -> tuple[str, str]:
        if key and self.layout.level(kind) < MASKED_FROM:
            return key, entity_url(kind, key)
        text = self.masked(kind, key) if key else _("unreadable")
        return text, "" if number is None else numbered_entity_url(kind, number)

    def masked(self, kind: str, key: str) -> str:
        """A key as it may be shown; of an unknown kind as of the highest level."""
        level = self.layout.level(kind)
        return key if level < MASKED_FROM else mask(kind, key, level)

    def known_entity(self, entity: Entity) -> ShownEntity:
        """An entity of the database."""
        text, url = self._shown(entity.kind, entity.key, entity.id)
        return ShownEntity(self.kind(entity.kind), entity.kind, text, url)

    def row(self, decision: Decision) -> ShownRow:
        """A row of a list: the first entities that may be seen, and the rules that hit."""
        shown: list[ShownEntity] = []
        hidden: list[ShownEntity] = []
        for role, key in (decision.entities or {}).items():
            one = self.entity(decision.type, role, key, None)
            (shown if one.url else hidden).append(one)
        rules = [(rule, self.rule(rule)) for rule in json.loads(decision.rules)]
        return ShownRow(decision, self.type(decision.type), (shown or hidden)[:SUBJECTS], rules)

    # -- values ------------------------------------------------------------------------------

    def field(self, event_type: str, name: str) -> str:
        field = self._fields.get((event_type, name))
        return field.title.get(self.language) if field else name

    def field_level(self, event_type: str, name: str) -> int:
        """The data level of a field; one the scenario does not declare counts as highest."""
        field = self._fields.get((event_type, name))
        return 4 if field is None else field.level

    def field_value(self, event_type: str, name: str, value: Any) -> str:
        """A field of an event as received; masked from level 3 on, and where undeclared."""
        field = self._fields.get((event_type, name))
        if value is None:
            return "—"
        if field is None or field.level >= MASKED_FROM:
            return HIDDEN
        if field.type == "money":
            amount = value.get("value") if isinstance(value, dict) else value
            return words.money(int(amount or 0), self.currency)
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if isinstance(value, int | float):
            return words.number(value)
        return str(value)

    def feature_value(self, feature: Feature, value: float | bool | None) -> str:
        """A feature in the units a person reads."""
        if value is None:
            return _("unknown")
        if isinstance(value, bool):
            return _("yes") if value else _("no")
        if feature.agg in ("since_first", "since_last"):
            return words.duration(int(value))
        if feature.agg in ("count", "distinct"):
            return words.number(value)
        if self.layout.feature_level(feature.name) >= MASKED_FROM:
            return HIDDEN
        field = self._of(feature)
        if field is not None and field.type == "money":
            return words.money(round(value), self.currency)
        if field is not None and field.type == "time" and feature.agg == "last":
            return str(clock(int(value), "full"))
        return words.number(value)

    def window(self, feature: Feature) -> str:
        return _("ever") if feature.window is None else words.duration(feature.window)

    def _of(self, feature: Feature) -> Field | None:
        return self._fields.get((feature.on[0], feature.of)) if feature.of else None

    def event_type(self, name: str) -> EventType | None:
        return self._events.get(name)
