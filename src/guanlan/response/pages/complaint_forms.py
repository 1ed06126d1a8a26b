"""What is asked for when a complaint is entered and worked on."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from guanlan.core.access import Subject
from guanlan.response.clocks.terms import LANGUAGES, said
from guanlan.response.complaints.replying import WAYS
from guanlan.response.complaints.terms import CAUSES, CHANNELS, LABELS, OUTCOMES
from guanlan.response.complaints.texting import channel_for, ways_for
from guanlan.response.models import Complaint, ComplaintCategory, Incident, ReplyTemplate
from guanlan.web.resource import Related
from guanlan.web.resource.fields import MomentInput

_AREA: Final = {"rows": 6}
_PERSON: Final = {"autocomplete": "off", "placeholder": "me"}


class CategoryField(Related):
    """A category in use, named by its code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ComplaintCategory, to_field_name="code", **options)

    def offer(self, subject: Subject) -> None:
        """Offer those that are in use."""
        super().offer(subject)
        if self.queryset is not None:
            self.queryset = self.queryset.filter(enabled=True).order_by("pk")

    def label_from_instance(self, obj: Any) -> str:
        """Its title in the reader's language."""
        return said(obj.title)


class AnswerField(Related):
    """A ready text in use, named by its code."""

    def __init__(self, **options: Any) -> None:
        super().__init__(ReplyTemplate, to_field_name="code", **options)

    def offer(self, subject: Subject) -> None:
        """Offer those that are in use."""
        super().offer(subject)
        if self.queryset is not None:
            self.queryset = self.queryset.filter(enabled=True).order_by("pk")

    def label_from_instance(self, obj: Any) -> str:
        """Its title in the reader's language."""
        return said(obj.title)


class Stating(forms.Form):
    """What a complaint says, and of whom it is."""

    text = forms.CharField(
        label=gettext_lazy("What the customer says"),
        max_length=20_000,
        widget=forms.Textarea(attrs=_AREA),
        help_text=gettext_lazy(
            "Stored sealed. Who works on it reads a copy in which numbers and addresses are hidden."
        ),
    )
    subject = forms.CharField(
        label=gettext_lazy("In one line"), max_length=120, required=False,
        help_text=gettext_lazy("Empty: the first line of the text."),
    )  # fmt: skip
    category = CategoryField(
        label=gettext_lazy("Category"), required=False,
        help_text=gettext_lazy("Empty: by the words of the text."),
    )  # fmt: skip
    product = forms.CharField(label=gettext_lazy("Product"), max_length=60, required=False)
    customer = forms.CharField(
        label=gettext_lazy("User"), max_length=256, required=False,
        help_text=gettext_lazy("As events name the user."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    email = forms.CharField(label=gettext_lazy("E-mail"), max_length=254, required=False)
    phone = forms.CharField(label=gettext_lazy("Telephone"), max_length=32, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language of the customer"),
        choices=[("", "—"), *LANGUAGES.items()],
        required=False,
    )


class Entering(Stating):
    """A complaint, as somebody took it down or a program sends it."""

    channel = forms.ChoiceField(
        label=gettext_lazy("How it came"),
        choices=[*CHANNELS.items()],
        required=False,
        initial="phone",
    )
    received = forms.DateTimeField(
        label=gettext_lazy("Came in"),
        required=False,
        help_text=gettext_lazy("Empty: now. The time limit runs from then."),
        widget=MomentInput(),
    )
    idempotency_key = forms.CharField(
        label=gettext_lazy("Id at its source"), max_length=200, required=False,
        help_text=gettext_lazy("The same id never makes two complaints."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip
    field_order = ("channel",)


class SortingMany(forms.Form):
    """What they are about; product and colleague stay as they are with each."""

    category = CategoryField(label=gettext_lazy("Category"))


class Sorting(forms.Form):
    """What it is about, and whom."""

    category = CategoryField(label=gettext_lazy("Category"))
    product = forms.CharField(label=gettext_lazy("Product"), max_length=60, required=False)
    about = forms.CharField(
        label=gettext_lazy("Colleague whom it is about"), max_length=150, required=False,
        help_text=gettext_lazy("A user name. Whom it is about neither sees it nor handles it."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )  # fmt: skip


class Replying(forms.Form):
    """What is written to the customer, by which way, and what follows."""

    template = AnswerField(
        label=gettext_lazy("Ready text"), required=False,
        help_text=gettext_lazy("In the customer's language; what you write below comes after it."),
    )  # fmt: skip
    text = forms.CharField(
        label=gettext_lazy("Text"), max_length=8000, required=False,
        widget=forms.Textarea(attrs=_AREA),
    )  # fmt: skip
    how = forms.ChoiceField(
        label=gettext_lazy("Way"), choices=[*WAYS.items()], initial="email",
        help_text=gettext_lazy(
            "E-mail is sent, and SMS where it says so; anything else you have said and record here."
        ),
    )  # fmt: skip
    then = forms.ChoiceField(
        label=gettext_lazy("What follows"),
        choices=[
            ("", gettext_lazy("it is worked on")),
            ("asks", gettext_lazy("the customer is to answer")),
            *((name, title) for name, title in OUTCOMES.items() if name != "duplicate"),
        ],
        required=False,
        help_text=gettext_lazy("An outcome means that this tells it, and stops the clock."),
    )

    def clean(self) -> dict[str, Any]:
        """One of the two texts at least."""
        values = dict(super().clean() or {})
        if not values.get("template") and not values.get("text") and not self.errors:
            self.add_error("text", _("Choose a ready text, or write one."))
        return values


class Telling(forms.Form):
    """The outcome, and when the customer was told."""

    outcome = forms.ChoiceField(
        label=gettext_lazy("Outcome"),
        choices=[(name, title) for name, title in OUTCOMES.items() if name != "duplicate"],
    )
    at = forms.DateTimeField(
        label=gettext_lazy("Told at"),
        required=False,
        help_text=gettext_lazy("Empty: now."),
        widget=MomentInput(),
    )


class Why(forms.Form):
    """Why one does it."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=gettext_lazy("Kept sealed; stands in the timeline."),
    )  # fmt: skip


class Closing(Why):
    """What it came from."""

    cause = forms.ChoiceField(label=gettext_lazy("Root cause"), choices=[*CAUSES.items()])
    field_order = ("cause", "reason")


class Deciding(Why):
    """Whether there is more time."""

    decision = forms.ChoiceField(
        label=pgettext_lazy("of a person", "Decision"),
        choices=[("yes", gettext_lazy("approve")), ("no", gettext_lazy("refuse"))],
        widget=forms.RadioSelect,
    )
    field_order = ("decision", "reason")


class Labelling(forms.Form):
    """What it is escalated for."""

    labels = forms.MultipleChoiceField(
        label=gettext_lazy("Labels"), choices=[*LABELS.items()], required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Each raises the priority; who leads is told of a new one."),
    )  # fmt: skip


class Same(forms.Form):
    """Which earlier one it is the same as."""

    number = forms.IntegerField(
        label=gettext_lazy("Number of the earlier complaint"), min_value=1,
        help_text=gettext_lazy("The last part of its number: 12 of C20261127-12."),
    )  # fmt: skip


class Tying(forms.Form):
    """The incident that it belongs to."""

    incident = Related(Incident, label=gettext_lazy("Incident"))


def initial_same(row: Complaint | None) -> type[forms.Form]:
    """The form, filled with what it is like."""
    return _with(Same, number=row.like_id) if row is not None and row.like_id else Same


def replying(row: Complaint | None) -> type[forms.Form]:
    """The form, which says of each way whether what is written is sent or recorded only."""
    if row is None:
        return Replying
    ways = ways_for(row, WAYS)
    by_text = channel_for(row) is not None

    class Filled(Replying):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            how: Any = self.fields["how"]
            how.choices = ways
            how.initial = "sms" if by_text else how.initial

    return Filled


def sorting(row: Complaint | None) -> type[forms.Form]:
    """The form, filled with what is known."""
    if row is None:
        return Sorting
    about = row.about.get_username() if row.about else ""
    return _with(Sorting, category=row.category.code, product=row.product, about=about)


def labelling(row: Complaint | None) -> type[forms.Form]:
    """The form, filled with the labels that it has."""
    if row is None:
        return Labelling
    return _with(Labelling, labels=[name for name in LABELS if getattr(row, name)])


def _with(form: type[forms.Form], **initial: Any) -> type[forms.Form]:
    """A form of the same fields that begins with other values."""

    class Filled(form):  # type: ignore[valid-type,misc]
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            for name, value in initial.items():
                self.fields[name].initial = value

    return Filled
