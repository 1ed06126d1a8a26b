"""Closed cases label the decisions they came from: once each, known from then on, replayed."""

from __future__ import annotations

import datetime as dt
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as configured
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from guanlan.core.access import SYSTEM, subject_of
from guanlan.core.event_log import log_keys
from guanlan.engine import Engine
from guanlan.engine.log import LogReader, LogTail
from guanlan.engine.replay import replay
from guanlan.fraud import engine_access
from guanlan.fraud.labelling import hand_over
from guanlan.fraud.models import CaseLabel, Label
from guanlan.fraud.services import project
from guanlan.response.alerts import Evidence, Finding, raise_alerts
from guanlan.response.cases.calling import call_all
from guanlan.response.cases.closing import close, reopen
from guanlan.response.cases.grouping import group_all
from guanlan.response.cases.joining import merge
from guanlan.response.entities import Named
from guanlan.response.models import Alert, Case
from guanlan.response.terms import Severity
from tests import postgres
from tests.engine.test_restrictions import ABLE_SCENARIO, decided, event
from tests.people import person

pytestmark = pytest.mark.django_db(transaction=True)
NOW = dt.datetime(2026, 11, 23, 12, 0, tzinfo=dt.UTC)
CLOCK = 1_800_000_000_000_000


@pytest.fixture
def live(tmp_path: Path, settings: Settings) -> Iterator[Engine]:
    """An engine that has decided five events of two users, all projected."""
    settings.LOG_DIRECTORY = tmp_path / "log"
    with opened() as engine:
        engine_access.register(engine)
        decided(engine, *(event(n, user=f"u-{n % 2}") for n in range(5)))
        project(tail())
        yield engine
        engine_access.register(None)


def opened() -> Engine:
    return Engine.open(
        configured.LOG_DIRECTORY, ABLE_SCENARIO, secret=configured.ENGINE_SECRET,
        now=lambda: CLOCK, clock="arrival", warm=False, keys=log_keys(),
    )  # fmt: skip


def tail() -> LogTail:
    return LogTail(configured.LOG_DIRECTORY, log_keys())


def case_of(*seqs: int, user: str = "u-0", rule: str = "fraud.r") -> Case:
    """The open case of an alert whose evidence these decisions are."""
    named = Named("user", user)
    finding = Finding(
        rule=rule, category="fraud", severity=Severity.low, text="Many transfers",
        key={"user": user}, entities=(("user", named),), at=NOW, window=dt.timedelta(hours=1),
        evidence=tuple(Evidence("decision", str(seq), NOW) for seq in seqs),
    )  # fmt: skip
    raise_alerts([finding], NOW)
    group_all(NOW)
    return Case.objects.latest("pk")


def labels() -> list[tuple[str, str]]:
    project(tail())
    return list(Label.objects.order_by("seq").values_list("target", "value"))


def test_a_confirmed_case_labels_its_decisions_as_fraud(live: Engine, client: Client) -> None:
    anna = person("fraud_analyst", "anna")
    case = case_of(0, 2)
    assert close(subject_of(anna), case, "confirmed", "the customer says so", now=NOW).live is False
    assert hand_over(live, NOW) == 0, "nothing before the hook was called"
    assert call_all(NOW) == call_all(NOW) + 1
    assert hand_over(live, NOW) == 2
    assert hand_over(live, NOW) == 0
    assert labels() == [("e-0", "fraud"), ("e-2", "fraud")]
    one = Label.objects.first()
    assert one is not None
    assert one.known_at == CLOCK, "known when the log learned of it"
    assert one.source == f"case:{case.pk} anna"
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    for page in (reverse("decision", args=[0]), reverse("entity", args=["user", "u-0"])):
        text = client.get(page).content.decode()
        assert f'<a href="{reverse("case", args=[case.pk])}">case #{case.pk}</a> · anna' in text


def test_every_decision_of_one_alert_is_labelled_however_many_they_are(live: Engine) -> None:
    decided(live, *(event(n, user="u-0") for n in range(5, 500)))
    for start in range(0, 500, 125):
        case_of(*range(start, start + 125), 7)
    case = Case.objects.get()
    alert = Alert.objects.get()
    assert alert.evidence_count == 504
    close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    while hand_over(live, NOW):
        pass
    assert sorted(labels()) == sorted((f"e-{n}", "fraud") for n in range(500))
    reopen(SYSTEM, case, "looked at again", now=NOW)
    Alert.objects.update(
        disposition="suspected"
    )  # what it said before is said otherwise all the same
    close(SYSTEM, case, "false_positive", "looked at again", now=NOW)
    call_all(NOW)
    assert CaseLabel.objects.filter(closing=2, value="legit").count() == 500


def test_what_alerts_of_merged_cases_rest_on_is_labelled(live: Engine) -> None:
    one, other = case_of(0, 2), case_of(1, 3, user="u-1")
    assert one != other
    merge(SYSTEM, one, other, "they are one", now=NOW)
    close(SYSTEM, other, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    hand_over(live, NOW)
    assert labels() == [(f"e-{n}", "fraud") for n in range(4)]


@pytest.mark.parametrize(
    ("was", "value"),
    [("false_positive", "legit"), ("benign", None), ("suspected", None), ("customer_error", None)],
)
def test_only_what_is_certain_becomes_a_label(live: Engine, was: str, value: str | None) -> None:
    close(SYSTEM, case_of(1), was, "looked at", now=NOW)
    call_all(NOW)
    hand_over(live, NOW)
    assert labels() == ([("e-1", value)] if value else [])


def test_alerts_that_were_something_else_are_not_labelled(live: Engine) -> None:
    case = case_of(1)
    case_of(3, rule="fraud.other")
    Alert.objects.filter(rule="fraud.other").update(
        live=False, state="closed", disposition="false_positive"
    )
    assert Alert.objects.filter(case=case).count() == 2
    close(SYSTEM, case, "confirmed", "looked at", now=NOW)
    call_all(NOW)
    hand_over(live, NOW)
    assert labels() == [("e-1", "fraud")]


def test_opened_again_and_closed_as_something_else_it_says_so(live: Engine) -> None:
    case = case_of(1)
    for was in ("confirmed", "confirmed", "false_positive"):
        close(SYSTEM, case, was, "looked at", now=NOW)
        call_all(NOW)
        hand_over(live, NOW)
        reopen(SYSTEM, case, "looked at again", now=NOW)
    assert labels() == [("e-1", "fraud"), ("e-1", "legit")], "what was said stays, and once"


def test_a_decision_that_the_log_does_not_know_is_refused_and_named(live: Engine) -> None:
    close(SYSTEM, case_of(1, 99), "confirmed", "looked at", now=NOW)
    call_all(NOW)
    assert hand_over(live, NOW) == 2
    states = dict(CaseLabel.objects.values_list("seq", "state"))
    assert states == {1: "written", 99: "refused"}
    assert labels() == [("e-1", "fraud")]


def test_a_log_that_cannot_be_written_leaves_labels_waiting(live: Engine) -> None:
    close(SYSTEM, case_of(1), "confirmed", "looked at", now=NOW)
    call_all(NOW)
    live.state = "failed"
    assert hand_over(live, NOW) == 0
    assert CaseLabel.objects.get().state == "waiting"
    live.state = "ready"
    assert hand_over(live, NOW) == 1


def test_the_log_with_labels_replays_to_the_same(live: Engine, tmp_path: Path) -> None:
    close(SYSTEM, case_of(0, 1, 2), "confirmed", "looked at", now=NOW)
    call_all(NOW)
    hand_over(live, NOW)
    decided(live, event(7, user="u-0"))
    report = replay(
        LogReader(configured.LOG_DIRECTORY, log_keys()),
        secret=configured.ENGINE_SECRET,
        cache=tmp_path / "cache",
    )
    assert (report.events, report.ok) == (9, True)


# The process is killed at a given statement or frame, and started again, until all is done.
_CHILD = """
import datetime as dt, json, os, signal, sys
import django
django.setup()
from guanlan.site.run.fresh import is_empty, make_tables
if is_empty():
    make_tables()
from django.conf import settings
from django.db import connection
from guanlan.core.access import SYSTEM
from guanlan.engine import Engine
from guanlan.fraud.labelling import hand_over
from guanlan.fraud.models import CaseLabel
from guanlan.response.cases.calling import call_all
from guanlan.response.cases.closing import close
from guanlan.response.models import Case
from tests.engine.test_restrictions import decided, event
from tests.fraud.test_labelling import NOW, case_of, labels, opened

kill_at = int(sys.argv[1])
done = 0

def count():
    global done
    done += 1
    if done == kill_at:
        os.kill(os.getpid(), signal.SIGKILL)

def plug(execute, sql, params, many, context):
    result = execute(sql, params, many, context)
    if sql.startswith(("INSERT", "UPDATE")):
        count()
    return result

with opened() as engine:
    if not engine.seq:
        decided(engine, *(event(n, user="u-0") for n in range(300)))
        case_of(*range(250))
        close(SYSTEM, case_of(*range(240, 300)), "confirmed", "looked at", now=NOW)
    commit = engine.commit
    def counted():
        count()
        commit()
        count()
    engine.commit = counted
    with connection.execute_wrapper(plug):
        call_all(NOW)
        while hand_over(engine, NOW):
            pass
print(json.dumps([labels(), CaseLabel.objects.filter(state="written").count(), done]))
"""


def test_killed_again_and_again_each_label_is_written_once(tmp_path: Path) -> None:
    environment = {
        **os.environ,
        "GUANLAN_DATA": str(tmp_path / "data"),
        "DJANGO_SETTINGS_MODULE": "guanlan.site.settings",
        "PYTHONPATH": os.pathsep.join(sys.path),
        **postgres.of_its_own(),
    }

    def run(kill_at: int) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", _CHILD, str(kill_at)]
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=120, check=False
        )

    for kill_at in (1, 2, 3, 4, 5, 6, 8):
        found = run(kill_at)
        assert found.returncode in (-signal.SIGKILL, 0), found.stderr
    finished = run(-1)
    assert finished.returncode == 0, finished.stderr
    told, written, _done = json.loads(finished.stdout)
    assert told == [[f"e-{n}", "fraud"] for n in range(300)]
    assert written == 300
