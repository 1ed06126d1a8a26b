"""The status page as those see it who keep it: its components, and whether it is public."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, pgettext_lazy
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from guanlan.core.access import Subject, may
from guanlan.core.people.organisation import organisation
from guanlan.response.clocks import stating
from guanlan.response.clocks.terms import AUDIENCES, LANGUAGES, Matter
from guanlan.response.incidents.finding import NOUN as INCIDENT
from guanlan.response.models import (
    Incident,
    MaintenanceWindow,
    PublicMaintenance,
    Statement,
    StatusComponent,
    StatusPost,
    StatusSpan,
)
from guanlan.response.pages import status_public
from guanlan.response.status import keeping
from guanlan.response.status.reading import STATES, names_of, public
from guanlan.web.accounts.addresses import link_to
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Link,
    Panel,
    Resource,
    Saved,
    State,
    register,
)
from guanlan.web.rights import needs, subject_of_request

LOOKS = {
    "operational": "on", "maintenance": "off", "degraded": "warn", "partial": "bad",
    "outage": "bad",
}  # fmt: skip


class ComponentForm(forms.Form):
    """What customers call it, and where it stands on the page."""

    name_zh_hans = forms.CharField(label="简体中文", max_length=60, required=False)
    name_zh_hant = forms.CharField(label="繁體中文", max_length=60, required=False)
    name_en = forms.CharField(
        label="English",
        max_length=60,
        required=False,
        help_text=gettext_lazy("The names are public: as customers know it, one at least."),
    )
    product = forms.CharField(
        label=gettext_lazy("Product"),
        max_length=60,
        required=False,
        help_text=gettext_lazy("Public: the heading under which it stands."),
    )
    place = forms.IntegerField(
        label=gettext_lazy("Place on the page"), min_value=0, max_value=9999, initial=100
    )


def called(row: StatusComponent) -> str:
    """A component in the reader's language."""
    return names_of(row).get(get_language() or "en", str(row))


def state(row: StatusComponent) -> State:
    """Whether it stands on the page."""
    if row.retired is not None:
        return State("off", pgettext_lazy("state of a component", "off the page"))
    return State("on", pgettext_lazy("state of a component", "on the page"))


def _add(subject: Subject, values: dict[str, Any]) -> Saved:
    made = keeping.save_component(subject, None, values, timezone.now())
    return Saved(made, _("The component is added."))


def _change(subject: Subject, row: StatusComponent, values: dict[str, Any]) -> Saved:
    keeping.save_component(subject, row, values, timezone.now())
    return Saved(row, _("The component is changed."))


def _initial(row: StatusComponent) -> dict[str, Any]:
    return {name: getattr(row, name) for name in (*keeping.NAMES, "product", "place")}


def _retire(row: StatusComponent, subject: Subject) -> str:
    keeping.retire(subject, row, timezone.now())
    return _("It is off the page.")


def _bring_back(row: StatusComponent, subject: Subject) -> str:
    keeping.bring_back(subject, row)
    return _("It is on the page again.")


def _past(row: StatusComponent, subject: Subject) -> Mapping[str, Any]:
    """When it was in which state."""
    spans = StatusSpan.objects.for_user(subject).filter(component=row)
    spans = spans.select_related("incident", "set_by").order_by("-begins", "-id")[:50]
    seen = set(
        Incident.objects.for_user(subject)
        .filter(pk__in=[one.incident_id for one in spans])
        .values_list("pk", flat=True)
    )
    return {"spans": [(one, one.incident_id if one.incident_id in seen else None) for one in spans]}


COMPONENTS = register(
    Resource(
        noun="response.statuscomponent",
        model=StatusComponent,
        title=gettext_lazy("Component of the status page"),
        titles=gettext_lazy("Components of the status page"),
        path="status-components",
        route="status_components",
        one="status_component",
        api="status-components",
        place=("settings", 60),
        columns=(
            Column("name", gettext_lazy("Name"), "name_en", value=called, wide=True),
            Column("product", gettext_lazy("Product"), sort=True),
            Column("place", gettext_lazy("Place on the page"), cell="number", sort=True),
            Column("state", gettext_lazy("State"), "retired", value=state),
            Column("created", gettext_lazy("Made"), cell="moment", shown=False),
        ),
        filters=(
            Filter("product", gettext_lazy("Product"), "text", example="product:pay"),
            Filter("retired", gettext_lazy("Off the page"), "flag", null=True),
        ),
        search=("name_en", "name_zh_hans", "name_zh_hant"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("on the page"), "retired:no"),
        ),
        order="place",
        state=state,
        name_of=called,
        facts=("product", "place", "created"),
        panels=(
            Panel(gettext_lazy("Past states"), "response/status/spans.html", _past),
        ),
        form=Form(
            make=lambda subject, row: ComponentForm,
            add=_add,
            change=_change,
            initial=_initial,
            title=gettext_lazy("New component"),
        ),
        actions=(
            Action("retire", gettext_lazy("Take off the page"), _retire, danger=True, bulk=False,
                   when=lambda row: row.retired is None,
                   words=gettext_lazy("Customers see it no longer. Its past is kept.")),
            Action("bring_back", gettext_lazy("Put on the page again"), _bring_back, bulk=False,
                   when=lambda row: row.retired is not None),
        ),
        links=(Link(gettext_lazy("The page"), "status_settings"),),
        empty=gettext_lazy(
            "No component yet. Add what customers use, by the names that they know: payments,"
            " sign-in, the app."
        ),
    )
)  # fmt: skip


@needs("see", "response.statuscomponent")
@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    """Whether the page is public, where it is, and the switch."""
    subject = subject_of_request(request)
    row = keeping.page_row()
    if request.method == "POST":
        wanted = request.POST.get("public") == "yes"
        try:
            keeping.switch(subject, wanted, timezone.now())
        except ValidationError as error:
            messages.error(request, " ".join(error.messages))
        else:
            status_public.forget()
            said = _("The status page is public.") if wanted else _("The page is not public.")
            messages.success(request, said)
        return redirect("status_settings")
    context = {
        "row": row,
        "title": _("Status page"),
        "section": "status_components",
        "address": link_to("/status"),
        "switching": may(subject, "manage", "response.statuscomponent"),
        "components": StatusComponent.objects.for_user(subject).filter(retired=None).count(),
    }
    return render(request, "response/status/settings.html", context)


@needs("see", "response.statuscomponent")
@require_safe
def preview(request: HttpRequest) -> HttpResponse:
    """The page as the public would see it now."""
    lang = get_language() or "en"
    found = public(timezone.now(), organisation().zone)
    context = status_public.page_context(found, lang) | {"preview": True}
    return HttpResponse(render_to_string("response/status/page.html", context))


def states_form(subject: Subject, incident: Incident | None) -> type[forms.Form]:
    """A field a component: what the incident does to it now."""
    now = keeping.states_of(incident) if incident is not None else {}
    choices = [(one, STATES[one]) for one in (keeping.FINE, *StatusSpan.State.values)]
    rows = StatusComponent.objects.filter(retired=None).order_by("product", "place", "id")
    fields: dict[str, forms.Field] = {
        f"component_{row.pk}": forms.ChoiceField(
            label=f"{row.product} · {called(row)}" if row.product else called(row),
            choices=choices,
            initial=now.get(row.pk, keeping.FINE),
        )
        for row in rows
    }
    return type("StatesForm", (forms.Form,), fields)


def set_states(row: Incident, subject: Subject, values: dict[str, Any]) -> str:
    """Say what the public sees of an incident."""
    wanted = {int(name.removeprefix("component_")): state for name, state in values.items()}
    if not wanted:
        raise ValidationError(_("The status page has no component yet: add one in the settings."))
    changed = keeping.set_states(subject, row, wanted, timezone.now())
    status_public.forget()
    return _("%(n)s components changed on the status page.") % {"n": changed}


class Phase(forms.Form):
    """Where the work on it is."""

    phase = forms.ChoiceField(
        label=gettext_lazy("How far it is"),
        choices=StatusPost.Phase.choices,
        help_text=gettext_lazy("The approved text is shown to everybody, word for word."),
    )


def post(one: Statement, subject: Subject, values: Mapping[str, Any]) -> str:
    """Put a statement on the page."""
    keeping.post(subject, one, values["phase"], timezone.now())
    status_public.forget()
    return _("It stands on the status page.")


def withdraw(one: Statement, subject: Subject) -> str:
    """Take it off again."""
    keeping.withdraw(subject, one, timezone.now())
    status_public.forget()
    return _("It is off the status page.")


def posted(one: Statement) -> bool:
    """Whether a statement stands on the page."""
    return StatusPost.objects.filter(statement=one, withdrawn=None).exists()


class Wording(forms.Form):
    """A statement about an incident, as it begins."""

    title = forms.CharField(
        label=gettext_lazy("Title"),
        max_length=160,
        help_text=gettext_lazy("For us: the status page does not show it."),
    )
    audience = forms.ChoiceField(
        label=gettext_lazy("Audience"),
        choices=[(one, AUDIENCES[one]) for one in keeping.AUDIENCES],
    )


for _code, _language in LANGUAGES.items():
    Wording.base_fields[f"text_{_code.replace('-', '_')}"] = forms.CharField(
        label=_language,
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5, "lang": _code}),
    )


def draft_statement(row: Incident, subject: Subject, values: Mapping[str, Any]) -> str:
    """Begin a statement about an incident; without a text it takes its template."""
    label = f"#{row.pk}" if row.confidential else f"#{row.pk} {row.title}"[:120]
    stating.compose(
        subject, Matter(INCIDENT, str(row.pk), label), title=values["title"],
        audience=values["audience"], channel="website", now=timezone.now(),
        texts={code: values[f"text_{code.replace('-', '_')}"] for code in LANGUAGES},
    )  # fmt: skip
    return _("The statement is begun: find it under Statements, and ask for its approval there.")


def maintenance_form(subject: Subject, window: MaintenanceWindow | None) -> type[forms.Form]:
    """The components that a maintenance window touches."""
    rows = StatusComponent.objects.filter(retired=None).order_by("product", "place", "id")
    shown = PublicMaintenance.objects.filter(window=window).first() if window is not None else None
    field = forms.MultipleChoiceField(
        label=_("Components"),
        choices=[(str(row.pk), called(row)) for row in rows],
        required=False,
        widget=forms.CheckboxSelectMultiple,
        initial=[str(one.pk) for one in shown.components.all()] if shown is not None else [],
        help_text=_("Times and components are public, nothing else of it. None: it is not shown."),
    )
    return type("MaintenanceForm", (forms.Form,), {"components": field})


def show_maintenance(row: MaintenanceWindow, subject: Subject, values: dict[str, Any]) -> str:
    """Show a maintenance window to the public, or no longer."""
    chosen = [int(one) for one in values["components"]]
    keeping.show_maintenance(subject, row, chosen, timezone.now())
    status_public.forget()
    return _("The public sees it.") if chosen else _("The public does not see it.")


def may_show(row: MaintenanceWindow, subject: Subject) -> bool:
    """Whether the subject decides what the public sees of it."""
    return may(subject, "change", keeping.NOUN)
