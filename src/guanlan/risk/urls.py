"""Routes of risk beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.risk.pages import value

urlpatterns = [
    path("risk-value", value.overview, name="risk_value"),
    path("risk-values/<int:key>/again", value.again, name="risk_value_again"),
]
