"""E-mail through a mail server of the organisation."""

from __future__ import annotations

import smtplib
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import formatdate
from typing import Final, cast

from guanlan.core import egress
from guanlan.core.egress.mail import Security
from guanlan.core.outbox.adapters.parcel import Adapter, Config, Field, NotDelivered, Parcel

_HEADERS: Final = {"urgent": "high", "critical": "high"}


def deliver(config: Config, parcel: Parcel) -> None:
    """Hand the parcel to the server. The Message-ID is the same when it is sent again."""
    try:
        port = int(config["port"])
        letter = composed(config, parcel)
    except (ValueError, IndexError, MessageError):
        raise NotDelivered("misconfigured", again=False) from None
    try:
        server = egress.smtp(config["host"], port, cast(Security, config["security"]))
    except smtplib.SMTPException:
        raise NotDelivered("unreachable", again=True) from None
    with server:
        try:
            if config.get("user"):
                server.login(config["user"], config.get("password", ""))
            server.send_message(letter)
        except smtplib.SMTPAuthenticationError:
            raise NotDelivered("misconfigured", again=False) from None
        except smtplib.SMTPRecipientsRefused as error:
            codes = [code for code, _text in error.recipients.values()]
            raise _refusal(min(codes)) from None
        except smtplib.SMTPResponseException as error:
            raise _refusal(error.smtp_code) from None
        except smtplib.SMTPException:
            raise NotDelivered("unreachable", again=True) from None


def _refusal(code: int) -> NotDelivered:
    if code >= 500:
        return NotDelivered("rejected", again=False)
    return NotDelivered("busy", again=True)


def composed(config: Config, parcel: Parcel) -> EmailMessage:
    """The letter. Raises ValueError where the sender's address cannot be one, NotDelivered where
    the reader's cannot."""
    sender = Address(addr_spec=config["sender"])
    letter = EmailMessage()
    letter["From"] = Address("Guanlan", addr_spec=config["sender"])
    try:
        letter["To"] = Address(addr_spec=parcel.email)
    except (ValueError, IndexError, MessageError):
        raise NotDelivered("no_address", again=False) from None
    letter["Subject"] = parcel.subject
    letter["Date"] = formatdate(parcel.sent)
    letter["Message-ID"] = f"<{parcel.key}@{sender.domain}>"
    letter["Auto-Submitted"] = "auto-generated"
    if importance := _HEADERS.get(parcel.urgency):
        letter["Importance"] = importance
    letter.set_content(parcel.text)
    return letter


EMAIL: Final = Adapter(
    fields=(
        Field("host", leads=True),
        Field("port", leads=True, default="587"),
        Field("security", leads=True, choices=("starttls", "tls", "none"), default="starttls"),
        Field("sender"),
        Field("user", required=False),
        Field("password", secret=True, required=False),
        Field("to", required=False),
    ),
    deliver=deliver,
    needs="email",
)
