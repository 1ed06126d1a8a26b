"""What the global search finds among decisions, entities, rules and backtests."""

from __future__ import annotations

from collections.abc import Iterator

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import Subject
from guanlan.fraud import programs
from guanlan.fraud.models import Backtest, Decision, Entity
from guanlan.fraud.showing import Shower, decisions_url
from guanlan.web.search import Found, joined, searcher

LONGEST_NUMBER = 18  # digits of a decision's number


@searcher("fraud.entity", gettext_lazy("Entities"), order=10)
def entities(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Entities of exactly this key, or of the number that stands for a masked one (`~7`).

    A number typed in groups is also looked up without what stands between its digits.
    """
    shower = Shower(programs.latest())
    if text.startswith("~") and text[1:].isdecimal() and len(text) <= LONGEST_NUMBER:
        rows = Entity.objects.for_user(subject).filter(id=int(text[1:]))
    else:
        wanted = {text, joined(text)}
        rows = Entity.objects.for_user(subject).filter(
            kind__in=shower.kinds_for(subject), key_index__in=wanted
        )
    for row in rows.order_by("-last_seen")[:limit]:
        shown = shower.known_entity(row)
        yield Found(shown.text, shown.url, shown.role)


@searcher("fraud.decision", gettext_lazy("Decisions"), order=20)
def decisions(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Decisions of this number, or of the event with this id."""
    rows = list(Decision.objects.for_user(subject).filter(event_id=text)[:limit])
    if text.isdecimal() and len(text) <= LONGEST_NUMBER:
        rows += Decision.objects.for_user(subject).filter(seq=int(text))
    shower = Shower(programs.latest())
    for row in rows:
        title = _("Decision %(seq)s") % {"seq": row.seq}
        yield Found(title, reverse("decision", args=[row.seq]), shower.type(row.type))


@searcher("fraud.program", gettext_lazy("Rules"), order=30)
def rules(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Rules of the scenario in force, by id or by a part of the title in any language."""
    scenario = programs.latest()
    if scenario is None:
        return
    shower, wanted = Shower(scenario), text.lower()
    for rule in scenario.rules:
        titles = {rule.title.get(language).lower() for language in ("en", "zh-Hans", "zh-Hant")}
        if wanted in rule.id.lower() or any(wanted in title for title in titles):
            yield Found(shower.rule(rule.id), decisions_url(f"rule:{rule.id}"), rule.id)


@searcher("fraud.backtest", gettext_lazy("Backtests"), order=40)
def backtests(subject: Subject, text: str, limit: int) -> Iterator[Found]:
    """Reports by a part of their title."""
    for row in Backtest.objects.for_user(subject).filter(title__icontains=text)[:limit]:
        yield Found(row.title, reverse("backtest", args=[row.pk]), row.scenario)
