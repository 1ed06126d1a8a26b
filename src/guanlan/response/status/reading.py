"""What the public sees: read from rows of level 1, and from nothing else that people wrote.

Of an incident the page knows the times, the states of components and the posted texts; of a
maintenance window its times and components. No title, name or number of ours is read at all.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils.translation import pgettext_lazy

from guanlan.response.models import PublicMaintenance, StatusComponent, StatusPost, StatusSpan
from guanlan.response.terms import Words

DAYS: Final = 90
RECENT: Final = dt.timedelta(days=14)  # how long what is over is still shown
AHEAD: Final = dt.timedelta(days=30)
MOST_POSTS: Final = 200
DAY: Final = dt.timedelta(days=1)
ORDER: Final = ("operational", "maintenance", "degraded", "partial", "outage")  # ever worse
STATES: Final[dict[str, Words]] = {
    "operational": pgettext_lazy("state of a service", "operational"),
    "maintenance": pgettext_lazy("state of a service", "maintenance"),
    **{one.value: one.label for one in StatusSpan.State},
}
DOWN: Final = ("partial", "outage")  # what counts against uptime


class Stretch(NamedTuple):
    """That a component was in a state, from when to when (None: still)."""

    component: int
    state: str
    begins: dt.datetime
    ends: dt.datetime | None
    incident: int = 0


class Day(NamedTuple):
    """The worst state of a day, and how much of the day the service was down (0 to 1)."""

    date: dt.date
    state: str
    down: float


class Component(NamedTuple):
    """A line of the page. `days` go from the oldest to today; a day before the component was
    there has the state "". `uptime` is the share of the time without outage, None where the
    component has no past yet."""

    names: Mapping[str, str]
    product: str
    state: str
    days: list[Day]
    uptime: float | None


class News(NamedTuple):
    """What was posted."""

    id: str
    at: dt.datetime
    phase: str
    texts: Mapping[str, str]


class Trouble(NamedTuple):
    """An incident as the public knows it: what was touched (names by language, the state now or
    the worst one), from when to when, and the news, newest first."""

    touched: list[tuple[Mapping[str, str], str]]
    begins: dt.datetime
    ends: dt.datetime | None
    news: list[News]


class Works(NamedTuple):
    """Planned maintenance."""

    touched: list[Mapping[str, str]]
    begins: dt.datetime
    ends: dt.datetime


class Public(NamedTuple):
    """The whole page."""

    at: dt.datetime
    state: str
    components: list[Component]
    open: list[Trouble]
    past: list[Trouble]
    works: list[Works]


def worst(states: Iterable[str]) -> str:
    """The worst of these states; operational where there is none."""
    return max(states, key=ORDER.index, default="operational")


def public(now: dt.datetime, zone: ZoneInfo) -> Public:
    """What everybody sees now; days are those of the organisation's zone."""
    today = now.astimezone(zone).date()
    first = dt.datetime.combine(today - (DAYS - 1) * DAY, dt.time(), zone)
    rows = list(StatusComponent.objects.filter(retired=None).order_by("product", "place", "id"))
    names = {row.pk: names_of(row) for row in rows}
    stretches = [*_stretches(first, names), *_maintenance(first, now, names)]
    by_component: dict[int, list[Stretch]] = {key: [] for key in names}
    for one in stretches:
        by_component[one.component].append(one)
    components = [
        _component(row, by_component[row.pk], names[row.pk], now, today, zone) for row in rows
    ]
    troubles = _troubles(stretches, names, now)
    works = _works(names, now)
    return Public(
        now,
        worst(one.state for one in components),
        components,
        [one for one in troubles if one.ends is None],
        [one for one in troubles if one.ends is not None and one.ends > now - RECENT],
        works,
    )


def names_of(row: StatusComponent) -> dict[str, str]:
    """A component's name by language; where it has none in one, in another."""
    own = {"zh-hans": row.name_zh_hans, "zh-hant": row.name_zh_hant, "en": row.name_en}
    near = {
        "zh-hans": ("zh-hans", "zh-hant", "en"),
        "zh-hant": ("zh-hant", "zh-hans", "en"),
        "en": ("en", "zh-hans", "zh-hant"),
    }
    return {lang: next((own[one] for one in order if own[one]), "") for lang, order in near.items()}


def _stretches(first: dt.datetime, names: Mapping[int, object]) -> list[Stretch]:
    """States set from incidents; one that was not ended ends when its incident is closed."""
    rows = StatusSpan.objects.filter(
        Q(ends=None) | Q(ends__gte=first), component__in=[*names]
    ).values_list("component_id", "state", "begins", "ends", "incident_id", "incident__closed")
    return [
        Stretch(component, state, begins, max(begins, end) if end else None, incident)
        for component, state, begins, ends, incident, closed in rows
        for end in (ends or closed,)
    ]


def _maintenance(
    first: dt.datetime, now: dt.datetime, names: Mapping[int, object]
) -> list[Stretch]:
    """Maintenance that has begun."""
    rows = PublicMaintenance.objects.filter(
        window__begins__lte=now, window__ends__gte=first, components__in=[*names]
    ).values_list("components", "window__begins", "window__ends", "window__ended")
    found = []
    for component, begins, ends, ended in rows:
        end = min(ends, ended) if ended else ends
        if end >= begins:
            found.append(Stretch(component, "maintenance", begins, end))
    return found


def _component(
    row: StatusComponent,
    stretches: Sequence[Stretch],
    names: Mapping[str, str],
    now: dt.datetime,
    today: dt.date,
    zone: ZoneInfo,
) -> Component:
    days = [
        _day(today - back * DAY, row.created, stretches, now, zone)
        for back in range(DAYS - 1, -1, -1)
    ]
    state = worst(
        one.state for one in stretches if one.begins <= now and (one.ends or FOREVER) > now
    )
    return Component(
        names, row.product, state, days, uptime(stretches, row.created, days, now, zone)
    )


FOREVER: Final = dt.datetime.max.replace(tzinfo=dt.UTC)


def _day(
    date: dt.date,
    created: dt.datetime,
    stretches: Sequence[Stretch],
    now: dt.datetime,
    zone: ZoneInfo,
) -> Day:
    begins = dt.datetime.combine(date, dt.time(), zone)
    ends = dt.datetime.combine(date + DAY, dt.time(), zone)
    met = [one for one in stretches if one.begins < min(ends, now) and (one.ends or now) > begins]
    if ends <= created and not met:
        return Day(date, "", 0.0)
    lost = down(stretches, begins, min(ends, now))
    whole = (ends - begins).total_seconds()
    return Day(date, worst(one.state for one in met), lost.total_seconds() / whole)


def down(stretches: Sequence[Stretch], begins: dt.datetime, ends: dt.datetime) -> dt.timedelta:
    """How long the service was down between two times; what overlaps counts once."""
    total, until = dt.timedelta(), begins
    for one in sorted(stretches, key=lambda one: one.begins):
        if one.state not in DOWN:
            continue
        start, end = max(one.begins, until), min(one.ends or ends, ends)
        if end > start:
            total += end - start
            until = end
    return total


def uptime(
    stretches: Sequence[Stretch],
    created: dt.datetime,
    days: Sequence[Day],
    now: dt.datetime,
    zone: ZoneInfo,
) -> float | None:
    """The share of the time shown in which the service was not down."""
    known = [one.date for one in days if one.state]
    if not known:
        return None
    begins = dt.datetime.combine(known[0], dt.time(), zone)
    # A component that was added today has been there since then, or since its first trouble.
    begins = max(begins, min([created, *(one.begins for one in stretches)]))
    whole = (now - begins).total_seconds()
    if whole <= 0:
        return None
    return 1 - down(stretches, begins, now).total_seconds() / whole


def _troubles(
    stretches: Sequence[Stretch], names: Mapping[int, Mapping[str, str]], now: dt.datetime
) -> list[Trouble]:
    """Incidents that are open, or were within the time shown; newest first."""
    since = now - RECENT
    by_incident: dict[int, list[Stretch]] = {}
    for one in stretches:
        if one.incident:
            by_incident.setdefault(one.incident, []).append(one)
    posts: dict[int, list[News]] = {}
    closed: dict[int, dt.datetime | None] = {}
    rows = StatusPost.objects.filter(withdrawn=None).filter(
        Q(at__gte=since) | Q(incident__closed=None) | Q(incident__in=[*by_incident])
    )
    for post in rows.select_related(None).order_by("-at", "-id").values(
        "public", "at", "phase", "texts", "incident_id", "incident__closed"
    )[:MOST_POSTS]:  # fmt: skip
        said = News(str(post["public"]), post["at"], post["phase"], post["texts"])
        posts.setdefault(post["incident_id"], []).append(said)
        closed[post["incident_id"]] = post["incident__closed"]
    found = []
    for incident in {**by_incident, **posts}:
        mine, news = by_incident.get(incident, []), posts.get(incident, [])
        going = [one for one in mine if one.ends is None]
        ends = None
        if not going:
            resolved = bool(news) and news[0].phase == "resolved"
            over = [one.ends for one in mine if one.ends is not None]
            if mine and (resolved or not news):
                ends = max([*over, *([news[0].at] if resolved else [])])
            elif resolved:
                ends = news[0].at
            elif closed.get(incident) is not None:
                ends = closed[incident]
        # Of what is over the worst is said, of what goes on the state as it is now.
        counted = mine if ends is not None else going
        touched = [
            (names[key], worst(one.state for one in counted if one.component == key))
            for key in dict.fromkeys(one.component for one in mine)
        ]
        begins = min([*(one.begins for one in mine), *(one.at for one in news)])
        found.append(Trouble(touched, begins, ends, news))
    return sorted(found, key=lambda one: one.begins, reverse=True)


def _works(names: Mapping[int, Mapping[str, str]], now: dt.datetime) -> list[Works]:
    """Maintenance that goes on or is to come."""
    rows = PublicMaintenance.objects.filter(
        window__ended=None, window__ends__gt=now, window__begins__lt=now + AHEAD,
        components__in=[*names],
    ).order_by("window__begins", "pk")  # fmt: skip
    found: dict[int, Works] = {}
    for key, component, begins, ends in rows.values_list(
        "pk", "components", "window__begins", "window__ends"
    ):
        found.setdefault(key, Works([], begins, ends)).touched.append(names[component])
    return [*found.values()]
