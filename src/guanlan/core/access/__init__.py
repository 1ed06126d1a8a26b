"""Who may do what: the one policy of the platform.

    from guanlan.core.access import Subject, may, require, subject_of

A **subject** is a person (or a key, or the system itself) as the policy sees it: roles,
clearance, purposes, scopes and time-limited grants, gathered once a request. A **verb** (see,
add, change, delete, approve, export, reveal, manage) is asked for a **noun** (the name of a
registered thing, such as `core.apikey`), within a scope, at a data level. Everything that is not
allowed is denied.
"""

from guanlan.core.access.policy import Denied, Subject, Verb, may, require
from guanlan.core.access.scoping import ScopedQuerySet
from guanlan.core.access.subjects import SYSTEM, subject_of

__all__ = [
    "SYSTEM",
    "Denied",
    "ScopedQuerySet",
    "Subject",
    "Verb",
    "may",
    "require",
    "subject_of",
]
