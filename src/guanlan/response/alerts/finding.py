"""What an alert is raised of, and what is wrong with it where it cannot be understood."""

from __future__ import annotations

import hmac
import json
import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import Any, Final, NamedTuple

from django.conf import settings
from django.utils.translation import gettext_noop
from msgspec import Struct

from guanlan.engine.scenario.vocabulary import CURRENCIES
from guanlan.response.entities import LONGEST_KEY, Named
from guanlan.response.kinds import every_kind
from guanlan.response.terms import CATEGORIES, Severity

RULE: Final = re.compile(r"[a-z0-9][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
LONGEST_RULE: Final = 128
LONGEST_TEXT: Final = 300
LONGEST_REF: Final = 128
LONGEST_WINDOW: Final = timedelta(days=30)
HOUR: Final = timedelta(hours=1)
MOST_AMOUNT: Final = 2**63
_SEVERITIES: Final = frozenset(int(one) for one in Severity)


class Evidence(NamedTuple):
    """Something that shows it: of what kind (such as decision), which one, and of when."""

    kind: str
    ref: str
    at: datetime


class Finding(Struct, frozen=True, kw_only=True):
    """One finding of a rule.

    `rule` is a stable id of small letters with dots; `text` an English message marked for
    translation with `%(name)s` for `values` (nothing personal), or a plain title. `key` says
    which findings are the same: its values may be personal, only their keyed digest is kept.
    `at` is when it happened, with its zone; within `window` of the last one, another is the same
    alert. `amount` is what the payment that it is about is worth, in whole minor units of
    `currency` (ISO 4217), and only where its data level lets it be shown: 2 at most.
    """

    rule: str
    category: str
    severity: Severity
    text: str
    at: datetime
    values: Mapping[str, str | int | float] = {}
    key: Mapping[str, str | int] = {}
    entities: tuple[tuple[str, Named], ...] = ()
    evidence: tuple[Evidence, ...] = ()
    window: timedelta = HOUR
    amount: int | None = None
    currency: str = ""


class Fault(NamedTuple):
    """Why a finding is not understood: an English sentence with `%(name)s`, and its values."""

    why: str
    values: dict[str, str]


def fault_of(finding: Finding, kinds: Collection[str] | None = None) -> Fault | None:
    """What is wrong with a finding, or None. It names fields and never a value of level 3.

    `kinds` are those that entities may be of; left out, all that are known now.
    """
    try:
        return _fault(finding, every_kind() if kinds is None else kinds)
    except (TypeError, AttributeError, ValueError):
        return Fault(
            gettext_noop("A field is of another type than a finding has: see what was sent."), {}
        )


def _fault(one: Finding, kinds: Collection[str]) -> Fault | None:
    if not _rule_fits(one.rule):
        return Fault(
            gettext_noop("The rule is not named as area.name, such as fraud.many_transfers."), {}
        )
    if one.category not in CATEGORIES:
        return Fault(
            gettext_noop("It is of no category of risk; expected one of %(categories)s."),
            {"categories": ", ".join(CATEGORIES)},
        )
    if one.severity not in _SEVERITIES:
        raise ValueError
    if not 1 <= len(one.text) <= LONGEST_TEXT or "\0" in one.text:
        return Fault(gettext_noop("The text is empty or longer than 300 characters."), {})
    if not one.key or not all(_plain(k) and _said(v) for k, v in one.key.items()):
        return Fault(
            gettext_noop("It has no key, which says what findings are the same; such as a user."),
            {},
        )
    if not all(_plain(k) and _said(v) for k, v in one.values.items()):
        return Fault(gettext_noop("Its values are no short texts or numbers."), {})
    if one.at.utcoffset() is None:
        return Fault(gettext_noop("Its time says no zone."), {})
    if not timedelta(0) <= one.window <= LONGEST_WINDOW:
        return Fault(gettext_noop("Its window is not between 0 and 30 days."), {})
    if one.amount is not None and not (
        type(one.amount) is int and 0 <= one.amount < MOST_AMOUNT and one.currency in CURRENCIES
    ):
        return Fault(
            gettext_noop("Its amount is no number of minor units in a currency such as CNY."), {}
        )
    return _fault_of_parts(one, kinds)


def _fault_of_parts(one: Finding, kinds: Collection[str]) -> Fault | None:
    for role, named in one.entities:
        if not _plain(role) or not _kind_fits(named.kind):
            return Fault(gettext_noop("A role or kind of an entity is no short name."), {})
        if named.kind not in kinds:
            return Fault(gettext_noop("It names an entity of the unknown kind %(kind)s."),
                         {"kind": named.kind})  # fmt: skip
        if not named.key.strip() or len(named.key) > LONGEST_KEY or "\0" in named.key:
            return Fault(
                gettext_noop("The key of the %(kind)s is empty or longer than 256 characters."),
                {"kind": named.kind},
            )
    for kind, ref, at in one.evidence:
        if not _plain(kind) or not 1 <= len(ref) <= LONGEST_REF or "\0" in ref:
            return Fault(gettext_noop("A kind or reference of its evidence is no short name."), {})
        if at.utcoffset() is None:
            return Fault(gettext_noop("The time of its evidence says no zone."), {})
    return None


@lru_cache(maxsize=4096)
def _rule_fits(rule: str) -> bool:
    return len(rule) <= LONGEST_RULE and RULE.fullmatch(rule) is not None


@lru_cache(maxsize=1024)
def _kind_fits(kind: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_]{0,63}", kind) is not None


@lru_cache(maxsize=4096)
def _plain(name: str) -> bool:
    return re.fullmatch(r"[a-z][a-z0-9_.-]{0,63}", name) is not None


def _said(value: Any) -> bool:
    if isinstance(value, str):
        return len(value) <= 500 and "\0" not in value
    return isinstance(value, int | float)


def fingerprint(rule: str, key: Mapping[str, str | int]) -> str:
    """SHA-256 (hex) of the rule and its sorted key fields, keyed by the installation's secret:
    who has only the digest cannot try keys against it."""
    said = json.dumps([rule, sorted((name, str(value)) for name, value in key.items())])
    return hmac.digest(_secret(settings.SECRET_KEY), said.encode(), "sha256").hex()


@cache
def _secret(key: str) -> bytes:
    return hmac.digest(key.encode(), b"alert fingerprint", "sha256")


def written(finding: Finding) -> str:
    """The finding as JSON, whatever it holds, to be kept as a dead letter."""
    said = {name: getattr(finding, name, None) for name in Finding.__struct_fields__}
    try:
        return json.dumps(said, default=_as_text)
    except (TypeError, ValueError):  # no JSON at all: kept as it can be written
        return json.dumps(repr(said))


def _as_text(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, Mapping):
        return dict(value)
    return str(value)


def read_back(body: str) -> Finding:
    """The finding of a dead letter. Raises ValueError or TypeError where it is none."""
    said: dict[str, Any] = json.loads(body)
    entities = tuple((role, Named(*named)) for role, named in said["entities"] or ())
    evidence = tuple(
        Evidence(kind, ref, datetime.fromisoformat(at)) for kind, ref, at in said["evidence"] or ()
    )
    return Finding(
        rule=said["rule"],
        category=said["category"],
        severity=Severity(said["severity"]),
        text=said["text"],
        at=datetime.fromisoformat(said["at"]),
        values=said["values"] or {},
        key=said["key"] or {},
        entities=entities,
        evidence=evidence,
        window=timedelta(seconds=said["window"]),
        amount=said.get("amount"),
        currency=said.get("currency") or "",
    )
