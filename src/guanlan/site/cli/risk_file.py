"""Risk files: a set of risks as people write it, read strictly into `guanlan.quant`.

    guanlan_risks: 1
    currency: CNY                 # every amount is in its minor units (fen)
    tolerance: 5_000_000_00       # optional: is the year likely to cost more?
    frailty: 0.05                 # optional: variance of a multiplier of everything at once
    groups:                       # optional: good and bad years in common
      online: {variance: 0.2}
    shocks:                       # optional: one event that strikes several risks
      outage: {rate: 0.3, hits: {payment_failure: 0.9, complaints: 0.5}}
    risks:
      phishing:
        title: Phishing
        group: online
        frequency: {interval: [2, 9], observed: {events: 3, years: 0.25}}
        severity: {lognormal: {interval: [200000, 80000000]}}
        insurance: {deductible: 1000000, limit: 50000000, share: 0.8}

Every problem is found, with line, field and what was expected; the command line tells the first.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path as File
from typing import Any, Final, TypeVar

from guanlan.engine.scenario.document import Items, Node, Scalar, Table, read_document
from guanlan.engine.scenario.positions import ScenarioError, Source
from guanlan.engine.scenario.reading import INT64, Path, Reader
from guanlan.quant import Group, Invalid, Retained, Risk, RiskSet, Shock
from guanlan.quant.terms import frequency_of, layer_of, severity_of

VERSION: Final = 1
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?\Z")
_WHOLE = re.compile(r"[-+]?[0-9][0-9_]{0,30}\Z")
_STEPS = re.compile(r"[^.\[\]]+")  # of a.b[0].c
_CURRENCY = r"[A-Z]{3}\Z"
T = TypeVar("T")


class RiskFileError(ScenarioError):
    """A risk file that cannot be used, with every problem found."""


@dataclass(frozen=True)
class RiskFile:
    """The set, what its risks are called, and the loss that the year may cost (minor units);
    `said` is all of it as plain values."""

    risks: RiskSet
    titles: dict[str, str]
    tolerance: int | None
    said: dict[str, Any] = field(default_factory=dict, compare=False)


def load_risks(path: File) -> RiskFile:
    """Read a risk file. Raises RiskFileError, or OSError when the file cannot be read."""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise RiskFileError(
            [Source("", str(path)).issue(0, "the file is not UTF-8 text")]
        ) from None
    return parse_risks(text, str(path))


def parse_risks(text: str, filename: str) -> RiskFile:
    """As `load_risks`, of a text."""
    reader = _RiskReader(Source(text, filename))
    try:
        found = reader.read()
    except ScenarioError as error:
        raise RiskFileError(error.issues) from None
    if reader.issues or found is None:
        raise RiskFileError(sorted(reader.issues, key=lambda issue: (issue.line, issue.column)))
    return found


class _RiskReader(Reader):
    currency: str | None = None

    def read(self) -> RiskFile | None:
        root = read_document(self.source, "risk file", "guanlan_risks")
        top = self.table(
            root,
            (),
            "the file",
            required=("guanlan_risks", "currency", "risks"),
            optional=("tolerance", "frailty", "groups", "shocks"),
        )
        if top is None:
            return None
        self.integer(top.get("guanlan_risks"), "guanlan_risks", VERSION, VERSION)
        self.currency = self.pattern(
            top.get("currency"), "currency", _CURRENCY, "three capital letters such as CNY"
        )
        tolerance = self.amount(top.get("tolerance"), "tolerance", zero=True)
        frailty = self.number(top.get("frailty"), "frailty")
        groups = [
            group
            for name, _, node in self.named(top.get("groups"), ("groups",), "group")
            if (group := self.group(name, node))
        ]
        titles: dict[str, str] = {}
        risks = [
            risk
            for name, _, node in self.named(top.get("risks"), ("risks",), "risk")
            if (risk := self.risk(name, node, titles))
        ]
        shocks = [
            shock
            for name, _, node in self.named(top.get("shocks"), ("shocks",), "shock")
            if (shock := self.shock(name, node))
        ]
        if self.issues or self.currency is None:
            return None
        code = self.currency
        made = self.made(
            root,
            (),
            lambda: RiskSet(code, tuple(risks), frailty or 0.0, tuple(groups), tuple(shocks)),
        )
        if made is None:
            return None
        said = self.plain(root, ())
        return RiskFile(made, titles, tolerance, said if isinstance(said, dict) else {})

    # --- parts ----------------------------------------------------------------------

    def group(self, name: str, node: Node) -> Group | None:
        path: Path = ("groups", name)
        found = self.table(node, path, f"group `{name}`", required=("variance",))
        variance = self.number((found or {}).get("variance"), f"groups.{name}.variance")
        if variance is None:
            return None
        return self.made(node, (), lambda: Group(name, variance))

    def shock(self, name: str, node: Node) -> Shock | None:
        path: Path = ("shocks", name)
        found = self.table(node, path, f"shock `{name}`", required=("rate", "hits"))
        if found is None:
            return None
        rate = self.number(found.get("rate"), f"shocks.{name}.rate")
        hits: dict[str, float] = {}
        for risk, _, value in self.named(found.get("hits"), (*path, "hits"), "risk"):
            probability = self.number(value, f"shocks.{name}.hits.{risk}")
            if probability is not None:
                hits[risk] = probability
        if rate is None or self.issues:
            return None
        return self.made(node, (), lambda: Shock(name, rate, hits))

    def risk(self, name: str, node: Node, titles: dict[str, str]) -> Risk | None:
        path: Path = ("risks", name)
        found = self.table(
            node,
            path,
            f"risk `{name}`",
            required=("frequency", "severity"),
            optional=("title", "group", "currency", "insurance", "year_insurance"),
        )
        if found is None:
            return None
        titles[name] = self.string(found.get("title"), f"risks.{name}.title") or name
        group = self.name(found.get("group"), f"risks.{name}.group")
        currency = self.pattern(
            found.get("currency"),
            f"risks.{name}.currency",
            _CURRENCY,
            "three capital letters such as CNY",
        )
        if currency is not None and self.currency is not None and currency != self.currency:
            self.report(
                found["currency"].offset,
                f"risks.{name}.currency is not that of the file; expected one currency throughout, "
                "converted beforehand",
            )
        frequency = self.part(found.get("frequency"), (*path, "frequency"), frequency_of)
        severity = self.part(found.get("severity"), (*path, "severity"), severity_of)
        layer = self.part(
            found.get("insurance"), (*path, "insurance"), partial(layer_of, field="insurance")
        )
        year = self.part(
            found.get("year_insurance"),
            (*path, "year_insurance"),
            partial(layer_of, field="year_insurance"),
        )
        if frequency is None or severity is None:
            return None
        borne = severity if layer is None else Retained(severity, layer)
        return Risk(name, frequency, borne, group, year)

    def part(self, node: Node | None, path: Path, read: Callable[[object], T]) -> T | None:
        """What plain values say of a part of a risk; a fault is reported where it stands."""
        if node is None:
            return None
        try:
            return read(self.plain(node, path))
        except Invalid as error:
            told = (*path[:-1], *(int(one) if one.isdecimal() else one
                                  for one in _STEPS.findall(error.field)))  # fmt: skip
            place = self.places.get(told) or self.place(told) or node
            what = ".".join(map(str, path[:-1])) + f".{error.field}"
            if isinstance(place, Scalar) and not place.text and not place.style:
                self.report(place.offset, f"{what} is empty; {error.expected}")
            else:
                self.report(place.offset, f"{what}: {error.expected}")
            return None

    def plain(self, node: Node, path: Path) -> object:
        """A node as plain values: numbers where they are written as such, else text."""
        self.places[path] = node
        if isinstance(node, Table):
            found: dict[str, object] = {}
            for key, value in node.entries:
                found[key.text] = self.plain(value, (*path, key.text))
            return found
        if isinstance(node, Items):
            return [self.plain(one, (*path, at)) for at, one in enumerate(node.nodes)]
        if not node.style and _WHOLE.match(node.text):
            return int(node.text.replace("_", ""))
        if not node.style and _NUMBER.match(node.text):
            return float(node.text)
        return node.text

    # --- values ---------------------------------------------------------------------

    def made(self, node: Node, path: Path, make: Callable[[], T]) -> T | None:
        """What `make` gives; what it refuses is reported where the file says it."""
        try:
            return make()
        except Invalid as error:
            parts: list[str] = error.field.split(".")
            if path and parts[0] in ("severity", "insurance"):
                parts = parts[1:]  # the path names it
            where = (*path, *parts)
            place = self.place(where) or node
            self.report(place.offset, f"{'.'.join(map(str, where))}: {error.expected}")
            return None

    def number(self, node: Node | None, what: str, default: float | None = None) -> float | None:
        if node is None:
            return default
        if isinstance(node, Scalar) and not node.style and _NUMBER.match(node.text):
            return float(node.text)
        self.wrong(node, what, "a number")
        return None

    def amount(self, node: Node | None, what: str, *, zero: bool = False) -> int | None:
        if node is None:
            return None
        if isinstance(node, Scalar) and not node.style and node.text.isascii():
            plain = node.text.replace("_", "")
            if plain.isdecimal() and len(plain) <= 19 and (0 if zero else 1) <= int(plain) <= INT64:
                return int(plain)
        least = "zero or above" if zero else "above zero"
        self.wrong(node, what, f"an amount in whole minor units, {least}")
        return None
