"""Connections to mailboxes under the policy: IMAP over TLS, and nothing else."""

from __future__ import annotations

import imaplib
import socket
import ssl
from typing import Final

from guanlan.core.egress.policy import open_socket
from guanlan.core.egress.telling import told

IMAP_PORTS: Final = frozenset({993})


class _Secure(imaplib.IMAP4_SSL):
    """Connects to checked addresses only, and reads no more at once than it is allowed."""

    most = 0

    def _create_socket(self, timeout: float | None) -> socket.socket:
        plain = open_socket(self.host, self.port, timeout=timeout or 15.0, ports=IMAP_PORTS)
        plain.settimeout(timeout)
        context: ssl.SSLContext = self.ssl_context
        return context.wrap_socket(plain, server_hostname=self.host)

    def read(self, size: int) -> bytes:
        """What the server announced; a server that announces more than is allowed is cut off."""
        if size > self.most:
            raise self.abort("more was announced than is read at once")
        return super().read(size)


def imap(
    host: str,
    port: int,
    *,
    most: int,
    timeout: float = 20.0,
    context: ssl.SSLContext | None = None,
) -> imaplib.IMAP4_SSL:
    """A greeted connection to a mailbox's server; `most` bytes are read at once at most. Raises
    Refused, OSError, imaplib.IMAP4.error."""
    trusted = context or ssl.create_default_context()
    made = type("_Limited", (_Secure,), {"most": most})
    with told(host):
        found: imaplib.IMAP4_SSL = made(host, port, ssl_context=trusted, timeout=timeout)
        return found
