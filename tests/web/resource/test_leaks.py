"""What a list counts, groups, sorts, files and answers is made of exactly the rows one may see."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django import forms
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from guanlan.core import services
from guanlan.core.access import (
    ANONYMOUS,
    MASKED_FROM,
    SYSTEM,
    TABLE,
    Denied,
    Subject,
    may,
    subject_of,
)
from guanlan.core.access.table import PURPOSES, ROLES
from guanlan.core.models import ApiKey
from guanlan.fraud.services import store_backtest
from guanlan.web.pages.keys import KEYS
from guanlan.web.resource import Form, Related, Resource, Saved, resources
from guanlan.web.resource.declared import Ask, Filter
from guanlan.web.resource.editing import form_of, save
from guanlan.web.resource.many import every, run
from guanlan.web.resource.reading import (
    conditions,
    counted,
    filter_level,
    find,
    groups_of,
    order_of,
    unasked,
    visible,
)
from guanlan.web.resource.registry import column_level
from guanlan.web.resource.stamps import stamp
from guanlan.web.resource.words import Term, read_terms
from tests.fraud import conftest
from tests.fraud.reports import report
from tests.fraud.world import World
from tests.people import person
from tests.scoped import key_of, keys_by_product

pytestmark = pytest.mark.django_db

nothing_remembered, pond = conftest.nothing_remembered, conftest.pond  # fixtures


def ask(resource: Resource, subject: Subject, query: str = "", sort: str = "") -> Ask:
    return Ask(tuple(read_terms(query)[0]), subject, sort or resource.order)


def rows(resource: Resource, wanted: Ask) -> set[Any]:
    found = [row.pk for row in every(resource, wanted)]
    assert len(found) == len(set(found))
    return set(found)


@pytest.fixture
def filled(pond: World) -> World:
    for n in range(3):
        services.create_api_key(f"key {n}", ["events:write"])
        store_backtest(f"backtest {n}", "pond", "abc", report())
    return pond


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_a_role_counts_groups_sorts_and_searches_only_what_it_may_see(
    filled: World, role: str
) -> None:
    user = person(None if role == "nobody" else role, "asking")
    subject = subject_of(user)
    client = Client()
    client.force_login(user)
    described = client.get(reverse("openapi")).json()["paths"]
    for resource in resources():
        if resource.noun == "core.auditentry" and may(subject, "see", resource.noun):
            continue  # it grows by being looked at, and whoever sees it sees it whole
        # No noun of these is scoped: who may see one sees all, who may not sees nothing.
        whole = {row.pk for row in every(resource, ask(resource, SYSTEM))}
        mine = whole if may(subject, "see", resource.noun) else set()
        assert rows(resource, ask(resource, subject)) == mine, resource.noun
        assert counted(resource, ask(resource, subject)) == len(mine), resource.noun
        for column in resource.columns:
            if column.sort:
                for sort in (column.name, f"-{column.name}"):
                    assert rows(resource, ask(resource, subject, sort=sort)) == mine
        for one in resource.filters:
            if one.group:
                groups = groups_of(resource, one, ask(resource, subject))
                assert sum(n for _name, n in groups) <= len(mine)
                for name, n in groups:
                    narrowed = ask(resource, subject, f'{one.name}:"{name}"')
                    assert counted(resource, narrowed) == len(rows(resource, narrowed)) == n, (
                        one.name
                    )
        for chip in resource.ready_made():
            narrowed = ask(resource, subject, chip.query)
            found = rows(resource, narrowed)
            assert found <= mine, (resource.noun, chip.query)
            assert counted(resource, narrowed) == len(found)
        if resource.search:
            assert rows(resource, ask(resource, subject, "e")) <= mine
        _files_and_answers(client, resource, subject, len(mine))
        if resource.api:
            assert (f"/api/v1/{resource.api}" in described) is may(subject, "see", resource.noun)


def _files_and_answers(client: Client, resource: Resource, subject: Subject, n: int) -> None:
    file = client.post(reverse(f"{resource.route}_export", args=["csv"]), {"q": ""})
    if may(subject, "export", resource.noun):
        lines = list(csv.reader(io.StringIO(file.getvalue().decode("utf-8-sig"), newline="")))
        assert len(lines) - 1 == n
    else:
        assert file.status_code == 403
    if resource.api:
        answer = client.get(reverse(f"api_{resource.route}"))
        if may(subject, "see", resource.noun):
            assert answer.json()["count"] == n
        else:
            assert answer.status_code == 403


@pytest.mark.parametrize("role", ["nobody", *ROLES])
def test_no_role_asks_or_sorts_by_what_it_may_not_see(filled: World, role: str) -> None:
    cleared = person(
        None if role == "nobody" else role, "cleared", clearance=4, purposes=list(PURPOSES)
    )
    for subject in (subject_of(cleared), subject_of(person(None, "other")), ANONYMOUS):
        for resource in resources():
            for column in resource.columns:
                level = column_level(resource, column)
                if level is None or level >= MASKED_FROM:
                    assert order_of(resource, column.name) is None
            for one in resource.all_filters().values():
                level = filter_level(resource, one)
                assert level is not None
                if level < MASKED_FROM:
                    continue
                reveals = any(
                    may(subject, "reveal", resource.noun, level=level, purpose=purpose)
                    for purpose in PURPOSES
                )
                for text in (f"{one.name}:x", f"-{one.name}:x"):
                    wanted = ask(resource, subject, text)
                    assert bool(unasked(resource, wanted.terms, subject)) is not reveals
                    if not reveals:
                        assert find(resource, wanted).problems
                        assert counted(resource, wanted) == 0
                        assert groups_of(resource, one, wanted) == []


HIDDEN = structs.replace(
    KEYS,
    filters=(*KEYS.filters, Filter("secret", "Secret", "text", "name", level=3, group=True)),
    search=("name", "id"),
)


def test_a_filter_above_ones_clearance_is_refused_everywhere(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    services.create_api_key("Li Na", ["events:write"])
    subject = subject_of(person("administrator"))
    secret = HIDDEN.all_filters()["secret"]
    terms = (Term("secret", "", ("Li",)),)
    assert conditions(HIDDEN, terms, subject)[1]
    assert groups_of(HIDDEN, secret, ask(HIDDEN, subject)) == []
    # And free words look through no field of such a level.
    assert rows(HIDDEN, ask(HIDDEN, subject, "Na"))
    monkeypatch.setattr(ApiKey, "data_levels", {2: "id", 3: "name"})
    monkeypatch.setattr("guanlan.web.resource.reading.level_of",
                        lambda model, path: 3 if path == "name" else 2)  # fmt: skip
    assert not rows(HIDDEN, ask(HIDDEN, subject, "Na"))


PRODUCTS = ("loans", "cards", "wallet")


@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None
)
@given(
    st.frozensets(st.sampled_from((*PRODUCTS, "*")), max_size=3),
    st.sampled_from(("", "revoked:no", "-name:loans", "name:a", "a", "name:cards")),
    st.sampled_from(("created", "-created")),
)
def test_a_subject_of_some_products_counts_those_alone(
    some_keys: None, scopes: frozenset[str], query: str, sort: str
) -> None:
    subject = Subject(
        id=1, name="somebody", roles=frozenset({"administrator"}), clearance=2, scopes=scopes
    )
    with keys_by_product():
        wanted = ask(KEYS, subject, query, sort)
        found = rows(KEYS, wanted)
        everything = rows(KEYS, ask(KEYS, SYSTEM, query, sort))
        product = dict(ApiKey.objects.values_list("pk", "name"))
        assert found == {pk for pk in everything if "*" in scopes or product[pk] in scopes}
        assert counted(KEYS, wanted) == len(found)


@pytest.fixture
def some_keys() -> None:
    for n in range(60):
        key_of(PRODUCTS[n % 3], n)


# -- relations and identifiers -------------------------------------------------------------


class Pointing(forms.Form):
    key = Related(ApiKey)
    name = forms.CharField(max_length=20)


def make(subject: Subject, values: dict[str, Any]) -> Saved:
    return Saved(key_of(values["name"], 77))


def move(subject: Subject, key: ApiKey, values: dict[str, Any]) -> Saved:
    key.name = values["name"]
    key.save()
    return Saved(key)


MOVING = structs.replace(KEYS, form=Form(make=lambda subject, row: Pointing, add=make, change=move))


def analyst_of(product: str) -> Subject:
    scopes = frozenset({product})
    return Subject(id=1, name="ann", roles=frozenset({"administrator"}), clearance=2, scopes=scopes)


def test_no_form_points_to_what_the_subject_may_not_see() -> None:
    """Every relation in every form is a `Related`, and offers nothing to who may see nothing."""
    stranger = Subject(id=1, name="stranger")
    forms_of = [(one, form_of(one, SYSTEM, None)) for one in resources() if one.form is not None]
    assert forms_of
    for resource, form in forms_of:
        for name, field in form.fields.items():
            assert isinstance(field, Related) or not isinstance(field, forms.ModelChoiceField)
            if isinstance(field, Related):
                theirs: Any = form_of(resource, stranger, None).fields[name]
                assert not theirs.queryset.exists(), (resource.noun, name)


def test_a_relation_to_another_product_is_as_unknown_as_one_that_does_not_exist() -> None:
    mine, theirs = key_of("loans", 1), key_of("cards", 2)
    with keys_by_product():
        for pk, valid in ((mine.pk, True), (theirs.pk, False), ("nosuchid", False)):
            form = form_of(MOVING, analyst_of("loans"), None, {"key": pk, "name": "loans"})
            assert form.is_valid() is valid
        unknown = form_of(MOVING, analyst_of("loans"), None, {"key": "nosuchid", "name": "x"})
        other = form_of(MOVING, analyst_of("loans"), None, {"key": theirs.pk, "name": "x"})
        assert unknown.errors == other.errors


def test_nothing_is_made_in_or_moved_to_a_product_that_is_not_ones_own() -> None:
    mine = key_of("loans", 1)
    before = ApiKey.objects.count()
    with keys_by_product():
        ann = analyst_of("loans")

        def filled_form(name: str, row: Any = None) -> Any:
            form = form_of(MOVING, ann, row, {"key": mine.pk, "name": name})
            assert form.is_valid()
            return form

        with pytest.raises(Denied):
            save(MOVING, ann, None, filled_form("cards"), "")
        assert ApiKey.objects.count() == before
        with pytest.raises(Denied):
            save(MOVING, ann, mine, filled_form("cards", mine), stamp(mine))
        mine.refresh_from_db()
        assert mine.name == "loans"
        save(MOVING, ann, None, filled_form("loans"), "")
    assert ApiKey.objects.count() == before + 1


def test_an_action_on_many_reaches_only_where_its_verb_is_held() -> None:
    """Who sees every product's keys and may revoke those of one revokes those of one."""
    mine, theirs = key_of("loans", 1), key_of("cards", 2)
    held = {"*": frozenset({"operations"}), "loans": frozenset({"fraud_analyst"})}
    both = Subject(
        id=1, name="both", roles=frozenset({"operations", "fraud_analyst"}), held=held,
        scopes=frozenset(held), clearance=2,
    )  # fmt: skip
    revoke = next(one for one in KEYS.actions if one.name == "revoke")
    with keys_by_product({"operations": {"see"}, "fraud_analyst": {"see", "delete"}}):
        seen = list(visible(KEYS, both).filter(pk__in=(mine.pk, theirs.pk)))
        assert len(seen) == 2
        outcome = run(KEYS, both, revoke, iter(seen))
    assert (outcome.done, outcome.refused) == (1, 1)
    assert set(ApiKey.objects.filter(revoked=None, pk__in=(mine.pk, theirs.pk))) == {theirs}


def test_the_object_of_the_address_is_the_one_that_is_checked_and_done_to(client: Client) -> None:
    """An id in the body names nothing: the address is resolved once, and that is acted on."""
    services.create_api_key("a", ["events:write"])
    first, second = (services.create_api_key(name, ["events:write"]).key for name in "bc")
    client.force_login(person("owner"))
    client.post(
        f"/settings/keys/{first.pk}/do/revoke", {"key": second.pk, "pk": second.pk, "id": second.pk}
    )
    sent = f'{{"pk": "{second.pk}", "key": "{second.pk}"}}'
    client.post(f"/api/v1/keys/{first.pk}/revoke", sent, content_type="application/json")
    second.refresh_from_db()
    assert second.revoked is None


def test_the_policy_knows_every_noun_of_a_list() -> None:
    assert {one.noun for one in resources()} <= set(TABLE.nouns)
