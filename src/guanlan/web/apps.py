from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from guanlan.web import nouns
from guanlan.web.palette import add_act
from guanlan.web.places import Place, add_place
from guanlan.web.start import declare


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"

    def ready(self) -> None:
        nouns.declare()
        # This module is read before there are models, and this needs them.
        import_string("guanlan.web.accounts.events.connect")()
        declare(
            "guanlan.web.pages.keys",
            "guanlan.web.pages.audit",
            "guanlan.web.pages.bulk",
            "guanlan.web.finding",
            "guanlan.web.telling",
            "guanlan.web.pages.deliveries",
            "guanlan.web.discussion.storing",
        )
        add_place(Place("settings", "people", _("People and roles"), 1))
        add_place(Place("settings", "my_access", _("My access"), 2))
        add_place(Place("settings", "access_requests", _("Requests for access"), 3))
        add_place(Place("settings", "policy", _("Policy"), 4))
        add_place(Place("settings", "invitations", _("Invitations"), 6))
        add_act("keys_new", _("Make an API key"), noun="core.apikey")
