"""The policy: a pure function of a subject and of what it asks for. No query, no clock."""

from __future__ import annotations

import math
from typing import Final, Literal, NamedTuple

from django.core.exceptions import PermissionDenied
from msgspec import Struct
from msgspec.structs import force_setattr

from guanlan.core.access.nouns import (
    AUDITOR,
    BREAK_GLASS_FROM,
    MASKED_FROM,
    READING,
    TABLE,
    Verb,
)

EVERYWHERE: Final = "*"
ANYWHERE: Final = ""  # asks whether there is a scope at all in which the answer is yes

Why = Literal[
    "role", "grant", "unknown_noun", "no_verb", "read_only", "no_role", "scope", "clearance",
    "purpose", "level",
]  # fmt: skip

_NOBODY: Final[frozenset[str]] = frozenset()
_NO_PURPOSE: Final[dict[str, frozenset[str]]] = {}
_low: Final = TABLE.low
_high: Final = TABLE.high
_scoped: Final = TABLE.scoped


class Denied(PermissionDenied):
    """The subject may not do this; the text names verb and noun, never a value."""

    def __init__(self, message: str, verb: str = "", noun: str = "") -> None:
        super().__init__(message)
        self.verb = verb
        self.noun = noun


class Grant(Struct, frozen=True, kw_only=True):
    """A right for a time: `verb` (and to see) on `noun`, up to `level`, for one `purpose`.

    `until` is in seconds since 1970-01-01 UTC; from then on the grant is nothing.
    """

    id: int
    verb: Verb
    noun: str
    level: int = 2
    purpose: str = ""
    scope: str = EVERYWHERE
    until: float
    broken_glass: bool = False


class Verdict(NamedTuple):
    """The answer and what it rests on: `by` names the role or the grant."""

    allowed: bool
    why: Why
    by: str = ""


class Subject(Struct, frozen=True, kw_only=True):
    """A person, key or program as the policy sees it.

    `clearance` is the highest data level that may be revealed to it; `scopes` are the products
    and units it belongs to, `*` all of them. `held` says which roles it has in which scope;
    left out, every role is held in every scope. `at` is when it was gathered, in seconds since
    1970-01-01 UTC: what `grants` are measured against. A subject without a time has no grants.
    """

    id: int | None
    name: str
    roles: frozenset[str] = frozenset()
    clearance: int = 0
    purposes: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    held: dict[str, frozenset[str]] | None = None
    grants: tuple[Grant, ...] = ()
    at: float = math.inf
    _held: dict[str, frozenset[str]] = {}
    _read_only: bool = False

    def __post_init__(self) -> None:
        given = self.held
        if given is None:
            given = dict.fromkeys(self.scopes, self.roles)
        everywhere = given.get(EVERYWHERE, _NOBODY)
        held = {scope: roles | everywhere for scope, roles in given.items()}
        held[EVERYWHERE] = everywhere
        held[ANYWHERE] = frozenset().union(*held.values())
        force_setattr(self, "_held", held)
        force_setattr(self, "_read_only", AUDITOR in held[ANYWHERE])

    def roles_in(self, scope: str) -> frozenset[str]:
        """The roles held in `scope`."""
        roles = self._held.get(scope)
        return self._held[EVERYWHERE] if roles is None else roles


def may(
    subject: Subject,
    verb: Verb,
    noun: str,
    *,
    scope: str = EVERYWHERE,
    level: int = 1,
    purpose: str = "",
) -> bool:
    """Whether `subject` may do this.

    `level` is that of the data it would get in the clear: seeing masked data is seeing level 2.
    From level 3 on clearance and purpose count too; `explain` says in which order.
    """
    if not scope and noun not in _scoped:
        scope = EVERYWHERE
    held = subject._held
    roles = held.get(scope)
    if roles is None:
        roles = held["*"]
    if level < MASKED_FROM:
        allowed = _low.get((noun, verb))
    elif level <= subject.clearance and purpose in subject.purposes:
        allowed = _high.get((noun, verb, level), _NO_PURPOSE).get(purpose)
    else:
        allowed = None
    if allowed is not None and not roles.isdisjoint(allowed):
        return not subject._read_only or verb in READING
    return bool(subject.grants) and _granted(subject, verb, noun, scope, level, purpose) is not None


def _granted(
    subject: Subject, verb: Verb, noun: str, scope: str, level: int, purpose: str
) -> Grant | None:
    if subject._read_only and verb not in READING:
        return None
    if (noun, verb) not in _low or (verb == "export" and level >= BREAK_GLASS_FROM):
        return None
    for grant in subject.grants:
        if (
            grant.noun == noun
            and verb in (grant.verb, "see")
            and grant.until > subject.at
            and level <= grant.level
            and (level < MASKED_FROM or purpose == grant.purpose)
            and (level < BREAK_GLASS_FROM or grant.broken_glass)
            and (grant.scope in (EVERYWHERE, scope) or not scope)
        ):
            return grant
    return None


def explain(
    subject: Subject,
    verb: Verb,
    noun: str,
    *,
    scope: str = EVERYWHERE,
    level: int = 1,
    purpose: str = "",
) -> Verdict:
    """What `may` answers, and why; of several reasons to refuse, the first that holds."""
    if not scope and noun not in _scoped:
        scope = EVERYWHERE
    if noun not in TABLE.nouns:
        return Verdict(False, "unknown_noun")
    allowed = _low.get((noun, verb))
    if allowed is None:
        return Verdict(False, "no_verb")
    if subject._read_only and verb not in READING:
        return Verdict(False, "read_only", AUDITOR)
    granted = _granted(subject, verb, noun, scope, level, purpose)
    roles = subject.roles_in(scope)
    if level >= MASKED_FROM:
        reached = _high.get((noun, verb, level), _NO_PURPOSE)
        cleared = level <= subject.clearance
        fit = reached.get(purpose, _NOBODY) if purpose in subject.purposes else _NOBODY
    else:
        reached, cleared, fit = {"": allowed}, True, allowed
    by = roles & fit
    if cleared and by:
        return Verdict(True, "role", min(by))
    if granted is not None:
        return Verdict(True, "grant", str(granted.id))
    if not roles & allowed:
        elsewhere = subject.roles_in(ANYWHERE) & allowed
        return Verdict(False, "scope" if elsewhere else "no_role")
    if not any(roles & names for names in reached.values()):
        return Verdict(False, "level")
    return Verdict(False, "clearance" if not cleared else "purpose")


def may_match(subject: Subject, noun: str, level: int, *, scope: str = EVERYWHERE) -> bool:
    """Whether `subject` may ask for rows of `noun` by a value of this level.

    Who may not see a value must not learn it by asking for it either: from level 3 on only those
    may ask who could have the value revealed, for one of their purposes.
    """
    if level < MASKED_FROM:
        return may(subject, "see", noun, scope=scope)
    purposes = {*subject.purposes, *(grant.purpose for grant in subject.grants)}
    return any(
        may(subject, "reveal", noun, scope=scope, level=level, purpose=purpose)
        for purpose in purposes
    )


def require(
    subject: Subject,
    verb: Verb,
    noun: str,
    *,
    scope: str = EVERYWHERE,
    level: int = 1,
    purpose: str = "",
) -> None:
    """Raises Denied unless `subject` may do this."""
    if not may(subject, verb, noun, scope=scope, level=level, purpose=purpose):
        raise Denied(f"{subject.name} may not {verb} {noun}", verb, noun)
