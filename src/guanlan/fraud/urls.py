"""Routes of the fraud screens."""

from __future__ import annotations

from django.urls import path

from guanlan.fraud import finding  # noqa: F401 - what search finds here
from guanlan.fraud.pages import (
    decisions,
    entities,
    figures,
    health,
    lists,
    reveals,
    scenario,
)

urlpatterns = [
    path("decisions/figures", figures.glance, name="figures"),
    path("first-steps", figures.steps_moved, name="first_steps"),
    path("first-steps/dismiss", figures.dismiss_first_steps, name="dismiss_first_steps"),
    path("live", decisions.live, name="live"),
    path("decisions/<int:seq>", decisions.decision, name="decision"),
    path("decisions/<int:seq>/recompute", decisions.recompute_decision, name="recompute"),
    path("entities/find", lists.find_entity, name="find_entity"),
    path("decisions/<int:seq>/reveal", reveals.reveal_decision, name="reveal_decision"),
    path("entities/~<int:identity>/reveal", reveals.reveal_entity, name="reveal_entity"),
    path("entities/<str:kind>/<path:key>", entities.entity, name="entity"),
    path("scenario", scenario.scenario, name="scenario"),
    path("scenarios/<int:position>", scenario.scenario_version, name="scenario_version"),
    path("settings/health", health.health, name="health"),
]
