"""Routes of risk beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.risk.pages import (
    assessment_pack,
    duty_calendar,
    indicator_backtest,
    indicator_compose,
    measure_catalogue,
    measure_guide,
    measure_steps,
    value,
)

urlpatterns = [
    path("assessment-pack/<int:identity>.xlsx", assessment_pack.pack, name="assessment_pack"),
    path(
        "indicator-backtest/<int:identity>",
        indicator_backtest.backtest,
        name="indicator_backtest",
    ),
    path(
        "indicator-backtest/<int:identity>/accept",
        indicator_backtest.accept,
        name="indicator_backtest_accept",
    ),
    path("indicator-compose", indicator_compose.choose, name="indicator_compose"),
    path("indicator-compose/of/<slug:source>", indicator_compose.new, name="indicator_compose_of"),
    path("indicator-compose/<int:identity>", indicator_compose.again, name="indicator_recompose"),
    path("measure-catalogue", measure_catalogue.shown, name="measure_catalogue"),
    path("measure-catalogue/take", measure_catalogue.take, name="measure_take"),
    path("operating-guide", measure_guide.guide, name="guide"),
    path("operating-guide/print", measure_guide.printed, name="guide_print"),
    path(
        "govern/measures/<int:identity>/steps/<int:position>",
        measure_steps.step,
        name="measure_step",
    ),
    path(
        "govern/measures/<int:identity>/steps/<int:position>/remove",
        measure_steps.remove,
        name="measure_step_remove",
    ),
    path("duty-calendar", duty_calendar.month, name="duty_calendar"),
    path("risk-value", value.overview, name="risk_value"),
    path("risk-values/<int:key>/again", value.again, name="risk_value_again"),
]
