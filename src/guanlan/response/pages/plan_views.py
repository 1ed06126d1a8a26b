"""What plans and runs have beside their resources: starting, CACAO files, a run that moves."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.response.models import Plan, PlanRun, PlanVersion
from guanlan.response.plans import writing
from guanlan.response.plans.cacao import MOST_CHARACTERS, Problem
from guanlan.response.plans.picture import Picture
from guanlan.response.plans.running import start_run
from guanlan.response.plans.showing import RunLook
from guanlan.response.terms import CATEGORIES
from guanlan.web.rights import needs, subject_of_request

JSON_TYPE = "application/json; charset=utf-8"


@needs("add", "response.planrun")
@require_POST
def start(request: HttpRequest, plan: int) -> HttpResponse:
    """Carry a plan out for real, and show its run."""
    subject = subject_of_request(request)
    found = get_object_or_404(Plan.objects.for_user(subject), pk=plan)
    try:
        run = start_run(subject, found, now=timezone.now())
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
        return redirect("plan", found.pk)
    messages.success(request, _("The plan runs. Its people have been told."))
    return redirect("plan_run", run.pk)


@needs("see", "response.planrun")
@require_safe
def moving(request: HttpRequest, run: int) -> HttpResponse:
    """The steps of a run as they are now."""
    subject = subject_of_request(request)
    seen = PlanRun.objects.for_user(subject).select_related("version__plan", "started_by")
    found = get_object_or_404(seen, pk=run)
    look = RunLook(found, subject, timezone.now())
    context = {"look": look, "picture": Picture(look.plan, look.items)}
    return render(request, "response/plan/run_moving.html", context)


@needs("see", "response.planversion")
@require_safe
def export(request: HttpRequest, version: int) -> HttpResponse:
    """A version as CACAO JSON."""
    seen = PlanVersion.objects.for_user(subject_of_request(request))
    found = get_object_or_404(seen, pk=version)
    answer = HttpResponse(found.body, content_type=JSON_TYPE)
    name = f"plan-{found.plan_id}-version-{found.number}.json"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


class Import(forms.Form):
    """CACAO JSON, in a file or in the field."""

    category = forms.ChoiceField(label=gettext_lazy("Kind of risk"), choices=[*CATEGORIES.items()])
    file = forms.FileField(label=gettext_lazy("File"), required=False)
    text = forms.CharField(
        label=gettext_lazy("or its text"),
        required=False,
        max_length=MOST_CHARACTERS,
        widget=forms.Textarea(attrs={"rows": 12, "class": "mono", "spellcheck": "false"}),
    )
    without = forms.BooleanField(
        label=gettext_lazy("Import it without what is not known here"), required=False
    )


@needs("add", "response.plan")
@require_http_methods(["GET", "HEAD", "POST"])
def bring_in(request: HttpRequest) -> HttpResponse:
    """Make a plan of CACAO JSON. Problems are listed; a plan that has some becomes a draft that
    has them, but nothing is left out unless that was asked for."""
    posted = request.method == "POST"
    form = Import(request.POST or None, request.FILES or None)
    problems: list[Problem] = []
    if posted and form.is_valid():
        text = _text(form)
        plan, problems = writing.problems_of(text) if text else (None, [])
        lost = [one for one in problems if one.lost]
        if not text:
            form.add_error("file", _("Choose a file, or paste its text."))
        elif plan is None or (lost and not form.cleaned_data["without"]):
            form.add_error(None, _("Nothing was imported: see the list of problems."))
        else:
            try:
                subject = subject_of_request(request)
                category = form.cleaned_data["category"]
                made = writing.new_plan(subject, plan, category, timezone.now())
            except ValidationError as error:
                form.add_error(None, error)
            else:
                messages.success(request, _("The plan is imported as a draft."))
                return redirect("plan_version", made.pk)
    context = {"form": form, "problems": problems, "title": _("Import a plan"), "section": "plans"}
    status = 422 if posted else 200
    return render(request, "response/plan/import.html", context, status=status)


def _text(form: Import) -> str:
    file = form.cleaned_data["file"]
    if file is None:
        return str(form.cleaned_data["text"])
    data: bytes = file.read(4 * MOST_CHARACTERS)
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return "-"  # no JSON either, which is what will be said
