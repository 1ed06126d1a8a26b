from __future__ import annotations

from django.apps import AppConfig

from guanlan.response import nouns


class ResponseConfig(AppConfig):
    name = "guanlan.response"
    label = "response"

    def ready(self) -> None:
        nouns.declare()
