"""How the current language names itself, writes money and durations."""

from __future__ import annotations

import datetime as dt

from babel.numbers import (
    format_compact_currency,
    format_currency,
    format_decimal,
    get_currency_precision,
)
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

_TAGS = {"zh-hans": "zh-Hans", "zh-hant": "zh-Hant", "en": "en"}
_LOCALES = {"zh-hans": "zh_Hans_CN", "zh-hant": "zh_Hant_TW", "en": "en_GB"}


def language_tag() -> str:
    """The current language as the engine and HTML name it: en, zh-Hans, zh-Hant."""
    return _TAGS.get(translation.get_language() or "", "en")


def babel_locale() -> str:
    """The current language as Babel names it."""
    return _LOCALES.get(translation.get_language() or "", "en_GB")


def number(value: float) -> str:
    """A number with the language's separators and at most three decimals."""
    return format_decimal(value, locale=babel_locale())


def major(minor: int, currency: str) -> float:
    """Major units, for display only."""
    return float(minor / 10 ** get_currency_precision(currency or "CNY"))


def money(minor: int, currency: str) -> str:
    """An amount in minor units, written out; without a currency as a plain number."""
    if not currency:
        return f"{minor:,}"
    text = format_currency(major(minor, currency), currency, locale=babel_locale())
    return text.replace("CN¥", "¥")


def compact_money(minor: int, currency: str) -> str:
    """An amount in few characters."""
    value = major(minor, currency)
    if not currency or abs(value) < 10_000:
        return money(minor, currency)
    text = format_compact_currency(value, currency, locale=babel_locale(), fraction_digits=2)
    return text.replace("CN¥", "¥")


def labelled(name: object, value: object) -> str:
    """A name and its value in one line, with the colon of the reader's language."""
    return _("%(name)s: %(value)s") % {"name": name, "value": value}


def day_end(local: dt.datetime, form: str = "%Y-%m-%d") -> str:
    """A local midnight by which something is due, as the end of the day before; else empty.

    `form` is how the day is written.
    """
    if local.time() != dt.time():
        return ""
    return _("end of %(day)s") % {"day": f"{local - dt.timedelta(days=1):{form}}"}


def until_plain(at: dt.datetime) -> str:
    """As `until`, for letters that say it in several languages at once: 24:00 ends a day."""
    local = timezone.localtime(at)
    if local.time() == dt.time():
        return f"{local - dt.timedelta(days=1):%Y-%m-%d} 24:00"
    return f"{local:%Y-%m-%d %H:%M}"


def until(at: dt.datetime) -> str:
    """A time by which something is due, in the installation's zone, with its day and minute."""
    local = timezone.localtime(at)
    return day_end(local) or f"{local:%Y-%m-%d %H:%M}"


def duration(microseconds: int) -> str:
    """A duration in the two largest units that matter: 2 h 14 min."""
    seconds = abs(microseconds) // 1_000_000
    if seconds < 60:
        if seconds >= 1 or microseconds == 0:
            return _("%(n)s s") % {"n": seconds}
        if abs(microseconds) >= 1000:
            return _("%(n)s ms") % {"n": f"{abs(microseconds) / 1000:.3g}"}
        return _("%(n)s µs") % {"n": abs(microseconds)}
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        first = _("%(n)s min") % {"n": minutes}
        return first if not seconds else first + " " + _("%(n)s s") % {"n": seconds}
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        first = _("%(n)s h") % {"n": hours}
        return first if not minutes else first + " " + _("%(n)s min") % {"n": minutes}
    days, hours = divmod(hours, 24)
    first = ngettext("%(n)s day", "%(n)s days", days) % {"n": days}
    return first if not hours else first + " " + _("%(n)s h") % {"n": hours}
