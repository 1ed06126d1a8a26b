"""A real mail server on this machine that remembers its letters."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.policy import default
from typing import Any

from aiosmtpd.controller import Controller

from guanlan.core.egress import Policy, parse_rule, using
from tests.core.egress.servers import resolver


class Sink:
    """A mail server's memory; `raw` is what came over the wire."""

    def __init__(self) -> None:
        self.letters: list[Any] = []
        self.raw: list[bytes] = []
        self.answer = "250 taken"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.raw.append(envelope.content)
        self.letters.append(message_from_bytes(envelope.content, policy=default))
        return self.answer

    def texts(self) -> list[str]:
        """Subject and text of each letter."""
        return [f"{one['Subject']}\n{one.get_content()}" for one in self.letters]


@contextmanager
def mail_server() -> Iterator[tuple[Sink, dict[str, str]]]:
    """The server and a channel's configuration that leads to it; nothing else may be called."""
    sink = Sink()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    controller = Controller(sink, hostname="127.0.0.1", port=port)
    controller.start()
    policy = Policy((parse_rule(f"mail.test:{port}"),), resolver({"mail.test": ["127.0.0.1"]}))
    config = {"host": "mail.test", "port": str(port), "security": "none", "sender": "g@a.test"}
    try:
        with using(policy):
            yield sink, config
    finally:
        controller.stop()
