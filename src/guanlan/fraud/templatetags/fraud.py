"""Tags for decisions."""

from __future__ import annotations

import re
from typing import Final

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from guanlan.fraud import words
from guanlan.response.terms import SEVERITIES
from guanlan.web.words import duration

register = template.Library()
_OF_CASE: Final = re.compile(r"case:(\d{1,18})(?: (.+))?")


@register.simple_tag
def outcome(value: int | str, size: str = "") -> SafeString:
    """An outcome by word, shape and colour."""
    name = words.outcome_name(value) if isinstance(value, int) else value
    return format_html(
        '<span class="outcome o-{} {}">{}</span>', name, size, words.OUTCOMES.get(name, name)
    )


@register.filter
def severity(name: str) -> str:
    """A severity in words."""
    return str(SEVERITIES.get(name, name))


@register.filter
def latency(microseconds: float | None) -> str:
    """A latency in the unit that suits it."""
    return "—" if microseconds is None else duration(round(microseconds))


@register.filter
def label(value: str) -> str:
    """A label's value in words."""
    return str(words.LABELS.get(value, value))


@register.filter
def label_source(text: str) -> str:
    """Where a label comes from; the case, as a link, and who closed it where it was one."""
    found = _OF_CASE.fullmatch(text)
    if found is None:
        return text
    number, person = found.groups()
    title = _("case #%(n)s") % {"n": number}
    link = format_html('<a href="{}">{}</a>', reverse("case", args=[int(number)]), title)
    return format_html("{} · {}", link, person) if person else link
