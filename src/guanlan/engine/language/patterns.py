"""Regular expressions that cannot be made slow: RE2, linear in the text, bounded in memory."""

from __future__ import annotations

from collections.abc import Callable

import re2

MAX_MEMORY = 1 << 20
"""Bytes one pattern may use, for its program and its caches together."""


def matcher(pattern: str) -> Callable[[str], bool]:
    """A function that tells whether `pattern` occurs in a text.

    Raises `ValueError` with a sentence when the pattern is not RE2 or needs more than
    `MAX_MEMORY`.
    """
    options = re2.Options()
    options.max_mem = MAX_MEMORY
    options.log_errors = False
    options.never_capture = True
    try:
        search = re2.compile(pattern.encode(), options).search
    except re2.error as error:
        reason = error.args[0]
        if isinstance(reason, bytes):
            reason = reason.decode(errors="replace")
        raise ValueError(f"the pattern cannot be used: {reason}") from error

    def occurs(text: str) -> bool:
        # Bytes spare re2 the counting of characters; a lone surrogate must not be an error.
        return search(text.encode(errors="surrogatepass")) is not None

    return occurs
