"""Routes of the fraud screens."""

from __future__ import annotations

from django.urls import path

urlpatterns = []
