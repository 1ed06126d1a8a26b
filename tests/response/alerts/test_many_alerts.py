"""Many alerts at once: given, closed, snoozed; each on its own, none overwritten."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from guanlan.core.audit.copying import copy_rows, history
from guanlan.core.models import User
from guanlan.response.alerts import raise_alert
from guanlan.response.models import Alert, Snooze
from guanlan.web.models import BulkAct
from guanlan.web.resource import bulk
from tests.people import person
from tests.response.alerts.findings import finding
from tests.response.many import Asked, told
from tests.web.resource.test_bulk import Watched

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def raised(n: int, **options: object) -> Alert:
    found = raise_alert(finding(f"u-{n}", key={"n": n}, at=timezone.now(), **options))
    assert found is not None
    return found


def acts_of(alert: Alert, name: str) -> int:
    """How often it was done to the alert, as its history tells; rows of earlier tests share keys
    and are older than the alert."""
    copy_rows()
    acts = history("response.alert", str(alert.pk))
    return sum(one.act == name and one.at >= alert.raised for one in acts)


def test_chosen_alerts_are_given_to_a_person_and_told_of(owner: Client) -> None:
    li = person("fraud_analyst", "li")
    chosen, other = [raised(n) for n in range(3)], raised(9)
    asked = Asked(owner, "alerts", "give", [one.pk for one in chosen])
    assert "about to be done to 3 rows" in asked.text
    assert asked.text.count("Many transfers") == 3, "the rows are listed"
    assert not Alert.objects.exclude(owner=None).exists(), "asking does nothing"
    answer = asked.send(person="li")
    assert set(Alert.objects.filter(owner=li)) == set(chosen)
    assert told(answer) == "Give to: Done to 3 rows."
    for one in chosen:
        assert acts_of(one, "alert.assign") == 1, "each is written down on its own"
    assert acts_of(other, "alert.assign") == 0


def test_who_may_not_work_on_them_is_said_once_and_nothing_is_done(owner: Client) -> None:
    person("committee_member", "wang")
    alert = raised(1)
    asked = Asked(owner, "alerts", "give", [alert.pk])
    answer = asked.send(person="wang")
    assert answer.status_code == 422
    text = answer.content.decode()
    assert text.count("Nobody of this name works on alerts.") == 1
    assert 'value="wang"' in text, "nothing that was typed is lost"
    assert acts_of(alert, "alert.assign") == 0
    field = owner.post(asked.address, asked.hidden | {"person": "wang", "_field": "person"})
    assert b"<html" not in field.content
    assert Alert.objects.get().owner is None


def test_one_that_somebody_changed_meanwhile_is_left_as_it_is(owner: Client) -> None:
    first, second, third = (raised(n) for n in range(3))
    asked = Asked(owner, "alerts", "close", [first.pk, second.pk, third.pk])
    ben = person("fraud_analyst", "ben")
    Alert.objects.filter(pk=second.pk).update(owner=ben)
    raise_alert(finding("u-2", key={"n": 2}, at=timezone.now()))  # found again: no person's change
    answer = asked.send(disposition="benign", reason="a known test")
    assert told(answer) == (
        "Close: Done to 2 rows. | Close: 1 row was left as it is. / Somebody changed it meanwhile"
        f" (1): Alert {second.pk}"
    )
    second.refresh_from_db()
    assert (second.live, second.owner) == (True, ben)
    assert set(Alert.objects.filter(live=False)) == {first, third}


def test_refusals_are_told_by_reason_and_name(owner: Client) -> None:
    alerts = [raised(n) for n in range(4)]
    keys = [one.pk for one in alerts]
    Asked(owner, "alerts", "close", keys[:2]).send(disposition="benign", reason="a test")
    asked = Asked(owner, "alerts", "close", [*keys, 999_999, "none"])
    assert "To 2 of them it does not apply" in asked.text
    Alert.objects.filter(pk=keys[3]).delete()
    answer = asked.send(disposition="confirmed", reason="it was one")
    said = told(answer)
    assert "Close: Done to 1 row." in said
    assert f"does not fit the present state (2): Alert {keys[1]}, Alert {keys[0]}" in said or (
        f"does not fit the present state (2): Alert {keys[0]}, Alert {keys[1]}" in said
    )
    assert "It is not there any more (1)" in said
    assert set(Alert.objects.filter(disposition="benign").values_list("pk", flat=True)) == set(
        keys[:2]
    ), "what was closed before stays what it was"


def test_all_that_match_are_those_that_were_shown(owner: Client) -> None:
    shown = [raised(n) for n in range(3)]
    asked = Asked(owner, "alerts", "snooze", [], all="1", state="q=live%3Ayes")
    later = raised(7)
    answer = asked.send(days="1", scope="alert", reason="works on the line")
    assert told(answer) == "Snooze: Done to 3 rows."
    assert set(Alert.objects.filter(muted="snooze")) == set(shown)
    assert later.muted == ""
    assert Snooze.objects.count() == 3


def test_rights_are_those_of_each_row_and_reading_is_none(owner: Client) -> None:
    alert = raised(1)
    asked = Asked(owner, "alerts", "close", [alert.pk])
    reader = Client()
    reader.force_login(person("auditor", "eva"))
    answer = reader.post(asked.address, asked.hidden | {"disposition": "benign", "reason": "none"})
    assert answer.status_code in (403, 404)
    assert owner.get(asked.address).status_code == 405, "it is only ever posted"
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="owner"))
    typed = {"disposition": "benign", "reason": "none"}
    assert strict.post(asked.address, asked.hidden | typed).status_code == 403
    assert Alert.objects.get().live


def test_more_than_a_few_are_done_by_a_job_with_what_was_typed_kept_sealed(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guanlan.web.resource.many.INLINE", 2)
    alerts = [raised(n) for n in range(4)]
    asked = Asked(owner, "alerts", "close", [], all="1", state="q=live%3Ayes")
    assert asked.hidden["count"] == "4"
    fifth = raised(5)
    again = asked.send(disposition="benign", reason="a load test")
    assert again.status_code == 409, "it is not what was told any more"
    text = again.content.decode()
    assert "about to be done to 5 rows" in text
    assert "a load test" in text
    asked.hidden["count"] = "5"
    answer = asked.send(disposition="benign", reason="a load test")
    made = BulkAct.objects.get()
    assert answer.redirect_chain[-1][0] == reverse("bulk", args=[made.pk])
    assert Alert.objects.filter(live=True).count() == 5
    stored = BulkAct.objects.values_list("typed", flat=True).get()
    assert b"a load test" not in stored.blob
    assert "a load test" not in answer.content.decode()
    Alert.objects.filter(pk=fifth.pk).update(severity=4)
    bulk.work(Watched())
    made.refresh_from_db()
    assert (made.state, made.done, made.refused, made.typed) == ("done", 4, 1, "")
    assert set(Alert.objects.filter(live=False, disposition="benign")) == set(alerts)
    page = owner.get(reverse("bulk", args=[made.pk])).content.decode()
    assert f"Somebody changed it meanwhile (1): Alert {fifth.pk}" in page


def test_what_does_not_hold_any_more_stops_the_job(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guanlan.web.resource.many.INLINE", 1)
    li = person("fraud_analyst", "li")
    keys = [raised(n).pk for n in range(2)]
    Asked(owner, "alerts", "give", keys).send(person="li")
    li.is_active = False
    li.save()
    bulk.work(Watched())
    made = BulkAct.objects.get()
    assert (made.state, made.done, made.refused, made.typed) == ("failed", 0, 2, "")
    page = owner.get(reverse("bulk", args=[made.pk])).content.decode()
    assert "What was asked for does not hold any more: look at it and do it anew (2)" in page
    assert not Alert.objects.exclude(owner=None).exists()
