"""Composing an indicator without code: choose a thing, what is measured of it, over what time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from guanlan.risk.composing import (
    LANGUAGES,
    LONGEST,
    TURNS,
    WINDOWS,
    Said,
    compose,
    composed_of,
)
from guanlan.risk.counting import COUNTABLES, Countable
from guanlan.risk.keeping import MOST_TEXT, NOUN
from guanlan.risk.models import Indicator
from guanlan.risk.states import Limits
from guanlan.risk.terms import CATEGORIES, DIRECTIONS, MEASURED, MEASURES, UNITS
from guanlan.web.resource import resource_of
from guanlan.web.rights import needs, subject_of_request
from guanlan.web.words import duration

_LABELS: Final = {
    "en": gettext_lazy("Title in English"),
    "hans": gettext_lazy("Title in simplified Chinese"),
    "hant": gettext_lazy("Title in traditional Chinese"),
}
_EITHER: Final = require_http_methods(["GET", "HEAD", "POST"])
FIELD: Final = "_field"


@needs("change", NOUN)
@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What may be counted."""
    rows = [
        {
            "title": one.title,
            "address": reverse("indicator_compose_of", args=[one.name]),
            "measures": ", ".join(str(MEASURES[name]) for name in one.measures()),
            "choices": ", ".join(str(choice.title) for choice in one.choices),
        }
        for one in COUNTABLES.values()
    ]
    context = {"title": _("Compose an indicator"), "section": "indicators", "rows": rows}
    return render(request, "risk/compose.html", context)


@needs("change", NOUN)
@_EITHER
def new(request: HttpRequest, source: str) -> HttpResponse:
    """Compose a new indicator of a thing."""
    known = COUNTABLES.get(source)
    if known is None:
        raise Http404
    return _edit(request, known, None)


@needs("change", NOUN)
@_EITHER
def again(request: HttpRequest, identity: int) -> HttpResponse:
    """Say anew what a composed indicator is: a version of its declaration."""
    row = get_object_or_404(Indicator.objects.exclude(declared=None), pk=identity)
    said = composed_of(row)
    known = COUNTABLES.get(said.source) if said is not None else None
    if known is None:
        raise Http404
    return _edit(request, known, row)


def _edit(request: HttpRequest, source: Countable, row: Indicator | None) -> HttpResponse:
    kind = _form(source, row)
    said = composed_of(row) if row is not None else None
    initial = _initial(said) if said is not None else {"category": source.category}
    form = kind(request.POST or None, initial=initial)
    if (field := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[field]})
    if request.method == "POST" and form.is_valid():
        try:
            made = _save(request, source, row, form.cleaned_data)
        except ValidationError as error:
            _say(form, error)
        else:
            text = _("The indicator is composed. It is measured within a minute.")
            messages.success(request, text)
            return redirect("indicator", made.pk)
    title = _("Compose an indicator: %(what)s") % {"what": source.title}
    if row is not None:
        title = _("Compose it anew: %(what)s") % {"what": source.title}
    context = {
        "resource": resource_of(NOUN),
        "title": title,
        "form": form,
        "button": _("Compose"),
        "back": reverse("indicator", args=[row.pk]) if row else reverse("indicator_compose"),
        "section": "indicators",
        "words": _(
            "Tick what is to count; where nothing of a line is ticked everything counts. It is"
            " measured, judged and warned of like every other indicator."
        ),
    }
    return render(request, "web/resource/form.html", context, status=422 if form.errors else 200)


def _say(form: forms.Form, error: ValidationError) -> None:
    if not hasattr(error, "error_dict"):
        form.add_error(None, error)
        return
    for field, some in error.error_dict.items():
        form.add_error(field if field in form.fields else None, some)


def _form(source: Countable, row: Indicator | None) -> type[forms.Form]:
    """The form of a thing: its measures, its choices, times; limits only of a new one."""
    measures = [
        name
        for name in source.measures()
        if row is None or MEASURED[name] == row.unit
    ]  # fmt: skip
    fields: dict[str, forms.Field] = {
        "measure": forms.ChoiceField(
            label=gettext_lazy("What is measured"), choices=[(m, MEASURES[m]) for m in measures]
        )
    }
    for choice in source.choices:
        fields[f"chosen_{choice.name}"] = _many(choice.title, choice.offered())
    if "share" in measures:
        for choice in source.choices:
            title = _("Share of: %(title)s") % {"title": choice.title}
            fields[f"part_{choice.name}"] = _many(title, choice.offered())
    # Titles: the writer's own language first.
    own = {tag: key for key, tag in LANGUAGES.items()}.get(get_language() or "", "en")
    for key in sorted(LANGUAGES, key=lambda one: one != own):
        fields[f"title_{key}"] = forms.CharField(
            label=_LABELS[key], max_length=LONGEST, required=key == own
        )
    fields["category"] = forms.ChoiceField(
        label=gettext_lazy("Kind of risk"), choices=[*CATEGORIES.items()]
    )
    fields["window"] = forms.TypedChoiceField(
        label=gettext_lazy("Over"), coerce=int, choices=_times(WINDOWS), initial=86_400
    )
    fields["every"] = forms.TypedChoiceField(
        label=gettext_lazy("Measured every"), coerce=int, choices=_times(TURNS), initial=300
    )
    if row is None:
        fields["direction"] = forms.ChoiceField(
            label=gettext_lazy("Which side is bad"),
            choices=[(name, title) for name, title in DIRECTIONS.items() if name != "band"],
        )
        fields["amber"] = forms.FloatField(
            label=gettext_lazy("Amber from"),
            help_text=gettext_lazy("A share from 0 to 1; ages in seconds; amounts in minor units."),
        )
        fields["red"] = forms.FloatField(label=gettext_lazy("Red from"))
        fields["minimum_volume"] = forms.IntegerField(
            label=gettext_lazy("Least volume"), min_value=0, initial=0,
            help_text=gettext_lazy("What stands on less is unknown."),
        )  # fmt: skip
    fields["reason"] = forms.CharField(
        label=gettext_lazy("Why it is watched"), max_length=MOST_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    return type("ComposeForm", (forms.Form,), fields)


def _many(title: Any, options: Mapping[str, Any]) -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        label=title, choices=[*options.items()], required=False,
        widget=forms.CheckboxSelectMultiple(),
    )  # fmt: skip


def _times(seconds: tuple[int, ...]) -> list[tuple[int, str]]:
    return [(one, duration(one * 1_000_000)) for one in seconds]


def _initial(said: Said) -> dict[str, Any]:
    return {
        "measure": said.measure, "category": said.category, "window": said.window,
        "every": said.every,
        **{f"title_{key}": text for key, text in said.title.items()},
        **{f"chosen_{name}": values for name, values in said.chosen.items()},
        **{f"part_{name}": values for name, values in said.part.items()},
    }  # fmt: skip


def _save(
    request: HttpRequest, source: Countable, row: Indicator | None, values: dict[str, Any]
) -> Indicator:
    def of(prefix: str) -> dict[str, list[str]]:
        return {
            one.name: sorted(some)
            for one in source.choices
            if (some := values.get(f"{prefix}_{one.name}"))
        }

    said = Said(
        source=source.name,
        measure=values["measure"],
        title={key: text for key in LANGUAGES if (text := values[f"title_{key}"].strip())},
        category=values["category"],
        window=values["window"],
        every=values["every"],
        chosen=of("chosen"),
        part=of("part"),
    )
    limits = Limits(
        direction=values.get("direction", "higher"),
        amber=values.get("amber", 0.0),
        red=values.get("red", 0.0),
        minimum_volume=values.get("minimum_volume", 0),
    )
    subject = subject_of_request(request)
    return compose(subject, said, limits, values["reason"], timezone.now(), row)


def unit_words(said: Said) -> str:
    """The unit of what is composed."""
    return str(UNITS[said.unit])
