"""Tags that draw charts, sparklines, tiles and panels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import template
from django.template import Context
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from guanlan.web import charts
from guanlan.web.charts import Chart, Value
from guanlan.web.dashboards import Panel

register = template.Library()


def _draw(context: Context, name: str, values: dict[str, Any]) -> SafeString:
    engine = context.template.engine  # type: ignore[union-attr]
    inner = context.new(values)
    inner["csrf_token"] = context.get("csrf_token")
    drawn: SafeString = engine.get_template(name).render(inner)
    return drawn


@register.simple_tag(takes_context=True)
def chart(context: Context, one: Chart) -> SafeString:
    """A chart in a card, with its numbers behind it."""
    if one.drawn:
        request = context.get("request")
        if request is not None:
            request.draws_charts = True
    return _draw(context, "web/chart.html", {"chart": one})


@register.simple_tag(takes_context=True)
def panel(context: Context, one: Panel) -> SafeString:
    """Any panel of a dashboard."""
    if isinstance(one, Chart):
        drawn: SafeString = chart(context, one)
        return drawn
    values = {"panel": one, "request": context.get("request")}
    return _draw(context, one.template, {**values, **getattr(one, "context", {})})


@register.inclusion_tag("web/chart_scripts.html", takes_context=True)
def chart_scripts(context: Context) -> dict[str, bool]:
    """At the end of a page: the scripts of charts, where one was drawn above."""
    return {"wanted": getattr(context.get("request"), "draws_charts", False)}


@register.simple_tag
def sparkline(values: Sequence[Value], title: str) -> SafeString:
    """A line the height of a word; `title` says in words what it shows."""
    drawn = charts.spark(values)
    lines = format_html_join("", '<path d="{}"/>', ((path,) for path in drawn.paths))
    end = format_html('<circle cx="{}" cy="{}" r="2"/>', *drawn.last) if drawn.last else ""
    return format_html(
        '<svg class="spark" width="{}" height="{}" viewBox="0 0 {} {}" role="img"'
        ' aria-label="{}">{}{}</svg>',
        charts.WIDTH,
        charts.HEIGHT,
        charts.WIDTH,
        charts.HEIGHT,
        title,
        lines,
        end,
    )
