"""Many tasks of incidents at once: done with a note, dropped with a reason."""

from __future__ import annotations

import pytest
from django.test import Client
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
