"""The organisation: its name, the zone in which times are shown, the currency of amounts that
have none of their own."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from guanlan.core.access import may
from guanlan.core.models import Organisation
from guanlan.core.people.organisation import CURRENCIES, change_organisation, organisation
from guanlan.web.accounts.confirming import reauthenticated
from guanlan.web.resource.fields import say
from guanlan.web.rights import needs, subject_of_request


class Facts(forms.Form):
    """Name, zone and currency."""

    name = forms.CharField(label=gettext_lazy("Organisation"), max_length=80)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Such as Asia/Shanghai."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in CURRENCIES]
    )


@needs("see", "core.organisation")
@require_safe
def organisation_page(request: HttpRequest) -> HttpResponse:
    """What is said of the organisation."""
    subject = subject_of_request(request)
    row = Organisation.objects.for_user(subject).filter(pk=1).first()
    context = {
        "facts": organisation(),
        "set_up": row.set_up if row is not None else None,
        "changing": may(subject, "change", "core.organisation"),
    }
    return render(request, "web/organisation.html", context)


@needs("change", "core.organisation")
@require_http_methods(["GET", "POST"])
@reauthenticated
def change(request: HttpRequest) -> HttpResponse:
    """Change it."""
    now = organisation()
    initial = {"name": now.name, "time_zone": now.zone.key, "currency": now.currency or "CNY"}
    form = Facts(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            change_organisation(subject_of_request(request), **form.cleaned_data)
        except ValidationError as error:
            say(form, error)
        else:
            messages.success(request, _("The organisation is changed."))
            return redirect("organisation")
    context = {
        "form": form,
        "heading": _("Organisation"),
        "button": _("Save"),
        "section": "organisation",
    }
    return render(request, "web/small_form.html", context, status=422 if form.errors else 200)
