"""Statements: what customers, media, staff and partners are told, approved twice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.clocks import stating
from guanlan.response.clocks.terms import AUDIENCES, DRAFTS, LANGUAGES, WAYS, Matter
from guanlan.response.models import Statement
from guanlan.response.pages import status_components
from guanlan.response.pages.regulatory_reports import LOOKS, Answer
from guanlan.response.status import keeping
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Resource,
    Saved,
    State,
    facts,
    register,
)
from guanlan.web.resource.fields import MomentInput

STATES: Final = {
    one: DRAFTS[one] for one in ("draft", "review", "approved", "published", "withdrawn")
}
CHANNELS: Final = [
    (one, WAYS[one])
    for one in ("app", "sms", "email", "website", "social", "press", "meeting", "phone")
]


def _with_texts(base: type[forms.Form]) -> type[forms.Form]:
    fields = {
        f"text_{code.replace('-', '_')}": forms.CharField(
            label=language,
            required=False,
            max_length=20_000,
            widget=forms.Textarea(attrs={"rows": 9, "lang": code}),
        )
        for code, language in LANGUAGES.items()
    }
    return type(base.__name__, (base,), fields)


class Worded(forms.Form):
    """Title, channel and the texts by language."""

    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    channel = forms.ChoiceField(label=gettext_lazy("Channel"), choices=CHANNELS)


class Begun(Worded):
    """A statement as it begins; without a text it takes the template of its audience."""

    label = forms.CharField(
        label=pgettext_lazy("clocks", "For"),
        max_length=120,
        help_text=gettext_lazy("A name without customers' data, such as: Leak of the mail server"),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Audience"),
        choices=AUDIENCES.items(),
        help_text=gettext_lazy("Leave the texts empty to begin with the template."),
    )
    field_order = ("label", "title", "audience", "channel")


NEW: Final = _with_texts(Begun)
CHANGE: Final = _with_texts(Worded)


class Published(forms.Form):
    """When it was published, and where that can be seen."""

    at = forms.DateTimeField(
        label=gettext_lazy("Published at"),
        widget=MomentInput(),
        initial=timezone.now,
    )
    proof = forms.CharField(
        label=gettext_lazy("Proof"),
        max_length=300,
        help_text=gettext_lazy("An address, a number of the dispatch; attach a picture as a file."),
    )


def state(one: Statement) -> State:
    """Where the text is."""
    return State(LOOKS[one.state], DRAFTS[one.state])


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {code: values[f"text_{code.replace('-', '_')}"] for code in LANGUAGES}


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    made = stating.compose(
        subject, Matter.named(values["label"]), title=values["title"],
        audience=values["audience"], channel=values["channel"], texts=_texts(values),
    )  # fmt: skip
    return Saved(made, _("The draft is made."))


def _change(subject: Subject, one: Statement, values: dict[str, Any]) -> Saved:
    stating.rewrite(subject, one, values["title"], values["channel"], _texts(values))
    return Saved(one, _("The draft is changed."))


def _initial(one: Statement) -> dict[str, Any]:
    texts = {f"text_{code.replace('-', '_')}": one.texts.get(code, "") for code in LANGUAGES}
    return {"title": one.title, "channel": one.channel, **texts}


def _hand_in(one: Statement, subject: Subject) -> str:
    stating.hand_in(subject, one)
    return _("The statement waits for communications and for compliance.")


def _approval(which: str) -> Any:
    def approve(one: Statement, subject: Subject) -> str:
        if stating.approve(subject, one, which):
            return _("Both have approved. Publish it, then mark it as published.")
        return _("Approved. The other approval is still missing.")

    return approve


def _send_back(one: Statement, subject: Subject, values: Mapping[str, Any]) -> str:
    stating.send_back(subject, one, values["answer"])
    return _("The statement is back with its author.")


def _publish(one: Statement, subject: Subject, values: Mapping[str, Any]) -> str:
    stating.publish(subject, one, at=values["at"], proof=values["proof"])
    return _("It is marked as published and stands in the register of disclosures.")


def _withdraw(one: Statement, subject: Subject) -> str:
    stating.withdraw(subject, one)
    return _("The statement is withdrawn.")


def _read(one: Statement, subject: Subject) -> Mapping[str, Any]:
    texts = stating.read_texts(subject, one)
    lines = [(code, LANGUAGES[code], text) for code, text in texts.items()]
    return {"texts": lines, "answer": one.answer}


def _way(one: Statement, subject: Subject) -> Mapping[str, Any]:
    missing = _("still missing") if one.state == "review" else ""
    pairs: list[tuple[str, Any]] = [
        (_("Written by"), one.author),
        (_("Communications"), one.communications or missing),
        (_("Compliance"), one.compliance or missing),
    ]
    if stating.reads(subject):
        pairs.append((_("Proof"), one.proof))
    return facts(*pairs)


STATEMENTS = register(
    Resource(
        noun="response.statement",
        model=Statement,
        title=gettext_lazy("Statement"),
        titles=gettext_lazy("Statements"),
        path="statements",
        route="statements",
        one="statement",
        api="statements",
        place=("respond", 64),
        columns=(
            Column("title", gettext_lazy("Title"), wide=True),
            Column("about_label", pgettext_lazy("clocks", "For")),
            Column("audience", gettext_lazy("Audience"), value=lambda one: AUDIENCES[one.audience]),
            Column("channel", gettext_lazy("Channel"), value=lambda one: WAYS[one.channel]),
            Column("state", gettext_lazy("State"), value=state),
            Column("author", gettext_lazy("Written by"), "author__username"),
            Column("published_at", gettext_lazy("Published at"), cell="moment"),
            Column("texts", gettext_lazy("Text"), shown=False),
            Column("proof", gettext_lazy("Proof"), shown=False),
            Column("created", gettext_lazy("Made"), cell="moment", sort=True),
        ),
        filters=(
            Filter(
                "state",
                gettext_lazy("State"),
                "choice",
                choices=STATES,
                group=True,
                example="state:review",
            ),
            Filter("audience", gettext_lazy("Audience"), "choice", choices=AUDIENCES, group=True),
            Filter("for", pgettext_lazy("clocks", "For"), "text", "about_label"),
            Filter("by", gettext_lazy("Written by"), "person", "author", example="by:me"),
        ),
        search=("title", "about_label"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(DRAFTS["draft"], "state:draft"),
            Chip(DRAFTS["review"], "state:review"),
            Chip(DRAFTS["approved"], "state:approved"),
            Chip(DRAFTS["published"], "state:published"),
        ),
        order="-created",
        related=("author", "communications", "compliance"),
        state=state,
        heading=lambda one: Heading(
            over=one.about_label,
            owner=one.author.get_username() if one.author else "",
            clock=one.published_at or one.created,
        ),
        facts=("about_label", "audience", "channel", "created", "published_at"),
        panels=(
            Panel(
                gettext_lazy("Text"),
                "response/statement_texts.html",
                _read,
                when=lambda one, subject: stating.reads(subject),
            ),
            Panel(gettext_lazy("Its way"), "web/resource/facts.html", _way, wide=False),
        ),
        form=Form(
            make=lambda subject, row: NEW if row is None else CHANGE,
            add=_add,
            change=_change,
            initial=_initial,
            title=gettext_lazy("New statement"),
        ),
        actions=(
            Action(
                "hand_in",
                gettext_lazy("Ask for approval"),
                _hand_in,
                when=lambda one: one.state == "draft",
                bulk=False,
            ),
            Action(
                "approve_communications",
                gettext_lazy("Approve for communications"),
                _approval("communications"),
                verb="approve",
                when=lambda one: one.state == "review" and one.communications_id is None,
                offered=lambda one, subject: stating.may_approve(subject, one, "communications"),
                bulk=False,
            ),
            Action(
                "approve_compliance",
                gettext_lazy("Approve for compliance"),
                _approval("compliance"),
                verb="approve",
                when=lambda one: one.state == "review" and one.compliance_id is None,
                offered=lambda one, subject: stating.may_approve(subject, one, "compliance"),
                bulk=False,
            ),
            Action(
                "send_back",
                gettext_lazy("Send back"),
                _send_back,
                verb="approve",
                when=lambda one: one.state in ("review", "approved"),
                form=lambda subject, one: Answer,
            ),
            Action(
                "publish",
                gettext_lazy("Mark as published"),
                _publish,
                when=lambda one: one.state == "approved",
                form=lambda subject, one: Published,
            ),
            Action(
                "post",
                gettext_lazy("Put on the status page"),
                status_components.post,
                when=lambda one: one.state in ("approved", "published"),
                offered=lambda one, subject: keeping.postable(one),
                form=lambda subject, one: status_components.Phase,
            ),
            Action(
                "off_page",
                gettext_lazy("Take off the status page"),
                status_components.withdraw,
                when=lambda one: one.state == "published",
                offered=lambda one, subject: status_components.posted(one),
                danger=True,
                bulk=False,
            ),
            Action(
                "withdraw",
                gettext_lazy("Withdraw"),
                _withdraw,
                when=lambda one: one.state in ("draft", "review", "approved"),
                danger=True,
                words=gettext_lazy("It will not be published. The text is kept."),
                bulk=False,
            ),
        ),
        empty=gettext_lazy(
            "No statement yet. Begin one here: it takes the template of its audience and needs the"
            " approval of communications and of compliance."
        ),
    )
)
