"""The audit log: one row for every act, and for every reading of data of level 3 or above.

from guanlan.core.audit import act, acting, record

with acting(subject, address="192.0.2.1"):          # a middleware does this
    with act("key.revoke", key):                    # a service does this
        key.revoked = now
        key.save()
"""

from guanlan.core.audit.recording import act, acting, actor, record

__all__ = ["act", "acting", "actor", "record"]
