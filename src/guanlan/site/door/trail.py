"""What the door writes into the audit log: changes of lists, by the key that made them."""

from __future__ import annotations

import asyncio
import time

from guanlan.core.access.subjects import subject_of_key
from guanlan.core.audit import AuditUnavailable, acting, open_log, record
from guanlan.site.door.keys import Key
from guanlan.site.door.replies import unavailable

NOT_RECORDED = "the audit log cannot be written, so nothing was changed"


class Trail:
    """Writes in a worker thread, so that no decision waits for it; and says how the log is."""

    def __init__(self, retry_seconds: int) -> None:
        self._retry = retry_seconds

    async def write(
        self, key: Key, act: str, name: str, *, reason: str = "", outcome: str = "done"
    ) -> None:
        """One durable row: `act` on list `name`. Raises Refusal 503."""
        try:
            await asyncio.to_thread(_write, key, act, name, reason, outcome)
        except AuditUnavailable:
            raise unavailable(NOT_RECORDED, self._retry) from None

    def gauges(self) -> list[tuple[str, str, float]]:
        """Name, meaning and value; reads two small files."""
        log = open_log()
        missed = log.gap.current()
        size, clock = log.checkpointer.newest()
        age = time.time() - clock / 1e6 if clock else 0.0
        return [
            ("guanlan_audit_refused", "Rows refused since the audit log cannot be written.",
             missed.refused if missed else 0),
            ("guanlan_audit_signed_rows", "Rows under the newest signed checkpoint.", size),
            ("guanlan_audit_checkpoint_age_seconds", "Since the newest checkpoint.", age),
        ]  # fmt: skip


def _write(key: Key, act: str, name: str, reason: str, outcome: str) -> None:
    with acting(subject_of_key(key.id, key.scopes)):
        record(act, ("fraud.list", name), reason=reason, outcome=outcome)
