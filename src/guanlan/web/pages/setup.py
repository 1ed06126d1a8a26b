"""The first run: organisation, owner, and a way out for messages."""

from __future__ import annotations

from typing import Final

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from guanlan.core.access import subject_of
from guanlan.core.outbox.managing import save_channel
from guanlan.core.people.organisation import CURRENCIES, can_be_set_up, set_up_organisation
from guanlan.web.pages.invitations import Joining
from guanlan.web.resource.fields import say
from guanlan.web.rights import public

CHANNELS: Final = (
    ("", gettext_lazy("later, under Settings")),
    ("dingtalk", gettext_lazy("DingTalk")),
    ("feishu", gettext_lazy("Feishu")),
    ("wecom", gettext_lazy("WeCom")),
    ("slack", gettext_lazy("Slack")),
)
PER_MINUTE: Final = 20


class SetUp(Joining):
    """What a new installation is told."""

    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Printed once by guanlan up, which prints another when restarted."),
    )
    name = forms.CharField(label=gettext_lazy("Organisation"), max_length=80)
    time_zone = forms.CharField(
        label=gettext_lazy("Time zone"),
        max_length=64,
        help_text=gettext_lazy("Such as Asia/Shanghai."),
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"), choices=[(code, code) for code in CURRENCIES]
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    channel = forms.ChoiceField(
        label=gettext_lazy("Where messages go"), choices=CHANNELS, required=False
    )
    token = forms.CharField(
        label=gettext_lazy("Token of the room's robot"), max_length=200, required=False
    )
    field_order = (
        "code", "name", "time_zone", "currency", "username", "email", "password", "channel",
        "token",
    )  # fmt: skip

    def clean(self) -> dict[str, object]:
        values: dict[str, object] = super().clean() or {}
        if values.get("channel") and not values.get("token"):
            self.add_error("token", _("Give the token, or choose the channel later."))
        return values


@public
@never_cache
@sensitive_post_parameters("password", "code", "token")
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Set the installation up, once, with the code that was printed."""
    if not can_be_set_up():
        raise Http404
    form = SetUp(request.POST or None, initial={"time_zone": settings.TIME_ZONE, "currency": "CNY"})
    if request.method == "POST" and form.is_valid():
        values = dict(form.cleaned_data)
        kind, token = values.pop("channel"), values.pop("token")
        try:
            owner = set_up_organisation(values.pop("code"), **values)
        except ValidationError as error:
            say(form, error)
        else:
            request.door_opened = True  # type: ignore[attr-defined]
            messages.success(request, _("Guanlan is set up. Sign in as its owner."))
            if kind:
                try:
                    save_channel(
                        subject_of(owner),
                        None,
                        name=dict(CHANNELS)[kind].__str__(),
                        kind=kind,
                        per_minute=PER_MINUTE,
                        values={"token": token},
                    )
                except ValidationError:
                    messages.warning(
                        request, _("The channel was not made: its token is not one. Add it later.")
                    )
            return redirect("login")
    context = {"form": form, "heading": _("Set up Guanlan"), "button": _("Set up")}
    return render(request, "web/small_form.html", context, status=422 if form.errors else 200)
