"""Routes of risk beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.risk.pages import duty_calendar, measure_catalogue, measure_guide, measure_steps

urlpatterns = [
    path("measure-catalogue", measure_catalogue.shown, name="measure_catalogue"),
    path("measure-catalogue/take", measure_catalogue.take, name="measure_take"),
    path("operating-guide", measure_guide.guide, name="guide"),
    path("operating-guide/print", measure_guide.printed, name="guide_print"),
    path(
        "govern/measures/<int:identity>/steps/<int:position>", measure_steps.step,
        name="measure_step",
    ),
    path(
        "govern/measures/<int:identity>/steps/<int:position>/remove", measure_steps.remove,
        name="measure_step_remove",
    ),
    path("duty-calendar", duty_calendar.month, name="duty_calendar"),
]  # fmt: skip
