"""The words of reports of suspicious transactions."""

from __future__ import annotations

from typing import Final

from django.utils.translation import pgettext_lazy

from guanlan.response.terms import Words

# What makes transactions suspicious, as whoever reports them ticks it.
INDICATORS: Final[dict[str, Words]] = {
    "in_and_out": pgettext_lazy("sign", "money comes in and leaves within a short time"),
    "split": pgettext_lazy("sign", "amounts are split to stay below a limit"),
    "many_to_one": pgettext_lazy("sign", "many payers, one payee"),
    "one_to_many": pgettext_lazy("sign", "one payer, many payees"),
    "unlike_before": pgettext_lazy("sign", "does not fit what the customer did before"),
    "unlike_means": pgettext_lazy("sign", "does not fit the customer's means or business"),
    "shared_device": pgettext_lazy("sign", "several customers, one device or address"),
    "taken_over": pgettext_lazy("sign", "the account is likely used by another person"),
    "gambling": pgettext_lazy("sign", "looks like gambling or illegal trade"),
    "listed": pgettext_lazy("sign", "a party is on a list of persons to be watched"),
    "evasive": pgettext_lazy("sign", "the customer did not explain, or what they said is untrue"),
}
