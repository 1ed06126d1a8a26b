"""Filters and tags that every template has."""

from __future__ import annotations

import datetime as dt
from typing import Any

from babel.numbers import format_compact_decimal
from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from guanlan.core.people.organisation import organisation
from guanlan.web import words
from guanlan.web.places import Group, address

register = template.Library()

_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def from_microseconds(value: int) -> dt.datetime:
    """The aware time of microseconds since 1970-01-01 UTC."""
    return _EPOCH + dt.timedelta(microseconds=value)


@register.simple_tag
def lang_tag() -> str:
    """The language as HTML names it."""
    return words.language_tag()


@register.simple_tag(takes_context=True)
def places(context: template.Context, group: Group) -> SafeString:
    """The links of a group of the sidebar. Every page has some forty of them: drawn by the
    template's own tags they would take a fifth of the time of a page."""
    here = context["here"]
    section = "" if context["here_group"] else context["section"]

    def current(route: str) -> str:
        found = "page" if route == here else "true" if route == section else ""
        return format_html(' aria-current="{}"', found) if found else ""

    return format_html_join(
        "\n",
        '<li><a href="{}"{}>{}</a></li>',
        ((address(one.route), current(one.route), one.title) for one in group.places),
    )


@register.simple_tag
def moment(value: dt.datetime | None, form: str = "short") -> SafeString:
    """A time in the installation's zone; the absolute time, with zone, on hover.

    Of the form "until" a midnight is said as the end of the day before.
    """
    if value is None:
        return format_html('<span class="quiet">{}</span>', "—")
    local = timezone.localtime(value)
    if form == "minute":  # for those who come back another day: the date is always said
        text = f"{local:%Y-%m-%d %H:%M}"
    elif form == "seconds":
        text = f"{local:%H:%M:%S}"
    elif form == "full":
        text = f"{local:%Y-%m-%d %H:%M:%S}"
    elif local.date() == timezone.localdate():
        text = f"{local:%H:%M:%S}"
    elif local.year == timezone.localdate().year:
        text = f"{local:%m-%d %H:%M}"
    else:
        text = f"{local:%Y-%m-%d %H:%M}"
    if form == "until":
        year = local.year == timezone.localdate().year
        text = words.day_end(local, "%m-%d" if year else "%Y-%m-%d") or text
    exact = f"{local:%Y-%m-%d %H:%M:%S.%f} {local:%z}"
    return format_html('<time datetime="{}" title="{}">{}</time>', value.isoformat(), exact, text)


@register.simple_tag
def clock(value: int | None, form: str = "short") -> SafeString:
    """A time given in microseconds; see `moment`."""
    return moment(None if value is None else from_microseconds(value), form)


@register.filter
def number(value: Any) -> str:
    """A number with the language's separators; a dash for None."""
    if value is None:
        return "—"
    return words.number(value)


@register.filter
def compact(value: Any) -> str:
    """A large number in few characters."""
    if value is None:
        return "—"
    if abs(value) < 10_000:
        return number(value)
    return format_compact_decimal(value, locale=words.babel_locale(), fraction_digits=2)


@register.filter
def percent(value: float | None) -> str:
    """A share as a percentage with one decimal."""
    if value is None:
        return "—"
    return f"{value * 100:.1f}%"


@register.filter
def fine_percent(value: float | None) -> str:
    """A small share as a percentage with three significant digits."""
    return "—" if value is None else f"{value * 100:.3g}%"


@register.filter
def figure(value: float | None) -> str:
    """A measure between 0 and 1 with three decimals."""
    return "—" if value is None else f"{value:.3f}"


@register.filter
def money(value: int | None, currency: str) -> str:
    """An amount in minor units with its currency's sign; the organisation's where it has none."""
    return "—" if value is None else words.money(value, currency or organisation().currency)


@register.filter
def compact_money(value: int | None, currency: str) -> str:
    """A large amount in few characters."""
    currency = currency or organisation().currency
    return "—" if value is None else words.compact_money(value, currency)
