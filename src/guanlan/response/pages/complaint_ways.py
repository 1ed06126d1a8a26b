"""The ways by which complaints come in by themselves: mailboxes and gateways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.core.access.masking import mask
from guanlan.core.models import Channel
from guanlan.core.outbox.letters import TEXT_KINDS
from guanlan.response.complaints.gateways import KINDS, SIGNATURE_HEADER, TIME_HEADER
from guanlan.response.complaints.mail import FAULTS
from guanlan.response.complaints.ways import renew_secret, save_gateway, save_mailbox
from guanlan.response.models import ComplaintGateway, Mailbox
from guanlan.web.accounts.addresses import link_to
from guanlan.web.resource import (
    Action,
    Column,
    Filter,
    Form,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.resource.fields import Related

_OFF: Final = {"autocomplete": "off"}
_SECRET: Final = forms.PasswordInput(attrs={"autocomplete": "new-password"})


class MailboxForm(forms.Form):
    """Where the mailbox is, and who reads it."""

    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    host = forms.CharField(
        label=gettext_lazy("Server"), max_length=253,
        help_text=gettext_lazy("IMAP over TLS, such as imap.example.com"),
        widget=forms.TextInput(attrs=_OFF),
    )  # fmt: skip
    port = forms.IntegerField(label=gettext_lazy("Port"), initial=993)
    account = forms.CharField(
        label=pgettext_lazy("of a mail server", "Account"),
        max_length=254,
        widget=forms.TextInput(attrs=_OFF),
    )
    passphrase = forms.CharField(
        label=gettext_lazy("Password"), max_length=254, required=False, strip=False,
        widget=_SECRET, help_text=gettext_lazy("Empty: as it is."),
    )  # fmt: skip
    folder = forms.CharField(label=gettext_lazy("Folder"), max_length=80, initial="INBOX")
    whole = forms.BooleanField(
        label=gettext_lazy("Take in what is there already, too"), required=False
    )
    enabled = forms.BooleanField(label=gettext_lazy("In use"), required=False, initial=True)


class ChangedMailbox(MailboxForm):
    """The same; the account is kept where it is left empty."""

    account = forms.CharField(
        label=pgettext_lazy("of a mail server", "Account"), max_length=254, required=False,
        widget=forms.TextInput(attrs=_OFF), help_text=gettext_lazy("Empty: as it is."),
    )  # fmt: skip


def _mailbox(subject: Subject, row: Mailbox | None, values: dict[str, Any]) -> Saved:
    if row is not None and not values["account"]:
        values = values | {"account": str(row.account)}
    made = save_mailbox(subject, row, now=timezone.now(), **values)
    return Saved(made, _("The mailbox is read within a minute."))


def mailbox_state(row: Mailbox) -> State:
    """Whether it is read, and why not."""
    if not row.enabled:
        return State("off", _("not in use"))
    if row.fault:
        return State("bad", FAULTS.get(row.fault, row.fault))
    if row.polled is None:
        return State("unknown", _("not read yet"))
    return State("on", _("is read"))


MAILBOXES = register(
    Resource(
        noun="response.mailbox",
        model=Mailbox,
        title=gettext_lazy("Mailbox of complaints"),
        titles=gettext_lazy("Mailboxes of complaints"),
        path="complaint-mailboxes",
        route="complaint_mailboxes",
        one="complaint_mailbox",
        columns=(
            Column("name", gettext_lazy("Mailbox"), wide=True),
            Column("host", gettext_lazy("Server"), cell="code"),
            Column("account", pgettext_lazy("of a mail server", "Account"),
                   mask=lambda row: mask("email", str(row.account), 3)),
            Column("folder", gettext_lazy("Folder"), shown=False),
            Column("state", gettext_lazy("State"), "fault", value=mailbox_state, cell="state"),
            Column("polled", gettext_lazy("Last read"), cell="moment"),
            Column("taken", gettext_lazy("Taken in"), cell="number"),
            Column("refused", gettext_lazy("Not understood"), cell="number"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(
            Filter("used", gettext_lazy("In use"), "flag", "enabled", group=True),
            Filter("fault", gettext_lazy("Fault"), "choice", choices=FAULTS, group=True),
        ),
        search=("name", "host"),
        order="-created",
        state=mailbox_state,
        name_of=lambda row: row.name,
        form=Form(
            make=lambda subject, row: MailboxForm if row is None else ChangedMailbox,
            add=lambda subject, values: _mailbox(subject, None, values),
            change=_mailbox,
            initial=lambda row: {name: getattr(row, name) for name in (
                "name", "host", "port", "folder", "whole", "enabled")},
            title=gettext_lazy("New mailbox of complaints"),
            again=True,
        ),
        empty=gettext_lazy(
            "No mailbox is read. Name one, and letters to it become complaints within a minute; the"
            " mailbox itself is never changed."
        ),
    )
)  # fmt: skip


class ReplyChannelField(Related):
    """A channel in use that sends text messages."""

    def offer(self, subject: Subject) -> None:
        """Offer those that are in use."""
        super().offer(subject)
        if self.queryset is not None:
            found = self.queryset.filter(enabled=True, kind__in=TEXT_KINDS)
            self.queryset = found.order_by("name")


def gateway_form(subject: Subject, row: ComplaintGateway | None) -> type[forms.Form]:
    """The fields of a gateway; those of WeChat only where it is one."""
    fields: dict[str, Any] = {"name": forms.CharField(label=_("Name"), max_length=80)}
    if row is None:
        fields["kind"] = forms.ChoiceField(label=_("Kind"), choices=[*KINDS.items()])
    if row is None or row.kind == "wechat":
        kept = _("Of WeChat only, as it was set there.")
        if row is not None:
            kept = _("Empty: as it is.")
        fields["token"] = forms.CharField(
            label=_("Token"), max_length=64, required=False, widget=_SECRET, help_text=kept
        )
        fields["key"] = forms.CharField(
            label="EncodingAESKey", max_length=43, required=False, widget=_SECRET, help_text=kept
        )
        fields["app"] = forms.CharField(
            label=_("Id of the WeChat account"), max_length=64, required=False,
            widget=forms.TextInput(attrs=_OFF),
        )  # fmt: skip
    if row is None or row.kind == "sms":
        fields["reply_by"] = ReplyChannelField(
            model=Channel, label=_("Replies are sent by"), required=False,
            help_text=_("Of an SMS gateway only. Without one, replies are recorded, not sent."),
        )  # fmt: skip
    fields["enabled"] = forms.BooleanField(label=_("In use"), required=False, initial=True)
    return type("GatewayForm", (forms.Form,), fields)


def address_of_gateway(row: ComplaintGateway) -> str:
    """Where the gateway calls."""
    return link_to(reverse("complaint_gateway_call", args=[row.slug]))


def _gateway(subject: Subject, row: ComplaintGateway | None, values: dict[str, Any]) -> Saved:
    made, fresh = save_gateway(
        subject, row, name=values["name"], kind=values.get("kind", ""),
        token=values.get("token", ""), key=values.get("key", ""), app=values.get("app", ""),
        reply_by=values.get("reply_by"), enabled=values["enabled"], now=timezone.now(),
    )  # fmt: skip
    return _shown(made, fresh, _("The gateway is kept."))


def _shown(row: ComplaintGateway, fresh: str, notice: str) -> Saved:
    """The address of a gateway, and its secret where it is new: once."""
    if not fresh:
        return Saved(row, notice)
    once = {"secret": fresh, "address": address_of_gateway(row)}
    return Saved(row, template="response/complaint/secret.html", context=once, once=once)


def _renew(row: ComplaintGateway, subject: Subject) -> Saved:
    return _shown(row, renew_secret(subject, row), "")


def gateway_state(row: ComplaintGateway) -> State:
    """Whether it may call."""
    return State("on", _("in use")) if row.enabled else State("off", _("not in use"))


def how(row: ComplaintGateway, subject: Subject) -> Mapping[str, Any]:
    """How it calls."""
    if row.kind == "wechat":
        return facts(
            (_("Address"), "…/complaint-calls/…"),
            (
                pgettext("with a customer", "Messages"),
                _("encrypted mode, text messages; the customer is the OpenID"),
            ),
        )
    body = '{"id": "…", "text": "…"}' if row.kind == "hmac" else '{"id", "from", "text"}'
    return facts(
        (_("Address"), "…/complaint-calls/…"),
        (TIME_HEADER, _("seconds since 1970, five minutes off at most")),
        (SIGNATURE_HEADER, _("HMAC-SHA-256 of “time.body” under the secret, hexadecimal")),
        (_("Body"), body),
        (_("Replies"), str(row.reply_by or _("recorded only: this gateway has no way to reply"))),
    )


GATEWAYS = register(
    Resource(
        noun="response.complaintgateway",
        model=ComplaintGateway,
        title=gettext_lazy("Gateway of complaints"),
        titles=gettext_lazy("Gateways of complaints"),
        path="complaint-gateways",
        route="complaint_gateways",
        one="complaint_gateway",
        columns=(
            Column("name", gettext_lazy("Gateway"), wide=True),
            Column("kind", gettext_lazy("Kind"), value=lambda row: str(KINDS[row.kind])),
            Column("enabled", gettext_lazy("State"), value=gateway_state, cell="state"),
            Column("slug", gettext_lazy("Address"),
                   mask=lambda row: f"…/complaint-calls/{row.slug[:4]}•••"),
            Column("used", gettext_lazy("Last call"), cell="moment"),
            Column("taken", gettext_lazy("Taken in"), cell="number"),
            Column("refused", gettext_lazy("Not understood"), cell="number"),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True, shown=False),
        ),
        filters=(
            Filter("kind", gettext_lazy("Kind"), "choice", choices=KINDS, group=True),
            Filter("used", gettext_lazy("In use"), "flag", "enabled", group=True),
        ),
        search=("name",),
        order="-created",
        state=gateway_state,
        name_of=lambda row: row.name,
        panels=(Panel(gettext_lazy("How it calls"), "web/resource/facts.html", how),),
        form=Form(
            make=gateway_form,
            add=lambda subject, values: _gateway(subject, None, values),
            change=_gateway,
            initial=lambda row: {"name": row.name, "enabled": row.enabled, "app": row.app,
                                 "reply_by": row.reply_by_id},
            title=gettext_lazy("New gateway of complaints"),
            again=True,
        ),
        actions=(
            Action("renew", gettext_lazy("Make another secret"), _renew, danger=True, bulk=False,
                   again=True, when=lambda row: row.kind != "wechat",
                   words=gettext_lazy(
                       "Calls signed with the present secret are refused from then on; the new one"
                       " and the address are shown once.")),
        ),
        empty=gettext_lazy(
            "No gateway calls us. Make one for SMS, WeChat or a program of your own: it gets an"
            " address and a secret."
        ),
    )
)  # fmt: skip
