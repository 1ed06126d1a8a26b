"""Routes of sign-in and language."""

from __future__ import annotations

from django.urls import path

from guanlan.web import pages

urlpatterns = [
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("language", pages.language, name="language"),
]
