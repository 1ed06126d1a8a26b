"""The first run: organisation, owner, and a way out for messages, which is tried at once."""

from __future__ import annotations

from typing import Any, Final

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
from guanlan.core.models import Channel, Delivery, User
from guanlan.core.outbox.adapters import ADAPTERS, Field
from guanlan.core.outbox.managing import checked_config, save_channel, send_test
from guanlan.core.people.organisation import can_be_set_up, set_up_organisation
from guanlan.web.pages.channels import FIELDS, WHYS
from guanlan.web.pages.invitations import Joining
from guanlan.web.pages.organisation import Facts
from guanlan.web.resource.fields import say
from guanlan.web.rights import public

KINDS: Final = ("email", "dingtalk", "feishu", "wecom", "slack", "webhook")
CHANNELS: Final = [
    ("", gettext_lazy("later, under Settings")),
    *((kind, Channel.Kind(kind).label) for kind in KINDS),
]
PER_MINUTE: Final = 20


class SetUp(Facts, Joining):
    """What a new installation is told; of each kind of channel what its adapter needs."""

    code = forms.CharField(
        label=gettext_lazy("Set-up code"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("Printed once by guanlan up, which prints another when restarted."),
    )
    email = forms.EmailField(label=gettext_lazy("E-mail"), max_length=254)
    channel = forms.ChoiceField(
        label=gettext_lazy("Where messages go"),
        choices=CHANNELS,
        required=False,
        help_text=gettext_lazy("A test is sent at once. What is secret is kept encrypted."),
    )
    field_order = (
        "code", "name", "time_zone", "currency", "username", "email", "password", "channel",
    )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            for field in ADAPTERS[kind].fields:
                self.fields[f"{kind}-{field.name}"] = _asked(field)

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        kind = values.get("channel", "")
        if not kind:
            return values
        try:
            checked_config(kind, self.config(), {})
        except ValidationError as error:
            for name, texts in error.message_dict.items():
                self.add_error(f"{kind}-{name}", texts)
        return values

    def config(self) -> dict[str, str]:
        """What was said of the chosen channel."""
        kind = self.cleaned_data["channel"]
        names = [field.name for field in ADAPTERS[kind].fields]
        return {name: str(self.cleaned_data.get(f"{kind}-{name}") or "") for name in names}

    def parts(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields of each kind of channel."""
        return [(kind, [self[f"{kind}-{f.name}"] for f in ADAPTERS[kind].fields]) for kind in KINDS]

    def common(self) -> list[forms.BoundField]:
        """The fields that are always asked for."""
        return [self[name] for name in self.field_order]


def _asked(field: Field) -> forms.Field:
    label = str(FIELDS[field.name])
    if field.choices:
        choices = [(word, word) for word in field.choices]
        return forms.ChoiceField(
            label=label, choices=choices, required=False, initial=field.default
        )
    secret = forms.PasswordInput(attrs={"autocomplete": "new-password"})
    widget = secret if field.secret else forms.TextInput(attrs={"autocomplete": "off"})
    return forms.CharField(
        label=label, max_length=500, required=False, initial=field.default, widget=widget
    )


@public
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "POST"])
def setup(request: HttpRequest) -> HttpResponse:
    """Set the installation up, once, with the code that was printed."""
    if not can_be_set_up():
        raise Http404
    form = SetUp(request.POST or None, initial={"time_zone": settings.TIME_ZONE, "currency": "CNY"})
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        names = ("code", "name", "time_zone", "currency", "username", "email", "password")
        try:
            owner = set_up_organisation(**{name: said[name] for name in names})
        except ValidationError as error:
            say(form, error)
        else:
            request.door_opened = True  # type: ignore[attr-defined]
            messages.success(request, _("Guanlan is set up. Sign in as its owner."))
            if said["channel"]:
                _try_channel(request, owner, said["channel"], form.config())
            return redirect("login")
    context = {"form": form, "heading": _("Set up Guanlan"), "button": _("Set up")}
    return render(request, "web/setup.html", context, status=422 if form.errors else 200)


def _try_channel(request: HttpRequest, owner: User, kind: str, config: dict[str, str]) -> None:
    """Make the channel, send a test, and say how that went."""
    subject, label = subject_of(owner), str(Channel.Kind(kind).label)
    made = save_channel(
        subject, None, name=label, kind=kind, per_minute=PER_MINUTE, values=config
    )  # fmt: skip
    delivery = send_test(subject, made)
    if delivery.state == Delivery.State.SENT:
        text = _("%(channel)s accepted the test message.") % {"channel": label}
        messages.success(request, text)
    else:
        why = WHYS.get(delivery.why, delivery.why)
        text = _("The test of %(channel)s was not sent: %(why)s.")
        messages.warning(request, text % {"channel": label, "why": why})
