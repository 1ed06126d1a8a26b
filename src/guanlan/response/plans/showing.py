"""Plans and runs as a person reads them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

from django.db.models import F, Q
from django.utils.functional import cached_property
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from guanlan.core.access import Subject, may
from guanlan.core.access.table import ROLES
from guanlan.response.models import PlanRun, PlanVersion, StepRun
from guanlan.response.plans.cacao import Automatic, If, Manual, Parallel, Playbook, Step, Text
from guanlan.response.plans.conditions import in_words
from guanlan.response.plans.flow import Line, lines
from guanlan.response.plans.reading import playbook_of
from guanlan.response.plans.registry import find_step
from guanlan.response.plans.running import may_work_on
from guanlan.web.resource import Clock, State
from guanlan.web.resource.panels import in_words as time_left
from guanlan.web.words import duration, language_tag

LOOKS: Final = {
    "pending": "warn", "waiting": "warn", "overdue": "bad", "running": "on", "unsure": "unknown",
    "done": "on", "skipped": "off", "failed": "bad", "cancelled": "off",
}  # fmt: skip
RUN_LOOKS: Final = {
    "running": "on", "waiting": "warn", "done": "off", "aborted": "off", "failed": "bad",
}  # fmt: skip
VERSION_LOOKS: Final = {
    "draft": "off", "in_review": "warn", "approved": "on", "retired": "off",
}  # fmt: skip


def reader() -> str:
    """The reader's language, as texts of plans know it."""
    return get_language() or "en"


def titled(titles: Mapping[str, str]) -> str:
    """A title that is kept by language."""
    return Text(**{lang.replace("-", "_"): text for lang, text in titles.items()}).get(reader())


def role_title(role: str) -> str:
    """A role in the reader's language; its name where it is none of ours."""
    return str(ROLES.get(role, role))


def step_state(row: StepRun) -> State:
    return State(LOOKS[row.state], row.get_state_display())


def run_state(run: PlanRun) -> State:
    return State(RUN_LOOKS[run.state], run.get_state_display())


def version_state(version: PlanVersion) -> State:
    return State(VERSION_LOOKS[version.state], version.get_state_display())


def said(result: Mapping[str, Any]) -> str:
    """What a step said of itself, in the reader's language."""
    text = result.get("text")
    if not isinstance(text, str) or not text:
        return ""
    try:
        return str(_(text) % result.get("values", {}))
    except (KeyError, ValueError, TypeError):
        return text


class Item(NamedTuple):
    """A line of a plan as it is shown; `row` is what has become of it in a run."""

    number: str
    depth: int
    branch: str
    id: str
    kind: str
    name: str
    owner: str
    limit: str
    text: str
    asks: list[str]
    after: str
    row: StepRun | None = None
    state: State | None = None
    who: str = ""
    clock: str = ""
    note: str = ""
    why: str = ""
    acts: tuple[tuple[str, str, bool], ...] = ()


class Document:
    """A plan from top to bottom, in the reader's language."""

    def __init__(self, plan: Playbook) -> None:
        self.plan = plan
        self.lang = reader()

    @property
    def name(self) -> str:
        return self.plan.name.get(self.lang)

    @property
    def description(self) -> str:
        return self.plan.description.get(self.lang)

    @cached_property
    def lines(self) -> list[Line]:
        return lines(self.plan)

    @cached_property
    def items(self) -> list[Item]:
        return [self.item(line) for line in self.lines]

    @cached_property
    def numbers(self) -> dict[str, str]:
        return {line.step.id: line.number for line in self.lines}

    @property
    def variables(self) -> list[tuple[str, str, str]]:
        """(name, what it means, its type or value at the start)."""
        return [
            (one.name, one.text.get(self.lang), shown_value(one.value) or TYPES[one.type]())
            for one in self.plan.variables
        ]

    def item(self, line: Line) -> Item:
        step = line.step
        owner = limit = text = ""
        asks: list[str] = []
        variables = {one.name: one.text.get(self.lang) for one in self.plan.variables}
        match step:
            case Manual():
                owner = role_title(step.role)
                limit = duration(step.limit * 1_000_000) if step.limit else "—"
                text = step.instruction.get(self.lang)
                asks = [variables.get(name, name) for name in step.asks]
            case Automatic():
                found = find_step(step.command)
                title = str(found.title) if found is not None else step.command
                owner = _("automatic: %(title)s") % {"title": title}
                text = step.description.get(self.lang) or str(step.parameters.get("text", ""))
            case If():
                owner = _("condition")
                text = self.condition(step)
            case Parallel():
                owner = _("at the same time, %(n)s branches") % {"n": len(step.branches)}
        return Item(
            line.number, line.depth, BRANCHES.get(line.branch, lambda: "")(), step.id,
            type(step).__name__.lower(), step.name.get(self.lang), owner, limit, text, asks,
            self.after(step),
        )  # fmt: skip

    def condition(self, step: If) -> str:
        """The condition as a sentence; as it was written where it cannot be read."""
        try:
            return in_words(step.condition, self.plan.variables, language_tag())
        except ValueError:
            return step.condition

    def after(self, step: Step) -> str:
        """What is done where the step fails, if the plan says so."""
        if isinstance(step, Manual | Automatic) and step.on_failure:
            number = self.numbers.get(step.on_failure, "?")
            return _("If it fails: step %(number)s") % {"number": number}
        return ""


TYPES: Final[dict[str, Callable[[], str]]] = {
    "bool": lambda: _("yes or no"),
    "integer": lambda: _("a whole number"),
    "string": lambda: _("a text"),
}
BRANCHES: Final = {
    "parallel": lambda: _("branch"),
    "yes": lambda: _("if so"),
    "no": lambda: _("if not"),
}


def shown_value(value: object) -> str:
    """A recorded value as people read it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value)


class RunLook:
    """A run as its page shows it."""

    def __init__(self, run: PlanRun, subject: Subject, now: dt.datetime) -> None:
        self.run = run
        self.subject = subject
        self.now = now
        self.plan = playbook_of(run.version)
        self.document = Document(self.plan)
        # What people wrote of a step is for those who work on runs.
        self.works = may(subject, "change", "response.planrun")

    @cached_property
    def rows(self) -> dict[str, StepRun]:
        rows = StepRun.objects.for_user(self.subject).filter(run=self.run)
        found = {row.step: row for row in rows.select_related("assigned", "by").order_by("pk")}
        for row in found.values():
            row.run = self.run
        return found

    @cached_property
    def items(self) -> list[Item]:
        found = []
        for item in self.document.items:
            row = self.rows.get(item.id)
            found.append(item if row is None else self._with(item, row))
        return found

    def _with(self, item: Item, row: StepRun) -> Item:
        who = row.by or row.assigned
        clock = ""
        if row.due is not None and row.state in StepRun.HUMAN:
            clock = time_left(Clock(row.due, row.since), self.now)
        elif row.ended is not None:
            took = row.ended - row.since
            clock = _("took %(time)s") % {"time": duration(round(took / MICROSECOND))}
        return item._replace(
            row=row,
            state=step_state(row),
            who=who.get_username() if who else "",
            clock=clock,
            note=row.note if self.works else ("•••" if row.note else ""),
            why=self.why(row),
            acts=tuple(self.acts(row)),
        )

    def why(self, row: StepRun) -> str:
        """Why a condition went one way, or what an automatic step said."""
        if row.kind != "condition":
            text = said(row.result)
            if row.outcome == "rehearsed":
                return _("Not done in a drill: %(text)s") % {"text": text}
            return text
        if row.outcome not in ("true", "false"):
            return _("It waits for what nobody has recorded yet.")
        answer = _("yes") if row.outcome == "true" else _("no")
        values = row.result.get("values", {}) if self.works else {}
        seen = ", ".join(f"{name} = {shown_value(v)}" for name, v in values.items())
        return f"{answer} · {seen}" if seen else answer

    def acts(self, row: StepRun) -> list[tuple[str, str, bool]]:
        """(name, title, whether it opens a form) of what the subject may do to the step now."""
        if self.run.state not in PlanRun.OPEN or not may_work_on(self.subject, row):
            return []
        if row.kind == "condition":
            return (
                [("record", pgettext("values", "Record"), True)] if row.state == "waiting" else []
            )
        if row.state == "failed":
            return [("again", _("Try again"), False), ("go_on", _("Go on without it"), True)]
        if row.state not in StepRun.HUMAN:
            return []
        found = [
            ("finish", _("Done"), True),
            ("fail", _("Failed"), True),
            ("skip", _("Skip"), True),
        ]
        if row.state == "unsure":
            found.append(("again", _("Try again"), False))
        elif row.assigned_id != self.subject.id:
            found.insert(0, ("take", _("I do it"), False))
        return found

    @property
    def over(self) -> int:
        """How many steps are over."""
        return sum(item.row is not None and item.row.ended is not None for item in self.items)

    @property
    def open(self) -> int:
        return sum(item.row is not None and item.row.ended is None for item in self.items)

    @property
    def values(self) -> list[tuple[str, str]]:
        """Recorded variables, for those who work on the run."""
        variables = self.run.variables if self.works else {}
        return [
            (one.text.get(self.document.lang), shown_value(variables.get(one.name)) or _("unknown"))
            for one in self.plan.variables
        ]


MICROSECOND: Final = dt.timedelta(microseconds=1)


def mine(subject: Subject) -> Q:
    """The open steps of a person: taken by them, or of their roles and taken by nobody. In a
    drill the roles that they play count."""
    own = Q(assigned_id=subject.id)
    live = Q(run__mode="live", assigned=None, role__in=sorted(subject.roles))
    # F compares the step's role with the one that the person plays, row by row.
    played = Q(
        run__mode="drill", assigned=None, run__drill__participants__person_id=subject.id,
        run__drill__participants__role=F("role"),
    )  # fmt: skip
    return Q(state__in=StepRun.HUMAN, run__state__in=PlanRun.OPEN) & (own | live | played)
