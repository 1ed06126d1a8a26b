"""Putting the plans that come with the platform in force."""

from __future__ import annotations

import datetime as dt

from guanlan.response.plans.shipped import SHIPPED
from guanlan.response.plans.writing import install


def install_plans(now: dt.datetime) -> int:
    """Install each shipped plan that is not there yet; how many were. What an organisation made
    of one, a newer version or out of use, is left as it is."""
    return sum(install(one.key, one.category, one.playbook, now) for one in SHIPPED)
