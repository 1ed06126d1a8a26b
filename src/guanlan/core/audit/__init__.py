"""The audit log: one row for every act, and for every reading of data of level 3 or above.

    from guanlan.core.audit import act, acting, record

    with acting(subject, address="192.0.2.1"):          # a middleware does this
        with act("key.revoke", key):                    # a service does this
            key.revoked = now
            key.save()

The truth is a file of lines, hashed into a Merkle tree (RFC 6962) whose head is signed and kept
elsewhere; the table `core.AuditEntry` is a copy to search in.
"""

from guanlan.core.audit.recording import (
    act,
    acting,
    actor,
    checkpoint_file,
    deed,
    open_log,
    record,
)
from guanlan.core.audit.refusals import refused, refused_input
from guanlan.core.audit.store import AuditUnavailable

__all__ = [
    "AuditUnavailable",
    "act",
    "acting",
    "actor",
    "checkpoint_file",
    "deed",
    "open_log",
    "record",
    "refused",
    "refused_input",
]
