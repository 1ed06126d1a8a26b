"""The kinds of attack, and how soon the truth about each becomes known."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from guanlan.engine.simulate import columns as c
from guanlan.engine.simulate.columns import DAY, Batch
from guanlan.engine.simulate.intrusion import (
    account_takeover,
    bulk_signup,
    card_testing,
    credential_stuffing,
    otp_pumping,
)
from guanlan.engine.simulate.laundering import (
    dormant_activation,
    first_payee_scam,
    mule_fan_in,
    mule_fan_out,
    refund_abuse,
    structuring,
)
from guanlan.engine.simulate.stage import Stage

Attack = Callable[[Stage, int], Batch]

PLAYS: Final[dict[str, Attack]] = {
    "bulk_signup": bulk_signup,
    "credential_stuffing": credential_stuffing,
    "account_takeover": account_takeover,
    "card_testing": card_testing,
    "mule_fan_in": mule_fan_in,
    "mule_fan_out": mule_fan_out,
    "structuring": structuring,
    "dormant_activation": dormant_activation,
    "first_payee_scam": first_payee_scam,
    "refund_abuse": refund_abuse,
    "otp_pumping": otp_pumping,
}

# Days until the truth of an event of an attack is known: (shortest, longest).
LABEL_DELAY: Final[dict[str, tuple[float, float]]] = {
    "bulk_signup": (1, 10),
    "credential_stuffing": (0.1, 2),
    "account_takeover": (0.2, 5),
    "card_testing": (3, 30),
    "mule_fan_in": (1, 14),
    "mule_fan_out": (2, 21),
    "structuring": (5, 30),
    "dormant_activation": (0.5, 10),
    "first_payee_scam": (0.1, 7),
    "refund_abuse": (7, 30),
    "otp_pumping": (0.1, 3),
}


def play(stage: Stage, attack: str, at: int, episode: int) -> Batch:
    """One labelled episode of `attack` beginning near `at`, in time order."""
    batch = c.join([PLAYS[attack](stage, at)])
    batch = c.in_time_order(batch)
    n = c.rows_of(batch)
    low, high = LABEL_DELAY[attack]
    bystander = batch["episode"] == c.BYSTANDER
    batch["attack"] = np.where(bystander, -1, c.ATTACKS.index(attack)).astype(np.int8)
    batch["episode"] = np.where(bystander, -1, episode).astype(np.int32)
    delay = (stage.rng.uniform(low, high, n) * DAY).astype(np.int64)
    batch["label_known_at"] = batch["time"] + delay - delay % 1000
    return batch
