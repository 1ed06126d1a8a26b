"""The API keeps what its description promises, whatever it is sent."""

from __future__ import annotations

from typing import Any

import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings

from guanlan.core import services
from guanlan.core.access import SYSTEM
from guanlan.core.models import User
from guanlan.web.resource import resources
from guanlan.web.resource.openapi import document
from tests.people import person

pytestmark = pytest.mark.django_db
EXAMPLES = 6  # of each operation


def test_every_answer_is_one_that_was_described(monkeypatch: pytest.MonkeyPatch) -> None:
    owner: User = person("owner")
    for n in range(3):
        services.create_api_key(f"key {n}", ["events:write"], owner)
    monkeypatch.setattr("guanlan.web.resource.api._caller", lambda request: SYSTEM)
    described = document(one for one in resources() if one.api)
    schema = schemathesis.openapi.from_dict(described)
    schema.app = get_wsgi_application()
    # A server lets go of a connection after each request; here it is the test's own.
    monkeypatch.setattr(request_started, "receivers", [])
    monkeypatch.setattr(request_finished, "receivers", [])
    called = 0
    for found in schema.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]

        @given(case=operation.as_strategy())
        @settings(
            max_examples=EXAMPLES,
            deadline=None,
            phases=[Phase.generate],
            database=None,
            suppress_health_check=list(HealthCheck),
        )
        def holds(case: Any) -> None:
            nonlocal called
            called += 1
            answer = case.call(headers={"Host": "localhost", "Accept-Encoding": "identity"})
            assert answer.status_code < 500
            case.operation.validate_response(answer)

        holds()
    assert called >= len(described["paths"])
