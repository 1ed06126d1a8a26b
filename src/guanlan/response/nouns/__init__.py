"""What the policy says of response, one module a subject."""

from __future__ import annotations

from guanlan.response.nouns import (
    alerts,
    cases,
    clocks,
    complaints,
    entities,
    incidents,
    plans,
    restrictions,
    status,
    suspicions,
)


def declare() -> None:
    """Register the nouns; the app does it while it starts."""
    alerts.declare()
    cases.declare()
    clocks.declare()
    complaints.declare()
    entities.declare()
    incidents.declare()
    plans.declare()
    restrictions.declare()
    status.declare()
    suspicions.declare()
