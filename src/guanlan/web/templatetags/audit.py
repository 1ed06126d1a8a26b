"""What the audit log's screen says above its list."""

from __future__ import annotations

from typing import Any

from django import template

from guanlan.web.act_details import details
from guanlan.web.pages.audit import standing

register = template.Library()
register.filter("act_details", details)


@register.simple_tag
def audit_standing() -> dict[str, Any]:
    """How far the log is proven, and whether it can be written."""
    return standing()
