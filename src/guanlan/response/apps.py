from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanlan.response import nouns
from guanlan.web.palette import add_act
from guanlan.web.start import declare


class ResponseConfig(AppConfig):
    name = "guanlan.response"
    label = "response"
    verbose_name = pgettext_lazy("app", "Response to risks")

    def ready(self) -> None:
        nouns.declare()
        declare("guanlan.response.clocks.jobs", "guanlan.response.pages.clocks")
        declare("guanlan.response.clocks.alerting", "guanlan.response.selfcheck.jobs")
        declare("guanlan.response.pages.clock_rules", "guanlan.response.pages.calendars")
        declare(
            "guanlan.response.pages.regulatory_reports",
            "guanlan.response.pages.statements",
            "guanlan.response.pages.disclosures",
        )
        declare("guanlan.response.pages.incidents", "guanlan.response.pages.incident_tasks")
        declare("guanlan.response.pages.severity_matrices")
        declare("guanlan.response.pages.incident_criteria", "guanlan.response.incidents.jobs")
        declare("guanlan.response.restrictions.jobs")
        declare("guanlan.response.pages.restrictions", "guanlan.response.pages.restriction_sinks")
        declare(
            "guanlan.response.pages.alerts",
            "guanlan.response.pages.alert_rules",
            "guanlan.response.pages.alert_letters",
            "guanlan.response.pages.alert_deadlines",
            "guanlan.response.pages.alert_duty",
            "guanlan.response.pages.alert_routing",
            "guanlan.response.pages.alert_muting",
            "guanlan.response.alerts.jobs",
            "guanlan.response.alerts.crossing",
        )
        ensure = import_string("guanlan.response.alerts.deadlines.ensure_deadlines")
        post_migrate.connect(lambda **_options: ensure(), sender=self, weak=False)
        declare("guanlan.response.cases.jobs", "guanlan.response.pages.cases")
        declare("guanlan.response.pages.suspicions")
        declare("guanlan.response.pages.case_rules", "guanlan.response.cases.searching")
        add_act("cases_new", _("Open a case"), noun="response.case")
        ensure_cases = import_string("guanlan.response.cases.rules.ensure_rules")
        post_migrate.connect(lambda **_options: ensure_cases(), sender=self, weak=False)
        declare("guanlan.response.pages.complaints", "guanlan.response.pages.complaint_setup")
        declare("guanlan.response.complaints.jobs", "guanlan.response.pages.complaint_ways")
        declare("guanlan.response.pages.complaint_figures")
        declare("guanlan.response.pages.complaint_letters")
        declare(
            "guanlan.response.alerts.indicators",
            "guanlan.response.cases.indicators",
            "guanlan.response.complaints.indicators",
            "guanlan.response.incidents.indicators",
            "guanlan.response.selfcheck.indicators",
            "guanlan.response.counted",
        )
        declare("guanlan.response.measure_tests", "guanlan.response.duty_alerts")
        declare("guanlan.response.committee_alerts")
        ship = import_string("guanlan.response.complaints.sorting.ensure_shipped")
        post_migrate.connect(lambda **_options: ship(), sender=self, weak=False)
        declare(
            "guanlan.response.plans.acts",
            "guanlan.response.plans.steps",
            "guanlan.response.plans.deeds",
            "guanlan.response.plans.jobs",
        )
        declare("guanlan.response.glancing", "guanlan.response.pages.status_components")
        declare("guanlan.response.pages.plans", "guanlan.response.pages.plan_runs")
        declare("guanlan.response.pages.drills", "guanlan.response.pages.lessons")
