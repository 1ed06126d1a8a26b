"""The screens of cases."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from guanlan.core.models import User
from tests.people import confirm, person
from tests.response.cases.rows import SECRET, make_alerts, make_busy, make_case
from tests.web.resource_suite import ResourceSuite

pytestmark = pytest.mark.django_db


def client_of(name: str) -> Client:
    client = Client()
    client.force_login(User.objects.get(username=name))
    confirm(client)
    client.cookies["guanlan_language"] = "en"
    return client


class TestCases(ResourceSuite):
    noun = "response.case"

    def make(self, n: int) -> Any:
        return make_case(n, summary="")

    secret: ClassVar = SECRET


def test_a_case_of_ten_thousand_alerts_opens_as_one_of_ten() -> None:
    person("owner")
    client = client_of("owner")
    counts = []
    for alerts in (10, 10_000):
        case = make_busy(alerts=alerts) if alerts == 10 else make_busy(4, alerts)
        address = reverse("case", args=[case.pk])
        client.get(address)
        with CaptureQueriesContext(connection) as caught:
            page = client.get(address)
        assert page.status_code == 200
        assert page.content.decode().count("Many transfers") <= 40
        counts.append(len(caught))
    assert counts[0] == counts[1]
    assert counts[0] <= 22


def test_the_alerts_of_a_case_are_listed() -> None:
    person("owner")
    client = client_of("owner")
    case = make_case(1)
    make_alerts(case, 3)
    make_alerts(make_case(2), 2)
    page = client.get(reverse("alerts"), {"q": f"case:{case.pk}"})
    assert len(page.context["rows"]) == 3
