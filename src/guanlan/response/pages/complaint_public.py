"""What customers reach without signing in: the form, and the page of their complaint."""

from __future__ import annotations

import secrets
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.defaultfilters import filesizeformat
from django.utils import timezone, translation
from django.utils.functional import lazy
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guanlan.core.access import SYSTEM
from guanlan.core.people.limiting import room_for
from guanlan.response.clocks.terms import said
from guanlan.response.complaints.deadlines import last_day
from guanlan.response.complaints.files import (
    FILES,
    LARGEST,
    MOST,
    WHOLE,
    keep_several,
    leave_nothing,
    sent_with,
    several,
    why_not,
)
from guanlan.response.complaints.intake import LONGEST, LONGEST_PRODUCT, Incoming, take_in
from guanlan.response.complaints.links import found_by, path_of
from guanlan.response.complaints.replying import acknowledge, customer_wrote, rate
from guanlan.response.complaints.sorting import categories_in_use
from guanlan.response.complaints.terms import OPEN, OUTCOMES, STATES
from guanlan.response.models import Complaint
from guanlan.web.accounts.addresses import client_address
from guanlan.web.discussion import Refusal
from guanlan.web.discussion.receiving import SealingSeveral
from guanlan.web.discussion.sniffing import TAKEN
from guanlan.web.pages.discussion import FORM_BYTES
from guanlan.web.resource.fields import say
from guanlan.web.rights import public

MOST_SHOWN: Final = 50  # messages on the customer's page
_STARS: Final = {
    "5": gettext_lazy("5: very good"),
    "4": gettext_lazy("4: good"),
    "3": gettext_lazy("3: neither good nor bad"),
    "2": gettext_lazy("2: bad"),
    "1": gettext_lazy("1: very bad"),
}


class SeveralFiles(forms.FileInput):
    """Chooses several files; what comes of them is read by the handler of the request."""

    allow_multiple_selected = True

    def __init__(self) -> None:
        super().__init__(attrs={"multiple": True})


def _files_help() -> str:
    values = {"n": MOST, "each": filesizeformat(LARGEST), "all": filesizeformat(WHOLE),
              "kinds": TAKEN}  # fmt: skip
    return _("At most %(n)s, each of %(each)s, %(all)s in all: %(kinds)s.") % values


class Complaining(forms.Form):
    """What is wrong, and how we reach the customer."""

    category = forms.ChoiceField(label=gettext_lazy("What is it about?"), required=False)
    product = forms.CharField(
        label=gettext_lazy("Product or service"), max_length=LONGEST_PRODUCT, required=False
    )
    text = forms.CharField(
        label=gettext_lazy("What is wrong?"),
        max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 7}),
        help_text=gettext_lazy(
            "When it happened, what you expected. Never write passwords or codes."
        ),
    )
    customer = forms.CharField(
        label=gettext_lazy("Your user name or account"), max_length=200, required=False
    )
    email = forms.CharField(
        label=gettext_lazy("E-mail"), max_length=254, required=False,
        help_text=gettext_lazy("So that we can answer you; or leave a telephone number."),
        widget=forms.TextInput(attrs={"autocomplete": "email", "inputmode": "email"}),
    )  # fmt: skip
    phone = forms.CharField(
        label=gettext_lazy("Telephone"), max_length=32, required=False,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
    )  # fmt: skip
    enclosed = forms.Field(
        label=gettext_lazy("Files"), required=False, widget=SeveralFiles,
        help_text=lazy(_files_help, str)(),
    )  # fmt: skip
    form_key = forms.CharField(max_length=64, widget=forms.HiddenInput)
    # Programs fill in whatever they find; people do not see this one.
    website = forms.CharField(
        label=gettext_lazy("Leave this empty"), required=False,
        widget=forms.TextInput(attrs={"tabindex": "-1", "autocomplete": "off"}),
    )  # fmt: skip

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields
        titles = [(row.code, said(row.title)) for row in categories_in_use()]
        offered["category"].choices = [("", _("choose, if one fits")), *titles]

    def clean_website(self) -> str:
        """Empty, or a sentence that tells a person what to do."""
        if self.cleaned_data["website"]:
            raise forms.ValidationError(_("Leave this field empty, then send it again."))
        return ""

    def shown(self) -> list[forms.BoundField]:
        """The fields that people see."""
        return [one for one in self.visible_fields() if one.name != "website"]


class Adding(forms.Form):
    """Something more about it."""

    text = forms.CharField(
        label=gettext_lazy("Add something"), max_length=LONGEST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class Rating(forms.Form):
    """How it was dealt with."""

    stars = forms.ChoiceField(
        label=gettext_lazy("How were you dealt with?"), choices=[*_STARS.items()],
        widget=forms.RadioSelect,
    )  # fmt: skip


@public
@csrf_exempt  # until the handler of files is set; `_complain` checks the token
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def complain(request: HttpRequest) -> HttpResponse:
    """The form; how often it may be sent from one address stands with the other doors, and how
    many megabytes of files. Whatever is not taken in leaves nothing behind."""
    handler = several(request)
    if not _has_room(request):
        handler.fault = "room"
    request.upload_handlers = [handler]
    try:
        answer: HttpResponse = _complain(request, handler=handler)
        return answer
    finally:
        handler.discard()


def _has_room(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    if request.method != "POST" or not length.isdecimal():
        return True
    megabytes = -(-max(0, int(length) - FORM_BYTES) >> 20)
    return not megabytes or room_for("complaint_mb", client_address(request), megabytes)


@csrf_protect
def _complain(request: HttpRequest, *, handler: SealingSeveral) -> HttpResponse:
    typed = request.POST if request.method == "POST" else None
    form = Complaining(typed, initial={"form_key": secrets.token_urlsafe(16)})
    if typed is not None:
        if handler.fault == "room":
            form.add_error(FILES, _("Too much was sent from your network today: send it without"
                                    " files, and tell us that there are some."))  # fmt: skip
        elif handler.fault:
            form.add_error(FILES, why_not(handler.fault))
        if form.is_valid():
            try:
                return redirect(path_of(_taken(form.cleaned_data, handler)))
            except ValidationError as error:
                say(form, error)
        if handler.files and not form.errors.get(FILES):
            form.add_error(FILES, _("Choose your files again: nothing of them was kept."))
    context = {"form": form, "title": _("Complaint")}
    status = 422 if request.method == "POST" else 200
    return render(request, "response/complaint/form.html", context, status=status)


def _taken(values: dict[str, Any], handler: SealingSeveral) -> Complaint:
    """The complaint with its files: all of it is taken in, or nothing."""
    incoming = Incoming(
        channel="web",
        source="form",
        external=values["form_key"],
        text=values["text"],
        product=values["product"],
        category=values["category"],
        customer=values["customer"],
        email=values["email"],
        phone=values["phone"],
        language=translation.get_language() or "",
    )
    now = timezone.now()
    try:
        with transaction.atomic():
            taken = take_in(SYSTEM, incoming, now)
            keep_several(taken.complaint, handler.files)
            if taken.new:
                acknowledge(taken.complaint, now)
    except Refusal as refusal:
        leave_nothing(handler.files)
        raise ValidationError({FILES: refusal.messages}) from None
    except BaseException:
        leave_nothing(handler.files)
        raise
    return taken.complaint


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def complaint_state(request: HttpRequest, number: int, token: str) -> HttpResponse:
    """Where a complaint is, for who has its link: what was answered, something more, a rating."""
    row = found_by(number, token)
    if row is None:
        raise Http404
    doing = request.POST.get("do", "") if request.method == "POST" else ""
    adding = Adding(request.POST if doing == "write" else None)
    rating = Rating(request.POST if doing == "rate" else None)
    form: forms.Form = adding if doing == "write" else rating
    if doing and form.is_valid():
        try:
            _done(row, form, doing)
        except ValidationError as error:
            say(form, error)
        else:
            messages.success(request, _("Thank you, we have it."))
            return redirect(path_of(row))
    status = 422 if request.method == "POST" else 200
    context = _shown(row) | {"adding": adding, "rating": rating}
    return render(request, "response/complaint/state.html", context, status=status)


def _done(row: Complaint, form: forms.Form, doing: str) -> None:
    if doing == "write":
        customer_wrote(row, form.cleaned_data["text"], "web", timezone.now())
    else:
        rate(row, int(form.cleaned_data["stars"]), timezone.now())


def _shown(row: Complaint) -> dict[str, Any]:
    rows = row.messages.filter(incoming=False, sent=True).order_by("-at", "-id")
    word = STATES["working" if row.state in ("new", "working") else row.state]
    outcome = "" if row.state in OPEN else OUTCOMES.get(row.outcome, "")
    return {
        "title": _("Complaint %(number)s") % {"number": row.receipt},
        "row": row,
        "last_day": f"{last_day(row.due):%Y-%m-%d}",
        "state": word,
        "open": row.state in OPEN,
        "outcome": outcome,
        "messages_out": [(one.at, str(one.masked)) for one in rows[:MOST_SHOWN]],
        "category": said(row.category.title),
        "files": sent_with(row),
    }
