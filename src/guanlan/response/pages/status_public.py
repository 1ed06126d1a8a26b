"""The public status page: HTML, JSON and an Atom feed, without an account, a cookie or a script."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.feedgenerator import Atom1Feed
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.utils.translation.trans_real import parse_accept_lang_header
from django.views.decorators.http import require_safe

from guanlan.core.people.organisation import organisation
from guanlan.response.models import StatusPost
from guanlan.response.status.keeping import page_row
from guanlan.response.status.limiting import Limiter
from guanlan.response.status.reading import (
    DAYS,
    STATES,
    Component,
    News,
    Public,
    Trouble,
    Works,
)
from guanlan.response.status.reading import (
    public as read_public,
)
from guanlan.web.accounts.addresses import client_address, link_to
from guanlan.web.rights import public
from guanlan.web.words import labelled, language_tag

KEPT_SECONDS: Final = 15
MOST_KEPT: Final = 64  # answers that are kept: languages × forms × hosts
LANGUAGES: Final = dict(settings.LANGUAGES)
CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")  # XML knows none of them
LIMITER: Final = Limiter(120, 60.0)

_kept: dict[tuple[str, str, str], tuple[float, bytes]] = {}


def forget() -> None:
    """Read everything anew the next time."""
    _kept.clear()


class Bar(NamedTuple):
    """A day of a component, as a bar."""

    x: int
    state: str
    title: str


class Line(NamedTuple):
    """A component as it is shown."""

    name: str
    state: str
    title: str
    bars: list[Bar]
    summary: str
    uptime: str


@public
@require_safe
def page(request: HttpRequest, lang: str = "") -> HttpResponse:
    """What works and what does not, in the language of the address or of the reader."""
    if lang and lang not in LANGUAGES:
        raise Http404
    chosen = lang or accepted(request.headers.get("Accept-Language", ""))
    answer = _answer(request, "html", chosen, "text/html; charset=utf-8", html)
    if not lang:
        answer.headers["Vary"] = "Accept-Language"
    return answer


@public
@require_safe
def as_json(request: HttpRequest) -> HttpResponse:
    """The same for programs."""
    return _answer(request, "json", "en", "application/json; charset=utf-8", json_of)


@public
@require_safe
def feed(request: HttpRequest, lang: str = "") -> HttpResponse:
    """What was said, as an Atom feed."""
    if lang and lang not in LANGUAGES:
        raise Http404
    return _answer(
        request, "atom", lang or settings.LANGUAGE_CODE, "application/atom+xml; charset=utf-8", atom
    )


def accepted(header: str) -> str:
    """The first of the languages of a browser that there is here; else the installation's."""
    for code, _weight in parse_accept_lang_header(header.lower()):
        try:
            found = translation.get_supported_language_variant(code)
        except LookupError:
            continue
        if found in LANGUAGES:
            return found
    return str(settings.LANGUAGE_CODE)


def _answer(
    request: HttpRequest, form: str, lang: str, kind: str, make: Callable[[Public, str], str]
) -> HttpResponse:
    """The answer as it was made a moment ago, or made now."""
    wait = LIMITER.wait(client_address(request), time.monotonic())
    if wait:
        answer = HttpResponse(_("Too many requests."), content_type="text/plain", status=429)
        answer.headers["Retry-After"] = str(wait)
        return answer
    key, at = (form, lang, link_to("/")), time.monotonic()
    kept = _kept.get(key)
    if kept is None or at - kept[0] >= KEPT_SECONDS:
        if not page_row().public:
            raise Http404
        with translation.override(lang):
            made = make(read_public(timezone.now(), organisation().zone), lang)
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        kept = _kept[key] = (at, made.encode())
    answer = HttpResponse(kept[1], content_type=kind)
    answer.headers["Cache-Control"] = f"public, max-age={KEPT_SECONDS}"
    answer.headers["Content-Language"] = translation.to_locale(lang).replace("_", "-")
    if form != "html":
        answer.headers["Cross-Origin-Resource-Policy"] = "cross-origin"
    # Nothing here depends on who asks, so no cookie is to part the caches in between.
    request.session.accessed = False
    return answer


def html(found: Public, lang: str) -> str:
    """The page; also what who keeps it sees before it is public."""
    return render_to_string("response/status/page.html", page_context(found, lang))


def page_context(found: Public, lang: str) -> dict[str, Any]:
    """What the template of the page is filled with."""
    facts = organisation()
    groups: dict[str, list[Line]] = {}
    for one in found.components:
        groups.setdefault(one.product, []).append(line(one, lang))
    return {
        "organisation": facts.name,
        "zone": facts.zone.key,
        "at": found.at,
        "state": found.state,
        "headline": headline(found.state),
        "groups": [*groups.items()],
        "open": [trouble(one, lang) for one in found.open],
        "past": [trouble(one, lang) for one in found.past],
        "works": [works(one, lang) for one in found.works],
        "tag": language_tag(),
        "lang": lang,
        "languages": [*LANGUAGES.items()],
        "days": DAYS,
    }


def headline(state: str) -> str:
    """The state of everything in a sentence."""
    return {
        "operational": _("All services work."),
        "maintenance": _("Maintenance is going on."),
        "degraded": _("Some services are slow or have errors."),
        "partial": _("Some services are partly out."),
        "outage": _("Some services are out."),
    }[state]


def line(one: Component, lang: str) -> Line:
    """A component in the reader's language."""
    bars = [
        Bar(at * 5, day.state or "none", labelled(day.date.isoformat(), said(day.state, day.down)))
        for at, day in enumerate(one.days)
    ]
    bad = sum(day.state not in ("", "operational", "maintenance") for day in one.days)
    n = len(one.days)
    summary = ngettext(
        "%(days)s days, %(bad)s of them with trouble.",
        "%(days)s days, %(bad)s of them with trouble.",
        bad,
    ) % {"days": n, "bad": bad}
    # Rounded down: 100 % is said only where nothing was lost.
    uptime = "" if one.uptime is None else f"{int(one.uptime * 10_000) / 100:.2f} %"
    return Line(one.names[lang], one.state, str(STATES[one.state]), bars, summary, uptime)


def said(state: str, down: float) -> str:
    """A day in words."""
    if not state:
        return _("not known")
    title = str(STATES[state])
    minutes = round(down * 1440)
    if not minutes:
        return title
    return _("%(state)s, down for %(n)s min") % {"state": title, "n": minutes}


def trouble(one: Trouble, lang: str) -> dict[str, Any]:
    """An incident as the public reads it."""
    return {
        "title": touched(one, lang),
        "state": max((state for _names, state in one.touched), key=[*STATES].index, default=""),
        "begins": one.begins,
        "ends": one.ends,
        "news": [
            {
                "at": news.at,
                "phase": phase(news),
                "text": worded(news.texts, lang),
            }
            for news in one.news
        ],
    }


def phase(news: News) -> str:
    """How far the work was, in words."""
    return str(StatusPost.Phase(news.phase).label)


def touched(one: Trouble, lang: str) -> str:
    """What an incident touched, as its title: no other title of it is known here."""
    if not one.touched:
        return _("News")
    return " · ".join(labelled(names[lang], STATES[state]) for names, state in one.touched)


def works(one: Works, lang: str) -> dict[str, Any]:
    """Maintenance as the public reads it."""
    return {
        "title": " · ".join(names[lang] for names in one.touched),
        "begins": one.begins,
        "ends": one.ends,
    }


def worded(texts: Mapping[str, str], lang: str) -> str:
    """A text in a language; in the nearest one where it was not written in that."""
    near = {
        "zh-hans": ("zh-hans", "zh-hant", "en"),
        "zh-hant": ("zh-hant", "zh-hans", "en"),
        "en": ("en", "zh-hans", "zh-hant"),
    }[lang]
    return next((texts[one] for one in near if texts.get(one)), "")


def json_of(found: Public, lang: str) -> str:
    """The page as JSON: names and texts by language, times in UTC, uptime from 0 to 1."""
    with translation.override("en"):
        return json.dumps(
            {
                "at": found.at.isoformat(),
                "state": found.state,
                "components": [
                    {
                        "names": one.names,
                        "product": one.product,
                        "state": one.state,
                        "uptime": None if one.uptime is None else int(one.uptime * 1e6) / 1e6,
                        "days": [
                            {"date": day.date.isoformat(), "state": day.state or None,
                             "down_minutes": round(day.down * 1440)}
                            for day in one.days
                        ],
                    }
                    for one in found.components
                ],
                "incidents": [*map(_incident, [*found.open, *found.past])],
                "maintenance": [
                    {"components": one.touched, "begins": one.begins.isoformat(),
                     "ends": one.ends.isoformat()}
                    for one in found.works
                ],
            },
            ensure_ascii=False,
        )  # fmt: skip


def _incident(one: Trouble) -> dict[str, Any]:
    return {
        "components": [{"names": names, "state": state} for names, state in one.touched],
        "begins": one.begins.isoformat(),
        "ends": one.ends.isoformat() if one.ends else None,
        "news": [
            {"id": news.id, "at": news.at.isoformat(), "phase": news.phase, "texts": news.texts}
            for news in one.news
        ],
    }


def atom(found: Public, lang: str) -> str:
    """The news, newest first."""
    home = link_to(reverse("status_in", args=[lang]))
    name = organisation().name
    made = Atom1Feed(
        title=f"{name} · {_('Status of services')}" if name else _("Status of services"),
        link=home,
        description=None,
        language=language_tag(),
        feed_url=link_to(reverse("status_feed_in", args=[lang])),
    )
    entries = [(news, one) for one in [*found.open, *found.past] for news in one.news]
    for news, one in sorted(entries, key=lambda pair: pair[0].at, reverse=True):
        made.add_item(
            title=CONTROL.sub("", f"{touched(one, lang)} ({phase(news)})"),
            link=home,
            description=CONTROL.sub("", worded(news.texts, lang)),
            unique_id=f"urn:uuid:{news.id}",
            pubdate=news.at,
            updateddate=news.at,
        )
    return str(made.writeString("utf-8"))
