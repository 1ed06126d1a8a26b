"""Many tasks of incidents at once: done with a note, dropped with a reason."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from guanlan.response.models import IncidentTask
from tests.people import person
from tests.response.incidents.rows import make_task
from tests.response.many import Asked, told

pytestmark = pytest.mark.django_db


def test_tasks_are_done_or_dropped_and_those_done_before_stay(client: Client) -> None:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    tasks = [make_task(n) for n in range(4)]
    IncidentTask.objects.filter(pk=tasks[3].pk).update(state="verified", verified=timezone.now())
    keys = [one.pk for one in tasks]
    said = told(Asked(client, "incident_tasks", "finish", keys[:2]).send(note="Switched over."))
    assert said == "Done: Done to 2 rows."
    assert {one.note for one in IncidentTask.objects.filter(state="done")} == {"Switched over."}
    said = told(Asked(client, "incident_tasks", "drop", keys).send(reason="Not needed now."))
    assert "Drop: Done to 1 row." in said
    assert "“Drop” does not fit the present state (3): " in said
    assert sorted(IncidentTask.objects.values_list("state", flat=True)) == [
        "done", "done", "dropped", "verified",
    ]  # fmt: skip


def test_the_incident_is_locked_before_its_task_as_by_whoever_does_one(client: Client) -> None:
    client.force_login(person("owner"))
    task = make_task(1)
    asked = Asked(client, "incident_tasks", "finish", [task.pk])
    with CaptureQueriesContext(connection) as caught:
        asked.send(note="Switched over.")
    said = [one["sql"] for one in caught.captured_queries]
    incident = next(n for n, one in enumerate(said) if 'FROM "response_incident" WHERE' in one)
    assert 'IN (SELECT U0."incident_id"' in said[incident]
    assert str(task.pk) in said[incident]
    if connection.vendor == "postgresql":
        first = next(one for one in said if "FOR UPDATE" in one and "response_" in one)
        assert first == said[incident]
