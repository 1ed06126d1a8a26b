from __future__ import annotations

from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils import timezone
from django.utils.module_loading import import_string

from guanlan.risk import nouns
from guanlan.web.start import declare


class RiskConfig(AppConfig):
    name = "guanlan.risk"
    label = "risk"

    def ready(self) -> None:
        nouns.declare()
        declare("guanlan.risk.jobs", "guanlan.risk.indicators", "guanlan.risk.pages.indicators")
        declare("guanlan.risk.glancing", "guanlan.risk.pages.register", "guanlan.risk.pages.losses")
        # Apps above register theirs while they start, and this runs when all have.
        ensure = import_string("guanlan.risk.measuring.ensure_indicators")
        post_migrate.connect(lambda **_options: ensure(timezone.now()), sender=self, weak=False)
        first = import_string("guanlan.risk.register.parameters.ensure_first")
        post_migrate.connect(lambda **_options: first(timezone.now()), sender=self, weak=False)
