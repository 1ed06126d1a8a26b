"""The words a scenario file may use, and how durations and currencies are written."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from typing import get_args

from guanlan.engine.language import RESERVED_WORDS
from guanlan.engine.scenario.model import (
    Aggregate,
    FieldType,
    ListKind,
    OnUnknown,
    Outcome,
    Severity,
)

FIELD_TYPES: tuple[str, ...] = get_args(FieldType)
AGGREGATES: tuple[str, ...] = get_args(Aggregate)
LIST_KINDS: tuple[str, ...] = get_args(ListKind)
SEVERITIES: tuple[str, ...] = get_args(Severity)
ON_UNKNOWN: tuple[str, ...] = get_args(OnUnknown)
OUTCOMES: tuple[str, ...] = tuple(outcome.name for outcome in Outcome)

# What each aggregate takes as `of`: nothing, a numeric field, or something to tell apart.
NUMERIC_AGGREGATES = frozenset({"sum", "avg", "min", "max", "stddev", "last"})
WINDOWED_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max", "distinct", "stddev"})
NUMERIC_TYPES = frozenset({"money", "int", "number"})

ANY = "any"  # of a restriction: whatever the event is
# What an event may use that a restriction can block or limit.
CAPABILITIES = (
    "transfer_out", "add_payee", "withdraw", "pay", "top_up", "change_phone", "change_password",
    "log_in", "register",
)  # fmt: skip

LABEL = "label"
RESERVED_NAMES = ("time", "clock", "lateness", "event_type")
LABEL_FIELDS = ("target", "value", "source")
_NOT_NAMES = frozenset(word.lower() for word in RESERVED_WORDS)

NAME_PATTERN = r"^[a-z][a-z0-9_]*$"
RULE_PATTERN = r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$"
WINDOW_PATTERN = r"^([1-9][0-9]*[smhd]|ever)$"
TECHNIQUE_PATTERN = r"^[FT][0-9]{4}(\.[0-9]{3})?$"
TACTIC_PATTERN = r"^[a-z][a-z-]*$"
MAX_NAME = 64

_SECOND = 1_000_000
_UNITS = {"d": 86_400 * _SECOND, "h": 3_600 * _SECOND, "m": 60 * _SECOND, "s": _SECOND}
MAX_WINDOW = 3_660 * _UNITS["d"]

# Minor units of ISO 4217, the currencies a payment product meets.
_DECIMALS = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    2: "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN "
    "BZD CAD CDF CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP "
    "GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL "
    "MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD PAB PEN PGK "
    "PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB "
    "TJS TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW",
    3: "BHD IQD JOD KWD LYD OMR TND",
}
CURRENCIES: dict[str, int] = {
    code: decimals for decimals, codes in _DECIMALS.items() for code in codes.split()
}

# Card verification values, PINs, passwords and track data: refused at every door.
_CARD_SECURITY_WORDS = """
    cvv cvc cvv2 cvc2 cav cav2 cid csc cvn cvn2 cvd cardcvv cardcvc cardpin
    cardverificationvalue cardverificationcode cardsecuritycode securitycode
    pin pinblock pincode pinnumber pindata paymentpin paypin
    track track1 track2 track3 trackdata track1data track2data magstripe magneticstripe
    password passwd passcode paymentpassword paypassword
    安全码 安全碼 卡安全码 卡安全碼 卡片安全码 校验码 校驗碼 卡验证码 卡片验证码 卡驗證碼
    密码 密碼 支付密码 支付密碼 卡密码 卡密碼 取款密码 提款密碼
    磁道 磁道信息 磁道数据 磁條 磁条
"""
_CARD_SECURITY = frozenset(_CARD_SECURITY_WORDS.split())


def is_card_security_name(name: str) -> bool:
    """Whether a field of this name would carry what must never be stored (CVV, PIN, track)."""
    return re.sub(r"[\s_.-]", "", name.casefold()) in _CARD_SECURITY


def currency_decimals(code: str) -> int:
    """Digits after the point of an ISO 4217 currency: CNY 2, JPY 0. KeyError if unknown."""
    return CURRENCIES[code]


def is_reserved(name: str) -> bool:
    """Whether rules could not speak of something of this name."""
    return name in RESERVED_NAMES or name in _NOT_NAMES


def parse_window(text: str) -> int | None:
    """Microseconds of `90s`, `5m`, `24h`, `30d`; None for `ever`. ValueError for the rest."""
    if re.match(WINDOW_PATTERN, text) is None or len(text) > 12:
        raise ValueError("not a window")
    if text == "ever":
        return None
    window = int(text[:-1]) * _UNITS[text[-1]]
    if window > MAX_WINDOW:
        raise ValueError("a window longer than ten years")
    return window


def window_text(window: int | None) -> str:
    """A window as a scenario file writes it, in the largest unit that is exact."""
    if window is None:
        return "ever"
    for letter, size in _UNITS.items():
        if window % size == 0:
            return f"{window // size}{letter}"
    raise ValueError("a window is a whole number of seconds")


def closest(word: str, known: Iterable[str]) -> str:
    """`; did you mean ...?` for a misspelt word, or nothing."""
    spelt = {one.lower(): one for one in known}
    matches = difflib.get_close_matches(word.lower(), spelt, n=1, cutoff=0.6)
    return f"; did you mean `{spelt[matches[0]]}`?" if matches else ""


def listing(words: Iterable[str]) -> str:
    """Words as a sentence names them, long lists shortened."""
    shown = list(words)
    more = f" and {len(shown) - 12} more" if len(shown) > 12 else ""
    return ", ".join(shown[:12]) + more
