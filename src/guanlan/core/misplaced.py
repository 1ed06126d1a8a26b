"""API keys in places where logs and histories keep them."""

from __future__ import annotations

import re
from typing import Final

# A token, its underscores plain or escaped. The id between them is public, the rest is not.
_TOKEN: Final = re.compile(r"gl(?:_|%5f)([0-9a-z]{8})(?:_|%5f)", re.IGNORECASE)


def key_in_address(address: str) -> str:
    """The id of an API key that stands in an address or its query; empty where none does.

    >>> key_in_address("/v1/events?key=gl_ab12cd34_secret")
    'ab12cd34'
    """
    found = _TOKEN.search(address)
    return found[1] if found else ""
