"""The address of the customer's own page stands in what they are sent, and in no masked copy."""

from __future__ import annotations

import pytest

from guanlan.response.complaints import replying
from guanlan.response.complaints.links import path_of, token_of
from guanlan.response.models import Complaint, ComplaintMessage
from tests.response.complaints import rows

pytestmark = pytest.mark.django_db


def test_a_masked_copy_does_not_tell_the_customers_own_address(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replying, "link_of", lambda row: f"https://wallet.example{path_of(row)}")
    rows.seed(1)
    row = Complaint.objects.latest("pk")
    replying.acknowledge(row, rows.NOW)
    made = ComplaintMessage.objects.filter(complaint=row, incoming=False).latest("pk")
    assert token_of(row) in str(made.text)
    assert token_of(row) not in str(made.masked)
