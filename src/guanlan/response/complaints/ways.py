"""Setting up mailboxes and gateways."""

from __future__ import annotations

import datetime as dt
import re
import secrets
from typing import Final

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, require
from guanlan.core.audit import act
from guanlan.core.models import Channel
from guanlan.core.outbox.letters import TEXT_KINDS
from guanlan.response.complaints.gateways import KINDS
from guanlan.response.complaints.signatures import BadCall, cipher_key
from guanlan.response.models import ComplaintGateway, Mailbox

_HOST: Final = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")


def save_mailbox(
    subject: Subject,
    row: Mailbox | None,
    *,
    name: str,
    host: str,
    port: int,
    account: str,
    passphrase: str,
    folder: str,
    whole: bool,
    enabled: bool,
    now: dt.datetime,
) -> Mailbox:
    """Set up a mailbox, or change one. Without a password it keeps its own, unless server or
    account are others; then, or with another folder, it is read anew. Raises Denied, or
    ValidationError by field."""
    require(subject, "change" if row else "add", "response.mailbox")
    if not _HOST.fullmatch(host):
        raise ValidationError({"host": _("Write the name of a server, such as imap.example.com.")})
    if not 1 <= port <= 65535:
        raise ValidationError({"port": _("A port is a number from 1 to 65535.")})
    for field, value in (("account", account), ("passphrase", passphrase), ("folder", folder)):
        if any(ord(c) < 32 or ord(c) == 127 for c in value):
            raise ValidationError({field: _("No control characters may stand here.")})
    moved = row is None or (row.host, row.port, str(row.account)) != (host, port, account)
    if moved and not passphrase:
        raise ValidationError({"passphrase": _("Write the password for this server and account.")})
    made = row or Mailbox(created=now)
    anew = moved or made.folder != folder
    with act("mailbox.save", detail={"enabled": enabled}) as on:
        made.name = _name(name, Mailbox, row)
        made.host, made.port, made.account, made.folder = host, port, account, folder
        made.whole, made.enabled, made.fault = whole, enabled, ""
        if passphrase:
            made.password = passphrase
        if anew:
            made.uid_validity, made.last_uid = None, 0
        made.save()
        on(made)
    return made


def save_gateway(
    subject: Subject,
    row: ComplaintGateway | None,
    *,
    name: str,
    kind: str,
    token: str,
    key: str,
    app: str,
    reply_by: Channel | None = None,
    enabled: bool,
    now: dt.datetime,
) -> tuple[ComplaintGateway, str]:
    """Set up a gateway, or change one; also the secret that was made for it, to be shown once
    (empty where it has one). WeChat's token and key are those that were set there. `reply_by` is
    a channel for SMS by which complaints of an SMS gateway are answered. Raises Denied, or
    ValidationError by field."""
    require(subject, "change" if row else "add", "response.complaintgateway")
    made = row or ComplaintGateway(created=now, kind=kind, slug=secrets.token_hex(16))
    if made.kind not in KINDS:
        text = _("It is one of %(names)s.") % {"names": ", ".join(KINDS)}
        raise ValidationError({"kind": text})
    if reply_by is not None and (made.kind != "sms" or reply_by.kind not in TEXT_KINDS):
        text = _("Only an SMS gateway is replied for, and only by a channel for SMS.")
        raise ValidationError({"reply_by": text})
    made.reply_by = reply_by
    fresh = ""
    if made.kind == "wechat":
        _wechat(made, token, key, app)
    elif row is None:
        fresh = made.secret = secrets.token_urlsafe(32)
    with act("gateway.save", detail={"kind": made.kind, "enabled": enabled}) as on:
        made.name, made.enabled = _name(name, ComplaintGateway, row), enabled
        made.save()
        on(made)
    return made, fresh


def _wechat(made: ComplaintGateway, token: str, key: str, app: str) -> None:
    if not made.secret and not token:
        raise ValidationError({"token": _("Write the token that was set at WeChat.")})
    if not made.cipher_key and not key:
        raise ValidationError({"key": _("Write the EncodingAESKey of 43 characters.")})
    if key:
        try:
            cipher_key(key)
        except BadCall:
            text = _("Write the EncodingAESKey of 43 characters.")
            raise ValidationError({"key": text}) from None
        made.cipher_key = key
    if token:
        made.secret = token
    if not app.strip():
        raise ValidationError({"app": _("Write the id of the WeChat account, as in wx0123….")})
    made.app = app.strip()


def renew_secret(subject: Subject, row: ComplaintGateway) -> str:
    """Make another secret; the one before signs nothing any more. The new one, to be shown once.
    Raises Denied, or ValidationError where it is WeChat's."""
    require(subject, "change", "response.complaintgateway")
    if row.kind == "wechat":
        raise ValidationError(_("Change the token at WeChat, and then here."))
    fresh = secrets.token_urlsafe(32)
    with act("gateway.renew", row):
        row.secret = fresh
        row.save()
    return fresh


def _name(
    name: str, model: type[Mailbox | ComplaintGateway], row: Mailbox | ComplaintGateway | None
) -> str:
    said = " ".join(name.split())
    if not 1 <= len(said) <= 80:
        text = _("Write %(low)s to %(high)s characters.") % {"low": 1, "high": 80}
        raise ValidationError({"name": text})
    if model._default_manager.filter(name=said).exclude(pk=row.pk if row else 0).exists():
        raise ValidationError({"name": _("There is one of this name.")})
    return said
