"""Queues, and who of their people has the least to do.

An open case weighs by its severity; who has the least weight is given the next one, and of equals
the one with the fewest cases, then the one who stands first in the queue.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from django.db.models import Count

from guanlan.core.access import may, subject_of
from guanlan.core.models import User
from guanlan.response.models import Case, CaseQueue

WEIGHTS: Final = (1, 1, 2, 4, 8)  # by terms.Severity


class Load:
    """What the people of queues have to do, read once and kept up while cases are given."""

    def __init__(self, queues: Iterable[CaseQueue]) -> None:
        wanted = sorted({int(person) for queue in queues for person in queue.people})
        people = User.objects.filter(pk__in=wanted, is_active=True)
        able = [one.pk for one in people if may(subject_of(one), "change", "response.case")]
        self._load = {pk: [0, 0] for pk in able}
        counted = Case.objects.filter(live=True, owner_id__in=able).values_list(
            "owner_id", "severity"
        )
        for owner, severity, n in counted.annotate(n=Count("pk")).order_by():
            self._load[owner][0] += WEIGHTS[severity] * n
            self._load[owner][1] += n

    def least(self, people: Sequence[int]) -> int | None:
        """The id of whoever has the least to do; None where nobody can work on cases."""
        able = [one for one in people if one in self._load]
        return min(able, key=lambda one: (*self._load[one], able.index(one)), default=None)

    def give(self, person: int, severity: int) -> None:
        """Count one case more."""
        self._load[person][0] += WEIGHTS[severity]
        self._load[person][1] += 1

    def of(self, person: int) -> tuple[int, int]:
        """Weight and number of a person's open cases."""
        weight, n = self._load.get(person, (0, 0))
        return weight, n


def queue_of(category: str, queues: Iterable[CaseQueue]) -> CaseQueue | None:
    """The first queue for a category."""
    return next((one for one in queues if category in one.categories), None)


def every_queue() -> list[CaseQueue]:
    """The queues, the eldest first."""
    return list(CaseQueue.objects.order_by("created", "pk"))
