"""The words of cases that no table holds."""

from __future__ import annotations

from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.response.terms import Words

# By which way a person has told a customer of something.
TOLD_BY: Final[dict[str, Words]] = {
    "phone": pgettext_lazy("way of telling a customer", "telephone"),
    "email": pgettext_lazy("way of telling a customer", "e-mail"),
    "sms": pgettext_lazy("way of telling a customer", "SMS"),
    "app": pgettext_lazy("way of telling a customer", "in the app"),
    "letter": pgettext_lazy("way of telling a customer", "letter"),
    "person": pgettext_lazy("way of telling a customer", "in person"),
}
