"""What complaints are sorted by, answered with and limited by: categories, texts, time limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.clocks.terms import LANGUAGES, said
from guanlan.response.complaints.deadlines import SHIPPED, add_terms
from guanlan.response.complaints.sorting import LONGEST_TEXT, field, save_answer, save_category
from guanlan.response.models import ComplaintCategory, ComplaintTerms, ReplyTemplate
from guanlan.response.terms import CATEGORIES
from guanlan.web.resource import (
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

_CODE: Final = {"autocomplete": "off"}


class _InLanguages(forms.Form):
    """A code, and titles in the console's languages."""

    code = forms.CharField(
        label=pgettext_lazy("short name", "Code"), max_length=40,
        help_text=gettext_lazy("small letters, digits, dashes and underscores, such as card_fees"),
        widget=forms.TextInput(attrs=_CODE),
    )  # fmt: skip


def _titles(fields: dict[str, forms.Field]) -> None:
    for language, name in LANGUAGES.items():
        label = _("Title, %(language)s") % {"language": name}
        fields[field("title", language)] = forms.CharField(label=label, max_length=80)


def category_form(subject: Subject, row: ComplaintCategory | None) -> type[forms.Form]:
    """The fields of a category."""
    fields: dict[str, Any] = {}
    if row is None:
        fields["code"] = _InLanguages.base_fields["code"]
    _titles(fields)
    fields["words"] = forms.CharField(
        label=_("Words, by which it is found"), required=False, max_length=6000,
        widget=forms.Textarea(attrs={"rows": 3}), help_text=_("separated by commas"),
    )  # fmt: skip
    fields["risk"] = forms.ChoiceField(label=_("Kind of risk"), choices=[*CATEGORIES.items()])
    fields["complex"] = forms.BooleanField(
        label=_("Complex: has the longer time limit"), required=False
    )
    fields["enabled"] = forms.BooleanField(label=_("In use"), required=False, initial=True)
    return type("CategoryForm", (forms.Form,), fields)


def answer_form(subject: Subject, row: ReplyTemplate | None) -> type[forms.Form]:
    """The fields of a text."""
    fields: dict[str, Any] = {}
    if row is None:
        fields["code"] = _InLanguages.base_fields["code"]
    _titles(fields)
    for language, name in LANGUAGES.items():
        fields[field("text", language)] = forms.CharField(
            label=_("Text, %(language)s") % {"language": name},
            max_length=LONGEST_TEXT,
            widget=forms.Textarea(attrs={"rows": 5}),
            help_text=_("{receipt}, {due} and {link} are replaced."),
        )
    fields["enabled"] = forms.BooleanField(label=_("In use"), required=False, initial=True)
    return type("AnswerForm", (forms.Form,), fields)


def _given(values: Mapping[str, Any], name: str) -> dict[str, str]:
    return {language: values[field(name, language)] for language in LANGUAGES}


def _category(subject: Subject, row: ComplaintCategory | None, values: dict[str, Any]) -> Saved:
    made = save_category(
        subject, row, code=values.get("code", ""), titles=_given(values, "title"),
        words=values["words"], risk=values["risk"], complex=values["complex"],
        enabled=values["enabled"], now=timezone.now(),
    )  # fmt: skip
    return Saved(made, _("The category holds from now on."))


def _answer(subject: Subject, row: ReplyTemplate | None, values: dict[str, Any]) -> Saved:
    made = save_answer(
        subject, row, code=values.get("code", ""), titles=_given(values, "title"),
        texts=_given(values, "text"), enabled=values["enabled"], now=timezone.now(),
    )  # fmt: skip
    return Saved(made, _("The text is kept."))


def _in_languages(row: Any, *names: str) -> dict[str, Any]:
    return {
        field(name, language): getattr(row, name).get(language, "")
        for name in names
        for language in LANGUAGES
    }


def in_use(row: ComplaintCategory | ReplyTemplate) -> State:
    """Whether it may be chosen."""
    return State("on", _("in use")) if row.enabled else State("off", _("not in use"))


def texts(row: ReplyTemplate, subject: Subject) -> Mapping[str, Any]:
    """The texts, by language."""
    return facts(*((name, row.text.get(language, "")) for language, name in LANGUAGES.items()))


def words(row: ComplaintCategory, subject: Subject) -> Mapping[str, Any]:
    """What finds it."""
    said = ", ".join(row.words) or _("none: people choose it")
    return facts((_("Words, by which it is found"), said))


CATEGORIES_OF_COMPLAINTS = register(
    Resource(
        noun="response.complaintcategory",
        model=ComplaintCategory,
        title=gettext_lazy("Category of complaints"),
        titles=gettext_lazy("Categories of complaints"),
        path="complaint-categories",
        route="complaint_categories",
        one="complaint_category",
        columns=(
            Column("title", gettext_lazy("Category"), wide=True,
                   value=lambda row: said(row.title)),
            Column("code", pgettext_lazy("short name", "Code"), cell="code", sort=True),
            Column("risk", gettext_lazy("Kind of risk"),
                   value=lambda row: str(CATEGORIES[row.risk])),
            Column("complex", gettext_lazy("Complex"), cell="flag"),
            Column("enabled", gettext_lazy("State"), value=in_use, cell="state"),
            Column("shipped", gettext_lazy("Comes with the platform"), cell="flag", shown=False),
            Column("changed", gettext_lazy("Changed"), cell="moment", sort=True),
        ),
        filters=(
            Filter("risk", gettext_lazy("Kind of risk"), "choice", choices=CATEGORIES,
                   group=True),
            Filter("used", gettext_lazy("In use"), "flag", "enabled", group=True),
        ),
        search=("code",),
        order="code",
        state=in_use,
        name_of=lambda row: said(row.title),
        panels=(Panel(gettext_lazy("Sorting"), "web/resource/facts.html", words),),
        form=Form(
            make=category_form,
            add=lambda subject, values: _category(subject, None, values),
            change=_category,
            initial=lambda row: _in_languages(row, "title") | {
                "words": ", ".join(row.words), "risk": row.risk, "complex": row.complex,
                "enabled": row.enabled},
            title=gettext_lazy("New category of complaints"),
        ),
        empty=gettext_lazy("Categories come with the platform; make one of your own here."),
    )
)  # fmt: skip


ANSWERS = register(
    Resource(
        noun="response.replytemplate",
        model=ReplyTemplate,
        title=gettext_lazy("Ready text"),
        titles=gettext_lazy("Ready texts"),
        path="reply-templates",
        route="reply_templates",
        one="reply_template",
        columns=(
            Column("title", gettext_lazy("Ready text"), wide=True,
                   value=lambda row: said(row.title)),
            Column("code", pgettext_lazy("short name", "Code"), cell="code", sort=True),
            Column("enabled", gettext_lazy("State"), value=in_use, cell="state"),
            Column("shipped", gettext_lazy("Comes with the platform"), cell="flag", shown=False),
            Column("changed", gettext_lazy("Changed"), cell="moment", sort=True),
        ),
        filters=(Filter("used", gettext_lazy("In use"), "flag", "enabled", group=True),),
        search=("code",),
        order="code",
        state=in_use,
        name_of=lambda row: said(row.title),
        panels=(Panel(gettext_lazy("Texts"), "web/resource/facts.html", texts),),
        form=Form(
            make=answer_form,
            add=lambda subject, values: _answer(subject, None, values),
            change=_answer,
            initial=lambda row: _in_languages(row, "title", "text") | {"enabled": row.enabled},
            title=gettext_lazy("New ready text"),
        ),
        empty=gettext_lazy("Ready texts come with the platform; write one of your own here."),
    )
)  # fmt: skip


class TermsForm(forms.Form):
    """Days, where they stand, and why they change."""

    simple = forms.IntegerField(label=gettext_lazy("Simple, days"), initial=SHIPPED.simple)
    complex = forms.IntegerField(label=gettext_lazy("Complex, days"), initial=SHIPPED.complex)
    extension = forms.IntegerField(
        label=gettext_lazy("Extension, days"), initial=SHIPPED.extension,
        help_text=gettext_lazy("once, when another person than who asks approves it"),
    )  # fmt: skip
    source = forms.CharField(label=gettext_lazy("Source"), max_length=200, initial=SHIPPED.source)
    reason = forms.CharField(label=gettext_lazy("Why they change"), max_length=300)


def _terms(subject: Subject, values: dict[str, Any]) -> Saved:
    row = add_terms(subject, now=timezone.now(), **values)
    return Saved(row, _("These time limits hold for what comes in from now on."))


TERMS = register(
    Resource(
        noun="response.complaintterms",
        model=ComplaintTerms,
        title=gettext_lazy("Time limits for complaints"),
        titles=gettext_lazy("Time limits for complaints"),
        path="complaint-terms",
        route="complaint_terms",
        one="complaint_term",
        columns=(
            Column("number", gettext_lazy("Version"), "id", cell="number"),
            Column("simple", gettext_lazy("Simple, days"), cell="number"),
            Column("complex", gettext_lazy("Complex, days"), cell="number"),
            Column("extension", gettext_lazy("Extension, days"), cell="number"),
            Column("source", gettext_lazy("Source"), wide=True),
            Column("reason", gettext_lazy("Why they changed")),
            Column("created", gettext_lazy("In force since"), cell="moment", sort=True),
            Column("created_by", pgettext_lazy("who did it", "By"), "created_by__username"),
        ),
        filters=(
            Filter("by", pgettext_lazy("who did it", "By"), "person", "created_by",
                   example="by:me"),
            Filter("after", gettext_lazy("From then on"), "time", "created", sign=">="),
        ),
        search=("reason", "source"),
        order="-created",
        related=("created_by",),
        name_of=lambda row: _("Version %(n)s") % {"n": row.pk},
        form=Form(
            make=lambda subject, row: TermsForm,
            add=_terms,
            button=gettext_lazy("Put in force"),
            title=gettext_lazy("New time limits for complaints"),
        ),
        empty=gettext_lazy(
            "The limits that come with the platform are in force: 15 days for simple complaints, 30"
            " for complex ones, 30 more once that is approved. Put others in force here."
        ),
    )
)  # fmt: skip
