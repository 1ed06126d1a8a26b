from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import pgettext_lazy

from guanlan.risk import nouns
from guanlan.risk.assessment import rights as assessment_rights
from guanlan.risk.committee import rights as committee_rights
from guanlan.web.start import declare


class RiskConfig(AppConfig):
    name = "guanlan.risk"
    label = "risk"
    verbose_name = pgettext_lazy("app", "Risk assessment")

    def ready(self) -> None:
        nouns.declare()
        assessment_rights.declare()
        committee_rights.declare()
        declare("guanlan.risk.jobs", "guanlan.risk.indicators", "guanlan.risk.pages.indicators")
        declare("guanlan.risk.pages.register", "guanlan.risk.pages.losses")
        declare(
            "guanlan.risk.measure.own_tests",
            "guanlan.risk.measure.jobs",
            "guanlan.risk.pages.measures",
            "guanlan.risk.pages.duties",
            "guanlan.risk.target.jobs",
            "guanlan.risk.pages.targets",
        )
        declare(
            "guanlan.risk.assessment.reminding",
            "guanlan.risk.committee.resolving",
            "guanlan.risk.pages.assessments",
            "guanlan.risk.pages.committee",
        )
        declare(
            "guanlan.risk.glancing",
            "guanlan.risk.register.glancing",
            "guanlan.risk.value.glancing",
            "guanlan.risk.assessment.glancing",
            "guanlan.risk.measure.glancing",
            "guanlan.risk.committee.glancing",
        )
        declare("guanlan.risk.value.following", "guanlan.risk.pages.value")
        declare("guanlan.risk.pages.reassessments", "guanlan.risk.pages.value_of_risk")
        # Apps above register theirs while they start, and this runs when all have.
        ensure = import_string("guanlan.risk.measuring.ensure_indicators")
        post_migrate.connect(lambda **_options: ensure(timezone.now()), sender=self, weak=False)
        first = import_string("guanlan.risk.register.parameters.ensure_first")
        post_migrate.connect(lambda **_options: first(timezone.now()), sender=self, weak=False)
