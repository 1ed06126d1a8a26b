"""The first steps tick themselves, and go when they are done, hidden, or no longer new."""

from __future__ import annotations

import datetime as dt
import json
import re
import shlex
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from guanlan.core.access import subject_of
from guanlan.core.models import Channel, User
from guanlan.core.people.inviting import invite
from guanlan.core.services import create_api_key
from guanlan.engine.engine import Engine
from guanlan.engine.scenario import load_scenario
from guanlan.fraud.first_steps import event_example
from guanlan.fraud.models import Decision
from guanlan.fraud.services import project, store_backtest
from tests.fraud.reports import report
from tests.fraud.world import SCENARIO, World
from tests.people import person

WALLET = Path(__file__).parents[2] / "examples" / "wallet" / "scenario.yaml"


def state(client: Client) -> str:
    """The state of the steps on the overview; empty when they are not shown."""
    found = re.search(r"/first-steps\?state=(\d+)", client.get("/").content.decode())
    return found[1] if found else ""


def asked_to_reload(client: Client, known: str) -> bool:
    answer = client.get(f"/first-steps?state={known}")
    assert answer.status_code == 204
    return answer.headers.get("HX-Refresh") == "true"


@pytest.fixture
def world(signed_in: Client, tmp_path: Path, settings: Settings) -> World:
    settings.LOG_DIRECTORY = tmp_path / "log"
    return World(tmp_path / "log")


def with_factor(user: User) -> Authenticator:
    return Authenticator.objects.create(user=user, type=Authenticator.Type.TOTP, data={})


def test_each_step_ticks_when_the_system_sees_it(world: World, signed_in: Client) -> None:
    owner = User.objects.get()
    assert state(signed_in) == "0000000"
    world.program()
    project(world.tail())
    create_api_key("backend", ["events:write"])
    assert asked_to_reload(signed_in, "0000000")
    assert not asked_to_reload(signed_in, "1000000")
    assert state(signed_in) == "1000000"
    world.events(1)
    project(world.tail())
    assert state(signed_in) == "1100000"
    assert signed_in.get(f"/decisions/{Decision.objects.get().seq}").status_code == 200
    assert state(signed_in) == "1110000"
    store_backtest("First", "pond", "abc", report())
    assert asked_to_reload(signed_in, "1110000")
    assert state(signed_in) == "1111000"
    Channel.objects.create(name="chat", kind=Channel.Kind.FILE)
    assert state(signed_in) == "1111100"
    invite(subject_of(owner), "ana@example.com", "fraud_analyst")
    assert state(signed_in) == "1111110"
    with_factor(owner)
    assert state(signed_in) == ""
    world.close()


def test_a_colleague_and_a_factor_are_facts_and_go_with_them(
    world: World, signed_in: Client
) -> None:
    owner = User.objects.get()
    ana = person("fraud_analyst", "ana")
    factor = with_factor(ana)
    assert state(signed_in) == "0000010"  # ana's factor is not the owner's
    factor.delete()
    User.objects.filter(pk=ana.pk).update(is_active=False)
    with_factor(owner)
    assert state(signed_in) == "0000001"
    world.close()


def test_nobody_is_asked_for_what_they_may_not_do(world: World, client: Client) -> None:
    client.force_login(person("fraud_analyst", "ana"))
    assert state(client) == "00000"  # neither a channel nor an invitation
    world.close()


def test_hiding_takes_a_form_and_lasts(world: World, signed_in: Client) -> None:
    assert signed_in.get("/first-steps/dismiss").status_code == 405
    assert state(signed_in) == "0000000"
    assert signed_in.post("/first-steps/dismiss")["Location"] == "/"
    assert state(signed_in) == ""
    world.events(1)
    project(world.tail())
    signed_in.get("/decisions/0")
    assert state(signed_in) == ""
    world.close()


def test_an_old_installation_has_no_first_steps(world: World, signed_in: Client) -> None:
    User.objects.update(date_joined=timezone.now() - dt.timedelta(days=15))
    assert state(signed_in) == ""


def test_the_example_names_this_server_and_is_a_good_event(world: World, signed_in: Client) -> None:
    world.program()
    project(world.tail())
    create_api_key("backend", ["events:write"])
    steps = signed_in.get("/", headers={"host": "localhost"}).context["sections"][0][1]["steps"]
    words = shlex.split(steps[1].command)
    assert words[:2] == ["curl", "http://localhost/v1/events"]
    assert "Authorization: Bearer gl_…" in words
    assert json.loads(words[-1])["type"] == "transfer"
    assert "guanlan simulate" not in steps[3].command  # which makes events of the wallet only
    world.close()


@pytest.mark.parametrize("file", [SCENARIO, WALLET], ids=["pond", "wallet"])
def test_the_example_is_accepted(file: Path, tmp_path: Path) -> None:
    scenario = load_scenario(file)
    with Engine.in_memory(scenario, secret=bytes(32), cache=tmp_path) as engine:
        (answer,) = engine.decide([json.dumps(event_example(scenario)).encode()])
    assert answer.status == 200, answer.body
