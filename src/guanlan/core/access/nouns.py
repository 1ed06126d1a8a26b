"""The policy table: which role has which verbs on which nouns, and on what conditions.

The table is data that comes with the code: `guanlan.core.access.table` holds what is said of
the platform's own nouns, and each app says its part once while it starts. After the start it
is closed. Two rules hold for every noun: the owner may do all that can be done with it, and the
auditor may see and export it (masked, like everybody) and change nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, get_args

from django.apps import apps
from django.utils.functional import Promise

Verb = Literal["see", "add", "change", "delete", "approve", "export", "reveal", "manage"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)
READING: Final[frozenset[Verb]] = frozenset({"see", "export"})
MASKED_FROM: Final = 3  # data of this level and above is masked until it is revealed
BREAK_GLASS_FROM: Final = 5  # no role reaches data of this level
POLICY_VERSION: Final = 2  # raised with every change of what the table says

OWNER: Final = "owner"
AUDITOR: Final = "auditor"


class Rule(NamedTuple):
    """One line of the table. Above level 2 it holds up to `level`, for `purposes` only."""

    role: str
    noun: str
    verbs: frozenset[Verb]
    level: int
    purposes: frozenset[str]


class Noun(NamedTuple):
    """Something that is asked for. `scoped`: its rows belong to products or units."""

    name: str
    title: str | Promise
    verbs: tuple[Verb, ...]
    level: int
    scoped: bool


class Table:
    """Rules as they are asked for: by noun and verb, and above level 2 by level and purpose."""

    def __init__(self) -> None:
        self.nouns: dict[str, Noun] = {}
        self.rules: list[Rule] = []
        self.scoped: set[str] = set()
        self.low: dict[tuple[str, str], frozenset[str]] = {}
        self.high: dict[tuple[str, str, int], dict[str, frozenset[str]]] = {}

    def add(self, noun: Noun, rules: Iterable[Rule]) -> None:
        """Add a noun with its rules; raises ValueError for a name already there."""
        if noun.name in self.nouns:
            raise ValueError(f"noun {noun.name} is registered twice")
        self.nouns[noun.name] = noun
        if noun.scoped:
            self.scoped.add(noun.name)
        for rule in sorted(rules):
            self.rules.append(rule)
            for verb in rule.verbs:
                asked = (noun.name, verb)
                self.low[asked] = self.low.get(asked, frozenset()) | {rule.role}
                for level in range(MASKED_FROM, min(rule.level, BREAK_GLASS_FROM - 1) + 1):
                    by_purpose = self.high.setdefault((noun.name, verb, level), {})
                    for purpose in rule.purposes:
                        by_purpose[purpose] = by_purpose.get(purpose, frozenset()) | {rule.role}

    def digest(self) -> str:
        """SHA-256 (hex) of version, nouns and rules, in an order that does not depend on the
        order of registration."""
        lines = [f"version {POLICY_VERSION}"]
        lines += sorted(f"noun {n.name} {' '.join(n.verbs)} {n.level} {n.scoped}"
                        for n in self.nouns.values())  # fmt: skip
        lines += sorted(
            f"rule {r.role} {r.noun} {' '.join(sorted(r.verbs))} {r.level}"
            f" {' '.join(sorted(r.purposes))}"
            for r in self.rules
        )
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


TABLE: Final = Table()
_roles: Final[set[str]] = set()
_purposes: Final[set[str]] = set()


def declare_roles(names: Iterable[str]) -> None:
    """Roles (of people and of keys) that rules may name."""
    _roles.update(names)


def declare_purposes(names: Iterable[str]) -> None:
    """Purposes for which level 3 and above may be read."""
    _purposes.update(names)


def verbs_of(text: str) -> frozenset[Verb]:
    """Verbs separated by spaces; raises ValueError for one that does not exist."""
    found: set[Verb] = set()
    for word in text.split():
        verb = next((v for v in VERBS if v == word), None)
        if verb is None:
            raise ValueError(f"{word} is no verb; expected one of {', '.join(VERBS)}")
        found.add(verb)
    return frozenset(found)


def register_noun(
    name: str,
    title: str | Promise,
    *,
    level: int = 2,
    verbs: str = "see",
    rights: Mapping[str, str] | None = None,
    reveals: Mapping[str, tuple[int, str]] | None = None,
    scoped: bool = False,
) -> None:
    """Say what `name` is and which role has what on it; once, while the app starts.

    `level` is the highest level of data it holds, `verbs` all that can be done with it,
    `rights` role -> verbs, `reveals` role -> (highest level, purposes). Words are separated by
    spaces. The owner and the auditor have theirs without being named.

        register_noun("fraud.backtest", _("Backtests"), verbs="see add",
                      rights={"fraud_analyst": "see add", "risk_owner": "see"})
    """
    if apps.ready:
        raise RuntimeError(f"noun {name}: the policy table is closed once the start is done")
    TABLE.add(*described(name, title, level, verbs, rights or {}, reveals or {}, scoped))


def described(
    name: str,
    title: str | Promise,
    level: int,
    verbs: str,
    rights: Mapping[str, str],
    reveals: Mapping[str, tuple[int, str]],
    scoped: bool,
) -> tuple[Noun, list[Rule]]:
    """A noun and its rules; raises ValueError naming the noun and what is wrong."""
    offered = verbs_of(verbs)
    every = frozenset(_purposes)
    rules = [Rule(OWNER, name, offered, BREAK_GLASS_FROM - 1, every)]
    if reading := offered & READING:
        rules.append(Rule(AUDITOR, name, reading, MASKED_FROM - 1, frozenset()))
    for role, text in rights.items():
        given = verbs_of(text)
        if not given <= offered:
            raise ValueError(f"noun {name}: {role} is given verbs the noun does not offer")
        if "reveal" in given:
            raise ValueError(f"noun {name}: {role} reveals only as `reveals` says")
        rules.append(Rule(role, name, given, MASKED_FROM - 1, frozenset()))
    for role, (highest, purposes) in reveals.items():
        if "reveal" not in offered:
            raise ValueError(f"noun {name}: {role} may reveal what the noun does not offer")
        if not MASKED_FROM <= highest < BREAK_GLASS_FROM:
            raise ValueError(f"noun {name}: {role} may reveal level 3 or 4, not {highest}")
        reveal = frozenset[Verb]({"reveal"})
        rules.append(Rule(role, name, reveal, highest, frozenset(purposes.split())))
    for rule in rules[1:]:
        if rule.role == OWNER or (rule.role == AUDITOR and rule.verbs - READING):
            raise ValueError(f"noun {name}: the rights of {rule.role} are not for an app to say")
        if rule.role not in _roles:
            raise ValueError(f"noun {name}: unknown role {rule.role}")
        if unknown := rule.purposes - every:
            raise ValueError(f"noun {name}: unknown purpose {min(unknown)}")
    return Noun(name, title, tuple(v for v in VERBS if v in offered), level, scoped), rules
