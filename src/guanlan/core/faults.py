"""What may be logged of an exception."""

from __future__ import annotations

import traceback


def without_values(error: BaseException) -> str:
    """The kind of error and where it happened, but not its text.

    The text of an exception often quotes the value that caused it, and that may be personal.
    """
    return f"{type(error).__name__}\n{''.join(traceback.format_tb(error.__traceback__))}"
