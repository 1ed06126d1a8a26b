"""Channels of messages."""

from __future__ import annotations

from typing import Final, NamedTuple

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.core.access import may
from guanlan.core.models import Channel, Delivery
from guanlan.core.outbox.adapters import ADAPTERS
from guanlan.core.outbox.keeping import Unreadable, config_of
from guanlan.core.outbox.managing import save_channel, send_test, use_channel
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.rights import needs, subject_of_request

FIELDS: Final[dict[str, str | Promise]] = {
    "host": gettext_lazy("Server"),
    "port": gettext_lazy("Port"),
    "security": gettext_lazy("Encryption"),
    "sender": gettext_lazy("Sender"),
    "user": gettext_lazy("User name"),
    "password": gettext_lazy("Password"),
    "to": gettext_lazy("To, for messages to the channel itself"),
    "key": gettext_lazy("Access key"),
    "secret": gettext_lazy("Secret"),
    "sign_name": gettext_lazy("Signature of the SMS"),
    "template": gettext_lazy("Template of the vendor"),
    "variable": gettext_lazy("Variable of the template"),
    "app": gettext_lazy("Application"),
    "region": gettext_lazy("Region"),
    "account": gettext_lazy("Account"),
    "token": gettext_lazy("Token"),
    "url": gettext_lazy("Address"),
    "name": gettext_lazy("File name"),
}
CHOICES: Final[dict[str, str | Promise]] = {
    "starttls": "STARTTLS",
    "tls": "TLS",
    "none": gettext_lazy("none"),
}
WHYS: Final[dict[str, str | Promise]] = {
    "refused": gettext_lazy("the address lies inside the network and is not allowed"),
    "unreachable": gettext_lazy("no connection, or no answer"),
    "rejected": gettext_lazy("the other side refuses it"),
    "busy": gettext_lazy("too much at once"),
    "misconfigured": gettext_lazy("the configuration cannot be used"),
    "capped": gettext_lazy("the limit for this number is reached"),
    "no_address": gettext_lazy("the person has no such address"),
    "disabled": gettext_lazy("the person's account is disabled"),
    "channel_off": gettext_lazy("the channel is not in use"),
    "unreadable": gettext_lazy("the stored data cannot be decrypted"),
    "lost": gettext_lazy("it may have been sent; the process ended twice"),
    "fault": gettext_lazy("an internal fault; see the log"),
}


class Box(NamedTuple):
    """A field of a channel's form."""

    name: str
    label: str | Promise
    value: str
    secret: bool
    kept: bool
    required: bool
    choices: tuple[tuple[str, str | Promise], ...]


@needs("see", "core.channel")
@require_safe
def channels(request: HttpRequest) -> HttpResponse:
    """The channels, and the kinds that can be added."""
    subject = subject_of_request(request)
    context = {
        "channels": [
            (row, WHYS.get(row.fault, row.fault)) for row in Channel.objects.for_user(subject)
        ],
        "kinds": Channel.Kind.choices,
        "may_add": may(subject, "add", "core.channel"),
        "may_change": may(subject, "change", "core.channel"),
    }
    return render(request, "web/channels.html", context)


@needs("change", "core.channel")
@require_http_methods(["GET", "POST"])
@reauthenticated
def channel(request: HttpRequest, identity: int) -> HttpResponse:
    """Change a channel; secrets are written, never shown."""
    row = get_object_or_404(
        Channel.objects.for_user(subject_of_request(request), "change"), pk=identity
    )
    return _form(request, row, row.kind)


@needs("add", "core.channel")
@require_http_methods(["GET", "POST"])
@reauthenticated
def new_channel(request: HttpRequest, kind: str) -> HttpResponse:
    """Make a channel of a kind."""
    if kind not in ADAPTERS:
        return redirect("channels")
    return _form(request, None, kind)


def _form(request: HttpRequest, row: Channel | None, kind: str) -> HttpResponse:
    errors: dict[str, list[str]] = {}
    if request.method == "POST":
        try:
            saved = save_channel(
                subject_of_request(request),
                row,
                name=request.POST.get("channel_name", ""),
                kind=kind,
                per_minute=_whole(request.POST.get("per_minute", "")),
                values={f.name: request.POST.get(f.name, "") for f in ADAPTERS[kind].fields},
            )
        except ValidationError as error:
            errors = error.message_dict
        else:
            messages.success(request, _("%(channel)s is saved.") % {"channel": saved.name})
            return redirect("channels")
    context = {
        "row": row,
        "kind": Channel.Kind(kind).label,
        "boxes": [(box, errors.get(box.name, [])) for box in _boxes(request, row, kind)],
        "errors": errors,
        "name_errors": errors.get("channel_name", []),
        "channel_name": request.POST.get("channel_name", row.name if row else ""),
        "per_minute": request.POST.get("per_minute", row.per_minute if row else 30),
    }
    return render(request, "web/channel.html", context, status=400 if errors else 200)


def _boxes(request: HttpRequest, row: Channel | None, kind: str) -> list[Box]:
    try:
        config = config_of(row) if row is not None else {}
    except Unreadable:
        config = {}
    boxes = []
    for field in ADAPTERS[kind].fields:
        known = config.get(field.name, "" if row is not None else field.default)
        value = "" if field.secret else request.POST.get(field.name, known)
        kept = field.secret and bool(config.get(field.name))
        required = field.required and not kept
        label = FIELDS[field.name]
        choices = tuple((one, CHOICES.get(one, one)) for one in field.choices)
        boxes.append(Box(field.name, label, value, field.secret, kept, required, choices))
    return boxes


def _whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0


@needs("change", "core.channel")
@require_POST
@reauthenticated
def toggle_channel(request: HttpRequest, identity: int) -> HttpResponse:
    """Take a channel into use, or out of it."""
    row = get_object_or_404(
        Channel.objects.for_user(subject_of_request(request), "change"), pk=identity
    )
    use_channel(subject_of_request(request), row, request.POST.get("enabled") == "yes")
    return redirect("channels")


@needs("change", "core.channel")
@require_POST
def try_channel(request: HttpRequest, identity: int) -> HttpResponse:
    """Send a test now, and say how it went."""
    row = get_object_or_404(
        Channel.objects.for_user(subject_of_request(request), "change"), pk=identity
    )
    delivery = send_test(subject_of_request(request), row)
    if delivery.state == Delivery.State.SENT:
        messages.success(
            request, _("%(channel)s accepted the test message.") % {"channel": row.name}
        )
    else:
        why = WHYS.get(delivery.why, delivery.why)
        text = _("The test of %(channel)s was not sent: %(why)s.")
        messages.error(request, text % {"channel": row.name, "why": why})
    return redirect("channels")
