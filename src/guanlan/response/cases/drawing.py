"""Where linked entities stand when they are drawn. Pure; lengths are pixels.

Each kind has a column, or several where it has many, so that words never overlap. Columns that
have most to do with each other stand side by side, and in each column entities stand near those
they are linked to (barycentres, swept both ways).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

PER_COLUMN: Final = 15
WIDTH: Final = 150  # of a box
HEIGHT: Final = 26
DOWN: Final = 34  # from one box to the next
ACROSS: Final = 198  # from one column to the next
HEAD: Final = 34  # what a column is called
EDGE: Final = 12
SWEEPS: Final = 6


class Tie(NamedTuple):
    """That two entities were seen together, so often."""

    one: int
    other: int
    times: int


class Place(NamedTuple):
    """The top left corner of a box, and the number of its column."""

    x: float
    y: float
    column: int


class Column(NamedTuple):
    """What a column holds, and where its name stands."""

    group: str
    x: float


class Layout(NamedTuple):
    """A whole drawing: places by entity, and columns from left to right."""

    width: float
    height: float
    places: Mapping[int, Place]
    columns: Sequence[Column]


def lay_out(nodes: Sequence[tuple[int, str]], ties: Sequence[Tie]) -> Layout:
    """Places for entities given as (number, group); the same for the same, whatever the order of
    `ties`."""
    near: dict[int, list[int]] = {node: [] for node, _group in nodes}
    for tie in sorted(ties):
        if tie.one in near and tie.other in near and tie.one != tie.other:
            near[tie.one].append(tie.other)
            near[tie.other].append(tie.one)
    group_of = dict(nodes)
    columns: list[tuple[str, list[int]]] = []
    for group in _in_order(nodes, near, group_of):
        members = [node for node, one in nodes if one == group]
        columns += [
            (group, members[start : start + PER_COLUMN])
            for start in range(0, len(members), PER_COLUMN)
        ]
    for sweep in range(SWEEPS):
        for _group, members in columns if sweep % 2 == 0 else columns[::-1]:
            _settle(members, columns, near)
    rows = max((len(members) for _group, members in columns), default=0)
    places = {
        node: Place(EDGE + at * ACROSS, EDGE + HEAD + (row + (rows - len(members)) / 2) * DOWN, at)
        for at, (_group, members) in enumerate(columns)
        for row, node in enumerate(members)
    }
    width = 2 * EDGE + max(0, len(columns) - 1) * ACROSS + (WIDTH if columns else 0)
    height = 2 * EDGE + HEAD + max(0, rows - 1) * DOWN + (HEIGHT if rows else 0)
    named = [Column(group, EDGE + at * ACROSS) for at, (group, _m) in enumerate(columns)]
    return Layout(width, height, places, named)


def _in_order(
    nodes: Sequence[tuple[int, str]], near: Mapping[int, list[int]], group_of: Mapping[int, str]
) -> list[str]:
    """Groups, each beside the one before it that it has most ties with; the first named first."""
    left = list(dict.fromkeys(group for _node, group in nodes))
    between: dict[tuple[str, str], int] = {}
    for node, others in near.items():
        for other in others:
            pair = group_of[node], group_of[other]
            between[pair] = between.get(pair, 0) + 1
    found = left[:1]
    left = left[1:]
    while left:
        best = max(left, key=lambda one: (between.get((found[-1], one), 0), -left.index(one)))
        found.append(best)
        left.remove(best)
    return found


def _settle(
    members: list[int], columns: Sequence[tuple[str, list[int]]], near: Mapping[int, list[int]]
) -> None:
    """Order a column by where the neighbours of its entities stand in other columns."""
    height = {
        node: row - len(those) / 2
        for _group, those in columns
        if those is not members
        for row, node in enumerate(those)
    }
    own = {node: row - len(members) / 2 for row, node in enumerate(members)}

    def middle(node: int) -> float:
        seen = [height[one] for one in near[node] if one in height]
        return sum(seen) / len(seen) if seen else own[node]

    members.sort(key=lambda node: (middle(node), own[node]))


def curve(one: Place, other: Place) -> str:
    """The path of a line between two boxes: from side to side, or round the outside where both
    stand in one column."""
    first, second = sorted((one, other), key=lambda place: (place.x, place.y))
    y1, y2 = first.y + HEIGHT / 2, second.y + HEIGHT / 2
    if first.x == second.x:
        x = first.x + WIDTH
        return f"M{x:.1f} {y1:.1f}C{x + 40:.1f} {y1:.1f} {x + 40:.1f} {y2:.1f} {x:.1f} {y2:.1f}"
    x1, x2 = first.x + WIDTH, second.x
    middle = (x1 + x2) / 2
    return f"M{x1:.1f} {y1:.1f}C{middle:.1f} {y1:.1f} {middle:.1f} {y2:.1f} {x2:.1f} {y2:.1f}"
