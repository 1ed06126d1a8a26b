"""The right each route of the door needs, as the policy knows it.

A key is judged once, when it is read: `Key.rights` holds the needs it fulfils, so that a call
costs one look into a set. The table of the policy is closed after the start, so that no verdict
outlives it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from guanlan.core.access import TABLE, Subject, Verb, may
from guanlan.site.door.replies import Refusal

KEY_ROLE: Final = "key "  # how the policy's roles of keys begin


class Need:
    """A right: `verb` on `noun`. Each is made once, and is equal to itself alone."""

    __slots__ = ("noun", "verb")

    def __init__(self, verb: Verb, noun: str) -> None:
        self.verb: Verb = verb
        self.noun = noun

    def scopes(self) -> list[str]:
        """The scopes of keys to which the policy gives this right."""
        roles = TABLE.low.get((self.noun, self.verb), frozenset())
        return sorted(role[len(KEY_ROLE) :] for role in roles if role.startswith(KEY_ROLE))


POST_EVENTS: Final = Need("add", "fraud.decision")
READ_DECISIONS: Final = Need("see", "fraud.decision")
READ_ENTITIES: Final = Need("see", "fraud.entity")
CHANGE_LISTS: Final = Need("change", "fraud.listact")
READ_METRICS: Final = Need("see", "core.health")
NEEDS: Final = (POST_EVENTS, READ_DECISIONS, READ_ENTITIES, CHANGE_LISTS, READ_METRICS)
PUBLIC: Final = Need("see", "")  # anybody may call: a route says so instead of nothing


def rights_of(subject: Subject) -> frozenset[Need]:
    """The needs that `subject` fulfils."""
    return frozenset(need for need in NEEDS if may(subject, need.verb, need.noun))


def faults(routes: Iterable[tuple[str, object]]) -> list[str]:
    """What is wrong with the needs of routes (label, need), a sentence each."""
    wrong = []
    for label, need in routes:
        if need is PUBLIC:
            continue
        if need not in NEEDS or not isinstance(need, Need):
            wrong.append(f"{label}: the route declares no right")
        elif need.noun not in TABLE.nouns:
            wrong.append(f"{label}: the noun {need.noun} is not registered")
        elif need.verb not in TABLE.nouns[need.noun].verbs:
            wrong.append(f"{label}: {need.noun} has no verb {need.verb}")
    return wrong


def unauthorized(*, ended: bool) -> Refusal:
    """The answer to a call without a key, with one that is unknown or revoked, or that `ended`."""
    if ended:
        return Refusal(
            401,
            "unauthorized",
            "this API key has expired: make another in the console, under Settings, API keys",
            headers=[(b"www-authenticate", b'Bearer realm="guanlan", error="invalid_token"')],
        )
    return Refusal(
        401,
        "unauthorized",
        "an API key is expected: Authorization: Bearer gl_...",
        headers=[(b"www-authenticate", b'Bearer realm="guanlan"')],
    )


def forbidden(need: Need) -> Refusal:
    """The answer to a key without the right, naming the scope that would have it (RFC 6750)."""
    scope = " ".join(need.scopes())
    told = f'Bearer realm="guanlan", error="insufficient_scope", scope="{scope}"'
    return Refusal(
        403,
        "forbidden",
        f"this key lacks the scope {scope}",
        headers=[(b"www-authenticate", told.encode())],
    )
