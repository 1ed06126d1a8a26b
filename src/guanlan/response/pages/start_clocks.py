"""Starting clocks: what is known, which rules apply and why, and then at once."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, pgettext_lazy
from django.views.decorators.http import require_http_methods

from guanlan.response.clocks.facts import EVENTS, FLAGS, GRADES, KINDS, ROLES, Facts
from guanlan.response.clocks.matters import Known, known_of
from guanlan.response.clocks.rules import limit_of
from guanlan.response.clocks.running import Proposal, Times, propose, start_clocks
from guanlan.response.clocks.terms import STARTS, Matter, limit_words, said
from guanlan.response.models import RunningClock
from guanlan.response.pages.clocks import rule_mark
from guanlan.web.discussion import find_object
from guanlan.web.resource import State
from guanlan.web.resource.fields import MomentInput, say
from guanlan.web.rights import needs, subject_of_request

FIELD: Final = "_field"
NONE: Final = "none"
_YES_NO: Final = [
    ("", gettext_lazy("not yet known")), ("yes", gettext_lazy("yes")), ("no", gettext_lazy("no")),
]  # fmt: skip


def _time(label: Any, *, required: bool = False) -> forms.DateTimeField:
    widget = MomentInput()
    return forms.DateTimeField(label=label, required=required, widget=widget)


class FactsForm(forms.Form):
    """What is known; what is left out is not yet known, and nothing is taken for no."""

    label = forms.CharField(
        label=pgettext_lazy("of clocks", "For"),
        max_length=120,
        help_text=gettext_lazy("A name without customers' data, such as: Leak of the mail server"),
    )
    noun = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    id = forms.CharField(required=False, max_length=64, widget=forms.HiddenInput)
    known = _time(gettext_lazy("Known since"), required=True)
    occurred = _time(gettext_lazy("Occurred at"))
    classified = _time(gettext_lazy("Classified at"))
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("What we are"),
        choices=ROLES.items(),
        widget=forms.CheckboxSelectMultiple,
    )
    events = forms.MultipleChoiceField(
        label=gettext_lazy("What happened"),
        choices=EVENTS.items(),
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    kinds = forms.MultipleChoiceField(
        label=gettext_lazy("Kinds of data"),
        choices=[*KINDS.items(), (NONE, gettext_lazy("none of these"))],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    grade = forms.ChoiceField(
        label=gettext_lazy("Grade"),
        choices=[("", gettext_lazy("not yet known")), *GRADES.items()],
        required=False,
    )
    persons = forms.IntegerField(
        label=gettext_lazy("Persons affected"), required=False, min_value=0, max_value=10**10
    )

    def facts(self) -> Facts:
        """What was said, as a value."""
        said = self.cleaned_data
        flags = {name: {"yes": True, "no": False}.get(said[name]) for name in FLAGS}
        kinds = tuple(one for one in said["kinds"] if one != NONE)
        return Facts(
            tuple(said["roles"]),
            tuple(said["events"]) or None,
            kinds if said["kinds"] else None,
            said["grade"] or None,
            said["persons"],
            flags,
        )


for _name, _title in FLAGS.items():
    _label: Any = _title
    FactsForm.base_fields[_name] = forms.ChoiceField(label=_label, choices=_YES_NO, required=False)


class Line(NamedTuple):
    """A proposed rule as it is shown; `chosen` where it applies."""

    key: int
    title: str
    limit: str
    start: str
    due: Any
    verified: State
    verdict: State
    reasons: tuple[str, ...]
    chosen: bool
    may: bool


@needs("add", "response.runningclock")
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Facts, then the rules that apply with their reasons, then clocks."""
    subject = subject_of_request(request)
    posted = request.method == "POST"
    form = FactsForm(request.POST if posted else None, initial=None if posted else _first(request))
    if (name := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[name]})
    context: dict[str, Any] = {"form": form, "title": _("Start clocks"), "section": "clocks"}
    if not posted:
        return render(request, "response/start_clocks.html", context)
    if not form.is_valid():
        return render(request, "response/start_clocks.html", context, status=422)
    values = form.cleaned_data
    matter = Matter.named(values["label"])
    if values["noun"]:
        found = find_object(subject, values["noun"], values["id"])
        matter = Matter(values["noun"], str(found.pk), values["label"])
    times = Times(values["known"], values["occurred"], values["classified"])
    proposals = propose(form.facts(), times)
    if "start" in request.POST:
        chosen = set(request.POST.getlist("rule"))
        rules = [one.rule for one in proposals if str(one.rule.pk) in chosen]
        try:
            if not rules:
                raise ValidationError(_("Choose at least one rule."))
            made = start_clocks(subject, matter, rules, form.facts(), times)
        except ValidationError as error:
            say(form, error)
        else:
            n = len(made)
            messages.success(
                request, ngettext("%(n)s clock runs.", "%(n)s clocks run.", n) % {"n": n}
            )
            known = known_of(subject, matter.noun, matter.id)
            return redirect(known.url if known is not None else "clocks")
    context["lines"] = [_line(one) for one in proposals]
    return render(
        request, "response/start_clocks.html", context, status=422 if form.errors else 200
    )


def _line(one: Proposal) -> Line:
    looks = {True: ("warn", _("applies")), None: ("unknown", _("may apply")),
             False: ("off", _("does not apply"))}  # fmt: skip
    return Line(
        one.rule.pk,
        said(one.rule.title),
        limit_words(limit_of(one.rule), one.rule.at_once),
        str(STARTS[one.rule.start_event]),
        one.due,
        rule_mark(one.rule.verified),
        State(*looks[one.verdict.applies]),
        one.verdict.reasons,
        bool(one.verdict.applies) and one.start is not None,
        one.start is not None,
    )


def _first(request: HttpRequest) -> dict[str, Any]:
    """What the form begins with: now, what an address names, and what we were last time."""
    rows = RunningClock.objects.for_user(subject_of_request(request)).order_by("-pk")
    last = rows.values_list("facts", flat=True).first()
    named = {name: request.GET.get(name, "")[:120] for name in ("label", "noun", "id")}
    begun = named | {
        "known": timezone.localtime(),
        "roles": (last or {}).get("roles") or ["network_operator"],
    }
    known = known_of(subject_of_request(request), named["noun"], named["id"])
    return begun if known is None else begun | _told(known)


def _told(known: Known) -> dict[str, Any]:
    """The fields of the form that are known of an object."""
    facts = known.facts
    kinds = [NONE] if facts.kinds == () else list(facts.kinds or ())
    found: dict[str, Any] = {
        "label": known.label,
        "known": timezone.localtime(known.known),
        "occurred": timezone.localtime(known.occurred) if known.occurred else None,
        "events": list(facts.events or ()),
        "kinds": kinds,
        "grade": facts.grade or "",
        "persons": facts.persons,
    }
    answers = {True: "yes", False: "no"}
    found |= {one: answers[yes] for one, yes in facts.flags.items() if yes is not None}
    return found | ({"roles": list(facts.roles)} if facts.roles else {})
