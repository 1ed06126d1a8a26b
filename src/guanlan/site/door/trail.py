"""What the door writes into the audit log: changes of lists, and calls that were refused."""

from __future__ import annotations

import asyncio
import time

from guanlan.core.access import ANONYMOUS, Subject
from guanlan.core.audit import AuditUnavailable, acting, open_log, record
from guanlan.core.audit.recording import Actor
from guanlan.core.audit.refusals import INPUT, Refusals, Refused, write
from guanlan.site.door.keys import Key
from guanlan.site.door.replies import unavailable
from guanlan.site.door.rights import Need

NOT_RECORDED = "the audit log cannot be written, so nothing was changed"


class Trail:
    """Writes in a worker thread, so that no decision waits for it; and says how the log is."""

    def __init__(self, retry_seconds: int) -> None:
        self._retry = retry_seconds
        self._refusals = Refusals()
        self._writing: set[asyncio.Task[None]] = set()

    async def write(
        self, key: Key, act: str, name: str, *, reason: str = "", outcome: str = "done"
    ) -> None:
        """One durable row: `act` on list `name`. Raises Refusal 503."""
        try:
            await asyncio.to_thread(_write, key, act, name, reason, outcome)
        except AuditUnavailable:
            raise unavailable(NOT_RECORDED, self._retry) from None

    def refused(self, subject: Subject, need: Need) -> None:
        """Note a call that was refused; a row that is due is written behind its answer."""
        self._write(self._refusals.note(Actor(subject), need.verb, need.noun))

    def misplaced(self) -> None:
        """Note a call with an API key in its address, likewise."""
        self._write(self._refusals.note(Actor(ANONYMOUS), "key in address", "door", INPUT))

    def _write(self, due: list[Refused]) -> None:
        if due:
            task = asyncio.get_running_loop().create_task(asyncio.to_thread(write, due))
            self._writing.add(task)
            task.add_done_callback(self._writing.discard)

    async def settle(self) -> None:
        """Wait until what is being written is written."""
        await asyncio.gather(*self._writing)

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
    with acting(key.subject):
        record(act, ("fraud.list", name), reason=reason, outcome=outcome)
