"""Who may do what: the one policy of the platform.

    from guanlan.core.access import Subject, may, require, subject_of

A **subject** is a person (or a key, or the system itself) as the policy sees it: roles,
clearance, purposes, scopes and time-limited grants, gathered once a request. A **verb** (see,
add, change, delete, approve, export, reveal, manage) is asked for a **noun** (the name of a
registered thing, such as `core.apikey`), within a scope, at a data level. Everything that is not
allowed is denied.

An app says once, while it starts, what its nouns are and who has what on them:
`register_noun`. Roles, purposes and the platform's own nouns stand in `table`.
"""

from guanlan.core.access.nouns import MASKED_FROM, TABLE, VERBS, Noun, Verb, register_noun
from guanlan.core.access.policy import (
    ANYWHERE,
    EVERYWHERE,
    Denied,
    Grant,
    Subject,
    Verdict,
    explain,
    may,
    may_match,
    require,
)
from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.access.subjects import ANONYMOUS, SYSTEM, subject_of, subject_of_key

__all__ = [
    "ANONYMOUS",
    "ANYWHERE",
    "EVERYWHERE",
    "MASKED_FROM",
    "SYSTEM",
    "TABLE",
    "VERBS",
    "Denied",
    "Grant",
    "Noun",
    "ScopedQuerySet",
    "Subject",
    "Verb",
    "Verdict",
    "explain",
    "may",
    "may_match",
    "register_noun",
    "require",
    "subject_of",
    "subject_of_key",
]
