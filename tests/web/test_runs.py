"""Runs of jobs: found by job, state and lateness; what failed says why, and is tried again."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.access import Denied, subject_of
from guanlan.core.audit.copying import copy_rows
from guanlan.core.jobs import Progress, Told, find_job, housekeeping, job, retry, running, wanting
from guanlan.core.jobs import registry as registered
from guanlan.core.models import JobRun, Message
from tests.people import person
from tests.web.resource_suite import ResourceSuite

JOB = "platform.clean"


class TestRuns(ResourceSuite):
    noun = "core.jobrun"

    def make(self, n: int) -> JobRun:
        return JobRun.objects.create(job=JOB, state="done", result="%(n)s rows removed",
                                     values={"n": n}, started=timezone.now())  # fmt: skip


@pytest.fixture
def owner(db: None, client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def found(client: Client, query: str) -> set[int]:
    page = client.get(reverse("job_runs"), {"q": query})
    assert page.context["problems"] == []
    return {int(row.key) for row in page.context["rows"]}


def test_runs_are_found_by_job_state_and_lateness(owner: Client) -> None:
    now = timezone.now()
    grace = timedelta(seconds=find_job("outbox.deliver").grace)  # type: ignore[union-attr]
    failed = JobRun.objects.create(job=JOB, state="failed", due=now - timedelta(days=1)).pk
    soon = JobRun.objects.create(job="outbox.deliver", due=now - grace + timedelta(minutes=1)).pk
    late = JobRun.objects.create(job="outbox.deliver", due=now - grace - timedelta(minutes=1)).pk
    again = JobRun.objects.create(job="outbox.deliver", due=now - timedelta(days=1), failures=1).pk
    patient = JobRun.objects.create(job=JOB, due=now - grace - timedelta(minutes=1)).pk
    assert found(owner, f"job:{JOB}") == {failed, patient}
    assert found(owner, "state:failed") == {failed}
    assert found(owner, "late:yes") == {late}
    assert found(owner, "late:no") == {failed, soon, again, patient}
    assert found(owner, "late:yes,no") == {failed, soon, again, patient, late}
    assert found(owner, "-late:yes") == found(owner, "late:no")
    page = owner.get(reverse("job_runs"), {"q": "late:perhaps"})
    assert page.context["problems"] == ["late: takes yes or no."]


def test_a_run_that_failed_says_each_attempt_and_is_tried_again(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registered, "_jobs", dict(registered._jobs))
    monkeypatch.setattr(running, "look_at", lambda run: None)

    @job("fragile", title="Fragile", retries=1)
    def fragile(progress: Progress) -> Told:
        raise OSError("the account 6222021234567890")

    run = JobRun.objects.get(pk=wanting.want("fragile", timezone.now()))
    running.execute(run.pk)
    page = owner.get(reverse("job_run", args=[run.pk])).content.decode()
    assert "Attempt 1: OSError in test_runs.py:" in page
    assert "It is tried again." in page
    assert owner.post(reverse("job_runs_do", args=[run.pk, "retry"])).status_code == 302
    assert JobRun.objects.count() == 1  # it is being tried again already
    running.execute(run.pk, timezone.now() + timedelta(hours=1))
    page = owner.get(reverse("job_run", args=[run.pk])).content.decode()
    assert "Failed for good in attempt 2: OSError in test_runs.py:" in page
    run.refresh_from_db()
    assert [one["attempt"] for one in run.tries] == [1, 2]
    assert "6222" not in page
    (told,) = Message.objects.filter(template="job.failed")
    follow = owner.post(reverse("follow_notification", args=[told.pk]))
    assert follow["Location"] == reverse("job_run", args=[run.pk])

    for _twice in range(2):
        owner.post(reverse("job_runs_do", args=[run.pk, "retry"]))
    fresh = JobRun.objects.exclude(pk=run.pk).get()  # the second joins the one that waits
    assert (fresh.job, fresh.state) == ("fragile", "queued")
    run.refresh_from_db()
    assert run.state == "failed"  # what was stays as it was


def test_trying_again_needs_the_right_and_is_written_down(owner: Client) -> None:
    run = JobRun.objects.create(job=JOB, state="failed", error="OSError in x.py:3")
    engineer = person("security_engineer", "eve")
    with pytest.raises(Denied):
        retry(subject_of(engineer), run)
    other = Client()
    other.force_login(engineer)
    assert "OSError" in other.get(reverse("job_run", args=[run.pk])).content.decode()
    assert other.post(reverse("job_runs_do", args=[run.pk, "retry"])).status_code == 403
    assert JobRun.objects.count() == 1
    address = reverse("job_run", args=[run.pk])
    copy_rows()  # a page copies no more than a part of a long log
    before = owner.get(address).content.decode().count("job.retry")
    owner.post(reverse("job_runs_do", args=[run.pk, "retry"]))
    assert owner.get(address).content.decode().count("job.retry") == before + 1


def test_many_failures_of_one_job_are_tried_again_once(owner: Client) -> None:
    keys = [JobRun.objects.create(job=JOB, state="failed").pk for _n in range(3)]
    chosen = {"action": "retry", "key": [str(key) for key in keys], "sure": "1", "state": ""}
    assert owner.post(reverse("job_runs_act"), chosen).status_code == 302
    assert JobRun.objects.filter(state="queued").count() == 1


def test_the_languages_of_a_failure(owner: Client) -> None:
    run = JobRun.objects.create(job=JOB, state="failed", attempt=4, error=running.OVERRAN)
    assert (
        "attempt 4: took longer than it may."
        in owner.get(reverse("job_run", args=[run.pk])).content.decode()
    )
    owner.cookies["guanlan_language"] = "zh-hans"
    assert "took longer" not in owner.get(reverse("job_run", args=[run.pk])).content.decode()


def test_a_failure_is_told_once_a_day(owner: Client) -> None:
    for _n in range(3):
        housekeeping.tell_failure(JobRun.objects.create(job=JOB, state="failed", error="x"))
    assert Message.objects.filter(template="job.failed").count() == 1
