from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guanlan.web.nouns import declare
from guanlan.web.palette import add_act
from guanlan.web.places import Place, add_place


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"

    def ready(self) -> None:
        declare()
        add_place(Place("settings", "keys", _("API keys"), 10))
        add_act("keys", _("Make an API key"), noun="core.apikey", anchor="#name")
