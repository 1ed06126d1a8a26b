"""Figures of complaints: numbers first, each a link to what makes it up."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext
from django.views.decorators.http import require_safe

from guanlan.response.alerts import evidence_link
from guanlan.response.complaints.bursts import RULES
from guanlan.response.complaints.figures import (
    AGES,
    Figure,
    Row,
    figure,
    grouped,
    open_by_age,
    rows_since,
)
from guanlan.response.complaints.sorting import category_titles
from guanlan.response.complaints.terms import CAUSES, CHANNELS, NOUN
from guanlan.web.dashboards import Tile, Tiles
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import number

SPANS: Final = (30, 90, 365)
TOP: Final = 20  # groups of a table

evidence_link("complaint", gettext_lazy("Complaint"), lambda ref: reverse("complaint", args=[ref]))
evidence_link(
    "open_incident",
    gettext_lazy("Open incident, perhaps the cause:"),
    lambda ref: reverse("incident", args=[ref]),
)


@needs("see", NOUN)
@require_safe
def figures(request: HttpRequest) -> HttpResponse:
    """What came in, how soon customers were told, how content they are, what is open."""
    subject = subject_of_request(request)
    now = timezone.now()
    asked = request.GET.get("days", "")
    days = int(asked) if asked in map(str, SPANS) else SPANS[1]
    since = timezone.localtime(now) - dt.timedelta(days=days)
    rows = rows_since(subject, now - dt.timedelta(days=days))
    ages, overdue = open_by_age(subject, now)
    after = f"after:{since:%Y-%m-%d}"
    titles = category_titles()
    tables = [
        _table(_("By category"), "category", lambda row: row.category, titles, rows, now, after),
        _table(_("By the way it came"), "channel", lambda row: row.channel, CHANNELS, rows, now,
               after),
        _table(_("By product"), "product", lambda row: row.product, {}, rows, now, after),
        _table(_("By root cause"), "cause", lambda row: row.cause, CAUSES, rows, now, after),
    ]  # fmt: skip
    context = {
        "title": _("Figures of complaints"),
        "section": "complaints",
        "spans": SPANS,
        "days": days,
        "tiles": Tiles(_tiles(figure(rows, now), sum(ages), overdue, after)),
        "tables": [one for one in tables if one["rows"]],
        "heads": [
            pgettext("number of complaints", "Came in"),
            _("Told in time"),
            _("Days until told"),
            _("Satisfaction"),
        ],
        "ages": _ages(ages, now),
        "alerts": f"{reverse('alerts')}?{urlencode({'q': 'rule:' + ','.join(RULES.values())})}",
    }
    return render(request, "response/complaint/figures.html", context)


def _list(*terms: str) -> str:
    return f"{reverse('complaints')}?{urlencode({'q': ' '.join(terms)})}"


def _tiles(of_all: Figure, waiting: int, overdue: int, after: str) -> list[Tile]:
    return [
        Tile(
            label=pgettext("number of complaints", "Came in"),
            value=number(of_all.received),
            link=_list(after),
        ),
        Tile(
            label=_("Told in time"),
            value=_share(of_all.in_time),
            note=_("of %(n)s that were told or are overdue") % {"n": number(of_all.judged)},
            state="unknown" if of_all.in_time is None else "",
            link=_list(after, "open:no"),
        ),
        Tile(
            label=_("Days until told"),
            value=_days(of_all.days),
            note=_("median"),
            state="unknown" if of_all.days is None else "",
            link=_list(after, "open:no"),
        ),
        Tile(
            label=_("Satisfaction"),
            value=_stars(of_all.stars),
            note=_("mean of %(n)s ratings") % {"n": number(of_all.rated)},
            state="unknown" if of_all.stars is None else "",
            link=_list(after, "stars:>=1"),
        ),
        Tile(
            label=pgettext("number of complaints", "Open"),
            value=number(waiting),
            link=_list("open:yes"),
        ),
        Tile(
            label=pgettext("number of complaints", "Overdue"),
            value=number(overdue),
            state="bad" if overdue else "",
            link=_list("late:yes"),
        ),
    ]


def _table(
    title: str,
    name: str,
    by: Callable[[Row], str],
    titles: Any,
    rows: list[Row],
    now: dt.datetime,
    after: str,
) -> dict[str, Any]:
    lines = []
    for key, one in grouped(rows, by, now)[:TOP]:
        quoted = f'"{key}"' if " " in key or "," in key else key
        said: str | Promise = titles.get(key, key)
        lines.append((said, _list(after, f"{name}:{quoted}"), _line(one)))
    return {"title": title, "rows": lines}


def _line(one: Figure) -> tuple[str, ...]:
    return (number(one.received), _share(one.in_time), _days(one.days), _stars(one.stars))


def _ages(counts: list[int], now: dt.datetime) -> list[tuple[str, str, str]]:
    found, before = [], 0
    today = timezone.localtime(now)
    for most, count in zip((*AGES, None), counts, strict=True):
        terms = ["open:yes", f"before:{today - dt.timedelta(days=before):%Y-%m-%dT%H:%M}"]
        if most is None:
            text = _("more than %(n)s days") % {"n": before}
        else:
            text = _("%(low)s to %(high)s days") % {"low": before, "high": most}
            terms.append(f"after:{today - dt.timedelta(days=most):%Y-%m-%dT%H:%M}")
            before = most
        found.append((text, number(count), _list(*terms)))
    return found


def _share(value: float | None) -> str:
    return _("unknown") if value is None else f"{100 * value:.0f} %"


def _days(value: float | None) -> str:
    return _("unknown") if value is None else number(round(value, 1))


def _stars(value: float | None) -> str:
    return _("unknown") if value is None else f"{number(round(value, 1))}/5"
