"""How much is at stake in a case: what a person typed, else what its alerts found.

Amounts are whole minor units by currency, each with the number of payments it is of. Those of
different currencies are never added.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from guanlan.core.people.organisation import organisation
from guanlan.response.alerts.coalescing import summed
from guanlan.response.models import Alert, Case
from guanlan.web.words import money, number

Amounts = Mapping[str, Sequence[int]]  # by currency: minor units, number of payments
READ: Final = 500


class Stake(NamedTuple):
    """What is at stake, in minor units; `typed` by a person, else found by alerts."""

    amount: int
    currency: str
    typed: bool


def found_in(cases: Collection[int]) -> dict[int, dict[str, list[int]]]:
    """What the alerts of cases found, by the number of the case: one statement."""
    sums: dict[int, dict[str, list[int]]] = {case: {} for case in cases}
    rows = Alert.objects.filter(case__in=cases).order_by().values_list("case_id", "amounts")
    for case, amounts in rows.iterator(chunk_size=READ):
        if case is not None:
            sums[case] = summed(sums[case], amounts)
    return sums


def at_stake(case: Case) -> Stake | None:
    """What counts: what was typed; else what was found, of several currencies that of the
    organisation; None where nothing is known."""
    if case.amount is not None:
        return Stake(case.amount, case.currency, True)
    found: Amounts = case.found
    if len(found) > 1:
        found = {name: one for name, one in found.items() if name == organisation().currency}
    return next((Stake(one[0], name, False) for name, one in found.items()), None)


def in_words(amounts: Amounts) -> str:
    """Amounts of each currency, in its own."""
    return " · ".join(money(one[0], currency) for currency, one in sorted(amounts.items()))


def payments_of(amounts: Amounts) -> str:
    """From how many payments they are."""
    n = sum(one[1] for one in amounts.values())
    return ngettext("from %(n)s payment", "from %(n)s payments", n) % {"n": number(n)}


def origin_of(case: Case) -> str:
    """Who says what is at stake: a person, or payments; empty where nothing is known."""
    found = _("%(amount)s %(payments)s") % {
        "amount": in_words(case.found), "payments": payments_of(case.found),
    } if case.found else ""  # fmt: skip
    if case.amount is None:
        return payments_of(case.found) if case.found else ""
    typed = _("typed by a person")
    if case.amount_by is not None:
        typed = _("typed by %(person)s") % {"person": case.amount_by.get_username()}
    return _("%(typed)s; found: %(found)s") % {"typed": typed, "found": found} if found else typed


def joined(stakes: Iterable[Stake | None]) -> Stake | None:
    """What is at stake in cases that become one, where a person typed any of it and all of it is
    of one currency; else None: then what was typed or found speaks for itself."""
    known = [one for one in stakes if one is not None]
    if not any(one.typed for one in known) or len({one.currency for one in known}) > 1:
        return None
    return Stake(sum(one.amount for one in known), known[0].currency, True)
