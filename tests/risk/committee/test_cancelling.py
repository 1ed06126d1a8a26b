"""A meeting that is planned may be called off, with a reason; one that was held may not."""

from __future__ import annotations

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import SYSTEM
from guanlan.risk.committee import meeting
from guanlan.risk.models import Meeting

pytestmark = pytest.mark.django_db


def test_a_meeting_is_called_off_once_and_only_while_it_is_planned() -> None:
    start = timezone.now() + dt.timedelta(days=7)
    one = Meeting.objects.create(title="Quarter", at=start, quorum=2)
    with pytest.raises(ValidationError):
        meeting.cancel(SYSTEM, one, "")
    meeting.cancel(SYSTEM, one, "The chair is ill.")
    one.refresh_from_db()
    assert one.state == Meeting.State.CANCELLED
    with pytest.raises(ValidationError, match="another state"):
        meeting.cancel(SYSTEM, one, "Once more.")
