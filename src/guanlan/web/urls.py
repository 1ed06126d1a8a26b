"""Routes of sign-in, language and keys."""

from __future__ import annotations

from django.urls import path

from guanlan.web import pages

urlpatterns = [
    path("login", pages.login, name="login"),
    path("logout", pages.logout, name="logout"),
    path("language", pages.language, name="language"),
    path("settings/keys", pages.keys, name="keys"),
    path("settings/keys/<str:identity>/revoke", pages.revoke_key, name="revoke_key"),
]
