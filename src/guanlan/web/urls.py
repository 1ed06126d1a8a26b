"""Routes of sign-in and language."""

from __future__ import annotations

from django.urls import path

from guanlan.web import (
    finding,  # noqa: F401 - what search finds here
    pages,
)
from guanlan.web.pages import search

urlpatterns = [
    path("search", search.search_page, name="search"),
    path("palette", search.palette, name="palette"),
    path("palette/search", search.palette_search, name="palette_search"),
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("language", pages.language, name="language"),
]
