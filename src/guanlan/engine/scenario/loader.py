"""Scenario files to typed, checked scenarios, with every problem reported at once."""

from __future__ import annotations

import zoneinfo
from os import PathLike

from guanlan.engine.scenario.canonical import normalised
from guanlan.engine.scenario.checks import Checks
from guanlan.engine.scenario.document import MAX_BYTES, Node, Table, read_document
from guanlan.engine.scenario.expressions import check_expressions
from guanlan.engine.scenario.label import label_event
from guanlan.engine.scenario.model import FORMAT_VERSION, Scenario
from guanlan.engine.scenario.positions import Issue, ScenarioError, Source
from guanlan.engine.scenario.reading import Path, Reader
from guanlan.engine.scenario.sections import (
    Draft,
    read_entities,
    read_events,
    read_features,
    read_lists,
    read_policy,
    read_rules,
)
from guanlan.engine.scenario.vocabulary import CURRENCIES, LABEL, closest

_REQUIRED = (
    "guanlan", "scenario", "title", "currency", "timezone", "entities", "events", "policy",
)  # fmt: skip
# Files beside the zones whose meaning depends on the machine.
_NO_ZONES = frozenset({"localtime", "posixrules", "Factory"})
_OPTIONAL = ("features", "lists", "rules")


def load_scenario(path: str | PathLike[str]) -> Scenario:
    """The scenario in a YAML file. Raises ScenarioError with every problem found."""
    filename = str(path)
    try:
        with open(path, "rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise _failure(filename, f"the file cannot be read: {reason}") from error
    if len(data) > MAX_BYTES:
        raise _failure(filename, f"the file is larger than {MAX_BYTES:,} bytes")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = data[: error.start].decode("utf-8-sig").replace("\r\n", "\n")
        issue = Source(before, filename).issue(len(before), "the file is not UTF-8 text here")
        raise ScenarioError([issue]) from error
    return parse_scenario(text, filename)


def parse_scenario(text: str, filename: str) -> Scenario:
    """The scenario in a YAML text; `filename` is what problems are reported against.

    Raises ScenarioError with every problem found.
    """
    source = Source(text.removeprefix("\ufeff").replace("\r\n", "\n"), filename)
    root = read_document(source)
    reader = Reader(source)
    scenario = _read(reader, root)
    if reader.issues or scenario is None:
        raise ScenarioError(sorted(set(reader.issues), key=_order))
    return normalised(scenario)


def _order(issue: Issue) -> tuple[int, int, str]:
    return issue.line, issue.column, issue.message


def _failure(filename: str, message: str) -> ScenarioError:
    return ScenarioError([Issue(filename, 1, 1, message)])


def _read(reader: Reader, root: Table) -> Scenario | None:
    found = reader.table(root, (), "the scenario", required=_REQUIRED, optional=_OPTIONAL)
    if found is None or not _right_version(reader, found.get("guanlan")):
        return None
    draft = Draft()
    name = reader.name(found.get("scenario"), "`scenario`")
    title = reader.title(found.get("title"), ("title",), "title of the scenario")
    currency = _currency(reader, found.get("currency"))
    timezone = _timezone(reader, found.get("timezone"))
    read_entities(reader, found.get("entities"), draft)
    read_events(reader, found.get("events"), draft)
    read_features(reader, found.get("features"), draft)
    read_lists(reader, found.get("lists"), draft)
    read_rules(reader, found.get("rules"), draft)
    read_policy(reader, found.get("policy"), draft)
    _add_label(reader, draft)

    def report(path: Path, message: str) -> None:
        node = reader.place(path)
        reader.report(node.offset if node else root.offset, message)

    checks = Checks(draft, reader.unreadable, report)
    checks.run()
    scenario = Scenario(
        name or "",
        title,
        currency or "CNY",
        timezone or "UTC",
        tuple(draft.entities),
        tuple(draft.events),
        tuple(draft.features),
        tuple(draft.lists),
        tuple(rule for _, rule in draft.rules),
        draft.policy,
    )
    check_expressions(reader, scenario, [index for index, _ in draft.rules], checks.faulty)
    return scenario


def _right_version(reader: Reader, node: Node | None) -> bool:
    """Reading a file of another format would only report what is no fault of it."""
    what = "`guanlan`, the version of the format,"
    return node is None or reader.integer(node, what, FORMAT_VERSION, FORMAT_VERSION) is not None


def _add_label(reader: Reader, draft: Draft) -> None:
    place = reader.places.get(("events", LABEL, "name"))
    if place is not None:
        reader.report(place.offset, "event type `label` is built in and cannot be declared")
        draft.events = [event for event in draft.events if event.name != LABEL]
    draft.events.append(label_event(draft.entities, draft.events))


def _currency(reader: Reader, node: Node | None) -> str:
    code = reader.string(node, "`currency`")
    if node is not None and code is not None and code not in CURRENCIES:
        expected = "expected an ISO 4217 code like CNY, HKD or USD"
        reader.report(node.offset, f"the currency `{code}` is unknown; {expected}")
        return ""
    return code or ""


def _timezone(reader: Reader, node: Node | None) -> str:
    name = reader.string(node, "`timezone`")
    if node is not None and name is not None:
        try:
            if name in _NO_ZONES:
                raise ValueError(name)
            zoneinfo.ZoneInfo(name)
        except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
            known = zoneinfo.available_timezones() - _NO_ZONES
            hint = closest(name, known) or "; expected an IANA name like Asia/Shanghai or UTC"
            reader.report(node.offset, f"the time zone `{name}` is unknown{hint}")
            return ""
    return name or ""
