"""An action that asks once for many objects: proof first, nothing by looking, checked at start."""

from __future__ import annotations

from typing import Any

import pytest
from django import forms
from django.contrib.messages.storage.fallback import FallbackStorage
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.test import RequestFactory
from django.utils import translation
from msgspec import structs

from guanlan.core import services
from guanlan.core.access import subject_of
from guanlan.core.models import ApiKey, User
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Action, Related, Resource, acts
from guanlan.web.resource.many import act_on_many
from guanlan.web.resource.registry import faults
from tests.people import person

pytestmark = pytest.mark.django_db


class Reason(forms.Form):
    reason = forms.CharField(label="Reason")


def revoke(key: ApiKey, subject: Any, values: dict[str, Any]) -> str:
    ApiKey.objects.filter(pk=key.pk).update(name=f"gone: {values['reason']}")
    return "done"


ASKING = Action(
    "end", "End", revoke, verb="delete", again=True,
    form=lambda subject, key: Reason, many=lambda subject: Reason,
)  # fmt: skip


def resource(**changes: Any) -> Resource:
    return structs.replace(KEYS, actions=(structs.replace(ASKING, **changes),))


@pytest.fixture
def keys() -> list[str]:
    return [services.create_api_key(f"k{n}", ["events:write"]).key.pk for n in range(2)]


def send(user: User, of: Resource, **said: Any) -> HttpResponse:
    request = RequestFactory().post("/act", {"action": "end", **said})
    request.subject = subject_of(user)  # type: ignore[attr-defined]
    request.user = user
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    with translation.override("en"):
        return act_on_many(request, of)


def test_who_did_not_prove_themselves_is_asked_before_the_form_and_before_the_act(
    keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    owner, proven = person("owner"), [False]

    def ask(_request: HttpRequest, page: str, _what: str) -> HttpResponse | None:
        return None if proven[0] else HttpResponseRedirect(f"/prove?next={page}")

    monkeypatch.setattr(acts, "_reauthenticate", [ask])
    of = resource()
    assert send(owner, of, key=keys)["Location"].startswith("/prove?next=/settings/keys")
    proven[0] = True
    page = send(owner, of, key=keys)
    assert b"about to be done to 2 rows" in page.content
    proven[0] = False
    typed = {"sure": "1", "reason": "why", "key": keys}
    assert send(owner, of, **typed)["Location"].startswith("/prove")
    assert not ApiKey.objects.filter(name__startswith="gone").exists()
    proven[0] = True
    assert send(owner, of, **typed)["Location"].startswith("/settings/keys")
    assert ApiKey.objects.filter(name="gone: why").count() == 2


def test_what_is_chosen_and_what_was_seen_may_be_anything(keys: list[str]) -> None:
    owner, of = person("owner"), resource(again=False)
    for seen in ("{", "7", '[["a"]]', "[[1, 2]]", '["x"]', '[{"a": 1}]'):
        answer = send(owner, of, sure="1", reason="why", seen=seen)
        assert answer.status_code == 302, seen
    assert not ApiKey.objects.filter(name__startswith="gone").exists()
    send(owner, of, sure="1", reason="why", seen=f'[["{keys[0]}", "of another time"]]')
    assert not ApiKey.objects.filter(name__startswith="gone").exists(), "it is not as it was seen"


def test_a_declaration_that_cannot_work_stops_the_start() -> None:
    assert faults(resource()) == []
    for changes in ({"form": None}, {"together": True}, {"bulk": False}):
        [fault] = faults(resource(**changes))
        assert "action end" in fault

    class Loose(forms.Form):
        key: Any = forms.ModelChoiceField(ApiKey.objects.none())

    class Scoped(forms.Form):
        key: Any = Related(ApiKey)

    assert "a relation must be a Related field" in faults(resource(many=lambda subject: Loose))[0]
    assert faults(resource(many=lambda subject: Scoped)) == []
    drifting = structs.replace(KEYS, drifts=("moon",))
    assert faults(drifting) == ["there is no field moon that drifts"]
