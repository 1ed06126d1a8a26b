"""What a browser does on its way through the provider, and what the audit log says of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from guanlan.core.audit.rows import decode
from tests.openid import Provider

PASSWORD = "a long pass phrase"


def away(client: Client, path: str = "/login/sso", **form: str) -> str:
    """Begin; the address at the provider to which the page leads."""
    answer = client.post(path, form)
    assert answer.status_code == 200, answer.content
    return str(answer.headers["Refresh"]).removeprefix("0; url=")


def back(client: Client, provider: Provider, address: str) -> Any:
    """Prove oneself to the provider and come back with its answer."""
    parts = urlsplit(provider.sign_in(address))
    return client.get(f"{parts.path}?{parts.query}")


def sign_in(client: Client, provider: Provider, **form: str) -> Any:
    return back(client, provider, away(client, **form))


def signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def refusals(log: Path) -> list[object]:
    """The reasons that the audit log gives, in order."""
    found = [decode(line) for line in log.read_bytes().splitlines()]
    return [row.detail["why"] for row in found if row.act == "sso.refuse"]


def acts(log: Path) -> list[str]:
    return [decode(line).act for line in log.read_bytes().splitlines()]
