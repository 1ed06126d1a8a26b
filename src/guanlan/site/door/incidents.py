"""What is said and logged about an error nobody foresaw."""

from __future__ import annotations

import logging
import traceback
from uuid import uuid4

from guanlan.site.door.replies import Refusal

log = logging.getLogger("guanlan.door")


def incident(where: str, error: BaseException) -> Refusal:
    """Log `error` and return the answer to it; an id ties the two together.

    The log gets the kind of error and where it happened, but not its text: the text of
    an exception often quotes the value that caused it, and that may be personal data.
    """
    name = uuid4().hex[:12]
    stack = "".join(traceback.format_tb(error.__traceback__))
    log.error("unexpected error %s in %s: %s\n%s", name, where, type(error).__name__, stack)
    return Refusal(500, "internal", f"unexpected error, logged as {name}")
