"""Plans on their pages."""

from __future__ import annotations

from django import template

from guanlan.response.models import Plan
from guanlan.response.plans.showing import titled

register = template.Library()


@register.filter
def plan_title(plan: Plan) -> str:
    """What a plan is called in the reader's language, else its name."""
    return titled(plan.titles) or plan.name
