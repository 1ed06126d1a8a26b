"""What stands above the list of clocks: numbers, and the next days."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils import timezone

from guanlan.response.clocks.strip import Strip, strip_for
from guanlan.web.rights import subject_of_request

register = template.Library()


@register.simple_tag(takes_context=True)
def clock_strip(context: dict[str, Any]) -> Strip:
    """Numbers and days, for who asks."""
    return strip_for(subject_of_request(context["request"]), timezone.now())
