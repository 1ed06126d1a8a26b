"""The screens of the committee show what was recorded, and take minutes to their approval."""

from __future__ import annotations

import pytest
from django.urls import reverse

from guanlan.risk.models import CommitteeMember, Meeting
from tests.risk.assessment.test_pages import browser
from tests.risk.committee.test_committee import held, resolved, scene
from tests.risk.value import register as rows

pytestmark = pytest.mark.django_db


def do(name: str, row: Meeting) -> str:
    return reverse("committee_do", args=[row.pk, name])


def test_the_agenda_is_proposed_and_decided_on_the_page() -> None:
    found = scene()
    indicator = rows.indicator("test.red", state="red", enabled=True)
    client = browser(found.secretary)
    client.post(do("propose", found.row))
    page = client.get(reverse("meeting", args=[found.row.pk])).content.decode()
    assert "Indicator test.red is red" in page
    assert reverse("indicator", args=[indicator.pk]) in page
    point = found.row.agenda.get(key=str(indicator.pk))
    bad = client.post(do("decide", found.row), {"point": point.pk, "how": "leave", "reason": ""})
    assert bad.status_code == 422
    client.post(do("decide", found.row), {"point": point.pk, "how": "take", "reason": ""})
    point.refresh_from_db()
    assert point.state == "taken"


def test_minutes_are_written_and_approved_with_proof() -> None:
    found = held()
    resolved(found)
    client = browser(found.secretary)
    client.post(do("write", found.row), {"minutes": "We met and resolved one thing."})
    client.post(do("hand_in", found.row))
    browser(found.chair).post(do("approve", found.row))
    assert not found.row.approved_by.exists()
    for who in (found.chair, found.other):
        browser(who, proven=True).post(do("approve", found.row))
    page = client.get(reverse("meeting", args=[found.row.pk])).content.decode()
    assert "as it was approved" in page
    assert "Buy a better gate." in page


def test_a_member_and_a_meeting_are_added() -> None:
    found = scene()
    client = browser(found.secretary)
    client.post(
        reverse("committee_members_new"),
        {"name": "Dr Outside", "role": "member", "begin": "2026-01-01"},
    )
    assert CommitteeMember.objects.filter(name="Dr Outside", person=None).exists()
    values = {"title": "January", "kind": "regular", "at": "2027-01-09T10:00", "quorum": "2",
              "approvals": "1"}  # fmt: skip
    assert client.post(reverse("committee_new"), values).status_code == 302
    text = client.get(reverse("committee"), {"q": ""}).content.decode()
    assert "January" in text
