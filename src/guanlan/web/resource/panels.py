"""Panels of an object's page, written out; and those that every object has."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest
from django.template.context_processors import csrf
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core.access import ANYWHERE, Subject, may
from guanlan.core.audit.copying import history
from guanlan.web.dashboards import Tiles
from guanlan.web.discussion.showing import shown
from guanlan.web.resource.cells import written
from guanlan.web.resource.declared import (
    AnyPanel,
    Clock,
    Drawing,
    Numbers,
    Panel,
    Resource,
    Timeline,
)
from guanlan.web.resource.registry import panels_of
from guanlan.web.templatetags.console import from_microseconds
from guanlan.web.words import duration


class Line(NamedTuple):
    """A happening, ready for its template."""

    at: dt.datetime
    mark: str
    text: str | Promise
    note: str | Promise
    url: str
    now: bool


class Written(NamedTuple):
    """The panels of a page: numbers above all, then the left side and the right."""

    top: list[str]
    left: list[str]
    right: list[str]


def write_panels(
    request: HttpRequest, resource: Resource, row: Any, look: Any, subject: Subject
) -> Written:
    """The declared panels in their order, then comments and history."""
    page = Written([], [], [])
    for panel in panels_of(resource):
        if panel.when is None or panel.when(look, subject):
            side = _side(page, panel)
            side.append(_write(request, panel, row, look, subject))
    for own in own_panels(resource, row, subject):
        _side(page, own).append(_write(request, own, row, row, subject))
    return page


def draw(request: HttpRequest, template: str, context: Mapping[str, Any]) -> str:
    """A part of a page. It is not given what only a whole page needs, such as the sidebar."""
    return render_to_string(template, {**csrf(request), "request": request, **context})


def _side(page: Written, panel: AnyPanel) -> list[str]:
    if isinstance(panel, Numbers):
        return page.top
    return page.left if panel.wide else page.right


def _write(request: HttpRequest, panel: AnyPanel, row: Any, look: Any, subject: Subject) -> str:
    match panel:
        case Drawing():
            chart = panel.draw(look, subject)
            if chart.drawn:
                request.draws_charts = True  # type: ignore[attr-defined]
            return draw(request, "web/chart.html", {"chart": chart})
        case Numbers():
            tiles = Tiles(panel.tiles(look, subject))
            return draw(request, tiles.template, {"panel": tiles})
        case Timeline():
            lines = [
                Line(
                    one.at if isinstance(one.at, dt.datetime) else from_microseconds(one.at),
                    written("state", one.mark) if one.mark else "",
                    one.text,
                    one.note,
                    one.url,
                    one.now,
                )
                for one in panel.read(look, subject)
            ]
            body = draw(
                request, "web/resource/timeline.html", {"lines": lines, "empty": panel.empty}
            )
            more = {"more": _("all"), "more_url": panel.more(look)} if panel.more else {}
            return _card(panel.title, body, more)
    context = {
        "object": row,
        "look": look,
        **(panel.context(look, subject) if panel.context else {}),
    }
    body = draw(request, panel.template, context)
    return _card(panel.title, body, context, panel.id)


def _card(title: str | Promise, body: str, context: Mapping[str, Any], anchor: str = "") -> str:
    said = {name: context.get(name, "") for name in ("more", "more_url")} | {"id": anchor}
    return render_to_string("web/resource/panel.html", {"title": title, "body": body, **said})


def own_panels(resource: Resource, row: Any, subject: Subject) -> list[Panel]:
    """What every object has: what was said of it with files beside it, and what was done to it."""
    found = []
    if resource.discussed and may(subject, "see", "web.comment", scope=ANYWHERE):
        found.append(
            Panel(
                gettext_lazy("Comments"),
                "web/discussion.html",
                lambda row, subject: shown(subject, resource.noun, row),
                wide=not resource.broad,
            )
        )
    if resource.history:
        found.append(
            Panel(
                gettext_lazy("History"),
                "web/resource/history.html",
                lambda row, subject: _history(resource, row, subject),
                wide=False,
            )
        )
    return found


def _history(resource: Resource, row: Any, subject: Subject) -> dict[str, Any]:
    """The newest acts on the object; the rest is in the audit log, for who may read that."""
    context: dict[str, Any] = {"acts": history(resource.noun, str(row.pk))}
    if may(subject, "see", "core.auditentry"):
        query = urlencode({"q": f'object:"{resource.noun}/{row.pk}"'})
        context |= {"more": _("audit log"), "more_url": f"{reverse('audit')}?{query}"}
    return context


def in_words(clock: Clock, now: dt.datetime | None = None) -> str:
    """A time limit in words: 2 h 14 min left of 4 h, from 09:12."""
    now = now or timezone.now()
    left = clock.until - now
    text = duration(round(abs(left) / dt.timedelta(seconds=1)) * 1_000_000)
    if left < dt.timedelta(0):
        return _("overdue by %(time)s") % {"time": text}
    if clock.since is None:
        return _("%(time)s left") % {"time": text}
    begin = timezone.localtime(clock.since)
    same = begin.date() == timezone.localtime(now).date()
    return _("%(time)s left of %(whole)s, from %(begin)s") % {
        "time": text,
        "whole": duration(round((clock.until - clock.since) / dt.timedelta(microseconds=1))),
        "begin": f"{begin:%H:%M}" if same else f"{begin:%m-%d %H:%M}",
    }
