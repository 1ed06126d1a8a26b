"""What was sent to whom, what was not, and why."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guanlan.core.access.naming import noun_name
from guanlan.core.models import Delivery, Message
from guanlan.core.outbox.templates import masked, title_of, titles
from guanlan.web.pages.channels import WHYS
from guanlan.web.resource import Chip, Clock, Column, Filter, Heading, Resource, State, register

LOOKS: Final = {
    "sent": "on",
    "failed": "bad",
    "pending": "unknown",
    "sending": "unknown",
    "suppressed": "off",
}
STATES: Final[dict[str, str | Promise]] = dict(Delivery.State.choices)
URGENCIES: Final[dict[str, str | Promise]] = dict(Message.Urgency.choices)


def state(row: Delivery) -> State:
    """Where it is."""
    return State(LOOKS[row.state], STATES[row.state])


def to(row: Delivery) -> str:
    """Whom it is for, enough to recognise."""
    person = row.message.recipient
    return masked(person.email or person.get_username()) if person is not None else ""


def why(row: Delivery) -> str | Promise:
    """Why it was not sent, or waits."""
    if row.why:
        return WHYS.get(row.why, row.why)
    waits = row.state == Delivery.State.PENDING and row.bundle
    return Delivery.Bundle(row.bundle).label if waits else ""


DELIVERIES = register(
    Resource(
        noun="core.delivery",
        model=Delivery,
        title=_("Delivery of a message"),
        titles=_("Delivery log"),
        path="settings/deliveries",
        route="deliveries",
        one="delivery",
        api="deliveries",
        place=("settings", 41),
        columns=(
            Column("number", _("Number"), "id", cell="number", sort=True),
            Column(
                "message",
                _("Message"),
                "message__template",
                value=lambda row: title_of(row.message.template),
            ),
            Column("template", _("Template"), "message__template", cell="code", shown=False),
            Column("to", _("To"), "message__recipient__email", value=to, level=3, mask=to),
            Column("channel", _("Channel"), "channel__name"),
            Column(
                "urgency",
                _("Urgency"),
                "message__urgency",
                value=lambda row: URGENCIES[row.message.urgency],
            ),
            Column("state", _("State"), value=state, cell="state"),
            Column("why", _("Reason"), value=why, wide=True),
            Column("attempts", _("Attempts"), cell="number"),
            Column("due", _("Due"), cell="moment"),
            Column("finished", _("Ended"), cell="moment"),
            Column(
                "about",
                _("About"),
                "message__about_noun",
                value=lambda row: noun_name(row.message.about_noun) or "—",
                shown=False,
            ),
            Column("about_id", _("Its number"), "message__about_id", shown=False),
        ),
        filters=(
            Filter(
                "state", _("State"), "choice", choices=STATES, group=True, example="state:failed"
            ),
            Filter(
                "urgency", _("Urgency"), "choice", "message__urgency", choices=URGENCIES, group=True
            ),
            Filter("channel", _("Channel"), "text", "channel__name", example="channel:mail"),
            Filter(
                "template", _("Message"), "choice", "message__template", choices=titles, group=True
            ),
            Filter("after", _("Due from then on"), "time", "due", sign=">="),
            Filter("before", _("Due until then"), "time", "due", sign="<"),
        ),
        search=("message__template", "channel__name"),
        chips=(
            Chip(_("all"), ""),
            Chip(_("failed"), "state:failed"),
            Chip(_("waiting"), "state:pending"),
            Chip(_("not sent"), "state:suppressed"),
        ),
        order="-number",
        related=("message", "message__recipient", "channel"),
        state=state,
        heading=lambda row: Heading(
            over=row.channel.name if row.channel else "",
            clock=row.finished or Clock(row.due, row.message.created),
        ),
        name_of=lambda row: str(row.pk),
        empty=_(
            "Nothing here. Each message that leaves through a channel is listed, with what"
            " became of it."
        ),
    )
)
