"""A person's messages and wishes."""

from __future__ import annotations

from datetime import time
from typing import Any, Final

from django import forms
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from guanlan.core import outbox
from guanlan.core.models import Preference, User
from guanlan.core.outbox.keeping import Unreadable, phone_of
from guanlan.core.outbox.managing import Wishes, save_wishes
from guanlan.core.outbox.routing import preference_of
from guanlan.core.outbox.templates import masked
from guanlan.web.accounts.confirming import ask_again
from guanlan.web.resource.fields import HourInput
from guanlan.web.rights import signed_in, subject_of_request

PAGE: Final = 50


class Telling(forms.Form):
    """How a person wants to be told."""

    by_email = forms.BooleanField(label=gettext_lazy("By e-mail"), required=False)
    by_sms = forms.BooleanField(label=gettext_lazy("By SMS when it is critical"), required=False)
    phone = forms.CharField(
        label=gettext_lazy("Mobile number"),
        required=False,
        max_length=24,
        widget=forms.TextInput(attrs={"autocomplete": "tel", "placeholder": "+86 138 0013 8000"}),
    )
    forget_phone = forms.BooleanField(label=gettext_lazy("Forget the number"), required=False)
    digest = forms.ChoiceField(
        label=gettext_lazy("Messages for information"),
        choices=Preference.Digest.choices,
        required=False,
    )
    language = forms.ChoiceField(
        label=gettext_lazy("Language of messages"),
        choices=[
            ("", gettext_lazy("as the installation")),
            ("zh-hans", "简体中文"),
            ("zh-hant", "繁體中文"),
            ("en", "English"),
        ],
        required=False,
    )
    quiet_from = forms.TimeField(
        label=gettext_lazy("Quiet from"),
        required=False,
        widget=HourInput(),
    )
    quiet_to = forms.TimeField(
        label=gettext_lazy("Quiet until"),
        required=False,
        widget=HourInput(),
    )
    zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        required=False,
        max_length=64,
        widget=forms.TextInput(attrs={"placeholder": "Asia/Shanghai"}),
    )


@signed_in
@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """The reader's messages, newest first."""
    subject = subject_of_request(request)
    before = request.GET.get("before", "")
    own = outbox.own(subject)
    if before.isascii() and before.isdigit() and len(before) < 19:
        own = own.filter(pk__lt=int(before))
    found = [*own[: PAGE + 1]]
    context = {
        "notices": outbox.notices(found[:PAGE]),
        "older": found[PAGE - 1].pk if len(found) > PAGE else None,
        "unread": outbox.unread(subject).count(),
    }
    return render(request, "web/notifications.html", context)


@signed_in
@require_POST
def read_notifications(request: HttpRequest) -> HttpResponse:
    """Mark one message, or all, as read."""
    named = request.POST.getlist("id")
    chosen = [int(text) for text in named if text.isascii() and text.isdigit() and len(text) < 19]
    outbox.mark_read(subject_of_request(request), chosen if named else None)
    return redirect("notifications")


@signed_in
@require_POST
def acknowledge(request: HttpRequest, identity: int) -> HttpResponse:
    """Say that a message is being seen to."""
    subject = subject_of_request(request)
    message = get_object_or_404(outbox.own(subject), pk=identity)
    if outbox.acknowledge(subject, message):
        messages.success(request, _("Acknowledged. Nobody else will be asked."))
    return redirect("notifications")


@signed_in
@require_http_methods(["GET", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """How the reader wants to be told."""
    user = request.user
    assert isinstance(user, User)
    wishes = preference_of(user)
    form = Telling(request.POST or None, initial=_initial(wishes))
    if request.method == "POST" and form.is_valid():
        wished = _wishes(form.cleaned_data)
        # Where messages reach a person is theirs to change once they are known to be at hand.
        asked = ask_again(request, request.path) if wished.phone is not None else None
        if asked is not None:
            return asked
        try:
            save_wishes(user, wished)
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                form.add_error(name, texts)
        else:
            messages.success(request, _("Your preferences are saved."))
            return redirect("notification_preferences")
    context = {"form": form, "phone": _shown(wishes), "email": bool(user.email)}
    status = 400 if form.errors else 200
    return render(request, "web/notification_preferences.html", context, status=status)


def _initial(wishes: Preference) -> dict[str, Any]:
    names = ("language", "zone", "quiet_from", "quiet_to", "digest", "by_email", "by_sms")
    return {name: getattr(wishes, name) for name in names}


def _wishes(data: dict[str, Any]) -> Wishes:
    quiet_from: time | None = data["quiet_from"]
    quiet_to: time | None = data["quiet_to"]
    return Wishes(
        language=data["language"],
        zone=data["zone"],
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        digest=data["digest"],
        by_email=data["by_email"],
        by_sms=data["by_sms"],
        phone="" if data["forget_phone"] else data["phone"] or None,
    )


def _shown(wishes: Preference) -> str:
    """The number as its own owner needs to recognise it."""
    try:
        return masked(phone_of(wishes)) if wishes.phone else ""
    except Unreadable:
        return _("unreadable")
