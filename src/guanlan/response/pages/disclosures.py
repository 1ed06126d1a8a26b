"""The register of disclosures: what was told to whom, when and how."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject, may
from guanlan.core.audit import record
from guanlan.response.clocks.disclosing import disclose
from guanlan.response.clocks.terms import AUDIENCES, WAYS, Matter
from guanlan.response.models import Disclosure
from guanlan.web.resource import (
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Panel,
    Resource,
    Saved,
    register,
)
from guanlan.web.resource.fields import MomentInput

KINDS: Final = {
    "report": pgettext_lazy("what was told", "report"),
    "statement": pgettext_lazy("what was told", "statement"),
    "notice": pgettext_lazy("what was told", "notice"),
}


class Told(forms.Form):
    """What was told outside of reports and statements, such as by telephone."""

    label = forms.CharField(
        label=pgettext_lazy("clocks", "For"),
        max_length=120,
        help_text=gettext_lazy("A name without customers' data, such as: Leak of the mail server"),
    )
    title = forms.CharField(label=gettext_lazy("Title"), max_length=160)
    recipient = forms.CharField(
        label=gettext_lazy("To whom"),
        max_length=120,
        help_text=gettext_lazy("An authority, an audience: no single customer."),
    )
    how = forms.ChoiceField(label=gettext_lazy("How"), choices=WAYS.items())
    at = forms.DateTimeField(
        label=gettext_lazy("Told at"),
        widget=MomentInput(),
        initial=timezone.now,
    )
    words = forms.CharField(
        label=gettext_lazy("What was told"), max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 6}),
    )  # fmt: skip


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    matter = Matter.named(values.pop("label"))
    made = disclose(subject, matter, what="notice", **values)
    return Saved(made, _("It stands in the register."))


def _recipient(one: Disclosure) -> str:
    """To whom: the audience of a statement in the reader's language, else as it was entered."""
    if one.statement is not None:
        return str(AUDIENCES.get(one.statement.audience, one.recipient))
    return one.recipient


def _words(one: Disclosure, subject: Subject) -> Mapping[str, Any]:
    record("disclosure.read", one, outcome="seen")
    context: dict[str, Any] = {"text": one.words}
    if one.report_id is not None and may(subject, "see", "response.regulatoryreport"):
        address = reverse("regulatory_report", args=[one.report_id])
        return context | {"more": _("the report"), "more_url": address}
    if one.statement_id is not None and may(subject, "see", "response.statement"):
        address = reverse("statement", args=[one.statement_id])
        return context | {"more": _("the statement"), "more_url": address}
    return context


REGISTER = register(
    Resource(
        noun="response.disclosure",
        model=Disclosure,
        title=gettext_lazy("Disclosure"),
        titles=gettext_lazy("Register of disclosures"),
        path="disclosures",
        route="disclosures",
        one="disclosure",
        api="disclosures",
        place=("respond", 66),
        columns=(
            Column("at", gettext_lazy("Told at"), cell="moment", sort=True),
            Column("title", gettext_lazy("Title"), wide=True),
            Column("about_label", pgettext_lazy("clocks", "For")),
            Column("recipient", gettext_lazy("To whom"), value=_recipient),
            Column("what", gettext_lazy("Kind"), value=lambda one: KINDS[one.what]),
            Column("how", gettext_lazy("How"), value=lambda one: WAYS[one.how]),
            Column("author", gettext_lazy("Entered by"), "author__username"),
            Column("words", gettext_lazy("What was told"), shown=False),
        ),
        filters=(
            Filter("kind", gettext_lazy("Kind"), "choice", "what", choices=KINDS, group=True),
            Filter("how", gettext_lazy("How"), "choice", choices=WAYS, group=True),
            Filter("for", pgettext_lazy("clocks", "For"), "text", "about_label"),
            Filter("to", gettext_lazy("To whom"), "text", "recipient"),
            Filter("after", gettext_lazy("From then on"), "time", "at", sign=">="),
            Filter("before", gettext_lazy("Until then"), "time", "at", sign="<"),
        ),
        search=("title", "about_label", "recipient"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(KINDS["report"], "kind:report"),
            Chip(KINDS["statement"], "kind:statement"),
        ),
        order="-at",
        related=("author", "statement"),
        heading=lambda one: Heading(over=one.about_label, clock=one.at),
        facts=("about_label", "recipient", "what", "how", "at", "author"),
        panels=(
            Panel(
                gettext_lazy("What was told"),
                "response/report_text.html",
                _words,
                when=lambda one, subject: may(subject, "add", "response.disclosure"),
            ),
        ),
        form=Form(
            make=lambda subject, row: Told, add=_add, title=gettext_lazy("Enter a disclosure")
        ),
        empty=gettext_lazy(
            "Nothing has been told to anybody yet. Reports that were sent and statements that were"
            " published appear here by themselves; what was told otherwise is entered here."
        ),
    )
)
