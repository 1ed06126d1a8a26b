from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guanlan.fraud.nouns import declare
from guanlan.web.places import Place, add_place


class FraudConfig(AppConfig):
    name = "guanlan.fraud"
    label = "fraud"

    def ready(self) -> None:
        declare()
        add_place(Place("overview", "overview", _("Overview"), 10))
        add_place(Place("watch", "live", _("Live decisions"), 10))
        add_place(Place("watch", "decisions", _("Decisions"), 20))
        add_place(Place("watch", "entities", _("Entities"), 30))
        add_place(Place("strategy", "scenario", _("Scenario"), 10))
        add_place(Place("strategy", "backtests", _("Backtests"), 20))
        add_place(Place("settings", "health", _("Health"), 20))
