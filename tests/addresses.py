"""An address of every page of the console, so that a new route is walked without being named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from guanlan.web.rights import routes

# Reached by who is not signed in.
OPEN: Final = {
    "login", "account_login", "logout", "account_logout", "language", "mfa_authenticate",
    "mfa_login_webauthn", "forgotten", "new_password", "accept_invitation", "setup",
    "sso", "sso_back",
    "status", "status_json", "status_feed", "status_in", "status_feed_in", "complain",
    "complaint_state", "complaint_gateway_call",
}  # fmt: skip
# What stands in the addresses of pages whose objects a test has made; elsewhere it is 1 or x.
ARGUMENTS: Final[dict[str, list[Any]]] = {
    "entity": ["user", "u-1"], "scenario_version": [0], "key": ["abcdefgh"],
    "discussion": ["fraud.decision", "1"], "mentionable": ["fraud.decision", "1"],
    "add_comment": ["fraud.decision", "1"], "add_attachment": ["fraud.decision", "1"],
    "run_job": ["platform.clean"], "new_channel": ["email"],
    "new_password": ["MQ", "guessed"],
}  # fmt: skip
_PART: Final = re.compile(r"<(?:(\w+):)?(\w+)>")


def lines() -> list[tuple[str, str]]:
    """(pattern, name of the route) of every route, once."""
    found = {pattern: route for pattern, route, _view in routes()}
    return sorted((f"/{pattern}", route) for pattern, route in found.items())


def fill(pattern: str, values: Sequence[Any], number: int = 999_999) -> str:
    """An address of the pattern; what is not given is `number` or x."""
    rest = list(values)

    def part(match: re.Match[str]) -> str:
        if rest:
            return str(rest.pop(0))
        return str(number) if match[1] == "int" else "x"

    return _PART.sub(part, pattern).replace("\\Z", "").lstrip("^")


def pages(number: int = 1) -> dict[str, str]:
    """Pattern -> address of every page, of objects with this number.

    The API answers in its own way (tests/web/resource)."""
    return {
        pattern: fill(pattern, ARGUMENTS.get(name, []), number=number)
        for pattern, name in lines()
        if name and name != "openapi" and not name.startswith("api_")
    }


def closed_pages() -> dict[str, str]:
    """Those that want a signed-in person."""
    names = dict(lines())
    return {pattern: path for pattern, path in pages().items() if names[pattern] not in OPEN}
