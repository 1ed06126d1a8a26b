"""Each turn of a schedule is run once; what fails is tried again; what is lost is found."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation
from hypothesis import given, settings
from hypothesis import strategies as st

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core import jobs
from guanlan.core.access import Denied, Subject
from guanlan.core.jobs import Progress, Told, housekeeping, registry, running, sweeping, wanting
from guanlan.core.jobs.progress import Cancelled, Overran, Stopping, said
from guanlan.core.jobs.queue import BadEntry, SignedJSON
from guanlan.core.models import Job, JobRun, Message, User, Worker

ZONE = ZoneInfo("Asia/Shanghai")
OWNER = Subject(id=None, name="o", roles=frozenset({"owner"}), scopes=frozenset({"*"}))

pytestmark = pytest.mark.django_db


class Probe:
    """A job's function that the test leads."""

    def __init__(self) -> None:
        self.calls = 0
        self.error: Exception | None = None

    def __call__(self, progress: Progress) -> Told:
        self.calls += 1
        progress.of(2)
        progress.advance()
        if self.error is not None:
            raise self.error
        progress.advance()
        return Told("%(n)s rows removed", {"n": 2})


@pytest.fixture
def probe(monkeypatch: pytest.MonkeyPatch) -> Probe:
    monkeypatch.setattr(registry, "_jobs", {})
    monkeypatch.setattr(running, "look_at", lambda run: None)
    made = Probe()
    jobs.job("probe", every=60, retries=2)(made)
    sweeping.take_stock()
    return made


def state(run: int) -> str:
    return JobRun.objects.get(pk=run).state


def test_a_name_is_registered_once(probe: Probe) -> None:
    with pytest.raises(ValueError, match="registered twice"):
        jobs.job("probe")(probe)


@pytest.mark.parametrize("every", ["* * * *", "61 * * * *", "x * * * *", "", 0, -5])
def test_a_schedule_that_cannot_be_read_is_refused(every: Any) -> None:
    with pytest.raises(ValueError, match=r"job odd: expected"):
        jobs.job("odd", every=every)


def test_a_run_tells_what_became_of_it(probe: Probe) -> None:
    run = wanting.want("probe", timezone.now())
    running.execute(run)
    found = JobRun.objects.get(pk=run)
    assert (found.state, found.done, found.total, found.attempt) == ("done", 2, 2, 1)
    with translation.override("en"):
        assert said(found) == "2 rows removed"
    running.execute(run)
    assert probe.calls == 1


def test_a_failure_is_tried_again_later_and_at_last_told(probe: Probe) -> None:
    User.objects.create_superuser("owner", password="long enough it is")
    probe.error = RuntimeError("the number 6222021234567890")
    at = timezone.now()
    run = wanting.want("probe", at)
    pauses = []
    while state(run) == "queued":
        before = timezone.now()
        running.execute(run, at)
        at = JobRun.objects.get(pk=run).due
        pauses.append((at - before).total_seconds())
    found = JobRun.objects.get(pk=run)
    assert (found.state, found.failures, probe.calls) == ("failed", 3, 3)
    assert pauses[1] > pauses[0] * 2
    assert found.error.startswith("RuntimeError in test_jobs.py:")
    assert "6222" not in str(JobRun.objects.values())
    housekeeping_told = Message.objects.filter(template="job.failed")
    assert housekeeping_told.count() == 1


def test_one_run_of_a_job_is_running(probe: Probe) -> None:
    first = wanting.want("probe", timezone.now())
    second = wanting.want("probe", timezone.now())
    JobRun.objects.filter(pk=first).update(state="running", started=timezone.now())
    running.execute(second)
    assert probe.calls == 0
    assert state(second) == "queued"
    JobRun.objects.filter(pk=first).update(state="done")
    running.execute(second, timezone.now() + timedelta(seconds=2))
    assert probe.calls == 1


def test_a_turn_makes_one_run_whoever_looks(probe: Probe) -> None:
    due = Job.objects.get().next_due
    assert due is not None
    for _worker in range(3):
        wanting.want_due(due, ZONE)
    [run] = JobRun.objects.all()
    assert run.slot == f"probe@{due.isoformat()}"
    assert Job.objects.get().next_due == due + timedelta(seconds=60)


def test_missed_turns_are_made_up_once(probe: Probe) -> None:
    due = Job.objects.get().next_due
    assert due is not None
    now = due + timedelta(hours=5, seconds=7)
    wanting.want_due(now, ZONE)
    assert JobRun.objects.count() == 1
    following = Job.objects.get().next_due
    assert following is not None
    assert now < following <= now + timedelta(seconds=60)
    assert (following - due).total_seconds() % 60 == 0


def test_a_nudge_joins_a_run_that_waits(probe: Probe) -> None:
    for _index in range(3):
        jobs.nudge("probe")
    assert JobRun.objects.count() == 1
    with pytest.raises(ValueError, match="no job"):
        jobs.nudge("nothing")


def test_a_nudge_that_was_lost_is_given_again(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    heard: list[int] = []
    jobs.nudge("probe")
    run = JobRun.objects.get()
    monkeypatch.setattr(running, "look_at", heard.append)
    now = timezone.now()
    sweeping.nudge_waiting(now)
    assert heard == []
    sweeping.nudge_waiting(now + timedelta(seconds=61))
    assert heard == [run.pk]


def test_a_queue_that_cannot_be_written_loses_nothing(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(run: int) -> None:
        raise OSError

    monkeypatch.setattr(running, "look_at", broken)
    jobs.nudge("probe")
    assert JobRun.objects.get().state == "queued"


def worker(beat: datetime, **more: Any) -> Worker:
    return Worker.objects.create(host="elsewhere", pid=1, beat=beat, **more)


def test_a_run_whose_worker_died_is_done_by_another_once(probe: Probe) -> None:
    now = timezone.now()
    run = wanting.want("probe", now)
    for losses in (1, 2):
        dead = worker(now - timedelta(seconds=31))
        JobRun.objects.filter(pk=run).update(state="running", worker=dead, started=now)
        sweeping.sweep(now)
        found = JobRun.objects.get(pk=run)
        assert found.state == ("queued" if losses == 1 else "failed")
    assert set(Worker.objects.values_list("ended", flat=True)) == {now}


def test_a_run_whose_worker_lives_is_left_alone(probe: Probe) -> None:
    now = timezone.now()
    run = wanting.want("probe", now)
    JobRun.objects.filter(pk=run).update(state="running", worker=worker(now), started=now)
    sweeping.sweep(now)
    assert state(run) == "running"
    sweeping.sweep(now + timedelta(seconds=25))
    assert state(run) == "running"


def test_a_worker_that_was_given_up_cannot_finish_the_run(probe: Probe) -> None:
    run = wanting.want("probe", timezone.now())
    found = JobRun.objects.get(pk=run)
    JobRun.objects.filter(pk=run).update(state="running", attempt=2)
    found.attempt = 1
    running._close(found, "done")
    assert state(run) == "running"


def test_a_run_that_does_not_stop_is_given_up(probe: Probe) -> None:
    now = timezone.now()
    run = wanting.want("probe", now)
    long_ago = now - timedelta(seconds=700)
    JobRun.objects.filter(pk=run).update(state="running", worker=worker(now), started=long_ago)
    sweeping.sweep(now)
    assert state(run) == "queued"
    assert JobRun.objects.get(pk=run).failures == 1


def test_a_late_job_is_told_once_and_forgotten_when_it_ran(probe: Probe) -> None:
    User.objects.create_superuser("owner", password="long enough it is")
    due = Job.objects.get().next_due
    assert due is not None
    for minutes in (1, 3, 4):
        sweeping.mark_late(due + timedelta(minutes=minutes))
    assert Message.objects.filter(template="job.late").count() == 1
    assert Job.objects.get().late_since == due + timedelta(minutes=3)
    wanting.want_due(due + timedelta(minutes=5), ZONE)
    running.execute(JobRun.objects.get().pk, due + timedelta(minutes=5))
    sweeping.mark_late(due + timedelta(minutes=5))
    assert Job.objects.get().late_since is None


def test_a_job_is_not_marked_as_late_where_nobody_could_be_told(
    probe: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    User.objects.create_superuser("owner", password="long enough it is")
    due = Job.objects.get().next_due
    assert due is not None
    with monkeypatch.context() as patch:
        patch.setattr("guanlan.core.outbox.send", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            sweeping.mark_late(due + timedelta(minutes=3))
    sweeping.mark_late(due + timedelta(minutes=4))
    assert Message.objects.filter(template="job.late").count() == 1


def test_cancelling_ends_what_waits_and_stops_what_runs(probe: Probe) -> None:
    waiting = JobRun.objects.create(job="probe")
    assert jobs.cancel(OWNER, waiting)
    assert state(waiting.pk) == "cancelled"
    under_way = JobRun.objects.create(job="probe", state="running", attempt=1)
    progress = Progress(under_way, 10, threading.Event())
    progress.check()
    assert jobs.cancel(OWNER, under_way)
    with pytest.raises(Cancelled):
        progress.of(1)


def test_a_run_hears_that_it_took_too_long_and_that_the_worker_ends(probe: Probe) -> None:
    run = JobRun.objects.create(job="probe", state="running", attempt=1)
    with pytest.raises(Overran):
        Progress(run, -1, threading.Event()).advance()
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(Stopping):
        Progress(run, 10, stopping).advance()


def test_running_and_cancelling_need_the_right(probe: Probe) -> None:
    nobody = Subject(id=None, name="n")
    with pytest.raises(Denied):
        jobs.run_now(nobody, "probe")
    with pytest.raises(Denied):
        jobs.cancel(nobody, JobRun.objects.create(job="probe"))
    assert jobs.run_now(OWNER, "probe").state == "queued"


def test_a_job_that_is_gone_loses_its_turn(probe: Probe, monkeypatch: pytest.MonkeyPatch) -> None:
    run = wanting.want("probe", timezone.now())
    monkeypatch.setattr(registry, "_jobs", {})
    sweeping.take_stock()
    assert not Job.objects.exists()
    running.execute(run)
    assert state(run) == "failed"


@settings(deadline=None)  # a busy machine is no fault
@given(
    st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)),
    st.sampled_from(["* * * * *", "17 3 * * *", "0 9 * * 1", "*/15 8-18 * * 1-5", "0 0 1 * *"]),
    st.sampled_from(["Asia/Shanghai", "America/New_York", "Australia/Lord_Howe"]),
)
def test_the_next_turn_is_later_and_fits_the_schedule(at: datetime, every: str, zone: str) -> None:
    after = at.replace(tzinfo=UTC)
    due = registry.next_due(every, after, ZoneInfo(zone))
    assert due is not None
    assert due > after
    assert due.second == 0
    if due.utcoffset() == after.astimezone(ZoneInfo(zone)).utcoffset():
        assert registry._crontab("", every)(due.replace(tzinfo=None))


def test_a_daily_turn_comes_each_day_also_when_the_clocks_change() -> None:
    zone, at, turns = ZoneInfo("America/New_York"), datetime(2026, 3, 6, tzinfo=UTC), []
    while at < datetime(2026, 11, 5, tzinfo=UTC):
        due = registry.next_due("30 2 * * *", at, zone)
        assert due is not None
        turns.append(due.date())
        at = due
    assert len(turns) == len(set(turns)) == (turns[-1] - turns[0]).days + 1
    repeated = registry.next_due("30 1 * * *", datetime(2026, 11, 1, 5, 40, tzinfo=UTC), zone)
    assert repeated is not None
    assert repeated.date() == datetime(2026, 11, 2, tzinfo=UTC).date()


def test_a_queue_entry_is_signed_and_never_a_pickle() -> None:
    ours, other = SignedJSON("a" * 50), SignedJSON("b" * 50)
    task = running.listen()._registry.create_message(running._task().s(7))
    entry = ours.serialize(task)
    assert ours.deserialize(entry).args == (7,)
    for bad in (entry[:-1], b"", b"x" * 80, b"\x80\x04K\x01.", other.serialize(task)):
        with pytest.raises(BadEntry):
            ours.deserialize(bad)
    with pytest.raises(TypeError):
        ours.serialize({"not": "a message"})


def test_cleaning_throws_away_what_has_expired_and_nothing_else() -> None:
    now = timezone.now()
    old, fresh = now - timedelta(days=40), now - timedelta(hours=1)
    for at in (old, fresh):
        JobRun.objects.create(job="x", state="done", finished=at)
        JobRun.objects.create(job="outbox.deliver", state="done", finished=at)
        Message.objects.create(template="letter", target="letter", letter={"to": "x"}, created=at)
        Message.objects.create(template="x", target="y", created=at - timedelta(days=380))
        Worker.objects.create(host="h", pid=1, ended=at)
    JobRun.objects.create(job="x", state="queued", due=old)
    run = JobRun.objects.create(job="platform.clean", state="running", attempt=1)
    housekeeping.clean(Progress(run, 60, threading.Event()))
    assert JobRun.objects.filter(job="x").count() == 2
    assert JobRun.objects.filter(job="outbox.deliver").count() == 1
    assert Message.objects.filter(letter__isnull=False).count() == 1
    assert Worker.objects.count() == 1
