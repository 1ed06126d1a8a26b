"""Routes of risk beside those of its resources."""

from __future__ import annotations

from django.urls import path

from guanlan.risk.pages import indicator_backtest, indicator_compose

urlpatterns = [
    path(
        "indicator-backtest/<int:identity>",
        indicator_backtest.backtest,
        name="indicator_backtest",
    ),
    path(
        "indicator-backtest/<int:identity>/accept",
        indicator_backtest.accept,
        name="indicator_backtest_accept",
    ),
    path("indicator-compose", indicator_compose.choose, name="indicator_compose"),
    path("indicator-compose/of/<slug:source>", indicator_compose.new, name="indicator_compose_of"),
    path("indicator-compose/<int:identity>", indicator_compose.again, name="indicator_recompose"),
]
