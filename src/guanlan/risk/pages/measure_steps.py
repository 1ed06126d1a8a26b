"""A step of a measure: said anew, or taken out."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from guanlan.risk.measure import keeping
from guanlan.risk.measure.catalogue import own_words
from guanlan.risk.measure.showing import title_of
from guanlan.risk.measure.terms import NOUN, roles_in_words
from guanlan.risk.models import Measure, MeasureStep
from guanlan.risk.pages.measure_forms import StepForm, step_of
from guanlan.web.resource import resource_of
from guanlan.web.resource.fields import say
from guanlan.web.rights import needs, subject_of_request

FIELD = "_field"


@needs("change", NOUN)
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, identity: int, position: int) -> HttpResponse:
    """The form of a step; sent, it is said anew."""
    measure, row = _found(request, identity, position)
    sent = request.method == "POST"
    form = StepForm(request.POST if sent else None, initial=_initial(row))
    if sent and (name := request.POST.get(FIELD, "")) in form.fields:
        form.is_valid()
        return render(request, "web/resource/field.html", {"field": form[name]})
    if sent and form.is_valid():
        subject = subject_of_request(request)
        try:
            keeping.change_step(subject, measure, position, step_of(form.cleaned_data))
        except ValidationError as error:
            say(form, error)
        else:
            messages.success(request, _("Step %(n)s is changed.") % {"n": position})
            return redirect("measure", identity)
    context = {
        "resource": resource_of(NOUN),
        "title": _("%(measure)s: step %(n)s") % {"measure": title_of(measure), "n": position},
        "form": form,
        "button": _("Save"),
        "back": f"/measures/{identity}",
        "section": "measures",
        "measure": measure,
        "position": position,
    }
    return render(request, "risk/measure/step.html", context, status=422 if sent else 200)


@needs("change", NOUN)
@require_POST
def remove(request: HttpRequest, identity: int, position: int) -> HttpResponse:
    """Take the step out."""
    measure, _row = _found(request, identity, position)
    try:
        keeping.remove_step(subject_of_request(request), measure, position)
    except ValidationError as error:
        messages.error(request, " ".join(error.messages))
    else:
        messages.success(request, _("Step %(n)s is taken out.") % {"n": position})
    return redirect("measure", identity)


def _found(request: HttpRequest, identity: int, position: int) -> tuple[Measure, MeasureStep]:
    visible = Measure.objects.for_user(subject_of_request(request), "change")
    measure = get_object_or_404(visible, pk=identity)
    row = measure.steps.filter(position=position).first()
    if row is None or measure.state == Measure.State.RETIRED:
        raise Http404
    return measure, row


def _initial(row: MeasureStep) -> dict[str, str]:
    return {
        **{n: own_words(getattr(row, n)) for n in ("title", "instruction", "when", "evidence")},
        **{
            n: roles_in_words(getattr(row, n))
            for n in ("responsible", "accountable", "consulted", "informed")
        },
    }
