"""The drawing of linked entities: nothing overlaps, nothing is lost, what is left out is said."""

from __future__ import annotations

from itertools import combinations

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.core.access import SYSTEM
from guanlan.response.cases.drawing import DOWN, HEIGHT, WIDTH, Tie, curve, lay_out
from guanlan.response.cases.linking import MOST_NODES, Picture
from guanlan.response.entities import Named, rows_of
from guanlan.response.models import AlertEntity, Case, CaseEntity
from tests.people import person
from tests.response.cases.rows import make_alerts, make_case

KINDS = ("user", "device", "ip", "card")


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[tuple[int, str]], list[Tie]]:
    kinds = draw(st.lists(st.sampled_from(KINDS), max_size=60))
    nodes, n = list(enumerate(kinds)), len(kinds)
    ends = st.integers(0, max(0, n - 1))
    ties = draw(st.lists(st.builds(Tie, ends, ends, st.integers(1, 9)), max_size=40))
    return nodes, ties


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(graphs())
def test_each_has_a_place_of_its_own_within_the_drawing(
    graph: tuple[list[tuple[int, str]], list[Tie]],
) -> None:
    nodes, ties = graph
    made = lay_out(nodes, ties)
    assert made.places.keys() == {node for node, _group in nodes}
    for one, other in combinations(made.places.values(), 2):
        assert abs(one.x - other.x) >= WIDTH or abs(one.y - other.y) >= min(HEIGHT, DOWN)
    for place in made.places.values():
        assert 0 <= place.x <= made.width - WIDTH
        assert 0 <= place.y <= made.height - HEIGHT
    groups = dict(nodes)
    for node, place in made.places.items():
        assert made.columns[place.column].group == groups[node]
        assert made.columns[place.column].x == place.x


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(graphs(), st.randoms(use_true_random=False))
def test_it_is_the_same_whatever_the_order_of_links(
    graph: tuple[list[tuple[int, str]], list[Tie]], random: object
) -> None:
    nodes, ties = graph
    shuffled = list(ties)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert lay_out(nodes, ties) == lay_out(nodes, shuffled)


def test_what_is_linked_stands_side_by_side() -> None:
    nodes = [(n, "user") for n in range(4)] + [(10 + n, "device") for n in range(4)]
    crossed = [Tie(n, 13 - n, 1) for n in range(4)]
    places = lay_out(nodes, crossed).places
    for n in range(4):
        assert places[n].y == places[13 - n].y, "lines that need not cross do not"
    assert curve(places[0], places[13]).startswith(f"M{places[0].x + WIDTH:.1f}")


@pytest.fixture
def case() -> Case:
    row = make_case(1)
    make_alerts(row, 2)
    return row


def name(case: Case, n: int, kind: str, alerts: int) -> None:
    """Another entity of the case, named by so many of its alerts."""
    named = Named(kind, f"someone-of-them-{n}")
    entity = rows_of([named])[named]
    CaseEntity.objects.create(case=case, entity=entity, role=kind)
    for alert in case.alerts.order_by("pk")[:alerts]:
        AlertEntity.objects.create(alert=alert, entity=entity, role=kind)


@pytest.mark.django_db
def test_a_case_draws_what_its_alerts_name_together(case: Case) -> None:
    lead = CaseEntity.objects.get(case=case).entity
    for alert in case.alerts.all():
        AlertEntity.objects.create(alert=alert, entity=lead, role="user")
    name(case, 1, "device", 2)
    name(case, 2, "device", 0)
    made = Picture(case, SYSTEM)
    assert [line.label for line in made.lines] == ["together in 2 alerts"]
    assert len(made.boxes) == 3
    assert [box.lead for box in made.boxes] == [True, False, False]
    assert all("someone-of-them" not in box.text + box.label for box in made.boxes)
    assert not made.left_out


@pytest.mark.django_db
def test_it_says_what_is_left_out(case: Case, client: Client) -> None:
    for n in range(MOST_NODES + 4):
        name(case, n, KINDS[n % 4], 1)
    Case.objects.filter(pk=case.pk).update(entity_count=MOST_NODES + 5)
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    text = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "5 entities are left out" in text
    drawing = text[text.index('<svg class="tied"') :]
    drawing = drawing[: drawing.index("</svg>")]
    assert drawing.count("<a href=") == MOST_NODES
    assert drawing.count("aria-label=") == MOST_NODES + 1
    assert "<script" not in drawing
    assert "style=" not in drawing
    assert "someone-of-them" not in text
