"""Categories and texts: what ships is put there once, people change it afterwards."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.response.clocks.terms import said
from guanlan.response.complaints.shipped import ANSWERS, CATEGORIES, OTHER
from guanlan.response.complaints.terms import LANGUAGES
from guanlan.response.models import ComplaintCategory, ReplyTemplate
from guanlan.response.terms import CATEGORIES as RISKS

MOST_WORDS: Final = 100
LONGEST_TEXT: Final = 4000
_CODE: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_NAMES: Final = re.compile(r"\{([^{}]*)\}")
KNOWN: Final = frozenset({"receipt", "due", "link"})  # what a text may name


def ensure_shipped() -> None:
    """Put shipped categories and texts where there are none; after each migration."""
    ComplaintCategory.objects.bulk_create(
        (
            ComplaintCategory(
                code=one.code, risk=one.risk, complex=one.complex, words=list(one.words),
                title={"en": one.en, "zh-hans": one.hans, "zh-hant": one.hant}, shipped=True,
            )
            for one in CATEGORIES
        ),
        ignore_conflicts=True,
    )  # fmt: skip
    ReplyTemplate.objects.bulk_create(
        (
            ReplyTemplate(
                code=one.code, title=dict(zip(LANGUAGES, one.titles, strict=True)),
                text=dict(zip(LANGUAGES, one.texts, strict=True)), shipped=True,
            )
            for one in ANSWERS
        ),
        ignore_conflicts=True,
    )  # fmt: skip


def categories_in_use() -> list[ComplaintCategory]:
    """The categories that a complaint may be of."""
    return list(ComplaintCategory.objects.filter(enabled=True).order_by("pk"))


def category_titles() -> dict[str, str]:
    """What every category is called, by code, in the reader's language: names that are no
    secret."""
    rows = ComplaintCategory.objects.values_list("code", "title")
    return {code: said(title) for code, title in rows.order_by("pk")}


def category_for(code: str, text: str) -> ComplaintCategory:
    """The category of this code; without one, that whose words stand most often in the text.
    Raises ValidationError by field for an unknown code."""
    rows = categories_in_use()
    named = {row.code: row for row in rows}
    if code:
        if code not in named:
            names = ", ".join(named)
            text = _("It is of no known category; expected one of %(names)s.") % {"names": names}
            raise ValidationError({"category": text})
        return named[code]
    best = guess(((row.code, row.words) for row in rows), text)
    if best in named:
        return named[best]
    return named.get(OTHER) or ComplaintCategory.objects.get(code=OTHER)


def guess(words: Iterable[tuple[str, Sequence[str]]], text: str) -> str:
    """The code whose words stand most often in the text; empty where none does."""
    small = text.casefold()
    counts = [(sum(small.count(word.casefold()) for word in given), code) for code, given in words]
    most = max((count for count, _code in counts), default=0)
    return next((code for count, code in counts if count == most and most), "")


def save_category(
    subject: Subject,
    row: ComplaintCategory | None,
    *,
    code: str,
    titles: Mapping[str, str],
    words: str,
    risk: str,
    complex: bool,
    enabled: bool,
    now: dt.datetime,
) -> ComplaintCategory:
    """Make a category, or change one; its code stays. Raises Denied, or ValidationError."""
    require(subject, "change" if row else "add", "response.complaintcategory")
    if risk not in RISKS:
        text = _("The category is one of %(names)s.") % {"names": ", ".join(RISKS)}
        raise ValidationError({"risk": text})
    given = [one for part in words.replace("，", ",").split(",") if (one := part.strip())]
    if len(given) > MOST_WORDS or any(len(one) > 60 for one in given):
        text = _("At most %(n)s words, each of 60 characters at most.") % {"n": MOST_WORDS}
        raise ValidationError({"words": text})
    if row is not None and row.code == OTHER and not enabled:
        text = _("What fits no other category needs this one.")
        raise ValidationError({"enabled": text})
    made = row or ComplaintCategory(code=_code(code, ComplaintCategory))
    with act("complaintcategory.save", detail={"code": made.code}) as on:
        made.title = _texts(titles, "title", 80)
        made.words, made.risk, made.complex = given, risk, complex
        made.enabled, made.changed = enabled, now
        made.save()
        on(made)
    return made


def save_answer(
    subject: Subject,
    row: ReplyTemplate | None,
    *,
    code: str,
    titles: Mapping[str, str],
    texts: Mapping[str, str],
    enabled: bool,
    now: dt.datetime,
) -> ReplyTemplate:
    """Make a text, or change one. Raises Denied, or ValidationError by field where a language is
    missing or a text names what is not known."""
    require(subject, "change" if row else "add", "response.replytemplate")
    given = _texts(texts, "text", LONGEST_TEXT)
    for language, text in given.items():
        unknown = set(_NAMES.findall(text)) - KNOWN
        if unknown or "{" in _NAMES.sub("", text) or "}" in _NAMES.sub("", text):
            problem = _("Only {receipt}, {due} and {link} are replaced; write no other braces.")
            raise ValidationError({field("text", language): problem})
    made = row or ReplyTemplate(code=_code(code, ReplyTemplate))
    with act("replytemplate.save", detail={"code": made.code}) as on:
        made.title = _texts(titles, "title", 80)
        made.text, made.enabled, made.changed = given, enabled, now
        made.save()
        on(made)
    return made


def filled(text: str, values: Mapping[str, str]) -> str:
    """A text with its names replaced, once."""
    return _NAMES.sub(lambda found: values.get(found[1], found[0]), text).strip()


def field(name: str, language: str) -> str:
    """The name of a form's field for a text in a language."""
    return f"{name}_{language.replace('-', '_')}"


def _code(code: str, model: type[models.Model]) -> str:
    if not _CODE.fullmatch(code):
        text = _("A code is 1 to 40 small letters, digits, dashes and underscores.")
        raise ValidationError({"code": text})
    rows: Any = model._default_manager
    if rows.filter(code=code).exists():
        raise ValidationError({"code": _("There is one of this code.")})
    return code


def _texts(given: Mapping[str, str], name: str, most: int) -> dict[str, str]:
    found = {}
    for language in LANGUAGES:
        text = given.get(language, "").replace("\r\n", "\n").strip()
        if not 1 <= len(text) <= most:
            problem = _("Write %(low)s to %(high)s characters.") % {"low": 1, "high": most}
            raise ValidationError({field(name, language): problem})
        found[language] = text
    return found
