"""Routes of response that are no resource's."""

from __future__ import annotations

from django.urls import path

from guanlan.response.pages import start_clocks

urlpatterns = [
    path("start-clocks", start_clocks.start, name="start_clocks"),
]
