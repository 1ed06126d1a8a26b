from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from guanlan.web.palette import add_act
from guanlan.web.start import declare


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"

    def ready(self) -> None:
        declare("guanlan.web.pages.keys")
        add_act("keys_new", _("Make an API key"), noun="core.apikey")
        add_place(Place("settings", "jobs", _("Jobs"), 30))
        add_place(Place("settings", "channels", _("Channels"), 40))
