"""Connections to mail servers under the policy."""

from __future__ import annotations

import smtplib
import socket
import ssl
from typing import Literal

from guanlan.core.egress.policy import MAIL_PORTS, open_socket
from guanlan.core.egress.telling import told

Security = Literal["tls", "starttls", "none"]


class _Plain(smtplib.SMTP):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        return open_socket(host, port, timeout=timeout, ports=MAIL_PORTS)


class _Secure(smtplib.SMTP_SSL):
    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        plain = open_socket(host, port, timeout=timeout, ports=MAIL_PORTS)
        return self.context.wrap_socket(plain, server_hostname=host)


def smtp(
    host: str,
    port: int,
    security: Security,
    *,
    timeout: float = 15.0,
    context: ssl.SSLContext | None = None,
) -> smtplib.SMTP:
    """A greeted connection to a mail server. Raises Refused, OSError, smtplib.SMTPException.

    With "starttls" a server that does not offer it is an error, never a fall back to plain.
    """
    trusted = context or ssl.create_default_context()
    with told(host):
        return _greeted(host, port, security, timeout, trusted)


def _greeted(
    host: str, port: int, security: Security, timeout: float, trusted: ssl.SSLContext
) -> smtplib.SMTP:
    if security == "tls":
        return _Secure(host, port, timeout=timeout, context=trusted)
    connection = _Plain(host, port, timeout=timeout)
    if security == "starttls":
        try:
            connection.starttls(context=trusted)
        except Exception:
            connection.close()
            raise
    return connection
