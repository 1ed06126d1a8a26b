"""What is said and logged about an error nobody foresaw."""

from __future__ import annotations

import logging
from uuid import uuid4

from guanlan.core.faults import without_values
from guanlan.site.door.replies import Refusal

log = logging.getLogger("guanlan.door")


def incident(where: str, error: BaseException) -> Refusal:
    """Log `error` and return the answer to it; an id ties the two together.

    The log gets the kind of error and where it happened, but not its text.
    """
    name = uuid4().hex[:12]
    log.error("unexpected error %s in %s: %s", name, where, without_values(error))
    return Refusal(500, "internal", f"unexpected error, logged as {name}")
