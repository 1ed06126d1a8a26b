"""Restrictions as the engine holds them: entities that are blocked, limited, watched or allowed.

People and plans restrict an entity while Guanlan runs; every change is a frame of the event log,
so a replay sees each restriction as it was. An entity without one costs a truth test.

A restriction speaks of capabilities, which event types name in the scenario (`transfer_out`). A
named capability is what the entity itself does: it is looked for in the role that is called like
the restriction's kind, and where the event has no such role, in every role of that kind. `any`
is looked for in all of them, and in events of every type but labels.

The window of a limit is exact, (t - w, t], and counts from the moment the restriction is held:
this event, and those before it that were let through (an outcome milder than `limit`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any, Final, Literal, NamedTuple

from msgspec import Struct, structs

from guanlan.engine.judge import RestrictionEffect, Verdict
from guanlan.engine.rows import value_index
from guanlan.engine.scenario.model import EventType, Field, Outcome, Scenario, Text
from guanlan.engine.scenario.vocabulary import ANY, LABEL

Effect = Literal["block", "limit", "watch", "allow"]
Reached = Literal["event", "amount", "count", "unknown"]

NETWORKS_OF: Final = "ip"
"""The kind whose keys may be networks."""

_OUTCOMES: Final[Mapping[Effect, Outcome]] = {
    "block": Outcome.decline,
    "limit": Outcome.limit,
    "watch": Outcome.monitor,
    "allow": Outcome.approve,
}
_COUNTED_BELOW: Final = int(Outcome.limit)


class Restriction(Struct, frozen=True, omit_defaults=True):
    """What the engine holds of one restriction; its `id` names it in decisions.

    `key` is the entity as events name it, or a network in CIDR form. Amounts are whole minor
    units of `currency`, times and the window microseconds; from `starts` to before `expires` it
    is in force. `told` is what the customer may be told.
    """

    id: str
    kind: str
    key: str
    effect: Effect
    capabilities: tuple[str, ...] = (ANY,)
    currency: str = ""
    event_amount: int | None = None
    window: int | None = None
    window_amount: int | None = None
    window_count: int | None = None
    starts: int = 0
    expires: int | None = None
    reason: str = ""
    told: Text | None = None


class RestrictionChange(Struct, frozen=True, omit_defaults=True):
    """One act: `held` is the restriction from here on, or None when it was taken away."""

    id: str
    author: str
    held: Restriction | None = None


class Reach(NamedTuple):
    """What restrictions look at in events of one type: places in the tuple of values."""

    capability: str | None
    roles: tuple[tuple[int, str, str, bool], ...]  # place, role, kind, whether it acts itself
    places: Mapping[str, int]  # of each role
    amount: int | None
    amount_name: str


def amount_field(event: EventType) -> Field | None:
    """The field that says what an event is worth: `amount`, else the first of money."""
    fields = [field for field in event.fields if field.type == "money"]
    return next((f for f in fields if f.name == "amount"), fields[0] if fields else None)


def _reach(event: EventType) -> Reach:
    index = value_index(event)
    names = {role.name for role in event.roles}
    roles: list[tuple[int, str, str, bool]] = []
    for role in event.roles:
        itself = role.name == role.kind or role.kind not in names
        roles.append((index[role.name], role.name, role.kind, itself))
        if role.name != role.kind:
            roles.append((index[role.name], role.name, role.name, True))
    amount = amount_field(event)
    return Reach(
        event.capability,
        tuple(roles),
        {role.name: index[role.name] for role in event.roles},
        None if amount is None else index[amount.name],
        "" if amount is None else amount.name,
    )


class _Held:
    """A restriction and, where it has a window, what was let through within it."""

    __slots__ = ("any", "entries", "spec", "total")

    def __init__(self, spec: Restriction) -> None:
        self.spec = spec
        self.any = ANY in spec.capabilities
        self.entries: deque[tuple[int, int]] = deque()  # (clock, amount)
        self.total = 0

    def renew(self, spec: Restriction) -> None:
        """Other terms; what was counted stays while the same things are counted."""
        before, self.spec = self.spec, spec
        self.any = ANY in spec.capabilities
        if _counted(before) != _counted(spec):
            self.entries.clear()
            self.total = 0

    def reached(self, clock: int, amount: int | None, worth: bool, currency: str) -> Reached | None:
        """Which limit an event at `clock` would pass; `worth` says that its type has an amount."""
        spec = self.spec
        if spec.window is not None:
            self._forget(clock - spec.window)
        if spec.window_count is not None and len(self.entries) >= spec.window_count:
            return "count"
        if not worth or (spec.event_amount is None and spec.window_amount is None):
            return None
        if amount is None or spec.currency != currency:
            return "unknown"
        if spec.event_amount is not None and amount > spec.event_amount:
            return "event"
        if spec.window_amount is not None and self.total + max(amount, 0) > spec.window_amount:
            return "amount"
        return None

    def count(self, clock: int, amount: int) -> None:
        """An event was let through."""
        spec = self.spec
        if spec.window is None:
            return
        self._forget(clock - spec.window)
        if spec.window_count is not None or amount > 0:
            self.entries.append((clock, max(amount, 0)))
            self.total += max(amount, 0)

    def _forget(self, until: int) -> None:
        entries = self.entries
        while entries and entries[0][0] <= until:
            self.total -= entries.popleft()[1]


def _counted(spec: Restriction) -> tuple[Any, ...]:
    windowed = (spec.window_amount is not None, spec.window_count is not None)
    return spec.kind, spec.key, spec.capabilities, spec.window, spec.currency, windowed


class Restrictions:
    """All restrictions that are held. Not thread-safe; the engine's lock guards it."""

    def __init__(self, scenario: Scenario) -> None:
        self.held: dict[str, _Held] = {}  # empty: nothing is restricted
        self._keys: dict[tuple[str, str], dict[str, _Held]] = {}
        self._networks: dict[tuple[int, int], dict[int, dict[str, _Held]]] = {}
        self._types: dict[str, Reach] = {}
        self._called: dict[str, set[str]] = {}
        self._currency = ""
        self.load(scenario)

    def load(self, scenario: Scenario) -> None:
        """Read events by `scenario` from now on; what is held stays."""
        self._types = {e.name: _reach(e) for e in scenario.events if e.name != LABEL}
        self._currency = scenario.currency
        self._called = {kind.name: {kind.name} for kind in scenario.entities}
        for event in scenario.events:
            for role in event.roles:
                self._called[role.kind].add(role.name)

    def apply(self, change: RestrictionChange) -> None:
        """Hold a restriction, hold it with other terms, or let go of it."""
        known = self.held.get(change.id)
        if known is not None:
            self._take(known)
        if change.held is None:
            self.held.pop(change.id, None)
            return
        if known is None:
            known = self.held[change.id] = _Held(change.held)
        else:
            known.renew(change.held)
        self._place(known.spec)[change.id] = known

    def standing(self) -> dict[str, Restriction]:
        """What is held, by id."""
        return {name: one.spec for name, one in self.held.items()}

    def of(self, kind: str, key: str, clock: int) -> list[Restriction]:
        """Those in force at `clock` for an entity, in whichever role it may be, by id."""
        names = self._called.get(kind, {kind})
        found = {one.spec.id: one.spec for name in names for one in self._of(name, key)}
        return [found[name] for name in sorted(found) if _in_force(found[name], clock)]

    def judge(self, name: str, values: Sequence[Any], clock: int, verdict: Verdict) -> Verdict:
        """The verdict on an event of type `name` after what restricts its entities, and the
        event counted where it was let through. `values` are as rules see them."""
        reach = self._types.get(name)
        if reach is None:
            return verdict
        matching = self._matching(reach, values, clock)
        if not matching:
            return verdict
        amount = None if reach.amount is None else values[reach.amount]
        effects = []
        for one, role in matching:
            spec = one.spec
            reached: Reached | None = None
            if spec.effect == "limit":
                reached = one.reached(clock, amount, reach.amount is not None, self._currency)
                if reached is None:
                    continue
            outcome = _OUTCOMES[spec.effect]
            effects.append(RestrictionEffect(spec.id, spec.effect, role, outcome, reached))
        if effects:
            verdict = restricted(verdict, effects)
        self._count(matching, clock, amount, verdict.outcome)
        return verdict

    def remember(self, event: Mapping[str, Any], clock: int, outcome: str) -> None:
        """Count a recorded event, given as it was posted, that was decided as `outcome`."""
        reach = self._types.get(event["type"])
        if reach is None:
            return
        entities, fields = event.get("entities") or {}, event.get("fields") or {}
        values = {place: entities.get(role) for role, place in reach.places.items()}
        amount = fields.get(reach.amount_name) if reach.amount_name else None
        if isinstance(amount, dict):
            amount = amount.get("value")
        matching = self._matching(reach, values, clock)
        self._count(matching, clock, amount, int(Outcome[outcome]))

    def _count(
        self, matching: Sequence[tuple[_Held, str]], clock: int, amount: int | None, outcome: int
    ) -> None:
        if outcome < _COUNTED_BELOW:
            for one, _role in matching:
                one.count(clock, amount or 0)

    def _matching(
        self, reach: Reach, values: Sequence[Any] | Mapping[int, Any], clock: int
    ) -> list[tuple[_Held, str]]:
        """Restrictions in force that speak of an event, each once, in order of their ids."""
        found: dict[str, tuple[_Held, str]] = {}
        capability = reach.capability
        for place, role, kind, itself in reach.roles:
            key = values[place]
            if key is None:
                continue
            for one in self._of(kind, key):
                spec = one.spec
                if spec.id in found or not _in_force(spec, clock):
                    continue
                if one.any or (itself and capability in spec.capabilities):
                    found[spec.id] = one, role
        return [found[name] for name in sorted(found)]

    def _of(self, kind: str, key: str) -> Iterator[_Held]:
        exact = self._keys.get((kind, key))
        if exact:
            yield from exact.values()
        if not self._networks or kind != NETWORKS_OF:
            return
        try:
            address = plain_address(key)
        except ValueError:
            return
        number, bits = int(address), address.max_prefixlen
        for (version, length), networks in self._networks.items():
            if version == address.version:
                held = networks.get(number >> (bits - length))
                if held:
                    yield from held.values()

    def _place(self, spec: Restriction) -> dict[str, _Held]:
        """Where a restriction is kept so that it is found by its entity."""
        network = _network(spec)
        if network is None:
            return self._keys.setdefault((spec.kind, spec.key), {})
        (version, length), prefix = network
        return self._networks.setdefault((version, length), {}).setdefault(prefix, {})

    def _take(self, one: _Held) -> None:
        spec = one.spec
        place = self._place(spec)
        place.pop(spec.id, None)
        if place:
            return
        network = _network(spec)
        if network is None:
            del self._keys[spec.kind, spec.key]
            return
        group, prefix = network
        del self._networks[group][prefix]
        if not self._networks[group]:
            del self._networks[group]


def _in_force(spec: Restriction, clock: int) -> bool:
    return spec.starts <= clock and (spec.expires is None or clock < spec.expires)


def plain_address(text: str) -> Any:
    """The address of a text; an IPv4 address that is written as IPv6 is the IPv4 address.
    Raises ValueError for anything else."""
    address = ip_address(text)
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return address.ipv4_mapped
    return address


def _network(spec: Restriction) -> tuple[tuple[int, int], int] | None:
    """Version and length, and the leading bits; None where the key is no address or network."""
    if spec.kind != NETWORKS_OF:
        return None
    try:
        network = ip_network(spec.key if "/" in spec.key else plain_address(spec.key))
    except ValueError:
        return None
    shift = network.max_prefixlen - network.prefixlen
    return (network.version, network.prefixlen), int(network.network_address) >> shift


def restricted(verdict: Verdict, effects: Sequence[RestrictionEffect]) -> Verdict:
    """The verdict with what restrictions ask for: the highest outcome, save that an immutable
    block beats an allow, and an allow, of a list or a restriction, beats everything else."""
    asked = verdict.outcome if verdict.overridden is None else verdict.overridden
    asked = max(asked, *(int(one.outcome) for one in effects if one.effect != "allow"), 0)
    listed = {one.kind for one in verdict.lists}
    outcome, overridden = asked, None
    if "immutable_block" in listed:
        outcome = int(Outcome.decline)
    elif "allow" in listed or any(one.effect == "allow" for one in effects):
        outcome = int(Outcome.approve)
        overridden = asked if asked > Outcome.approve else None
    return structs.replace(
        verdict,
        outcome=outcome,
        overridden=overridden,
        restrictions=effects,
        actions=verdict.actions if outcome else (),
    )
