"""Routes of response beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.response.pages import reveals

urlpatterns = [
    path(
        "respond/entities/<int:identity>/reveal",
        reveals.reveal_entity_ref,
        name="reveal_entity_ref",
    ),
]
