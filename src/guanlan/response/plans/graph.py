"""The flow of a plan as a graph, and where its steps stand when it is drawn. Pure.

A branch of CACAO runs to an end of its own and the plan goes on after the branching; drawn, the
last step of the branch leads to what comes then. The layout is layered: a step stands below all
that lead to it, steps of a layer keep the order in which the plan is read as far as few lines
cross, and each stands as near to its neighbours as the others let it (least squares, by pooling
adjacent violators). Lengths are pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from guanlan.response.plans.cacao import Automatic, End, If, Manual, Parallel, Playbook, Start

WIDTH: Final = 208
GAP: Final = 26
NARROW: Final = 14  # of a line that passes a layer
BETWEEN: Final = 40  # layers
EDGE: Final = 16  # around everything
SWEEPS: Final = 8


class Arrow(NamedTuple):
    """That one step leads to another; `kind` is "", yes, no or failed."""

    source: str
    target: str
    kind: str = ""


class Box(NamedTuple):
    """Where a step stands: its top left corner and its size."""

    id: str
    x: float
    y: float
    width: float
    height: float


class Line(NamedTuple):
    """How an arrow is drawn: points from top to bottom, from the box it leaves to the box it
    reaches; `back` for one that leads up again, in a plan that goes in circles."""

    arrow: Arrow
    points: list[tuple[float, float]]
    back: bool = False


class Layout(NamedTuple):
    """A whole drawing."""

    width: float
    height: float
    boxes: list[Box]
    lines: list[Line]


def arrows(plan: Playbook) -> list[Arrow]:
    """What leads to what, each once, in the order in which the plan is read. Steps that nothing
    leads to come last, with what follows them."""
    steps = plan.by_id()
    found: dict[Arrow, None] = {}
    done: set[tuple[str, str]] = set()

    def place(target: str, then: str) -> str:
        """Where a way leads: past the end of its branch to what comes then."""
        if isinstance(steps.get(target), End):
            return then or target
        return target if target in steps else ""

    def lead(source: str, target: str, kind: str = "") -> None:
        if target:
            found.setdefault(Arrow(source, target, kind))

    def follow(first: str) -> None:
        waiting = [(first, "")]
        while waiting:
            one, then = waiting.pop()
            step = steps.get(one)
            if step is None or (one, then) in done:
                continue
            done.add((one, then))
            ahead: list[str] = []
            match step:
                case Start():
                    lead(one, place(step.next, then))
                    ahead = [step.next]
                case Manual() | Automatic():
                    lead(one, place(step.next, then))
                    lead(one, place(step.on_failure, then), "failed")
                    ahead = [step.next, step.on_failure]
                case If() | Parallel():
                    inner = place(step.next, then) or then
                    if isinstance(step, If):
                        lead(one, place(step.on_true, inner), "yes")
                        lead(one, place(step.on_false, inner) or inner, "no")
                        branches = [step.on_true, step.on_false]
                    else:
                        branches = [*step.branches]
                        for branch in branches:
                            lead(one, place(branch, inner))
                    waiting.append((step.next, then))
                    waiting += [(branch, inner) for branch in reversed(branches)]
            waiting += [(target, then) for target in reversed(ahead)]

    follow(plan.start)
    for step in plan.steps:
        if not isinstance(step, End) and not any(one == step.id for one, _then in done):
            follow(step.id)
    return [*found]


def shown(plan: Playbook, leads: Sequence[Arrow]) -> list[str]:
    """The steps that are drawn: all but the ends that nothing leads to."""
    reached = {one.target for one in leads}
    return [one.id for one in plan.steps if not isinstance(one, End) or one.id in reached]


def lay_out(nodes: Sequence[str], leads: Sequence[Arrow], heights: Mapping[str, float]) -> Layout:
    """Where everything stands. `nodes` are in reading order; `heights` by node."""
    order, back = _depth_first(nodes, leads)
    onward = [one for one in leads if one not in back and one.source != one.target]
    ranks = _ranks(order, onward)
    layers, chains, widths = _layers(order, ranks, onward)
    neighbours = _neighbours(chains)
    _untangle(layers, neighbours)
    centre = _centres(layers, neighbours, widths)
    tops, total = _tops(layers, heights)
    boxes = [
        Box(one, centre[one] - WIDTH / 2, tops[ranks[one]], WIDTH, heights[one]) for one in order
    ]
    placed = {box.id: box for box in boxes}
    exits = _exits(chains, centre)
    lines = [
        _line(one, chain, exits[one], centre, placed, tops, ranks) for one, chain in chains.items()
    ]
    lines += [_returning(one, placed) for one in leads if one in back or one.source == one.target]
    width = max((box.x + box.width for box in boxes), default=0.0) + EDGE
    if len(lines) > len(chains):
        width += 3 * GAP
    return Layout(width, total, boxes, lines)


def _depth_first(nodes: Sequence[str], leads: Sequence[Arrow]) -> tuple[list[str], set[Arrow]]:
    """The nodes as they are reached, and the arrows that lead back to one on the way."""
    after: dict[str, list[Arrow]] = {node: [] for node in nodes}
    for one in leads:
        after[one.source].append(one)
    order: list[str] = []
    seen: set[str] = set()
    back: set[Arrow] = set()
    for first in nodes:
        if first in seen:
            continue
        way, on_way = [first], {first}
        ahead = [iter(after[first])]
        seen.add(first)
        order.append(first)
        while way:
            arrow = next(ahead[-1], None)
            if arrow is None:
                on_way.discard(way.pop())
                ahead.pop()
            elif arrow.target in on_way:
                back.add(arrow)
            elif arrow.target not in seen:
                seen.add(arrow.target)
                order.append(arrow.target)
                way.append(arrow.target)
                on_way.add(arrow.target)
                ahead.append(iter(after[arrow.target]))
    return order, back


def _ranks(order: Sequence[str], leads: Sequence[Arrow]) -> dict[str, int]:
    """The layer of each node: one below the lowest of those that lead to it."""
    ranks = dict.fromkeys(order, 0)
    missing = dict.fromkeys(order, 0)
    after: dict[str, list[str]] = {node: [] for node in order}
    for one in leads:
        missing[one.target] += 1
        after[one.source].append(one.target)
    waiting = [node for node in order if not missing[node]]
    while waiting:
        node = waiting.pop()
        for target in after[node]:
            ranks[target] = max(ranks[target], ranks[node] + 1)
            missing[target] -= 1
            if not missing[target]:
                waiting.append(target)
    return ranks


def _layers(
    order: Sequence[str], ranks: Mapping[str, int], leads: Sequence[Arrow]
) -> tuple[list[list[str]], dict[Arrow, list[str]], dict[str, float]]:
    """Nodes by layer, with a place for each line that passes a layer; and each arrow's places."""
    layers: list[list[str]] = [[] for _n in range(max(ranks.values(), default=0) + 1)]
    widths: dict[str, float] = {}
    leaving: dict[str, list[Arrow]] = {node: [] for node in order}
    for one in leads:
        leaving[one.source].append(one)
    chains: dict[Arrow, list[str]] = {}
    for node in order:
        layers[ranks[node]].append(node)
        widths[node] = WIDTH
        for at, one in enumerate(leaving[node]):
            between = range(ranks[node] + 1, ranks[one.target])
            passes = [f"{node} {at} {rank}" for rank in between]
            for name, rank in zip(passes, between, strict=True):
                layers[rank].append(name)
                widths[name] = NARROW
            chains[one] = [node, *passes, one.target]
    return layers, chains, widths


def _neighbours(chains: Mapping[Arrow, Sequence[str]]) -> dict[str, tuple[list[str], list[str]]]:
    """What stands above and below each place."""
    found: dict[str, tuple[list[str], list[str]]] = {}
    for chain in chains.values():
        for upper, lower in pairwise(chain):
            found.setdefault(upper, ([], []))[1].append(lower)
            found.setdefault(lower, ([], []))[0].append(upper)
    return found


def _untangle(
    layers: list[list[str]],
    neighbours: Mapping[str, tuple[list[str], list[str]]],
) -> None:
    """Order each layer by the middle of its neighbours, up and down, and keep the best order."""
    best, least = [[*layer] for layer in layers], _crossings(layers, neighbours)
    for sweep in range(SWEEPS):
        if not least:
            break
        side = sweep % 2
        span = range(1, len(layers)) if side == 0 else range(len(layers) - 2, -1, -1)
        for rank in span:
            at = {one: n for n, one in enumerate(layers[rank - 1 if side == 0 else rank + 1])}
            middles: dict[str, float] = {}
            for n, one in enumerate(layers[rank]):
                near = [at[other] for other in neighbours.get(one, ([], []))[side] if other in at]
                middles[one] = sum(near) / len(near) if near else float(n)
            layers[rank].sort(key=middles.__getitem__)
        crossed = _crossings(layers, neighbours)
        if crossed < least:
            best, least = [[*layer] for layer in layers], crossed
    layers[:] = best


def _crossings(
    layers: Sequence[Sequence[str]], neighbours: Mapping[str, tuple[list[str], list[str]]]
) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        at = {one: n for n, one in enumerate(lower)}
        ends: list[int] = []
        for one in upper:
            mine = sorted(at[n] for n in neighbours.get(one, ([], []))[1] if n in at)
            count += sum(seen > to for to in mine for seen in ends)
            ends += mine
    return count


def _centres(
    layers: Sequence[Sequence[str]],
    neighbours: Mapping[str, tuple[list[str], list[str]]],
    widths: Mapping[str, float],
) -> dict[str, float]:
    """The middle of each place: near those above and below it, and apart from those beside it."""
    centre: dict[str, float] = {}
    for layer in layers:
        x = 0.0
        for one in layer:
            centre[one] = x + widths[one] / 2
            x += widths[one] + GAP
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            wanted = []
            for one in layer:
                above, below = neighbours.get(one, ([], []))
                near = (above or below) if down else (below or above)
                wanted.append(sum(centre[n] for n in near) / len(near) if near else centre[one])
            placed = spread(wanted, [widths[one] for one in layer])
            centre.update(zip(layer, placed, strict=True))
    left = min((centre[one] - widths[one] / 2 for layer in layers for one in layer), default=0.0)
    return {one: x - left + EDGE for one, x in centre.items()}


def spread(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The middles nearest to those wanted (least squares) that keep their order and GAP."""
    shifts = [0.0]
    for one, other in pairwise(widths):
        shifts.append(shifts[-1] + (one + other) / 2 + GAP)
    pools: list[tuple[float, int]] = []  # (mean, how many)
    for x, shift in zip(wanted, shifts, strict=False):
        mean, count = x - shift, 1
        while pools and pools[-1][0] > mean:
            before, many = pools.pop()
            mean, count = (before * many + mean * count) / (many + count), many + count
        pools.append((mean, count))
    level = [mean for mean, count in pools for _n in range(count)]
    return [mean + shift for mean, shift in zip(level, shifts, strict=False)]


def _tops(
    layers: Sequence[Sequence[str]], heights: Mapping[str, float]
) -> tuple[list[float], float]:
    """The top of each layer, and the height of everything."""
    tops: list[float] = []
    y = float(EDGE)
    for layer in layers:
        tops.append(y)
        y += max((heights[one] for one in layer if one in heights), default=0.0) + BETWEEN
    return tops, y - BETWEEN + EDGE


def _exits(
    chains: Mapping[Arrow, Sequence[str]], centre: Mapping[str, float]
) -> dict[Arrow, float]:
    """Where each arrow leaves its box: side by side, in the order of where they go."""
    leaving: dict[str, list[Arrow]] = {}
    for one in chains:
        leaving.setdefault(one.source, []).append(one)
    found: dict[Arrow, float] = {}
    for source, several in leaving.items():
        several.sort(key=lambda one: centre[chains[one][1]])
        step = min(32.0, (WIDTH - 40) / len(several))
        for at, one in enumerate(several):
            found[one] = centre[source] + (at - (len(several) - 1) / 2) * step
    return found


def _line(
    arrow: Arrow,
    chain: Sequence[str],
    leaves: float,
    centre: Mapping[str, float],
    placed: Mapping[str, Box],
    tops: Sequence[float],
    ranks: Mapping[str, int],
) -> Line:
    source, target = placed[arrow.source], placed[arrow.target]
    first = ranks[arrow.source]
    points = [(leaves, source.y + source.height)]
    for at, name in enumerate(chain[1:-1], start=first + 1):
        points += [(centre[name], tops[at]), (centre[name], tops[at + 1] - BETWEEN)]
    points.append((centre[arrow.target], target.y))
    return Line(arrow, points)


def _returning(arrow: Arrow, placed: Mapping[str, Box]) -> Line:
    source, target = placed[arrow.source], placed[arrow.target]
    return Line(
        arrow,
        [
            (source.x + source.width, source.y + source.height / 2),
            (target.x + target.width, target.y + target.height / 2),
        ],
        back=True,
    )
