from __future__ import annotations

from django.apps import AppConfig
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guanlan.web import nouns
from guanlan.web.palette import add_act
from guanlan.web.places import Place, add_place
from guanlan.web.start import declare


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"
    verbose_name = pgettext_lazy("app", "Console")

    def ready(self) -> None:
        nouns.declare()
        # This module is read before there are models, and this needs them.
        import_string("guanlan.web.accounts.events.connect")()
        declare(
            "guanlan.web.pages.keys",
            "guanlan.web.pages.roles",
            "guanlan.web.pages.grants",
            "guanlan.web.pages.people",
            "guanlan.web.pages.invitations",
            "guanlan.web.pages.audit",
            "guanlan.web.discussion.sweeping",
            "guanlan.web.pages.bulk",
            "guanlan.web.finding",
            "guanlan.web.telling",
            "guanlan.web.pages.deliveries",
            "guanlan.web.pages.runs",
        )
        add_place(Place("overview", "overview", _("Overview"), 10))
        add_place(Place("settings", "my_access", _("My access"), 3))
        add_place(Place("settings", "policy", _("Access policy"), 6))
        add_place(Place("settings", "organisation", _("Organisation"), 8))
        add_act("keys_new", _("Make an API key"), noun="core.apikey")
        add_act("invitations_new", _("Invite a person"), noun="core.invitation")
        add_act("access_requests_new", _("Ask for access"), noun="core.accessgrant")
