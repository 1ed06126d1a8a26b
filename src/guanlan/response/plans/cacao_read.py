"""From CACAO 2.0 JSON to a plan: everything that is wrong, and everything that would be lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final, NamedTuple, NoReturn

from django.utils.translation import gettext as _

from guanlan.response.plans.cacao import (
    COMMAND,
    EXTENSION,
    IDENTIFIER,
    IDENTITY,
    LANGUAGES,
    MOST_CHARACTERS,
    NAME,
    SPEC_VERSION,
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
)

_STEPS: Final[dict[str, frozenset[str]]] = {
    # The properties that each type of step may have here, beside type, name and step_extensions.
    "start": frozenset({"on_completion"}),
    "end": frozenset(),
    "action": frozenset(
        {"description", "timeout", "on_completion", "on_failure", "commands", "agent", "out_args"}
    ),
    "parallel": frozenset({"next_steps", "on_completion"}),
    "if-condition": frozenset({"condition", "on_true", "on_false", "on_completion"}),
}
_PLAYBOOK: Final = frozenset(
    {
        "type", "spec_version", "id", "name", "description", "playbook_types", "created_by",
        "created", "modified", "revoked", "severity", "impact", "playbook_variables",
        "workflow_start", "workflow", "agent_definitions", "extension_definitions",
        "playbook_extensions",
    }
)  # fmt: skip


class Reading(NamedTuple):
    """A plan as far as it could be read, and what is wrong with it. There is no plan where the
    text is not a playbook at all."""

    plan: Playbook | None
    problems: list[Problem]


class _Object(dict[str, Any]):
    """An object of JSON, and the names that stood in it more than once."""

    def __init__(self, pairs: list[tuple[str, Any]]) -> None:
        super().__init__()
        self.twice: list[str] = []
        for name, value in pairs:
            if name in self:
                self.twice.append(name)
            else:
                self[name] = value


def _no_number(text: str) -> NoReturn:
    raise ValueError(text)


def read(text: str) -> Reading:
    """Read a playbook. Problems come in the order of the text and never stop the reading."""
    if len(text) > MOST_CHARACTERS:
        most = _("The plan is longer than %(n)s characters.") % {"n": MOST_CHARACTERS}
        return Reading(None, [Problem(most)])
    try:
        found = json.loads(text, object_pairs_hook=_Object, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        place = {"line": error.lineno, "column": error.colno}
        said = _("This is no JSON: line %(line)s, column %(column)s cannot be read.") % place
        return Reading(None, [Problem(said)])
    except (ValueError, RecursionError):
        return Reading(None, [Problem(_("This is no JSON that a plan can be read from."))])
    if not isinstance(found, _Object) or found.get("type") != "playbook":
        said = _("This is no playbook: an object with type “playbook” was expected.")
        return Reading(None, [Problem(said)])
    return _Reader(found).read()


class _Reader:
    def __init__(self, whole: _Object) -> None:
        self.whole = whole
        self.problems: list[Problem] = []

    def read(self) -> Reading:
        whole = self.whole
        self.known(whole, _PLAYBOOK, _("the playbook"))
        if whole.get("spec_version") != SPEC_VERSION:
            self.say(_("The playbook's spec_version must be %(v)s."), v=SPEC_VERSION)
        if not self.fits("playbook", whole.get("id")):
            self.say(_("The playbook's id must read playbook-- and a UUID."))
        agents = self.agents()
        texts = self.texts(whole, "playbook_extensions", ("name", "description"), "")
        plan = Playbook(
            id=self.text(whole, "id", ""),
            name=texts["name"],
            description=texts["description"],
            types=self.texts_of(whole, "playbook_types", ""),
            created=self.text(whole, "created", ""),
            modified=self.text(whole, "modified", ""),
            created_by=self.text(whole, "created_by", "") or IDENTITY,
            revoked=self.flag(whole, "revoked"),
            severity=self.grade("severity"),
            impact=self.grade("impact"),
            start=self.text(whole, "workflow_start", ""),
            variables=tuple(self.variables()),
            steps=tuple(self.steps(agents)),
        )
        self.extensions()
        return Reading(plan, self.problems)

    def say(self, text: str, step: str = "", lost: bool = False, **values: object) -> None:
        self.problems.append(Problem(text % values if values else text, step, lost))

    def known(
        self, found: Mapping[str, Any], names: frozenset[str], where: str, step: str = ""
    ) -> None:
        """Say which properties are not known, and which stand twice."""
        for name in found:
            if name not in names:
                text = _("In %(where)s the property %(name)s is not known here and would be lost.")
                self.say(text, step, True, where=where, name=name[:60])
        for name in getattr(found, "twice", ()):
            text = _("In %(where)s %(name)s stands twice.")
            self.say(text, step, where=where, name=name[:80])

    def fits(self, kind: str, identity: object) -> bool:
        match = IDENTIFIER.fullmatch(identity) if isinstance(identity, str) else None
        return match is not None and match[1] == kind

    def wrong(self, name: str, expected: str, step: str) -> None:
        where = self.called(step)
        text = _("%(where)s: %(name)s must be %(expected)s.")
        self.say(text, step, where=where, name=name, expected=expected)

    def called(self, step: str) -> str:
        """How a step is named in a sentence."""
        if not step:
            return _("The playbook")
        said = self.whole.get("workflow")
        found = said.get(step) if isinstance(said, dict) else None
        name = found.get("name") if isinstance(found, dict) else None
        return _("Step “%(name)s”") % {"name": name if isinstance(name, str) and name else step}

    def text(self, found: Mapping[str, Any], name: str, step: str) -> str:
        value = found.get(name, "")
        if isinstance(value, str):
            return value.replace("\0", "")
        self.wrong(name, _("a text"), step)
        return ""

    def flag(self, found: Mapping[str, Any], name: str) -> bool:
        value = found.get(name, False)
        if isinstance(value, bool):
            return value
        self.wrong(name, _("true or false"), "")
        return False

    def texts_of(self, found: Mapping[str, Any], name: str, step: str) -> tuple[str, ...]:
        value = found.get(name, [])
        if isinstance(value, list) and all(isinstance(one, str) for one in value):
            return tuple(value)
        self.wrong(name, _("a list of texts"), step)
        return ()

    def grade(self, name: str) -> int | None:
        value = self.whole.get(name)
        if value is None:
            return None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= 100:
            return value
        self.wrong(name, _("a whole number from 0 to 100"), "")
        return None

    def objects(self, found: Mapping[str, Any], name: str, step: str = "") -> Mapping[str, Any]:
        value = found.get(name, {})
        if isinstance(value, dict):
            return value
        self.wrong(name, _("an object"), step)
        return {}

    def texts(
        self, found: Mapping[str, Any], where: str, names: tuple[str, ...], step: str
    ) -> dict[str, Text]:
        """The properties of these names, with what the extension says of them."""
        own = self.objects(self.objects(found, where, step), EXTENSION, step)
        for name in self.objects(found, where, step):
            if name != EXTENSION:
                text = _("%(where)s: the extension %(name)s is not known here and would be lost.")
                self.say(text, step, True, where=self.called(step), name=name[:80])
        self.known(own, frozenset({"language", "translations"}), self.called(step), step)
        languages = self.objects(own, "language", step)
        translations = self.objects(own, "translations", step)
        made: dict[str, Text] = {}
        for name in names:
            said: dict[str, str] = {}
            language = languages.get(name, "en")
            main = language if language in LANGUAGES else "en"
            said[main] = self.text(found, name, step)
            for lang in translations:
                if lang in LANGUAGES and lang != main:
                    said[lang] = self.text(self.objects(translations, lang, step), name, step)
            made[name] = Text(**{lang.replace("-", "_"): text for lang, text in said.items()})
        for lang in translations:
            if lang not in LANGUAGES:
                text = _("%(where)s: texts in %(lang)s would be lost: en, zh-hans or zh-hant.")
                self.say(text, step, True, where=self.called(step), lang=lang[:20])
        return made

    def agents(self) -> dict[str, str]:
        """Roles by the id of their agent."""
        found: dict[str, str] = {}
        for identity, agent in self.objects(self.whole, "agent_definitions").items():
            if not isinstance(agent, dict) or not isinstance(agent.get("name"), str):
                self.say(_("The agent %(id)s has no name."), id=identity[:80])
                continue
            where = _("the agent %(name)s") % {"name": agent["name"][:60]}
            self.known(agent, frozenset({"type", "name"}), where)
            found[identity] = agent["name"]
        return found

    def extensions(self) -> None:
        for identity in self.objects(self.whole, "extension_definitions"):
            if identity != EXTENSION:
                text = _("The extension %(name)s is not known here and would be lost.")
                self.say(text, lost=True, name=identity[:80])

    def variables(self) -> list[Variable]:
        found = self.objects(self.whole, "playbook_variables")
        for name in getattr(found, "twice", ()):
            self.say(_("The variable %(name)s stands twice."), name=name[:80])
        made = []
        for key, said in found.items():
            name = key[2:-2] if key[:2] == key[-2:] == "__" else ""
            if not NAME.fullmatch(name) or name.endswith("_") or not isinstance(said, dict):
                text = _(
                    "The variable %(name)s must be an object, and be named with small letters,"
                    " digits and underscores between two underscores, such as __leak_confirmed__."
                )
                self.say(text, name=key[:60])
                continue
            where = _("the variable %(name)s") % {"name": key[:60]}
            names = frozenset({"type", "description", "value", "variable_extensions"})
            self.known(said, names, where)
            kind = said.get("type")
            if kind not in ("bool", "integer", "string"):
                text = _("The variable %(name)s must be a bool, an integer or a string.")
                self.say(text, name=key[:60])
                continue
            text_ = self.texts(said, "variable_extensions", ("description",), "")["description"]
            value = self.value(key, kind, said.get("value"))
            made.append(Variable(name, kind, text_, value))
        return made

    def value(self, name: str, kind: str, said: object) -> Value | None:
        if said is None:
            return None
        if isinstance(said, str):
            if kind == "string":
                return said.replace("\0", "")
            if kind == "bool" and said in ("true", "false"):
                return said == "true"
            if kind == "integer" and said.removeprefix("-").isdecimal() and len(said) < 17:
                return int(said)
        self.say(_("The value of the variable %(name)s does not fit its type."), name=name[:60])
        return None

    def steps(self, agents: Mapping[str, str]) -> list[Step]:
        found = self.objects(self.whole, "workflow")
        for name in getattr(found, "twice", ()):
            self.say(_("The step %(name)s stands twice in the workflow."), name, name=name[:80])
        made = []
        for identity, said in found.items():
            step = self.step(identity, said, agents)
            if step is not None:
                made.append(step)
        return made

    def step(self, identity: str, said: object, agents: Mapping[str, str]) -> Step | None:
        kind = said.get("type") if isinstance(said, dict) else None
        if not isinstance(said, dict) or not isinstance(kind, str) or kind not in _STEPS:
            text = _("Step %(id)s: its type must be start, action, parallel, if-condition or end.")
            self.say(text, identity, id=identity[:80])
            return None
        if not self.fits(kind, identity):
            text = _("Step %(id)s: its id must read %(kind)s-- and a UUID.")
            self.say(text, identity, id=identity[:80], kind=kind)
        names = _STEPS[kind] | {"type", "name", "step_extensions"}
        self.known(said, names, self.called(identity), identity)
        if kind == "action":
            return self.action(identity, said, agents)
        name = self.texts(said, "step_extensions", ("name",), identity)["name"]

        def to(where: str) -> str:
            return self.text(said, where, identity)

        match kind:
            case "start":
                return Start(id=identity, name=name, next=to("on_completion"))
            case "end":
                return End(id=identity, name=name)
            case "parallel":
                branches = self.texts_of(said, "next_steps", identity)
                return Parallel(id=identity, name=name, branches=branches, next=to("on_completion"))
        return If(
            id=identity,
            name=name,
            condition=to("condition"),
            on_true=to("on_true"),
            on_false=to("on_false"),
            next=to("on_completion"),
        )

    def action(
        self, identity: str, said: Mapping[str, Any], agents: Mapping[str, str]
    ) -> Step | None:
        commands = said.get("commands")
        one = commands[0] if isinstance(commands, list) and len(commands) == 1 else None
        if not isinstance(one, dict) or one.get("type") not in ("manual", COMMAND):
            text = _("%(where)s: an action has one command, which is manual or %(ours)s.")
            self.say(text, identity, where=self.called(identity), ours=COMMAND)
            return None
        where = _("the command of %(step)s") % {"step": self.called(identity)}
        own = {"type", "command", "parameters"} if one["type"] == COMMAND else {"type", "command"}
        self.known(one, frozenset(own), where, identity)
        after = self.text(said, "on_completion", identity)
        otherwise = self.text(said, "on_failure", identity)
        if one["type"] == COMMAND:
            texts = self.texts(said, "step_extensions", ("name", "description"), identity)
            for name in ("agent", "out_args", "timeout"):
                if name in said:
                    self.lost(identity, name)
            return Automatic(
                id=identity,
                name=texts["name"],
                description=texts["description"],
                command=self.text(one, "command", identity),
                parameters=self.parameters(identity, one),
                next=after,
                on_failure=otherwise,
            )
        if "description" in said:
            self.lost(identity, "description")
        both = {**said, "command": one.get("command", "")}
        texts = self.texts(both, "step_extensions", ("name", "command"), identity)
        return Manual(
            id=identity,
            name=texts["name"],
            instruction=texts["command"],
            role=self.role(identity, said, agents),
            limit=self.limit(identity, said),
            asks=self.asks(identity, said),
            next=after,
            on_failure=otherwise,
        )

    def lost(self, step: str, name: str) -> None:
        text = _("In %(where)s the property %(name)s is not known here and would be lost.")
        self.say(text, step, True, where=self.called(step), name=name)

    def parameters(self, step: str, command: Mapping[str, Any]) -> dict[str, Value]:
        made: dict[str, Value] = {}
        for name, value in self.objects(command, "parameters", step).items():
            if isinstance(value, bool | int | str):
                made[name] = value
            else:
                self.wrong(name, _("a text, a whole number, true or false"), step)
        return made

    def role(self, step: str, said: Mapping[str, Any], agents: Mapping[str, str]) -> str:
        agent = self.text(said, "agent", step)
        if agent and agent not in agents:
            text = _("%(where)s: its agent %(id)s is not among the agent_definitions.")
            self.say(text, step, where=self.called(step), id=agent[:80])
        return agents.get(agent, "")

    def limit(self, step: str, said: Mapping[str, Any]) -> int:
        value = said.get("timeout", 0)
        if isinstance(value, int) and not isinstance(value, bool) and value % 1000 == 0:
            return value // 1000
        self.wrong("timeout", _("a number of milliseconds that makes whole seconds"), step)
        return 0

    def asks(self, step: str, said: Mapping[str, Any]) -> tuple[str, ...]:
        names = self.texts_of(said, "out_args", step)
        return tuple(n[2:-2] if n[:2] == n[-2:] == "__" else n for n in names)
