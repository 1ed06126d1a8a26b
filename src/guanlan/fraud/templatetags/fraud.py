"""Tags for decisions."""

from __future__ import annotations

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from guanlan.fraud import words
from guanlan.response.terms import SEVERITIES
from guanlan.web.words import duration

register = template.Library()


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
