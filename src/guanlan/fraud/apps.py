from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanlan.fraud import nouns
from guanlan.web.places import Place, add_place
from guanlan.web.start import declare


class FraudConfig(AppConfig):
    name = "guanlan.fraud"
    label = "fraud"
    verbose_name = pgettext_lazy("app", "Decisions and fraud")

    def ready(self) -> None:
        nouns.declare()
        declare("guanlan.fraud.sinks", "guanlan.fraud.restricted", "guanlan.fraud.alerting")
        declare("guanlan.fraud.labelling", "guanlan.fraud.silence", "guanlan.fraud.casework")
        declare("guanlan.fraud.pages.lists", "guanlan.fraud.pages.strategy")
        declare("guanlan.fraud.pages.case_labels", "guanlan.fraud.indicators")
        declare("guanlan.fraud.measure_tests")
        declare("guanlan.fraud.glancing", "guanlan.fraud.counted")
        add_place(Place("watch", "figures", _("Decisions at a glance"), 5))
        add_place(Place("watch", "live", _("Live decisions"), 10))
        add_place(Place("strategy", "scenario", _("Scenario"), 10))
        add_place(Place("settings", "health", _("Health"), 20))
