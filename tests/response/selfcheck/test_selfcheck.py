"""The platform tells of itself: jobs, the audit log, sinks."""

from __future__ import annotations

import datetime as dt
import json

import pytest
from django.utils import translation

from guanlan.core.jobs import registered
from guanlan.core.models import AuditEntry, Job, JobRun
from guanlan.response.alerts.titles import said, title_of
from guanlan.response.models import Alert, Sink
from guanlan.response.selfcheck import checks
from guanlan.response.selfcheck.jobs import look_after
from guanlan.response.terms import Severity

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 11, 1, 9, 0, tzinfo=dt.UTC)
MINUTE = dt.timedelta(minutes=1)
JOB = "clocks.watch"


def run(state: str, at: dt.datetime) -> JobRun:
    return JobRun.objects.create(job=JOB, state=state, due=at, started=at, finished=at)


def live() -> list[str]:
    return sorted(Alert.objects.filter(live=True).values_list("rule", flat=True))


def test_a_job_that_failed_for_good_is_an_alert_until_it_runs_well() -> None:
    assert JOB in {spec.name for spec in registered()}
    run("failed", NOW - MINUTE)
    assert look_after(NOW) == (1, 0)
    alert = Alert.objects.get()
    with translation.override("en"):
        assert title_of(alert) == "The job Alarms of regulatory clocks failed after all its tries"
    assert alert.category == "operations"
    run("failed", NOW)
    run("running", NOW)
    assert look_after(NOW + MINUTE) == (0, 0), "failing goes on: the same alert"
    JobRun.objects.filter(state="running").update(state="done")
    assert look_after(NOW + 2 * MINUTE) == (0, 1)


def test_a_job_is_named_in_words() -> None:
    said_of = {"text": "The job %(job)s is late", "values": {"job": "outbox.deliver"}}
    with translation.override("en"):
        assert said(**said_of) == "The job Delivery of messages is late"  # type: ignore[arg-type]
    with translation.override("zh-hans"):
        assert said(**said_of) == "任务 发送消息 未按时运行"  # type: ignore[arg-type]
        assert "gone" in said("The job %(job)s is late", {"job": "gone"})


def test_a_job_that_is_late_is_an_alert_until_it_is_not() -> None:
    Job.objects.update_or_create(name=JOB, defaults={"late_since": NOW - MINUTE})
    assert look_after(NOW) == (1, 0)
    assert live() == [checks.LATE]
    Job.objects.filter(name=JOB).update(late_since=None)
    assert look_after(NOW) == (0, 1)


def test_a_gap_in_the_audit_log_is_a_critical_alert_of_security() -> None:
    since = round((NOW - MINUTE).timestamp() * 1_000_000)
    AuditEntry.objects.create(
        index=10**9, at=since, actor_kind="system", actor_id="", actor="system", roles="",
        act="audit.gap", object_label="", object_id="", outcome="done",
        detail=json.dumps({"since": since, "until": since, "refused": 3}), reason="", purpose="",
        address="", session="", request="",
    )  # fmt: skip
    look_after(NOW)
    alert = Alert.objects.get(rule=checks.AUDIT)
    assert (alert.severity, alert.category) == (Severity.critical, "security")
    assert alert.values["n"] == 3


@pytest.mark.parametrize(
    ("state", "bad"),
    [
        ({"fault": "not reachable"}, True),
        ({"differing": 2}, True),
        ({"should": 3, "seen": NOW - dt.timedelta(minutes=10)}, True),
        ({"should": 3, "seen": NOW - dt.timedelta(seconds=30)}, False),
        ({"should": 0, "seen": NOW - dt.timedelta(days=1)}, False),
    ],
)
def test_a_sink_that_does_not_hold_what_it_should(state: dict[str, object], bad: bool) -> None:
    Sink.objects.update_or_create(name="engine", defaults={"checked": NOW, "seen": NOW} | state)
    look_after(NOW)
    assert live() == ([checks.SINK] if bad else [])
    Sink.objects.filter(name="engine").update(fault="", differing=0, seen=NOW + MINUTE)
    look_after(NOW + MINUTE)
    assert live() == []


def test_a_check_that_fails_leaves_its_alerts_and_stops_no_other(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    Job.objects.update_or_create(name=JOB, defaults={"late_since": NOW - MINUTE})
    look_after(NOW)
    run("failed", NOW)

    def broken(_now: dt.datetime) -> list[object]:
        raise RuntimeError("no")

    monkeypatch.setitem(checks.CHECKS, checks.LATE, broken)
    assert look_after(NOW + MINUTE) == (1, 0)
    assert live() == [checks.FAILED, checks.LATE]
