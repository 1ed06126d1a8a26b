from __future__ import annotations

from django.apps import AppConfig

from guanlan.response import nouns
from guanlan.web.start import declare


class ResponseConfig(AppConfig):
    name = "guanlan.response"
    label = "response"

    def ready(self) -> None:
        nouns.declare()
        declare(
            "guanlan.response.plans.acts",
            "guanlan.response.plans.steps",
            "guanlan.response.plans.jobs",
        )
        declare("guanlan.response.pages.plans", "guanlan.response.pages.plan_runs")
        declare("guanlan.response.pages.incidents", "guanlan.response.pages.incident_tasks")
        declare("guanlan.response.pages.severity_matrices")
