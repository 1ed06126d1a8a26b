"""Actions on many objects by a job: each object once, whatever happens to the worker."""

from __future__ import annotations

import threading
from collections import Counter
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from msgspec import structs

from guanlan.core import services
from guanlan.core.access import subject_of
from guanlan.core.audit.copying import copy_rows, history
from guanlan.core.jobs import Progress
from guanlan.core.jobs.progress import Cancelled, Stopping
from guanlan.core.models import ApiKey, JobRun, User
from guanlan.web.models import BulkAct
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import bulk, registry
from guanlan.web.resource.outcome import GROUPS, NAMES, Group, Outcome, Said, lines
from tests.people import person

pytestmark = pytest.mark.django_db
ROWS = 12
REVOKE = next(one for one in KEYS.actions if one.name == "revoke")


def replace(monkeypatch: pytest.MonkeyPatch, do: Any) -> None:
    """Have revoking do this instead."""
    changed = structs.replace(KEYS, actions=(structs.replace(REVOKE, do=do),))
    monkeypatch.setitem(registry._resources, "core.apikey", changed)


class Killed(BaseException):
    """The process is gone."""


@pytest.fixture
def owner() -> User:
    user: User = person("owner")
    return user


@pytest.fixture
def keys() -> list[str]:
    return [services.create_api_key(f"k{n}", ["events:write"]).key.pk for n in range(ROWS)]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """How often the action was done to each key, counted before each call; `revoke` stays real."""
    counted: Counter[str] = Counter()

    def do(key: Any, subject: Any) -> str:
        said = str(REVOKE.do(key, subject))
        counted[key.pk] += 1
        return said

    replace(monkeypatch, do)
    return counted


def begin(owner: User, keys: list[str]) -> BulkAct:
    resource = registry.resource_of("core.apikey")
    return bulk.start(subject_of(owner), resource, resource.actions[0], keys)


class Watched(Progress):
    """A progress that ends the work after some rows, as the worker's does."""

    def __init__(self, rows: int = 10**9, end: type[BaseException] = Stopping) -> None:
        JobRun.objects.all().delete()  # one run of a job at a time
        run = JobRun.objects.create(job=bulk.JOB, state=JobRun.State.RUNNING)
        super().__init__(run, 60, threading.Event())
        self.left, self.end = rows, end

    def advance(self, count: int = 1) -> None:
        self.left -= count
        if self.left <= 0:
            raise self.end


def live() -> set[str]:
    return set(ApiKey.objects.filter(revoked=None).values_list("pk", flat=True))


def test_a_worker_that_stops_is_followed_by_one_that_goes_on(
    owner: User, keys: list[str], calls: Counter[str]
) -> None:
    made = begin(owner, keys)
    for rows in (5, 1, 3):
        with pytest.raises(Stopping):
            bulk.work(Watched(rows))
    assert BulkAct.objects.get(pk=made.pk).at == 9
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.state, made.at, made.done, made.refused) == ("done", ROWS, ROWS, 0)
    assert calls == Counter(keys), "each once"
    assert live() == set()
    copy_rows()
    for key in keys:
        told = [one for one in history("core.apikey", key) if one.act == "key.revoke"]
        assert [one.who for one in told] == [owner.get_username()], "each written down once"


def test_a_row_in_hand_when_the_worker_is_killed_is_done_once(
    owner: User, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    fell: list[str] = []

    def do(key: Any, subject: Any) -> str:
        said = str(REVOKE.do(key, subject))
        if key.pk == keys[4] and not fell:
            fell.append(key.pk)
            raise Killed
        return said

    replace(monkeypatch, do)
    made = begin(owner, keys)
    with pytest.raises(Killed):
        bulk.work(Watched())
    assert BulkAct.objects.get(pk=made.pk).at == 4, "the mark stands before the row"
    assert live() == set(keys[4:]), "and so does the row"
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.done, made.refused) == (ROWS, 0)
    assert live() == set()


def test_who_cancels_stops_it_before_the_next_row(
    owner: User, keys: list[str], calls: Counter[str]
) -> None:
    made = begin(owner, keys)
    with pytest.raises(Stopping):
        bulk.work(Watched(5))
    bulk.cancel(made, subject_of(owner))
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.state, made.at) == ("cancelled", 5)
    assert live() == set(keys[5:])
    with pytest.raises(ValidationError):
        bulk.cancel(made, subject_of(owner))
    second = begin(owner, keys[5:])
    bulk.cancel(second, subject_of(owner))
    second.refresh_from_db()
    assert second.state == "cancelled", "one that waits is not begun"
    third = begin(owner, keys[5:])
    with pytest.raises(Cancelled):
        bulk.work(Watched(2, Cancelled))
    third.refresh_from_db()
    assert third.state == "cancelled", "so is the one whose run is cancelled under Jobs"
    assert sum(calls.values()) == 7


def test_the_rights_are_those_of_the_moment_a_row_is_done(
    owner: User, keys: list[str], calls: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bulk, "CHUNK", 2)
    made = begin(owner, keys)
    with pytest.raises(Stopping):
        bulk.work(Watched(4))
    owner.role_assignments.all().delete()
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.state, made.done, made.refused) == ("done", 4, ROWS - 4)
    other = begin(person("owner", "second"), keys[4:])
    User.objects.filter(username="second").update(is_active=False)
    bulk.work(Watched())
    other.refresh_from_db()
    assert (other.state, other.done) == ("failed", 0)


def test_one_object_that_refuses_does_not_stop_the_others(
    owner: User, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:

    def do(key: Any, subject: Any) -> str:
        if key.pk == keys[0]:
            raise ValidationError("It is needed.")
        if key.pk == keys[1]:
            raise RuntimeError("secret-value")
        return str(REVOKE.do(key, subject))

    replace(monkeypatch, do)
    made = begin(owner, [*keys, "unknown!"])
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.done, made.refused) == (ROWS - 2, 3)
    assert made.words[0][:3] == [False, "It is needed.", 1]
    assert made.words[1][1:3] == ["RuntimeError", 1]
    assert "secret-value" not in str(made.words)


def test_keys_that_are_none_are_left_out_and_stop_nobody(
    owner: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guanlan.web.resource.many.INLINE", 2)
    client = Client()
    client.force_login(owner)
    people = [str(person("operations", f"one-{n}").pk) for n in range(3)]
    typed = [*people, "none", "9" * 40, "7\0"]
    client.post(reverse("people_act"), {"action": "end_sessions", "sure": "1", "key": typed})
    made = BulkAct.objects.get()
    assert made.keys == people, "what is no key is not kept"
    # One that was kept all the same, by an earlier version say.
    BulkAct.objects.filter(pk=made.pk).update(keys=["none", *made.keys], total=4)
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.state, made.done, made.refused) == ("done", 3, 1)


def test_few_are_done_at_once_and_more_apart(
    owner: User, keys: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = Client()
    client.force_login(owner)
    client.cookies["guanlan_language"] = "en"
    address = reverse("keys_act")
    said = {"action": "revoke", "sure": "1"}
    client.post(address, said | {"key": keys[:2]})
    assert live() == set(keys[2:])
    assert not BulkAct.objects.exists()
    monkeypatch.setattr("guanlan.web.resource.many.INLINE", 5)
    answer = client.post(address, said | {"all": "1", "state": "q=revoked%3Ano"})
    made = BulkAct.objects.get()
    assert answer["Location"] == reverse("bulk", args=[made.pk])
    assert live() == set(keys[2:]), "nothing is done within the request"
    assert sorted(made.keys) == sorted(keys[2:])
    text = client.get(answer["Location"]).content.decode()
    assert "0 of 10 rows" in text
    assert 'hx-trigger="every 2s"' in text
    bulk.work(Watched())
    text = client.get(answer["Location"]).content.decode()
    assert "10 done, 0 left as they are" in text
    assert "every 2s" not in text
    analyst = Client()
    analyst.force_login(person("fraud_analyst", "another"))
    assert analyst.get(answer["Location"]).status_code == 404, "one's own only"
    assert analyst.get(reverse("bulk_acts")).context["rows"] == []


def test_an_outcome_counts_names_and_ends_in_other_reasons() -> None:
    outcome = Outcome()
    for n in range(GROUPS + 3):
        for _one in range(NAMES + 2):
            outcome.add(Said(False, f"reason {n}"), lambda: "a row")
    outcome.add(Said(True))
    assert (outcome.done, outcome.refused) == (1, (GROUPS + 3) * (NAMES + 2))
    again = Outcome(outcome.words)
    assert again.reasons[0].rows == NAMES + 2
    assert len(again.reasons[0].names) == NAMES
    assert (again.reasons[-1].text, again.reasons[-1].rows) == ("", 3 * (NAMES + 2))
    assert len(again.reasons) == GROUPS + 1
    text = lines("<first>", [Group(False, "<b>", 1, ["<i>"])])
    assert text == "&lt;first&gt;<br>&lt;b&gt; (1): &lt;i&gt;"
