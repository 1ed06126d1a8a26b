"""The doctor names jobs and channels that fail, and rules that cannot be read."""

from __future__ import annotations

import pytest
from django.conf import settings
from django.utils import timezone

from guanlan.core.models import Channel, Delivery, Job, JobRun, Message, Worker
from guanlan.site.run import checks

pytestmark = pytest.mark.django_db


def test_a_fresh_installation_has_notes_and_no_fault() -> None:
    found = [*checks.jobs(), *checks.messages()]
    assert [finding.state for finding in found] == ["note", "note"]
    assert all(finding.mend for finding in found)


def test_a_failed_job_is_a_fault_until_it_does_well() -> None:
    Worker.objects.create(host="h", pid=1)
    Job.objects.create(name="x", late_since=timezone.now())
    JobRun.objects.create(job="x", state="failed", error="OSError in x.py:1")
    states = {finding.what: finding.state for finding in checks.jobs()}
    assert states["x failed: OSError in x.py:1"] == "fault"
    assert states["late: x"] == "fault"
    JobRun.objects.create(job="x", state="done")
    Job.objects.update(late_since=None)
    assert [finding.state for finding in checks.jobs()] == ["ok"]


def test_a_failing_channel_and_lost_messages_are_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    channel = Channel.objects.create(name="mail", kind="email", fault="unreachable")
    message = Message.objects.create(template="x", target="channel:1")
    Delivery.objects.create(message=message, state="failed", finished=timezone.now())
    faults = [finding.what for finding in checks.messages()]
    assert faults == [
        "channel mail fails: unreachable", "1 messages of the last day were not sent",
    ]  # fmt: skip
    Channel.objects.filter(pk=channel.pk).update(fault="")
    Delivery.objects.update(state="sent")
    assert [finding.state for finding in checks.messages()] == ["ok"]
    monkeypatch.setattr(settings, "EGRESS_ALLOW", ("http://secret.internal",))
    [first, _ok] = checks.messages()
    assert first.what == "GUANLAN_EGRESS_ALLOW: expected host, host:port, an address or a network"
