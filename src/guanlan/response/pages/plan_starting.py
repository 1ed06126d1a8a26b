"""Starting a plan for an incident or an alert: which plan, and what its variables are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from guanlan.core.access import Subject, may
from guanlan.response.alerts.showing import AlertLook
from guanlan.response.incidents.moving import start_plan
from guanlan.response.models import Incident, Plan, PlanRun
from guanlan.response.pages.incident_forms import PlanField
from guanlan.response.pages.plan_runs import variable_field
from guanlan.response.plans.cacao import Value, Variable
from guanlan.response.plans.reading import playbook_of
from guanlan.response.plans.running import read_value, start_run
from guanlan.response.plans.showing import run_state, titled
from guanlan.web.discussion import find_object
from guanlan.web.resource import State
from guanlan.web.resource.fields import say
from guanlan.web.rights import needs, subject_of_request

INCIDENT: Final = "response.incident"
ALERT: Final = "response.alert"
ORIGINS: Final = {INCIDENT: "incident", ALERT: "alert"}  # noun: the route of one
MOST_RUNS: Final = 20


def start_address(noun: str, key: int) -> str:
    """The address at which a plan is started for an object."""
    return f"{reverse('start_plan_for')}?{urlencode({'noun': noun, 'id': key})}"


class Starting(forms.Form):
    """Which plan, and for what."""

    plan = PlanField(Plan, label=gettext_lazy("Plan"))
    noun = forms.CharField(required=False, max_length=80, widget=forms.HiddenInput)
    id = forms.CharField(required=False, max_length=18, widget=forms.HiddenInput)
    known = forms.CharField(required=False, max_length=18, widget=forms.HiddenInput)


def _form(data: Any, first: Mapping[str, Any], subject: Subject, asked: list[Variable]) -> Any:
    """The form with a field for each variable of the plan that was chosen."""
    fields: dict[str, forms.Field] = {}
    for one in asked:
        field = variable_field(one, required=one.value is None)
        if one.value is not None:
            field.initial = str(one.value).lower() if one.type == "bool" else one.value
        fields[f"v_{one.name}"] = field
    made = type("StartingPlan", (Starting,), fields)(data, initial=first)
    made.fields["plan"].offer(subject)
    return made


@needs("add", "response.planrun")
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """Choose a plan, then its variables, then it runs."""
    subject = subject_of_request(request)
    given = request.POST if request.method == "POST" else request.GET
    noun, key = given.get("noun", ""), given.get("id", "")
    origin = _origin(subject, noun, key)
    first = {"noun": noun, "id": key, "plan": given.get("plan", "")}
    plan = _chosen(subject, given.get("plan", ""))
    asked = _variables(plan)
    context: dict[str, Any] = {
        "title": _("Start a plan"), "section": "plans", "origin": _named(noun, origin),
        "back": reverse(ORIGINS[noun], args=[origin.pk]) if origin is not None else "",
        "chosen": plan is not None,
    }  # fmt: skip
    if request.method != "POST":
        context["form"] = _form(None, first, subject, asked)
        return render(request, "response/plan/start.html", context)
    # The variables are those of the plan that was shown: of another one they are asked for first.
    shown = plan is not None and request.POST.get("known") == str(plan.pk)
    if not shown and asked:
        context["form"] = _form(None, first | {"known": given.get("plan", "")}, subject, asked)
        return render(request, "response/plan/start.html", context)
    form = context["form"] = _form(request.POST, first, subject, asked)
    if form.is_valid():
        try:
            run = _start(subject, form.cleaned_data["plan"], origin, noun, _values(form, asked))
        except ValidationError as error:
            say(form, error)
        else:
            messages.success(request, _("The plan runs. Its people have been told."))
            return redirect("plan_run", run.pk)
    return render(request, "response/plan/start.html", context, status=422)


def _origin(subject: Subject, noun: str, key: str) -> Any:
    if not noun:
        return None
    if noun not in ORIGINS or not key.isdecimal():
        raise Http404
    return find_object(subject, noun, key)


def _named(noun: str, origin: Any) -> str:
    if origin is None:
        return ""
    if noun == INCIDENT:
        return f"#{origin.pk} {origin.title}"
    return _("Alert %(n)s") % {"n": origin.pk}


def _chosen(subject: Subject, key: str) -> Plan | None:
    rows = Plan.objects.for_user(subject).filter(current__isnull=False, retired=None)
    found: Plan | None = rows.select_related("current").filter(
        pk=key if key.isdecimal() else 0
    ).first()  # fmt: skip
    return found


def _variables(plan: Plan | None) -> list[Variable]:
    if plan is None or plan.current is None:
        return []
    return list(playbook_of(plan.current).variables)


def _values(form: Any, asked: list[Variable]) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for one in asked:
        text = form.cleaned_data.get(f"v_{one.name}")
        if text in (None, ""):
            continue
        try:
            found[one.name] = read_value(one, str(text))
        except ValidationError as error:
            raise ValidationError({f"v_{one.name}": error.messages}) from None
    return found


def _start(
    subject: Subject, plan: Plan, origin: Any, noun: str, variables: dict[str, Value]
) -> PlanRun:
    now = timezone.now()
    if isinstance(origin, Incident):
        return start_plan(subject, origin, plan, now=now, variables=variables)
    at = (noun, str(origin.pk)) if origin is not None else ("", "")
    return start_run(subject, plan, now=now, origin=at, variables=variables)


def alert_plans(look: AlertLook, subject: Subject) -> Mapping[str, Any]:
    """The runs that were started for an alert, and where another one is."""
    rows = PlanRun.objects.for_user(subject).filter(origin_noun=ALERT, origin_id=str(look.row.pk))
    lines: list[tuple[str, str, State]] = [
        (
            titled(run.version.plan.titles) or run.version.plan.name,
            reverse("plan_run", args=[run.pk]),
            run_state(run),
        )
        for run in rows.select_related("version__plan").order_by("-started", "-id")[:MOST_RUNS]
    ]
    start = start_address(ALERT, look.row.pk) if may(subject, "add", "response.planrun") else ""
    return {"runs": lines, "start": start if look.row.live else ""}
