"""The decisions around one decision, against an oracle that looks at all of them."""

from __future__ import annotations

import pytest

from guanlan.core.access import SYSTEM, Subject
from guanlan.fraud.models import Decision, EntityDecision
from guanlan.fraud.neighbours import around
from tests.fraud.world import World


@pytest.mark.parametrize(("before", "after"), [(10, 5), (3, 0), (0, 4), (500, 500)])
def test_the_neighbours_are_the_nearest_that_share_an_entity(
    pond: World, before: int, after: int
) -> None:
    parts: dict[int, set[int]] = {}
    for seq, number in EntityDecision.objects.values_list("seq", "entity_id"):
        parts.setdefault(seq, set()).add(number)
    for row in Decision.objects.filter(seq__in=[0, 7, 100, 199]):
        numbers = parts[row.seq]
        sharing = {seq: own & numbers for seq, own in parts.items() if own & numbers}
        earlier = sorted(seq for seq in sharing if seq < row.seq)
        earlier = earlier[-before:] if before else []
        later = sorted(seq for seq in sharing if seq > row.seq)[:after]
        found = around(row, sorted(numbers), SYSTEM, before, after)
        assert [other.seq for other, _shared in found] == earlier + later
        nearest = [(other.seq, shared) for other, shared in found]
        assert all(set(shared) <= sharing[seq] and shared for seq, shared in nearest)


def test_who_may_not_see_the_parts_of_entities_sees_no_neighbours(pond: World) -> None:
    row = Decision.objects.get(seq=100)
    assert around(row, [1, 2], Subject(id=1, name="nobody")) == []
    assert around(row, [], SYSTEM) == []
