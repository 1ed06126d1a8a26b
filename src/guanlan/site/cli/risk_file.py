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
from dataclasses import dataclass
from pathlib import Path as File
from typing import Final, Literal, TypeVar

from guanlan.engine.scenario.document import Node, Scalar, read_document
from guanlan.engine.scenario.positions import ScenarioError, Source
from guanlan.engine.scenario.reading import INT64, Path, Reader
from guanlan.quant import (
    Frequency,
    Group,
    Invalid,
    Layer,
    Pert,
    Retained,
    Risk,
    RiskSet,
    Severity,
    Shock,
    empirical,
    gamma_from_interval,
    lognormal_from_interval,
    lognormal_from_quantile,
    pert_from_interval,
    updated,
)

VERSION: Final = 1
KINDS = ("lognormal", "pert", "losses")
LEVEL = 0.9
_NUMBER = re.compile(r"[-+]?[0-9]{1,20}(\.[0-9]{1,20})?([eE][-+]?[0-9]{1,2})?\Z")
_CURRENCY = r"[A-Z]{3}\Z"
T = TypeVar("T")


class RiskFileError(ScenarioError):
    """A risk file that cannot be used, with every problem found."""


@dataclass(frozen=True)
class RiskFile:
    """The set, what its risks are called, and the loss that the year may cost (minor units)."""

    risks: RiskSet
    titles: dict[str, str]
    tolerance: int | None


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
        return None if made is None else RiskFile(made, titles, tolerance)

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
        frequency = self.frequency(found.get("frequency"), (*path, "frequency"))
        severity = self.severity(found.get("severity"), (*path, "severity"))
        layer = self.layer(found.get("insurance"), (*path, "insurance"))
        year = self.layer(found.get("year_insurance"), (*path, "year_insurance"))
        if frequency is None or severity is None:
            return None
        borne = severity if layer is None else Retained(severity, layer)
        return Risk(name, frequency, borne, group, year)

    def frequency(self, node: Node | None, path: Path) -> Frequency | None:
        if node is None:
            return None
        what = ".".join(map(str, path))
        keys = ("interval", "level", "rate", "shape", "observed")
        found = self.table(node, path, what, optional=keys)
        if found is None:
            return None
        if ("interval" in found) == ("rate" in found):
            self.report(
                node.offset,
                f"{what} must say either `interval: [low, high]` or `rate`, in events a year",
            )
            return None
        if "interval" in found:
            self.only(found, what, ("interval", "level", "observed"))
            ends = self.pair(found["interval"], f"{what}.interval", self.number)
            level = self.number(found.get("level"), f"{what}.level", LEVEL)
            if ends is None or level is None:
                return None
            low, high = ends
            prior = self.made(node, path[:-1], lambda: gamma_from_interval(low, high, level=level))
        else:
            self.only(found, what, ("rate", "shape", "observed"))
            rate = self.number(found["rate"], f"{what}.rate")
            shape = self.number(found.get("shape"), f"{what}.shape")
            if rate is None:
                return None
            prior = self.made(node, path[:-1], lambda: Frequency(rate, shape))
        if "observed" not in found or prior is None:
            return prior
        return self.learned(prior, found["observed"], (*path, "observed"))

    def learned(self, prior: Frequency, node: Node, path: Path) -> Frequency | None:
        what = ".".join(map(str, path))
        found = self.table(node, path, what, required=("events", "years"))
        events = self.integer((found or {}).get("events"), f"{what}.events", 0, INT64)
        years = self.number((found or {}).get("years"), f"{what}.years")
        if events is None or years is None:
            return None
        return self.made(node, path[:-1], lambda: updated(prior, events, years))

    def severity(self, node: Node | None, path: Path) -> Severity | None:
        if node is None:
            return None
        what = ".".join(map(str, path))
        found = self.table(node, path, what, optional=KINDS)
        if found is None:
            return None
        if len(found) != 1:
            self.report(node.offset, f"{what} must be one of `lognormal`, `pert` and `losses`")
            return None
        ((kind, inner),) = found.items()
        read: dict[str, Callable[[Node, Path], Severity | None]] = {
            "lognormal": self.lognormal,
            "pert": self.pert,
            "losses": self.losses,
        }
        return read[kind](inner, (*path, kind))

    def lognormal(self, node: Node, path: Path) -> Severity | None:
        what = ".".join(map(str, path))
        keys = ("interval", "median", "quantile", "level", "evidence")
        found = self.table(node, path, what, optional=keys)
        if found is None:
            return None
        evidence = self.integer(found.get("evidence"), f"{what}.evidence", 2, 10**9)
        if "interval" in found:
            self.only(found, what, ("interval", "level", "evidence"))
            ends = self.pair(found["interval"], f"{what}.interval", self.amount)
            level = self.number(found.get("level"), f"{what}.level", LEVEL)
            if ends is None or level is None:
                return None
            low, high = ends
            inside = level
            return self.made(
                node,
                path,
                lambda: lognormal_from_interval(low, high, level=inside, evidence=evidence),
            )
        if not all(key in found for key in ("median", "quantile", "level")):
            self.report(
                node.offset,
                f"{what} must say `interval: [low, high]`, or `median`, `quantile` and `level`",
            )
            return None
        median = self.amount(found["median"], f"{what}.median")
        high_end = self.amount(found["quantile"], f"{what}.quantile")
        below = self.number(found["level"], f"{what}.level")
        if median is None or high_end is None or below is None:
            return None
        return self.made(
            node,
            path,
            lambda: lognormal_from_quantile(median, high_end, level=below, evidence=evidence),
        )

    def pert(self, node: Node, path: Path) -> Severity | None:
        what = ".".join(map(str, path))
        found = self.table(
            node, path, what, required=("least", "mode", "most"), optional=("interval", "level")
        )
        if found is None:
            return None
        least = self.amount(found.get("least"), f"{what}.least", zero=True)
        mode = self.amount(found.get("mode"), f"{what}.mode", zero=True)
        most = self.amount(found.get("most"), f"{what}.most")
        level = self.number(found.get("level"), f"{what}.level", LEVEL)
        if least is None or mode is None or most is None or level is None:
            return None
        if "interval" not in found:
            return self.made(node, path, lambda: Pert(least, mode, most))
        ends = self.pair(found["interval"], f"{what}.interval", self.amount)
        if ends is None:
            return None
        low, high = ends
        return self.made(
            node, path, lambda: pert_from_interval(least, mode, most, low, high, level=level)
        )

    def losses(self, node: Node, path: Path) -> Severity | None:
        what = ".".join(map(str, path))
        found = self.table(node, path, what, required=("amounts",), optional=("threshold", "fit"))
        if found is None:
            return None
        nodes = self.items(found.get("amounts"), (*path, "amounts"), f"{what}.amounts")
        amounts = [self.amount(one, f"{what}.amounts[{k}]") for k, one in enumerate(nodes)]
        threshold = self.amount(found.get("threshold"), f"{what}.threshold")
        fit = self.choice(found.get("fit"), f"{what}.fit", ("pwm", "ml")) or "pwm"
        method: Literal["pwm", "ml"] = "ml" if fit == "ml" else "pwm"
        known = [one for one in amounts if one is not None]
        if len(known) != len(amounts) or ("threshold" in found and threshold is None):
            return None
        return self.made(node, path, lambda: empirical(known, threshold=threshold, method=method))

    def layer(self, node: Node | None, path: Path) -> Layer | None:
        if node is None:
            return None
        what = ".".join(map(str, path))
        found = self.table(node, path, what, required=("deductible",), optional=("limit", "share"))
        if found is None:
            return None
        deductible = self.amount(found.get("deductible"), f"{what}.deductible", zero=True)
        limit = self.amount(found.get("limit"), f"{what}.limit")
        share = self.number(found.get("share"), f"{what}.share", 1.0)
        if deductible is None or share is None or ("limit" in found and limit is None):
            return None
        return self.made(node, path, lambda: Layer(deductible, limit, share))

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

    def only(self, found: dict[str, Node], what: str, known: tuple[str, ...]) -> None:
        """Report keys that say nothing beside the others."""
        for key, node in found.items():
            if key not in known:
                self.report(node.offset, f"{what}.{key} does not go with `{known[0]}`")

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

    def pair(
        self, node: Node, what: str, read: Callable[[Node, str], T | None]
    ) -> tuple[T, T] | None:
        nodes = self.items(node, (what,), what)
        if len(nodes) != 2:
            if nodes:
                self.wrong(node, what, "two values, [low, high]")
            return None
        low, high = (read(one, f"{what}[{k}]") for k, one in enumerate(nodes))
        return None if low is None or high is None else (low, high)
