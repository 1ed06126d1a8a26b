"""What is typed to restrict an entity, to lift, to renew and to object."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from guanlan.engine.scenario.vocabulary import ANY, CURRENCIES
from guanlan.response.entities import Named
from guanlan.response.restrictions import Terms
from guanlan.response.restrictions.sinks import kinds
from guanlan.response.restrictions.terms import (
    APPELLANTS,
    CAPABILITIES,
    EFFECTS,
    NOT_TOLD,
    REASONS,
    TOLD,
)
from guanlan.response.terms import ENTITY_KINDS
from guanlan.web.words import language_tag

ENDLESS: Final = "endless"
LASTS: Final[dict[str, str | Promise]] = {
    "1": gettext_lazy("1 hour"),
    "12": gettext_lazy("12 hours"),
    "24": gettext_lazy("24 hours"),
    "72": gettext_lazy("3 days"),
    "168": gettext_lazy("7 days"),
    "720": gettext_lazy("30 days"),
    "2160": gettext_lazy("90 days"),
    ENDLESS: gettext_lazy("until it is lifted"),
}
WINDOWS: Final[dict[str, str | Promise]] = {
    "": "—",
    "1": gettext_lazy("1 hour"),
    "24": gettext_lazy("24 hours"),
    "168": gettext_lazy("7 days"),
    "720": gettext_lazy("30 days"),
}


def kind_titles() -> dict[str, str]:
    """Kinds that can be restricted: those that sinks know, else those of response."""
    return kinds() or {name: str(title) for name, title in ENTITY_KINDS.items()}


def end_of(lasts: str, now: datetime) -> datetime | None:
    """The end that a duration of `LASTS` means."""
    return None if lasts == ENDLESS else now + timedelta(hours=int(lasts))


class TermsForm(forms.Form):
    """How an entity is restricted, and why."""

    effect = forms.ChoiceField(label=gettext_lazy("Effect"), choices=[*EFFECTS.items()])
    capabilities = forms.MultipleChoiceField(
        label=gettext_lazy("Capabilities"),
        choices=[*CAPABILITIES.items()],
        initial=[ANY],
        widget=forms.CheckboxSelectMultiple,
    )
    event_amount = forms.DecimalField(
        label=gettext_lazy("At most, at a time"),
        required=False,
        help_text=gettext_lazy("of a limit: the amount of one event, such as 500.00"),
    )
    window_amount = forms.DecimalField(
        label=gettext_lazy("At most, over the time below"), required=False
    )
    window_count = forms.IntegerField(
        label=gettext_lazy("At most so many times, over the time below"), required=False
    )
    window = forms.ChoiceField(
        label=gettext_lazy("Counted over"), choices=[*WINDOWS.items()], required=False
    )
    currency = forms.ChoiceField(
        label=gettext_lazy("Currency"),
        choices=[("", "—"), *((code, code) for code in sorted(CURRENCIES))],
        required=False,
    )
    lasts = forms.ChoiceField(
        label=gettext_lazy("It lasts"), choices=[*LASTS.items()], initial="24"
    )
    reason_code = forms.ChoiceField(label=gettext_lazy("Reason"), choices=[*REASONS.items()])
    reason = forms.CharField(
        label=gettext_lazy("In your words"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("stored sealed; read by those who decide on it"),
    )
    told = forms.ChoiceField(label=gettext_lazy("The customer is told"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields
        language = language_tag()
        texts = [(name, text.get(language)) for name, text in TOLD.items()]
        offered["told"].choices = [(NOT_TOLD, _("nothing")), *texts]

    def clean(self) -> dict[str, Any]:
        """Amounts in minor units of the currency."""
        values = dict(super().clean() or {})
        code = values.get("currency") or ""
        for name in ("event_amount", "window_amount"):
            amount = values.get(name)
            if amount is None:
                continue
            if not code:
                self.add_error("currency", _("An amount needs a currency, such as CNY."))
                break
            minor = amount * Decimal(10) ** CURRENCIES[code]
            if minor != minor.to_integral_value():
                self.add_error(name, _("This currency has no such fraction."))
            values[name] = int(minor)
        return values


class ProposalForm(TermsForm):
    """A restriction of an entity that is named by its kind and key."""

    kind = forms.ChoiceField(label=gettext_lazy("Kind"))
    key = forms.CharField(
        label=gettext_lazy("Key"),
        max_length=256,
        help_text=gettext_lazy("as events name it; of an address also a network: 203.0.113.0/24"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    field_order = ("kind", "key")

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered: Any = self.fields
        offered["kind"].choices = [*kind_titles().items()]


class LiftForm(forms.Form):
    """Why it ends."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=2000, widget=forms.Textarea(attrs={"rows": 2})
    )


class RefuseForm(forms.Form):
    """Why not."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"), max_length=500, required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip


class RenewForm(forms.Form):
    """How long from now."""

    lasts = forms.ChoiceField(
        label=gettext_lazy("It lasts from now"), choices=[*LASTS.items()], initial="24"
    )


class AppealForm(forms.Form):
    """Who objects, and what is said."""

    by = forms.ChoiceField(label=gettext_lazy("Who objects"), choices=[*APPELLANTS.items()])
    text = forms.CharField(
        label=gettext_lazy("What is said"),
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )


def terms_of(values: Mapping[str, Any], now: datetime | None = None) -> Terms:
    """The terms that a valid form asks for."""
    hours = values.get("window") or ""
    return Terms(
        effect=values["effect"],
        capabilities=tuple(values["capabilities"]),
        currency=values.get("currency") or "",
        event_amount=values.get("event_amount"),
        window=timedelta(hours=int(hours)) if hours else None,
        window_amount=values.get("window_amount"),
        window_count=values.get("window_count"),
        reason_code=values["reason_code"],
        reason=values.get("reason") or "",
        told=values.get("told") or NOT_TOLD,
        expires=end_of(values["lasts"], now or timezone.now()),
    )


def named(values: Mapping[str, Any]) -> Named:
    """The entity that a proposal names."""
    return Named(values["kind"], values["key"].strip())
