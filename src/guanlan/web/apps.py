from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guanlan.web import nouns
from guanlan.web.palette import add_act
from guanlan.web.start import declare


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"

    def ready(self) -> None:
        nouns.declare()
<<<<<<< HEAD
        declare("guanlan.web.pages.keys", "guanlan.web.pages.audit")
        declare("guanlan.web.finding", "guanlan.web.telling")
=======
        declare(
            "guanlan.web.pages.keys",
            "guanlan.web.finding",
            "guanlan.web.telling",
            "guanlan.web.pages.deliveries",
        )
>>>>>>> main
        add_act("keys_new", _("Make an API key"), noun="core.apikey")
