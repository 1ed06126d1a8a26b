"""The first five minutes: what a new installation still lacks, ticked by what is there."""

from __future__ import annotations

import json
import shlex
from datetime import timedelta
from typing import Any, Final, NamedTuple

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.access import may
from guanlan.core.models import ApiKey, Channel, User
from guanlan.engine.event import bounds
from guanlan.engine.scenario.model import EventType, Field, Scenario
from guanlan.fraud import engine_access, programs
from guanlan.fraud.models import Backtest, Decision
from guanlan.web.cookies import kept
from guanlan.web.rights import subject_of_request

YOUNG: Final = timedelta(days=14)
COOKIE: Final = "guanlan_first_steps"
SEEN, DISMISSED = "seen", "dismissed"
PLACEHOLDER: Final = "gl_…"
SIMULATED: Final = "wallet"  # the scenario whose events `guanlan simulate` makes
STORE: Final = '--store "First backtest"'


class Step(NamedTuple):
    """One thing to do; `command` is what to copy into a terminal."""

    title: str
    done: bool
    text: str
    link: str = ""
    link_title: str = ""
    command: str = ""


def first_steps(request: HttpRequest) -> list[Step]:
    """The steps, or none: when all are done, dismissed, or the installation is no longer new."""
    marks = kept(request, COOKIE)
    if marks == DISMISSED:
        return []
    founded = User.objects.order_by("date_joined").values_list("date_joined", flat=True).first()
    if founded is None or timezone.now() - founded > YOUNG:
        return []
    scenario = programs.latest()
    newest = Decision.objects.order_by("-seq").values_list("seq", flat=True).first()
    steps = [
        Step(
            _("Make an API key"),
            ApiKey.objects.exists(),
            _("Your backend sends it with every call. It is shown once."),
            reverse("keys"),
            _("Make an API key"),
        ),
        _send(request, scenario, newest is not None),
        Step(
            _("Look at a decision"),
            newest is not None and marks == SEEN,
            _("See what was decided, by which rules, and from which values."),
            reverse("decision", args=[newest]) if newest is not None else "",
            _("Open the newest decision"),
        ),
        _try(scenario),
    ]
    if may(subject_of_request(request), "add", "core.channel"):
        steps.append(
            Step(
                _("Set up a way out for messages"),
                Channel.objects.filter(enabled=True).exists(),
                _("Alerts reach people by mail, chat or SMS only through a channel."),
                reverse("channels"),
                _("Channels"),
            )
        )
    return [] if all(step.done for step in steps) else steps


def state_of(steps: list[Step]) -> str:
    """Which steps are done, as a word such as 11000."""
    return "".join("1" if step.done else "0" for step in steps)


def _send(request: HttpRequest, found: Scenario | None, done: bool) -> Step:
    title = _("Send the first event")
    if found is None:
        return Step(title, done, _("Needs a scenario first: guanlan up --scenario FILE."))
    text = _("Put your key in place of gl_…; the answer is the decision.")
    if engine_access.current() is None:
        text += " " + _("Where API and console run apart, take the API's own port.")
    url = request.build_absolute_uri("/v1/events")
    return Step(title, done, text, command=curl(url, event_example(found)))


def _try(found: Scenario | None) -> Step:
    if found is not None and found.name == SIMULATED:
        text = _("Try the scenario on simulated customers and attacks; the report appears here.")
        command = (
            "guanlan simulate --events 20000 --out history.parquet\n"
            f"guanlan backtest SCENARIO.yaml --events history.parquet {STORE}"
        )
    else:
        text = _("Try the scenario on events of the past; the report appears here.")
        command = f"guanlan backtest SCENARIO.yaml --events HISTORY.ndjson {STORE}"
    link = reverse("backtests")
    return Step(_("Run a backtest"), Backtest.objects.exists(), text, link, _("Backtests"), command)


def curl(url: str, event: dict[str, Any]) -> str:
    """A command for a POSIX shell that posts the event."""
    body = json.dumps(event, ensure_ascii=False)
    return (
        f"curl {shlex.quote(url)} \\\n"
        f'  -H "Authorization: Bearer {PLACEHOLDER}" \\\n'
        f'  -H "Content-Type: application/json" \\\n'
        f"  -d {shlex.quote(body)}"
    )


def event_example(scenario: Scenario) -> dict[str, Any]:
    """An event that the scenario accepts; one that moves money where there is any."""
    events = [event for event in scenario.events if event.name != "label"]
    event = next((event for event in events if _moves_money(event)), events[0])
    return {
        "id": "first-1",
        "type": event.name,
        "entities": {role.name: f"{role.name}-1" for role in event.roles if role.required},
        "fields": {field.name: _value(field) for field in event.fields if field.required},
    }


def _moves_money(event: EventType) -> bool:
    return any(field.type == "money" and field.required for field in event.fields)


def _value(field: Field) -> object:
    low, high = bounds(field)
    within = min(max(12_345, low), high)
    match field.type:
        case "money" | "int":
            return within
        case "number":
            return within / 10**field.decimals
        case "bool":
            return True
        case "time":
            return timezone.now().isoformat(timespec="seconds")
        case "string":
            return field.values[0] if field.values else "x"
