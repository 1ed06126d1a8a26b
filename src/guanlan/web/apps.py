from __future__ import annotations

from django.apps import AppConfig

from guanlan.web.start import declare


class WebConfig(AppConfig):
    name = "guanlan.web"
    label = "web"

    def ready(self) -> None:
        declare("guanlan.web.pages.keys")
