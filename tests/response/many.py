"""Choosing rows of a list and answering what an action on them asks."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable
from typing import Any

from django.test import Client
from django.urls import reverse


class Asked:
    """The page that asks what is to be asked, once for many rows."""

    def __init__(
        self, client: Client, route: str, action: str, keys: Iterable[Any], **sent: Any
    ) -> None:
        self.client, self.address = client, reverse(f"{route}_act")
        said = {"action": action, "key": [str(key) for key in keys], **sent}
        answer = client.post(self.address, said)
        assert answer.status_code == 200, answer
        self.text = answer.content.decode()
        self.hidden = {
            name: html.unescape(value)
            for name, value in re.findall(
                r'<input type="hidden" name="(\w+)" value="([^"]*)">', self.text
            )
            if name != "csrfmiddlewaretoken"
        }

    def send(self, **typed: Any) -> Any:
        """Send it, and follow to the list that tells what became of the rows."""
        return self.client.post(self.address, self.hidden | typed, follow=True)


def told(answer: Any) -> str:
    """What the page tells above the list, without marks."""
    found = re.findall(r'<p class="notice [^>]*>(.*?)</p>', answer.content.decode(), re.DOTALL)
    return html.unescape(" | ".join(one.replace("<br>", " / ") for one in found))
