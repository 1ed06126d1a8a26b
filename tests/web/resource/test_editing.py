"""Changing what somebody else may be changing; relations that offer only what may be seen."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.test import RequestFactory
from msgspec import structs

from guanlan.core import services
from guanlan.core.access import SYSTEM, Subject
from guanlan.core.models import ApiKey
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Form, Related, Saved
from guanlan.web.resource.editing import edit
from guanlan.web.resource.fields import prepared
from guanlan.web.resource.stamps import stamp
from tests.people import person

pytestmark = pytest.mark.django_db


class Renaming(forms.Form):
    name = forms.CharField(max_length=20)


def rename(subject: Subject, key: ApiKey, values: dict[str, Any]) -> Saved:
    if values["name"] == "taken":
        raise ValidationError({"name": "The name is taken."})
    key.name = values["name"]
    key.save()
    return Saved(key)


RENAMED = structs.replace(
    KEYS,
    form=Form(
        make=lambda subject, row: Renaming,
        change=rename,
        initial=lambda key: {"name": key.name},
    ),
)


@pytest.fixture
def key() -> ApiKey:
    return services.create_api_key("first", ["events:write"]).key


def post(**fields: str) -> HttpRequest:
    request = RequestFactory().post("/", fields)
    request.user = person("owner", f"owner{len(fields)}{sorted(fields.values())}"[:100])
    request.subject = SYSTEM  # type: ignore[attr-defined]
    return request


def test_a_change_goes_through_the_service(key: ApiKey) -> None:
    answer = edit(post(name="second", _stamp=stamp(key)), RENAMED, key.id)
    assert answer.status_code == 302
    key.refresh_from_db()
    assert key.name == "second"


def test_what_was_changed_meanwhile_is_not_overwritten(key: ApiKey) -> None:
    seen = stamp(key)
    ApiKey.objects.update(name="theirs")
    answer = edit(post(name="mine", _stamp=seen), RENAMED, key.id)
    text = answer.content.decode()
    assert answer.status_code == 409
    assert 'value="mine"' in text  # nothing typed is lost
    key.refresh_from_db()
    assert key.name == "theirs"
    assert stamp(key) in text  # who has compared may save again
    assert edit(post(name="mine", _stamp=stamp(key)), RENAMED, key.id).status_code == 302
    assert edit(post(name="mine"), RENAMED, key.id).status_code == 409


def test_a_service_that_objects_speaks_beside_the_field(key: ApiKey) -> None:
    answer = edit(post(name="taken", _stamp=stamp(key)), RENAMED, key.id)
    assert answer.status_code == 422
    assert "The name is taken." in answer.content.decode()
    assert 'value="taken"' in answer.content.decode()


def test_a_field_is_checked_alone(key: ApiKey) -> None:
    text = edit(post(name="n" * 30, _field="name"), RENAMED, key.id).content.decode()
    assert 'class="field-error"' in text
    assert "<html" not in text


def test_a_stamp_changes_with_every_field_and_tells_nothing(key: ApiKey) -> None:
    first = stamp(key)
    key.scopes = ["metrics:read"]
    assert stamp(key) != first
    assert key.name not in first


class Choosing(forms.Form):
    key = Related(ApiKey)


def test_a_relation_knows_only_what_one_may_see(key: ApiKey) -> None:
    for subject, offered in ((SYSTEM, True), (Subject(id=1, name="stranger"), False)):
        form = Choosing({"key": key.pk})
        prepared(form, subject)
        assert form.is_valid() is offered
