"""Letters of the sign-in wait in the outbox, sealed, and are forgotten once they are sent."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage, get_connection
from django.utils import timezone

from guanlan.core.models import Channel, Delivery, Message
from guanlan.core.outbox import delivering
from tests.core.outbox.conftest import Written

pytestmark = pytest.mark.django_db

LINK = "https://risk.example.com/invitation/s3cr3t"


def write() -> int:
    backend = get_connection("guanlan.core.outbox.letters.EmailBackend")
    letter = EmailMessage("Welcome", f"Open {LINK}", to=["lin@example.com"], connection=backend)
    return letter.send()


def test_a_letter_is_sealed_sent_and_forgotten(file_channel: Channel, written: Written) -> None:
    assert write() == 1
    stored = str([*Message.objects.values(), *Delivery.objects.values()])
    assert "s3cr3t" not in stored
    assert "lin@example.com" not in stored
    delivering.deliver_due(timezone.now() + timedelta(seconds=1))
    [parcel] = written()
    assert (parcel.email, parcel.subject) == ("lin@example.com", "Welcome")
    assert LINK in parcel.body
    assert Message.objects.get().letter is None
    assert Delivery.objects.get().state == "sent"


def test_without_a_channel_nothing_is_sent_and_nothing_breaks() -> None:
    assert write() == 0
    assert not Message.objects.exists()
