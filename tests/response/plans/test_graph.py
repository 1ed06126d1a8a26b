"""Drawings of plans: everything is there, nothing overlaps, lines lead downwards."""

from __future__ import annotations

import html.parser
from itertools import pairwise

import msgspec
import pytest
from django.template.loader import render_to_string
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from guanlan.response.plans.cacao import End, If, Parallel, Playbook, Start, Text
from guanlan.response.plans.flow import Seen, ahead
from guanlan.response.plans.graph import GAP, Arrow, arrows, shown, spread
from guanlan.response.plans.picture import Picture, columns, wrapped
from guanlan.response.plans.shipped import SHIPPED
from tests.response.plans.plans import END, ident, line_of, manual, playbook, sound_plans, start

busy = settings(suppress_health_check=[HealthCheck.too_slow])


def drawn(plan: Playbook) -> Picture:
    return Picture(plan)


def test_a_branch_leads_to_what_comes_after_the_condition() -> None:
    fork = If(
        id=ident("if-condition", 3), name=Text(en="Leak?"), condition="leak",
        on_true=ident("action", 4), next=ident("action", 5),
    )  # fmt: skip
    inner = End(id=ident("end", 6))
    plan = playbook(start(fork.id), fork, manual(4, inner.id), inner, manual(5, END.id), END)
    found = arrows(plan)
    assert Arrow(fork.id, ident("action", 4), "yes") in found
    assert Arrow(ident("action", 4), ident("action", 5)) in found, "past the end of the branch"
    assert Arrow(fork.id, ident("action", 5), "no") in found
    assert inner.id not in shown(plan, found)
    assert END.id in shown(plan, found)


def test_branches_stand_side_by_side_in_their_order() -> None:
    both = Parallel(
        id=ident("parallel", 2), name=Text(en="Both"),
        branches=(ident("action", 3), ident("action", 4), ident("action", 5)), next=END.id,
    )  # fmt: skip
    ends = [End(id=ident("end", n)) for n in (13, 14, 15)]
    steps = [manual(n, ident("end", n + 10)) for n in (3, 4, 5)]
    layout = drawn(playbook(start(both.id), both, *steps, *ends, END)).layout
    boxes = {box.id: box for box in layout.boxes}
    row = [boxes[ident("action", n)] for n in (3, 4, 5)]
    assert len({box.y for box in row}) == 1
    assert [box.x for box in row] == sorted(box.x for box in row)
    middle = boxes[both.id].x
    assert middle == pytest.approx(row[1].x), "what branches stands over the middle"


@busy
@given(sound_plans())
def test_nothing_overlaps_and_lines_lead_down(plan: Playbook) -> None:
    layout = drawn(plan).layout
    boxes = {box.id: box for box in layout.boxes}
    assert set(boxes) >= {one.id for one in plan.steps if not isinstance(one, End)}
    for one in layout.boxes:
        assert one.x >= 0
        assert one.x + one.width <= layout.width
        assert one.y + one.height <= layout.height
        for other in layout.boxes:
            if other is not one:
                apart = (
                    one.x + one.width + GAP - 0.01 <= other.x
                    or other.x + other.width + GAP - 0.01 <= one.x
                    or one.y + one.height < other.y
                    or other.y + other.height < one.y
                )
                assert apart, (one, other)
    assert {line.arrow for line in layout.lines} == set(arrows(plan))
    for line in layout.lines:
        assert not line.back
        assert all(upper[1] <= lower[1] for upper, lower in pairwise(line.points))
        for x, y in line.points[1:-1]:
            inside = [
                b for b in layout.boxes if b.x < x < b.x + b.width and b.y < y < b.y + b.height
            ]
            assert inside == [], "a line passes no box"


@busy
@given(sound_plans(), st.data())
def test_what_may_be_next_is_what_an_arrow_leads_to(plan: Playbook, data: st.DataObject) -> None:
    """The runner and the drawing read the plan alike: whatever the runner starts, an arrow leads
    there from a step that is over."""
    found = arrows(plan)
    hidden = {one.id for one in plan.steps} - set(shown(plan, found))
    seen: dict[str, Seen] = {}
    for _turn in range(60):
        now = ahead(plan, seen)
        if not now.next:
            break
        for one in now.next:
            if one not in hidden and one != plan.start:
                assert any(arrow.target == one and arrow.source in seen for arrow in found)
        for one in now.next:
            seen[one] = Seen("done", data.draw(st.sampled_from(["true", "false"])))


def test_a_circle_is_drawn_and_stands_out() -> None:
    plan = line_of(3)
    steps = [*plan.steps]
    steps[3] = msgspec.structs.replace(steps[3], next=steps[1].id)
    picture = drawn(msgspec.structs.replace(plan, steps=tuple(steps)))
    back = [one for one in picture.strokes if one.kind == "back"]
    assert len(back) == 1
    itself = msgspec.structs.replace(steps[2], next=steps[2].id)
    drawn(msgspec.structs.replace(plan, steps=(steps[0], steps[1], itself, steps[4])))


def test_whatever_a_draft_holds_is_drawn() -> None:
    assert drawn(playbook()).shapes == []
    lone = manual(1, "action--nowhere")
    assert [one.id for one in drawn(playbook(lone)).shapes] == [lone.id]
    both = Parallel(id=ident("parallel", 2), name=Text(), branches=())
    assert drawn(playbook(start(both.id), both, lone)).shapes


@given(
    st.lists(st.tuples(st.floats(-900, 900), st.floats(10, 300)), min_size=1, max_size=7),
    st.lists(st.floats(-40, 40), min_size=7, max_size=7),
)
def test_places_are_the_nearest_that_keep_apart(
    asked: list[tuple[float, float]], moved: list[float]
) -> None:
    wanted, widths = [a for a, _b in asked], [b for _a, b in asked]
    placed = spread(wanted, widths)

    def apart(xs: list[float]) -> bool:
        return all(
            xs[n + 1] - xs[n] >= (widths[n] + widths[n + 1]) / 2 + GAP - 1e-6
            for n in range(len(xs) - 1)
        )

    def cost(xs: list[float]) -> float:
        return sum((x - w) ** 2 for x, w in zip(xs, wanted, strict=True))

    assert apart(placed)
    other = [x + m for x, m in zip(placed, moved, strict=False)]
    if apart(other):
        assert cost(placed) <= cost(other) + 1e-6


def test_names_are_broken_between_words_and_wide_characters() -> None:
    assert wrapped("Tell the people of the bank", 12, 2) == ["Tell the", "people of t…"]
    assert wrapped("通知银行的全体值班人员", 12, 2) == ["通知银行的全", "体值班人员"]
    assert wrapped("x" * 40, 12, 2) == ["x" * 11 + "…"]
    for text in ("", "a", "行 b 行"):
        assert all(columns(line) <= 12 for line in wrapped(text, 12, 2))


class Attributes(html.parser.HTMLParser):
    """What stands in an element."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += [(tag, name) for name, _value in attrs]
        self.found.append((tag, ""))


def test_shipped_plans_are_drawn_without_style_or_script() -> None:
    for one in SHIPPED:
        name, plan = one.key, one.playbook
        text = render_to_string("response/plan/flow.html", {"picture": Picture(plan)})
        reader = Attributes()
        reader.feed(text)
        tags = {tag for tag, _name in reader.found}
        assert not tags & {"script", "style", "image", "use", "foreignobject"}, name
        assert not any(at == "style" or at.startswith("on") for _tag, at in reader.found), name
        for step in plan.steps:
            if not isinstance(step, Start | End):
                assert f'href="#{step.id}"' in text, name
