"""API keys: made, listed, revoked."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.core import services
from guanlan.core.access import Subject
from guanlan.core.models import ApiKey, User
from guanlan.web.resource import (
    Action,
    Chip,
    Column,
    Filter,
    Form,
    Heading,
    Resource,
    Saved,
    State,
    register,
)


class NewKey(forms.Form):
    """A name and scopes."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": "wallet-backend"}),
        help_text=gettext_lazy("What uses the key, so that you know later what revoking stops."),
    )
    scopes = forms.MultipleChoiceField(
        label=gettext_lazy("Scopes"),
        choices=[(scope, scope) for scope in services.SCOPES],
        initial=["events:write", "decisions:read"],
        widget=forms.CheckboxSelectMultiple,
    )


def make(subject: Subject, values: dict[str, Any]) -> Saved:
    """Make a key; its token is in the answer only."""
    author = User.objects.filter(pk=subject.id).first() if subject.id is not None else None
    created = services.create_api_key(values["name"], values["scopes"], author)
    return Saved(
        created.key,
        template="web/key_made.html",
        context={"created": created},
        once={"token": created.token},
    )


def revoke(key: ApiKey, subject: Subject) -> str:
    """Revoke a key; the door refuses it from its next reload on."""
    if not services.revoke_api_key(key.id):
        raise ValidationError(_("There is no live key %(key)s.") % {"key": key.id})
    return _("Key %(key)s is revoked.") % {"key": key.id}


def state(key: ApiKey) -> State:
    """In use or revoked."""
    return State("off", _("revoked")) if key.revoked else State("on", _("in use"))


KEYS = register(
    Resource(
        noun="core.apikey",
        model=ApiKey,
        title=gettext_lazy("API key"),
        titles=gettext_lazy("API keys"),
        path="settings/keys",
        route="keys",
        one="key",
        api="keys",
        place=("settings", 10),
        columns=(
            Column("name", gettext_lazy("Name"), level=2),
            Column(
                "key",
                gettext_lazy("Key"),
                "id",
                value=lambda k: f"gl_{k.id}_…",
                cell="code",
                level=2,
            ),
            Column("scopes", gettext_lazy("Scopes"), cell="tags", level=2),
            Column("created", gettext_lazy("Made"), cell="moment", level=2, sort=True),
            Column("created_by", gettext_lazy("Made by"), "created_by__username", level=2),
            Column("state", gettext_lazy("State"), "revoked", value=state, level=2),
            Column("revoked", gettext_lazy("Revoked"), cell="moment", level=2, shown=False),
        ),
        filters=(
            Filter("revoked", gettext_lazy("Revoked"), "flag", null=True, example="revoked:no"),
            Filter("name", gettext_lazy("Name"), "text", example="name:wallet"),
            Filter("by", gettext_lazy("Made by"), "person", "created_by", example="by:me"),
            Filter("after", gettext_lazy("Made from then on"), "time", "created", sign=">="),
            Filter("before", gettext_lazy("Made until then"), "time", "created", sign="<"),
        ),
        search=("name", "id"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in use"), "revoked:no"),
            Chip(gettext_lazy("revoked"), "revoked:yes"),
        ),
        order="-created",
        related=("created_by",),
        state=state,
        heading=lambda key: Heading(
            owner=key.created_by.get_username() if key.created_by else "", clock=key.created
        ),
        form=Form(
            make=lambda subject, row: NewKey,
            add=make,
            title=gettext_lazy("New key"),
            button=gettext_lazy("Make the key"),
        ),
        actions=(
            Action(
                "revoke",
                gettext_lazy("Revoke"),
                revoke,
                verb="delete",
                when=lambda key: key.revoked is None,
                danger=True,
                words=gettext_lazy(
                    "Calls with this key are refused from now on. This cannot be undone."
                ),
                button=gettext_lazy("Revoke for good"),
            ),
        ),
        empty=gettext_lazy(
            "No key yet. A backend needs one to send events: make it here, "
            "or with guanlan key create."
        ),
    )
)
