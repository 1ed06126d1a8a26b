"""Many complaints at once: given to a person, and to a category."""

from __future__ import annotations

import pytest
from django.test import Client

from guanlan.response.models import Complaint, ComplaintCategory
from tests.people import person
from tests.response.complaints import rows
from tests.response.many import Asked, told

pytestmark = pytest.mark.django_db


@pytest.fixture
def owner(client: Client) -> Client:
    client.force_login(person("owner"))
    client.cookies["guanlan_language"] = "en"
    return client


def test_complaints_are_given_to_a_person_but_never_to_whom_they_are_about(owner: Client) -> None:
    kim = person("customer_service", "kim")
    mine, about = rows.make_complaint(1), rows.make_complaint(2)
    Complaint.objects.filter(pk=about.pk).update(about=kim)
    asked = Asked(owner, "complaints", "give", [mine.pk, about.pk])
    said = told(asked.send(person="kim"))
    assert "Give to: Done to 1 row." in said
    assert f"Nobody handles a complaint about themselves (1): {about.receipt}" in said
    assert list(Complaint.objects.filter(owner=kim)) == [mine]


def test_a_category_is_given_and_the_rest_stays_as_it_is(owner: Client) -> None:
    eve = person("operations", "eve")
    made = [rows.make_complaint(n) for n in range(2)]
    Complaint.objects.filter(pk=made[0].pk).update(product="wallet", about=eve)
    category = ComplaintCategory.objects.exclude(pk=made[0].category_id).filter(enabled=True)[0]
    asked = Asked(owner, "complaints", "sort", [one.pk for one in made])
    assert told(asked.send(category=category.code)) == "Sort: Done to 2 rows."
    assert set(Complaint.objects.values_list("category", "product", "about")) == {
        (category.pk, "wallet", eve.pk),
        (category.pk, made[1].product, None),
    }
