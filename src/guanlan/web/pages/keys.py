"""API keys: made, listed, revoked."""

from __future__ import annotations

from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
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
from guanlan.web.resource.words import Term


class NewKey(forms.Form):
    """A name, scopes, and for how long."""

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
    days = forms.IntegerField(
        label=gettext_lazy("Days until it expires"),
        required=False,
        initial=services.KEY_DAYS,
        min_value=1,
        max_value=services.KEY_DAYS_MOST,
        help_text=gettext_lazy("You are told 30, 7 and 1 days before."),
    )
    endless = forms.BooleanField(label=gettext_lazy("It never expires"), required=False)
    why_endless = forms.CharField(
        label=gettext_lazy("Why it never expires"),
        max_length=300,
        required=False,
        help_text=gettext_lazy("Only for what cannot be given another key; it is kept with it."),
    )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or self.cleaned_data
        if values.get("endless") and not values.get("why_endless"):
            self.add_error("why_endless", _("Say why this key never expires."))
        if not values.get("endless"):
            values["why_endless"] = ""
        return values


def make(subject: Subject, values: dict[str, Any]) -> Saved:
    """Make a key; its token is in the answer only."""
    author = User.objects.filter(pk=subject.id).first() if subject.id is not None else None
    created = services.create_api_key(
        values["name"],
        values["scopes"],
        author,
        days=values["days"] or services.KEY_DAYS,
        why_endless=values["why_endless"],
    )
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


def take_over(key: ApiKey, subject: Subject) -> str:
    """Answer for a key from now on."""
    services.take_over_key(subject, key)
    return _("You answer for key %(key)s now.") % {"key": key.id}


def state(key: ApiKey) -> State:
    """In use, about to expire, expired, without anybody who answers for it, or revoked."""
    now = timezone.now()
    if key.revoked:
        return State("off", _("revoked"))
    if key.expires is not None and key.expires <= now:
        return State("bad", _("expired"))
    if key.created_by is not None and not key.created_by.is_active:
        return State("bad", _("its person is disabled"))
    if key.expires is not None and key.expires <= now + services.ENDING:
        return State("warn", _("expires soon"))
    return State("on", _("in use"))


TERMS: Final[dict[str, str | Promise]] = {
    "soon": gettext_lazy("expires soon"),
    "over": gettext_lazy("expired"),
    "never": gettext_lazy("never"),
}


def by_end(term: Term, subject: Subject) -> Q:
    """Keys whose end is near, past, or never comes."""
    now = timezone.now()
    return {
        "soon": Q(revoked=None, expires__gt=now, expires__lte=now + services.ENDING),
        "over": Q(expires__lte=now),
        "never": Q(expires=None),
    }[term.value]


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
            Column("created_by", gettext_lazy("Answers for it"), "created_by__username", level=2),
            Column("expires", gettext_lazy("Expires"), cell="until"),
            Column("why_endless", gettext_lazy("Why it never expires"), shown=False),
            Column("state", gettext_lazy("State"), "revoked", value=state, level=2),
            Column("revoked", gettext_lazy("Revoked"), cell="moment", level=2, shown=False),
        ),
        filters=(
            Filter(
                "revoked",
                gettext_lazy("Revoked"),
                "flag",
                null=True,
                group=True,
                example="revoked:no",
            ),
            Filter("name", gettext_lazy("Name"), "text", example="name:wallet"),
            Filter("by", gettext_lazy("Answers for it"), "person", "created_by", example="by:me"),
            Filter(
                "ends",
                gettext_lazy("Expires"),
                "choice",
                choices=TERMS,
                read=by_end,
                level=2,
                example="ends:soon",
            ),
            Filter("expires", gettext_lazy("Expires by"), "time", sign="<"),
            Filter("after", gettext_lazy("Made from then on"), "time", "created", sign=">="),
            Filter("before", gettext_lazy("Made until then"), "time", "created", sign="<"),
        ),
        search=("name", "id"),
        chips=(
            Chip(gettext_lazy("all"), ""),
            Chip(gettext_lazy("in use"), "revoked:no"),
            Chip(gettext_lazy("expires soon"), "ends:soon"),
            Chip(gettext_lazy("expired"), "ends:over revoked:no"),
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
            again=True,
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
            Action(
                "take_over",
                gettext_lazy("Answer for it"),
                take_over,
                verb="manage",
                when=lambda key: key.revoked is None,
                words=gettext_lazy(
                    "You are told before it expires. It is accepted as long as your account is."
                ),
            ),
        ),
        empty=gettext_lazy(
            "No key yet. A backend needs one to send events: make it here, "
            "or with guanlan key create."
        ),
    )
)
