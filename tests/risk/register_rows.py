"""Rows of the register for lists: products, assets, risks and losses, of varied states."""

from __future__ import annotations

import datetime as dt

from django.utils import timezone

from guanlan.core.models import User
from guanlan.risk.models import (
    Asset,
    LossEvent,
    LossRecovery,
    Product,
    Risk,
    RiskFigure,
    RiskParameters,
    RiskValue,
)
from guanlan.risk.terms import CATEGORIES
from tests.people import person

DAY = dt.timedelta(days=1)
LEVELS = ("low", "moderate", "high", "extreme")


def seed(many: int) -> None:
    """Some rows of everything that has a list.

    What may not be deleted while something stands on it stands on the newest product and the
    newest risk, so that all others can be.
    """
    owner, now = person("risk_owner", "keeper-of-the-register"), timezone.now()
    stages, kinds = Product.Stage.values, Asset.Kind.values
    products = Product.objects.bulk_create(
        Product(
            code=f"offer-{n}", name=f"Offer {n}", stage=stages[n % len(stages)],
            owner=owner if n % 2 else None, description="Of the seed.",
        )
        for n in range(many)
    )  # fmt: skip
    newest = products[-1]
    assets = Asset.objects.bulk_create(
        Asset(
            name=f"Asset {n}", kind=kinds[n % len(kinds)], product=newest if n % 3 else None,
            owner=owner, level=n % 5 or None,
        )
        for n in range(many)
    )  # fmt: skip
    risks = add_risks(many, newest, owner, now)
    risks[-1].assets.set(assets[:5])
    add_figures(risks, now)
    for version in (1, 2, 3):
        RiskParameters.objects.create(
            risk=risks[-1], version=version, currency="CNY", frequency={"interval": [2, 9]},
            severity={"lognormal": {"interval": [200_000, 60_000_000]}}, knowledge="moderate",
            reason="What two experts said.", effective=now - DAY, created_by=owner,
        )  # fmt: skip
    add_losses(many, risks[-1], owner, now)


def add_risks(many: int, product: Product, owner: User, now: dt.datetime) -> list[Risk]:
    """Drafts, open and closed ones, some overdue, some of no product."""
    states, categories = Risk.State.values, [*CATEGORIES]
    return Risk.objects.bulk_create(
        Risk(
            code=f"R-{700 + n}", title=f"Risk {n}", category=categories[n % len(categories)],
            cause="A cause", event="An event", consequence="A consequence",
            product=None if n % 4 == 1 else product, owner=owner if n % 3 else None,
            created_by=owner, state=states[n % len(states)], due=(now + (n - 9) * DAY).date(),
            group="season" if n % 2 else "", appetite=100_00, tolerance=900_00,
        )
        for n in range(many)
    )  # fmt: skip


def add_figures(risks: list[Risk], now: dt.datetime) -> None:
    """What the two newest values of the register say of each risk; the newer one counts."""
    values = [*RiskValue.objects.order_by("-number")[:2]] or [first_value(now)]
    RiskFigure.objects.bulk_create(
        RiskFigure(
            value=value, risk=one, at=value.at, rate=2.0, multiplier=1.0, frequency_left=1.0,
            severity_left=1.0, inherent=20_00, expected=10_00 + n, target=5_00, var95=80_00,
            var99=99_00, tail=0.1, likelihood=n % 5 + 1, impact=n % 5 + 1,
            level=LEVELS[n % len(LEVELS)],
        )
        for value in values
        for n, one in enumerate(risks)
    )  # fmt: skip


def first_value(now: dt.datetime) -> RiskValue:
    """A value of the register, where none was computed."""
    return RiskValue.objects.create(
        number=1, at=now - DAY, currency="CNY", model="seed", digest="0" * 64, step=100.0,
        size=1024, inputs={}, figures={}, curve={}, expected=9_00, var95=90_00, var99=190_00,
        var999=290_00, tvar99=250_00,
    )  # fmt: skip


def add_losses(many: int, risk: Risk, owner: User, now: dt.datetime) -> None:
    """Proposed, open, closed and refused ones, and near misses; of the newest some came back."""
    types, states = LossEvent.Type.values, LossEvent.State.values
    losses = LossEvent.objects.bulk_create(
        LossEvent(
            title=f"Loss {n}", type=types[n % len(types)], near_miss=n % 5 == 0,
            risk=None if n % 6 == 1 else risk, product=risk.product if n % 2 else None,
            occurred=now - (n + 2) * DAY, discovered=now - (n + 1) * DAY,
            gross=0 if n % 5 == 0 else 500_00 + n, currency="CNY", state=states[n % len(states)],
            created_by=owner,
        )
        for n in range(many)
    )  # fmt: skip
    LossRecovery.objects.bulk_create(
        LossRecovery(
            loss=losses[-1], kind=kind, amount=9_00, at=now.date(), added_by=owner, note="By post."
        )
        for kind in LossRecovery.Kind.values
    )
