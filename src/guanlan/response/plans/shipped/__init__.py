"""Plans that come with the platform, in three languages. They are put in force with the first
start; an organisation copies them and changes its copy, or makes a new version."""

from __future__ import annotations

from typing import Final

from guanlan.response.plans.shipped.data import LEAK, RANSOM
from guanlan.response.plans.shipped.fraud import RING, TAKEOVER
from guanlan.response.plans.shipped.outage import DDOS, PAYMENT, THIRD_PARTY
from guanlan.response.plans.shipped.sketch import Shipped
from guanlan.response.plans.shipped.voice import BREACH, COMPLAINTS, REPUTATION

__all__ = ["SHIPPED", "Shipped"]

SHIPPED: Final[tuple[Shipped, ...]] = (
    TAKEOVER, PAYMENT, LEAK, RANSOM, DDOS, THIRD_PARTY, RING, COMPLAINTS, REPUTATION, BREACH,
)  # fmt: skip
