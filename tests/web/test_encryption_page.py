"""The inventory of encryption: what it shows, to whom, and what it does not claim."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from guanlan.core.models import Channel, User
from guanlan.core.sealing import inventory
from guanlan.core.sealing.rotating import rotate

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(User.objects.create_superuser("boss", password="long enough it is"))
    return client


def text(browser: Client) -> str:
    response = browser.get(reverse("encryption"))
    assert response.status_code == 200
    return response.content.decode()


def test_it_shows_shares_and_says_unknown(browser: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    Channel.objects.create(name="n", kind="file", config={"name": "hidden-value"})
    page = text(browser)
    assert "core_channel.config" in page
    assert "100%" in page
    assert "hidden-value" not in page
    assert "This inventory is no certificate" in page
    rotate("field")
    page = text(browser)
    assert "0%" in page
    assert "Move it now" in page
    monkeypatch.setattr(inventory, "COUNTED_ROWS", -1)
    page = text(browser)
    assert '<span class="state none">unknown</span>' in page


def test_it_is_not_for_everybody() -> None:
    client = Client()
    client.force_login(User.objects.create_user("stranger", password="long enough it is"))
    assert client.get(reverse("encryption")).status_code in (403, 404)
    assert client.post(reverse("encryption")).status_code in (403, 404, 405)
