"""The words of clocks, reports and statements, in the console's languages."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Final, NamedTuple

from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy

from guanlan.response.clocks.arithmetic import Limit
from guanlan.response.terms import Words
from guanlan.web.words import duration

LANGUAGES: Final = {"zh-hans": "简体中文", "zh-hant": "繁體中文", "en": "English"}

REGULATORS: Final[dict[str, Words]] = {
    "CAC": gettext_lazy("Cyberspace Administration (CAC)"),
    "NFRA": gettext_lazy("Financial Regulatory Administration (NFRA)"),
    "PBOC": gettext_lazy("People's Bank of China (PBOC)"),
    "EU-DORA": gettext_lazy("EU authority under DORA"),
    "EU-DPA": gettext_lazy("EU data protection authority"),
}
LIMITS: Final[dict[str, Words]] = {
    "elapsed": gettext_lazy("minutes that pass"),
    "days": gettext_lazy("calendar days"),
    "months": gettext_lazy("months"),
    "working_time": gettext_lazy("minutes of working time"),
    "working_days": gettext_lazy("working days"),
}
STARTS: Final[dict[str, Words]] = {
    "known": pgettext_lazy("start of a clock", "it became known"),
    "occurred": pgettext_lazy("start of a clock", "it occurred"),
    "classified": pgettext_lazy("start of a clock", "it was classified"),
    "handled": pgettext_lazy("start of a clock", "it has been handled"),
    "sent": pgettext_lazy("start of a clock", "the report before was sent"),
}
REPORTS: Final[dict[str, Words]] = {
    "initial": pgettext_lazy("kind of report", "first report"),
    "follow_up": pgettext_lazy("kind of report", "follow-up report"),
    "closing": pgettext_lazy("kind of report", "closing report"),
    "persons": pgettext_lazy("kind of report", "notice to persons"),
}
STATES: Final[dict[str, Words]] = {
    "running": pgettext_lazy("state of a clock", "running"),
    "missed": pgettext_lazy("state of a clock", "missed"),
    "met": pgettext_lazy("state of a clock", "met"),
    "cancelled": pgettext_lazy("state of a clock", "cancelled"),
}
DRAFTS: Final[dict[str, Words]] = {
    "draft": pgettext_lazy("state of a text", "draft"),
    "review": pgettext_lazy("state of a text", "in review"),
    "approved": pgettext_lazy("state of a text", "approved"),
    "sent": pgettext_lazy("state of a text", "sent"),
    "published": pgettext_lazy("state of a text", "published"),
    "withdrawn": pgettext_lazy("state of a text", "withdrawn"),
}
WAYS: Final[dict[str, Words]] = {
    "portal": pgettext_lazy("way of telling", "the authority's portal"),
    "email": pgettext_lazy("way of telling", "e-mail"),
    "phone": pgettext_lazy("way of telling", "telephone"),
    "paper": pgettext_lazy("way of telling", "on paper"),
    "app": pgettext_lazy("way of telling", "in the app"),
    "sms": pgettext_lazy("way of telling", "SMS"),
    "website": pgettext_lazy("way of telling", "website"),
    "social": pgettext_lazy("way of telling", "social media"),
    "press": pgettext_lazy("way of telling", "press"),
    "meeting": pgettext_lazy("way of telling", "meeting"),
}
AUDIENCES: Final[dict[str, Words]] = {
    "customers": pgettext_lazy("audience", "customers"),
    "media": pgettext_lazy("audience", "media"),
    "staff": pgettext_lazy("audience", "staff"),
    "partners": pgettext_lazy("audience", "partners"),
}


class Matter(NamedTuple):
    """What clocks, reports and statements are about: an object by noun and key, and its name,
    which holds no key of a customer."""

    noun: str
    id: str
    label: str

    @classmethod
    def named(cls, label: str) -> Matter:
        """Something that has no object of its own here: known by its name."""
        text = " ".join(label.split())[:120]
        return cls("", text[:64], text)


def said(texts: Mapping[str, str]) -> str:
    """A text that stands in several languages, in the reader's; in another where it lacks."""
    language = translation.get_language() or "en"
    return texts.get(language) or next((texts[one] for one in LANGUAGES if texts.get(one)), "")


def limit_words(limit: Limit, at_once: bool = False) -> str:
    """A limit in words: 4 h, 30 days, 5 working days."""
    n = limit.amount
    if limit.kind == "elapsed":
        # As laws say it: 24 h and 72 h, not days, which would be calendar days.
        text = _("%(n)s h") % {"n": n // 60} if n % 60 == 0 else duration(n * 60_000_000)
    elif limit.kind == "working_time":
        text = _("%(time)s of working time") % {"time": duration(n * 60_000_000)}
    elif limit.kind == "days":
        text = ngettext("%(n)s calendar day", "%(n)s calendar days", n) % {"n": n}
    elif limit.kind == "months":
        text = ngettext("%(n)s month", "%(n)s months", n) % {"n": n}
    else:
        text = ngettext("%(n)s working day", "%(n)s working days", n) % {"n": n}
    return _("at once (own target %(time)s)") % {"time": text} if at_once else text


def remaining(due: dt.datetime, start: dt.datetime, limit: str, now: dt.datetime) -> str:
    """What is left, in words: 2 h 14 min left of 4 h, from 09:12 known."""
    left = due - now
    time = duration(round(abs(left) / dt.timedelta(seconds=1)) * 1_000_000)
    if left < dt.timedelta():
        return _("overdue by %(time)s, limit %(limit)s") % {"time": time, "limit": limit}
    begin = timezone.localtime(start)
    same = begin.date() == timezone.localtime(now).date()
    return _("%(time)s left of %(limit)s, from %(begin)s") % {
        "time": time,
        "limit": limit,
        "begin": f"{begin:%H:%M}" if same else f"{begin:%m-%d %H:%M}",
    }
