"""What the policy says of response, one module a subject."""

from __future__ import annotations

from guanlan.response.nouns import entities, incidents, plans


def declare() -> None:
    """Register the nouns; the app does it while it starts."""
    entities.declare()
    incidents.declare()
    plans.declare()
