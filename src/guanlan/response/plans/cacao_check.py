"""What makes a plan one that can be run. Every problem is found, each is one sentence."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.response.plans.cacao import (
    IDENTIFIER,
    LEAST_LIMIT,
    LONGEST_NAME,
    LONGEST_TEXT,
    MOST_BRANCHES,
    MOST_LIMIT,
    MOST_STEPS,
    MOST_VARIABLES,
    NAME,
    REFERENCE,
    TYPES,
    Automatic,
    End,
    If,
    Manual,
    Parallel,
    Playbook,
    Problem,
    Start,
    Step,
    Text,
    Value,
    Variable,
    links,
)
from guanlan.response.plans.conditions import read_condition

_KINDS: Final[dict[str, tuple[type, ...]]] = {
    "text": (str,),
    "role": (str,),
    "variable": (str,),
    "whole": (int,),
    "flag": (bool,),
}


class Wanted(Struct, frozen=True):
    """A parameter of an automatic step; its kind is text, role, variable, whole or flag."""

    kind: str = "text"
    required: bool = True


class Known(Struct, frozen=True):
    """What an installation knows: roles, and automatic steps with what they are to be told."""

    roles: Collection[str]
    steps: Mapping[str, Mapping[str, Wanted]]


def check(plan: Playbook, known: Known) -> list[Problem]:
    """Everything that is wrong with the plan; an empty list says that it can be run."""
    return [*_Check(plan, known).problems()]


class _Check:
    def __init__(self, plan: Playbook, known: Known) -> None:
        self.plan = plan
        self.known = known
        self.steps = plan.by_id()
        self.variables = {one.name: one for one in plan.variables}
        self.lang = get_language() or "en"
        self.after = {
            identity: [to for _name, to in links(step) if to in self.steps]
            for identity, step in self.steps.items()
        }

    def called(self, step: Step) -> str:
        """How a step is named in a sentence."""
        return step.name.get(self.lang) or step.id[:80]

    def of(self, step: Step, text: str, **values: object) -> Problem:
        said = {"step": self.called(step), **values}
        return Problem(text % said, step.id)

    def problems(self) -> Iterator[Problem]:
        yield from self.sizes()
        for variable in self.plan.variables:
            yield from self.variable(variable)
        yield from self.starts_and_ends()
        for step in self.plan.steps:
            yield from self.step(step)
        yield from self.cycles()
        yield from self.unreachable()
        for step in self.steps.values():
            if isinstance(step, Parallel):
                yield from self.joins(step)

    def sizes(self) -> Iterator[Problem]:
        plan = self.plan
        if not plan.name.main or not plan.name.get(self.lang):
            yield Problem(_("The plan has no name."))
        if not IDENTIFIER.fullmatch(plan.id) or not plan.id.startswith("playbook--"):
            yield Problem(_("The plan's id must read playbook-- and a UUID."))
        if len(plan.steps) > MOST_STEPS:
            text = _("The plan has %(n)s steps; %(most)s are the most.")
            yield Problem(text % {"n": len(plan.steps), "most": MOST_STEPS})
        if len(plan.variables) > MOST_VARIABLES:
            text = _("The plan has %(n)s variables; %(most)s are the most.")
            yield Problem(text % {"n": len(plan.variables), "most": MOST_VARIABLES})
        for text_ in (plan.name, plan.description):
            yield from (Problem(said) for said in _too_long(text_, text_ is plan.name))
        seen: set[str] = set()
        for step in plan.steps:
            if step.id in seen:
                yield self.of(step, _("“%(step)s” has an id that another step has: %(id)s."),
                              id=step.id[:80])  # fmt: skip
            seen.add(step.id)

    def variable(self, one: Variable) -> Iterator[Problem]:
        if not NAME.fullmatch(one.name):
            text = _(
                "The variable %(name)s must be named with small letters, digits and underscores."
            )
            yield Problem(text % {"name": one.name[:60]})
        if sum(other.name == one.name for other in self.plan.variables) > 1:
            yield Problem(_("The variable %(name)s stands twice.") % {"name": one.name[:60]})
        if not one.text.get(self.lang):
            text = _("Say what the variable %(name)s means.")
            yield Problem(text % {"name": one.name[:60]})
        fits = {"bool": bool, "integer": int, "string": str}[one.type]
        if one.value is not None and type(one.value) is not fits:
            text = _("The value of the variable %(name)s does not fit its type.")
            yield Problem(text % {"name": one.name[:60]})
        for said in _too_long(one.text, False):
            yield Problem(said)

    def starts_and_ends(self) -> Iterator[Problem]:
        starts = [step for step in self.steps.values() if isinstance(step, Start)]
        if not starts:
            yield Problem(_("The plan has no start."))
        elif len(starts) > 1:
            yield self.of(starts[1], _("“%(step)s” is a second start; a plan has one."))
        elif self.plan.start != starts[0].id:
            yield Problem(_("workflow_start does not name the start of the plan."))
        if not any(isinstance(step, End) for step in self.steps.values()):
            yield Problem(_("The plan has no end."))

    def step(self, step: Step) -> Iterator[Problem]:
        match = IDENTIFIER.fullmatch(step.id)
        if match is None or match[1] != TYPES[type(step)]:
            yield self.of(step, _("The id of “%(step)s” must read %(kind)s-- and a UUID."),
                          kind=TYPES[type(step)])  # fmt: skip
        if not isinstance(step, Start | End) and not step.name.get(self.lang):
            yield self.of(step, _("Step %(step)s has no name."))
        texts = [(step.name, True)]
        if isinstance(step, Manual):
            texts.append((step.instruction, False))
        elif isinstance(step, Automatic):
            texts.append((step.description, False))
        for text, short in texts:
            yield from (Problem(said, step.id) for said in _too_long(text, short))
        for name, target in links(step):
            if target not in self.steps:
                yield self.of(step, _("“%(step)s” names a step that is not there (%(where)s)."),
                              where=name)  # fmt: skip
            elif isinstance(self.steps[target], Start):
                yield self.of(step, _("“%(step)s” leads back to the start."))
        match step:
            case Start():
                if not step.next:
                    yield self.of(step, _("The start leads nowhere: name the step after it."))
            case Manual():
                yield from self.manual(step)
            case Automatic():
                yield from self.automatic(step)
            case Parallel():
                yield from self.parallel(step)
            case If():
                yield from self.condition(step)

    def manual(self, step: Manual) -> Iterator[Problem]:
        if not step.role:
            yield self.of(step, _("“%(step)s” has no owner: name the role that does it."))
        elif step.role not in self.known.roles:
            yield self.of(step, _("“%(step)s” is owned by %(role)s, which is no role here."),
                          role=step.role[:60])  # fmt: skip
        if not step.limit:
            yield self.of(step, _("“%(step)s” has no time limit."))
        elif not LEAST_LIMIT <= step.limit <= MOST_LIMIT:
            yield self.of(step, _("The time limit of “%(step)s” must be 1 minute to 90 days."))
        if not step.instruction.get(self.lang):
            yield self.of(step, _("“%(step)s” does not say what is to be done."))
        for name in step.asks:
            if name not in self.variables:
                yield self.of(step, _("“%(step)s” records %(name)s, which is no variable."),
                              name=name[:60])  # fmt: skip
        yield from self.goes_on(step)

    def goes_on(self, step: Manual | Automatic) -> Iterator[Problem]:
        if not step.next:
            yield self.of(step, _("“%(step)s” leads nowhere: name the step after it, or an end."))

    def automatic(self, step: Automatic) -> Iterator[Problem]:
        wanted = self.known.steps.get(step.command)
        if wanted is None:
            yield self.of(step, _("“%(step)s” calls %(name)s, which is no automatic step here."),
                          name=step.command[:60] or "—")  # fmt: skip
        else:
            for name in sorted(wanted.keys() - step.parameters.keys()):
                if wanted[name].required:
                    yield self.of(step, _("“%(step)s” needs a value for %(name)s."), name=name)
            for name, value in step.parameters.items():
                yield from self.parameter(step, name, value, wanted.get(name))
        yield from self.goes_on(step)

    def parameter(
        self, step: Automatic, name: str, value: Value, wanted: Wanted | None
    ) -> Iterator[Problem]:
        if wanted is None:
            yield self.of(step, _("“%(step)s” has a value for %(name)s, which its step does not"
                                  " know."), name=name[:60])  # fmt: skip
            return
        named = REFERENCE.fullmatch(value) if isinstance(value, str) else None
        if named is not None:
            if named[1] not in self.variables:
                yield self.of(step, _("“%(step)s” speaks of %(name)s, which is no variable."),
                              name=named[1])  # fmt: skip
            return
        unfit = type(value) not in _KINDS[wanted.kind]
        empty = isinstance(value, str) and not value.strip() and wanted.required
        if unfit or empty:
            yield self.of(step, _("“%(step)s”: the value of %(name)s does not fit."), name=name)
        elif wanted.kind == "role" and value not in self.known.roles:
            yield self.of(step, _("“%(step)s”: %(name)s names no role here."), name=name)
        elif wanted.kind == "variable" and value not in self.variables:
            yield self.of(step, _("“%(step)s”: %(name)s names no variable."), name=name)
        elif isinstance(value, str) and len(value) > LONGEST_TEXT:
            yield self.of(step, _("“%(step)s”: the value of %(name)s is too long."), name=name)

    def parallel(self, step: Parallel) -> Iterator[Problem]:
        if not 2 <= len(step.branches) <= MOST_BRANCHES:
            yield self.of(step, _("“%(step)s” must have 2 to %(most)s branches."),
                          most=MOST_BRANCHES)  # fmt: skip
        if len(set(step.branches)) < len(step.branches):
            yield self.of(step, _("“%(step)s” names one branch twice."))
        if not step.next:
            yield self.of(
                step,
                _("The branches of “%(step)s” never join: name the step after all of them."),
            )

    def condition(self, step: If) -> Iterator[Problem]:
        if not step.on_true:
            yield self.of(step, _("“%(step)s” leads nowhere when its condition holds."))
        if not step.on_false and not step.next:
            yield self.of(step, _("“%(step)s” leads nowhere when its condition does not hold."))
        if not step.condition.strip():
            yield self.of(step, _("“%(step)s” has no condition."))
            return
        found = read_condition(step.condition, self.plan.variables)
        for issue in found if isinstance(found, list) else ():
            yield self.of(step, _("The condition of “%(step)s”, character %(at)s: %(fault)s"),
                          at=issue.column, fault=issue.message)  # fmt: skip

    def cycles(self) -> Iterator[Problem]:
        """Each link that leads back to a step on the way to it."""
        done: set[str] = set()
        for first in self.steps:
            if first in done:
                continue
            way = [first]
            on_way = {first}
            ahead = [iter(self.after[first])]
            while way:
                target = next(ahead[-1], None)
                if target is None:
                    done.add(way[-1])
                    on_way.discard(way.pop())
                    ahead.pop()
                elif target in on_way:
                    text = _("“%(step)s” leads back to “%(other)s”: a plan may not go in circles.")
                    other = self.called(self.steps[target])
                    yield self.of(self.steps[way[-1]], text, other=other)
                elif target not in done:
                    way.append(target)
                    on_way.add(target)
                    ahead.append(iter(self.after[target]))

    def reach(self, first: str) -> set[str]:
        """The step and all that may follow it."""
        found: set[str] = set()
        waiting = [first]
        while waiting:
            one = waiting.pop()
            if one in self.steps and one not in found:
                found.add(one)
                waiting += self.after[one]
        return found

    def unreachable(self) -> Iterator[Problem]:
        reached = self.reach(self.plan.start)
        if not reached:
            return  # the start itself is wrong, which has been said
        for identity, step in self.steps.items():
            if identity not in reached:
                yield self.of(step, _("“%(step)s” cannot be reached from the start."))

    def joins(self, step: Parallel) -> Iterator[Problem]:
        """Branches must not share a step, nor go on by themselves past the join."""
        ends = {identity for identity, one in self.steps.items() if isinstance(one, End)}
        regions = [self.reach(branch) - ends for branch in dict.fromkeys(step.branches)]
        later = self.reach(step.next) - ends if step.next else set()
        taken: set[str] = set()
        for region in regions:
            for identity in sorted(region & later):
                text = _(
                    "The branches of “%(step)s” never join: one leads to “%(other)s” by itself;"
                    " let it lead to an end, and name what comes after all branches."
                )
                yield self.of(step, text, other=self.called(self.steps[identity]))
                break
            for identity in sorted((region & taken) - later):
                text = _("Two branches of “%(step)s” share “%(other)s”.")
                yield self.of(step, text, other=self.called(self.steps[identity]))
                break
            taken |= region


def _too_long(text: Text, short: bool) -> Iterator[str]:
    most = LONGEST_NAME if short else LONGEST_TEXT
    for _lang, said in text.each():
        if len(said) > most:
            yield _("“%(text)s…” is longer than %(most)s characters.") % {
                "text": said[:20],
                "most": most,
            }
