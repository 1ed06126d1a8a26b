"""The columns of the simulated wallet world: names, storage, and the value that means null.

Inside the simulator an event is a row of numbers: identifiers are integer codes, words are
indexes into the tables below, and null is -1 (NaN for floats). Strings appear only when a
chunk becomes a frame (`frame.to_frame`), which keeps a million events cheap.

Units: times are microseconds since 1970-01-01 UTC, money is fen (1/100 CNY).
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Batch = dict[str, Array]
"""Columns of equal length; a column that is missing is null in every row."""

SECOND: Final = 1_000_000
MINUTE: Final = 60 * SECOND
HOUR: Final = 60 * MINUTE
DAY: Final = 24 * HOUR

TYPES: Final = ("register", "login", "transfer")
REGISTER, LOGIN, TRANSFER = range(3)

ATTACKS: Final[tuple[str, ...]] = (
    "bulk_signup",
    "credential_stuffing",
    "account_takeover",
    "card_testing",
    "mule_fan_in",
    "mule_fan_out",
    "structuring",
    "dormant_activation",
    "first_payee_scam",
    "refund_abuse",
    "otp_pumping",
)

WORDS: Final[dict[str, tuple[str, ...]]] = {
    "channel": ("app", "web", "mini_program"),
    "country": ("CN", "HK", "TW", "SG", "US", "JP", "TH", "MM", "KH", "NL"),
    "id_country": ("CN", "HK", "TW", "SG", "US", "JP", "TH", "MM", "KH", "NL"),
    "phone_type": ("mobile", "voip", "landline"),
    "method": ("password", "code", "biometric", "passkey"),
    "credential_change": ("none", "password", "phone", "email", "limit"),
    "kind": ("p2p", "merchant", "card_topup", "withdrawal", "crypto", "refund"),
    "merchant_category": (
        "grocery", "dining", "transport", "utilities", "travel", "digital",
        "gift_card", "gambling", "other",
    ),
    "email_domain": (
        "qq.com", "163.com", "foxmail.com", "gmail.com", "outlook.com",
        "mailinator.com", "guerrillamail.com", "yopmail.com",
    ),
    "memo": (
        "午饭", "房租", "红包", "生日快乐", "AA 聚餐", "学费", "多谢", "thanks", "rent", "代购",
        "安全账户核验", "解冻保证金", "刷单返现", "投资本金", "release fee",
    ),
}  # fmt: skip
ORDINARY_DOMAINS: Final = 5
ORDINARY_MEMOS: Final = 10
P2P, MERCHANT, CARD_TOPUP, WITHDRAWAL, CRYPTO, REFUND = range(6)
PASSWORD, CODE, BIOMETRIC, PASSKEY = range(4)
NO_CHANGE, CHANGED_PASSWORD, CHANGED_PHONE, CHANGED_EMAIL, CHANGED_LIMIT = range(5)
GIFT_CARD, GAMBLING = 6, 7

BYSTANDER: Final = -2  # `episode` of an honest row inside an attack, until it is labelled

ROLES: Final[dict[str, tuple[str, ...]]] = {
    "register": (
        "user", "device", "ip", "subnet", "phone", "email", "email_domain", "email_stem",
        "id_number",
    ),
    "login": ("user", "device", "ip", "subnet"),
    "transfer": ("user", "device", "ip", "subnet", "card", "payee", "merchant"),
}  # fmt: skip
FIELDS: Final[dict[str, tuple[str, ...]]] = {
    "register": (
        "channel", "country", "id_country", "fill_seconds", "is_emulator", "is_rooted",
        "is_hooked", "vpn", "phone_type", "id_match",
    ),
    "login": (
        "success", "channel", "method", "otp_sent", "country", "lat", "lon", "is_emulator",
        "is_rooted", "vpn", "remote_control", "leaked_credential", "session_moved",
        "sim_changed_hours", "credential_change",
    ),
    "transfer": (
        "amount", "kind", "success", "channel", "country", "lat", "lon", "vpn",
        "remote_control", "on_call", "screen_share", "new_credential_hours", "idle_days",
        "customer_age", "merchant_category", "promo", "memo",
    ),
}  # fmt: skip
ROLE_NAMES: Final = tuple(dict.fromkeys(role for roles in ROLES.values() for role in roles))
FIELD_NAMES: Final = tuple(dict.fromkeys(name for names in FIELDS.values() for name in names))

BOOLS: Final = frozenset(
    (
        "success", "is_emulator", "is_rooted", "is_hooked", "vpn", "id_match", "otp_sent",
        "remote_control", "leaked_credential", "session_moved", "on_call", "screen_share",
        "promo",
    )
)  # fmt: skip
DECIMALS: Final = {
    "fill_seconds": 1,
    "lat": 4,
    "lon": 4,
    "sim_changed_hours": 1,
    "new_credential_hours": 1,
}

# `subnet` is derived from `ip`, so batches do not carry it.
STORAGE: Final[dict[str, tuple[np.dtype[Any], float]]] = {
    "type": (np.dtype(np.int8), -1),
    "time": (np.dtype(np.int64), -1),
    **{
        role: (np.dtype(np.int16 if role in WORDS else np.int32), -1)
        for role in ROLE_NAMES
        if role != "subnet"
    },
    **{name: (np.dtype(np.int8), -1) for name in FIELD_NAMES if name in BOOLS},
    **{name: (np.dtype(np.int16), -1) for name in FIELD_NAMES if name in WORDS},
    **{name: (np.dtype(np.float64), np.nan) for name in DECIMALS},
    "amount": (np.dtype(np.int64), -1),
    "idle_days": (np.dtype(np.int16), -1),
    "customer_age": (np.dtype(np.int16), -1),
    "attack": (np.dtype(np.int8), -1),
    "episode": (np.dtype(np.int32), -1),
    "label_known_at": (np.dtype(np.int64), -1),
}


def rows_of(batch: Batch) -> int:
    """The number of events in a batch."""
    return len(batch["time"])


def join(batches: list[Batch]) -> Batch:
    """The batches one after another, every column present, nulls filled in."""
    sizes = [rows_of(batch) for batch in batches]
    out: Batch = {}
    for name, (dtype, null) in STORAGE.items():
        column = np.full(sum(sizes), null, dtype)
        at = 0
        for batch, size in zip(batches, sizes, strict=True):
            part = batch.get(name)
            if part is not None:
                column[at : at + size] = part
            at += size
        out[name] = column
    return out


def take(batch: Batch, index: Array) -> Batch:
    """The rows of `batch` at `index` (positions or a mask)."""
    return {name: column[index] for name, column in batch.items()}


def in_time_order(batch: Batch) -> Batch:
    """The batch sorted by time; equal times keep their order."""
    return take(batch, np.argsort(batch["time"], kind="stable"))
