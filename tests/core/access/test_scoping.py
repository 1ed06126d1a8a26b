"""Which rows of a scoped model a subject reaches, against an oracle that looks at each row."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import Grant, Subject, Verb
from guanlan.core.access.nouns import TABLE
from guanlan.core.models import ApiKey
from tests.scoped import NOUN, key_of, keys_by_product

PRODUCTS = ("loans", "cards", "wallet")
SCOPES = (*PRODUCTS, "*")
ROLES = ("risk_owner", "fraud_analyst", "operations", "auditor", "owner")
NOW = 1_000.0
READING = ("see", "export")

rights = st.fixed_dictionaries(
    {
        role: st.frozensets(st.sampled_from(TABLE.nouns[NOUN].verbs))
        for role in ("risk_owner", "fraud_analyst", "operations")
    }
)
assignments = st.frozensets(st.tuples(st.sampled_from(ROLES), st.sampled_from(SCOPES)), max_size=4)
grants = st.lists(
    st.builds(
        Grant,
        id=st.just(1),
        verb=st.sampled_from(TABLE.nouns[NOUN].verbs),
        noun=st.sampled_from((NOUN, "core.user")),
        scope=st.sampled_from(SCOPES),
        until=st.sampled_from((NOW - 1, NOW, NOW + 1)),
        level=st.sampled_from((1, 2, 3)),
    ),
    max_size=2,
)


def subject_with(held: frozenset[tuple[str, str]], lent: list[Grant]) -> Subject:
    by_scope: dict[str, frozenset[str]] = {}
    for role, scope in held:
        by_scope[scope] = by_scope.get(scope, frozenset()) | {role}
    return Subject(
        id=1,
        name="somebody",
        roles=frozenset(role for role, _scope in held),
        clearance=2,
        scopes=frozenset(by_scope),
        held=by_scope,
        grants=tuple(lent),
        at=NOW,
    )


def reaches(
    table: dict[str, frozenset[str]],
    held: frozenset[tuple[str, str]],
    lent: list[Grant],
    verb: str,
    product: str,
) -> bool:
    """Written from the handbook: a role in the product or everywhere, or a grant that has not
    ended; the auditor reads, and who is auditor anywhere changes nothing."""
    auditor = any(role == "auditor" for role, _scope in held)
    if auditor and verb not in READING:
        return False
    # The table of this test leaves the auditor out, as it may leave out any role.
    by_role = any(
        scope in (product, "*") and (role == "owner" or verb in table.get(role, ()))
        for role, scope in held
    )
    lent_now = (g for g in lent if g.noun == NOUN and g.until > NOW)
    return by_role or any(
        grant.scope in (product, "*") and verb in (grant.verb, "see") for grant in lent_now
    )


@pytest.fixture
def rows() -> None:
    for n, product in enumerate((*PRODUCTS, "loans", "unknown")):
        key_of(product, n)


@pytest.mark.django_db
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300, deadline=None
)
@given(rights, assignments, grants, st.sampled_from(TABLE.nouns[NOUN].verbs))
def test_a_subject_reaches_exactly_the_rows_the_policy_gives_it(
    rows: None,
    table: dict[str, frozenset[str]],
    held: frozenset[tuple[str, str]],
    lent: list[Grant],
    verb: Verb,
) -> None:
    with keys_by_product({role: set(verbs) for role, verbs in table.items()}):
        reached = set(ApiKey.objects.for_user(subject_with(held, lent), verb))
    expected = {key for key in ApiKey.objects.all() if reaches(table, held, lent, verb, key.name)}
    assert reached == expected


@pytest.mark.django_db
def test_a_right_in_one_product_reaches_no_row_that_belongs_to_everything(rows: None) -> None:
    """Where the model knows no products, only a right everywhere reaches its rows."""
    some = subject_with(frozenset({("owner", "loans")}), [])
    assert not ApiKey.objects.for_user(some).exists()
    assert ApiKey.objects.for_user(subject_with(frozenset({("owner", "*")}), [])).count() == 5
