"""Automatic steps that every installation has."""

from __future__ import annotations

import json

from django.utils import timezone
from django.utils.translation import gettext_lazy, gettext_noop

from guanlan.core import egress
from guanlan.core.models import Channel
from guanlan.core.outbox.adapters.webhook import signature
from guanlan.response.plans.cacao import Value
from guanlan.response.plans.registry import (
    Parameter,
    Result,
    StepContext,
    StepFailed,
    playbook_step,
)


@playbook_step(
    "notify",
    gettext_lazy("Tell people"),
    {
        "text": Parameter(
            gettext_lazy("Text; empty: what the step says of itself"), required=False
        ),
        "role": Parameter(gettext_lazy("Role"), "role", required=False),
        "person": Parameter(gettext_lazy("User name"), required=False),
    },
    outside=False,
)
def notify(context: StepContext, text: str = "", role: str = "", person: str = "") -> Result:
    """Tell the people of a role, or one person. In a drill only those who take part."""
    if bool(role) == bool(person):
        raise StepFailed(gettext_noop("Name a role or a person, and not both."))
    told = context.tell(text, role=role, person=person)
    if role and not told:
        return Result(gettext_noop("Nobody holds the role; those who lead were told so."))
    if not told and not context.drill:
        raise StepFailed(gettext_noop("There is nobody to be told."))
    return Result(gettext_noop("%(n)s told."), {"n": told})


@playbook_step(
    "set_variable",
    gettext_lazy("Record a variable"),
    {
        "variable": Parameter(gettext_lazy("Variable"), "variable"),
        "value": Parameter(gettext_lazy("Value: true, false, a whole number or a text")),
    },
    outside=False,
)
def set_variable(context: StepContext, variable: str, value: str) -> Result:
    """Record a value, read as the variable's type is."""
    words: dict[str, Value] = {"true": True, "false": False}
    known = words.get(value, value)
    if isinstance(known, str) and known.removeprefix("-").isdecimal() and len(known) < 17:
        known = int(known)
    return Result(gettext_noop("%(name)s is recorded."), {"name": variable}, {variable: known})


@playbook_step(
    "call_webhook",
    gettext_lazy("Call a webhook"),
    {"channel": Parameter(gettext_lazy("Name of the channel (of the kind Webhook)"))},
    outside=True,
    remote=True,
)
def call_webhook(context: StepContext, channel: str) -> Result:
    """POST the run, the step and its key to a channel's address, signed with its secret.

    The key stands in `Guanlan-Delivery`: the receiver takes each once.
    """
    found = Channel.objects.filter(name=channel, kind=Channel.Kind.WEBHOOK, enabled=True).first()
    if found is None:
        raise StepFailed(gettext_noop("There is no webhook of this name in use."))
    body = json.dumps(
        {"run": context.run, "step": context.step, "key": context.key, "origin": context.origin}
    ).encode()
    sent = int(timezone.now().timestamp())
    headers = {
        "Content-Type": "application/json",
        "Guanlan-Delivery": context.key,
        "Guanlan-Timestamp": str(sent),
        "Guanlan-Signature": signature(str(found.config["secret"]), sent, body),
    }
    try:
        answer = egress.request("POST", str(found.config["url"]), content=body, headers=headers)
    except egress.Refused as error:
        raise StepFailed(str(error)) from error
    if not answer.ok:
        raise StepFailed(gettext_noop("The webhook answered %(status)s."), status=answer.status)
    return Result(gettext_noop("The webhook answered %(status)s."), {"status": answer.status})


@call_webhook.rehearsed
def _rehearse_webhook(context: StepContext, channel: str) -> Result:
    return Result(gettext_noop("Would have called the webhook %(name)s."), {"name": channel})
