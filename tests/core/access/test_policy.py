"""The policy: default deny, and what each condition does by itself."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

import tests.web.installation  # noqa: F401 - sets Django up
from guanlan.core.access import (
    ANONYMOUS,
    ANYWHERE,
    SYSTEM,
    TABLE,
    VERBS,
    Denied,
    Grant,
    Subject,
    explain,
    may,
    register_noun,
    require,
)
from guanlan.core.access.nouns import READING, Noun, Rule, Table, described
from guanlan.core.access.table import KEY_SCOPES, PURPOSES, ROLES

NOUNS = sorted(TABLE.nouns)
LEVELS = (1, 2, 3, 4, 5)
EVERY_PURPOSE = frozenset(PURPOSES)


def subject(*roles: str, clearance: int = 4, **rest: object) -> Subject:
    fields: dict[str, object] = {
        "roles": frozenset(roles), "scopes": frozenset({"*"}), "purposes": EVERY_PURPOSE,
    }  # fmt: skip
    return Subject(id=1, name="somebody", clearance=clearance, **fields | rest)  # type: ignore[arg-type]


def test_who_has_no_role_may_do_nothing_at_all() -> None:
    for nobody in (ANONYMOUS, subject()):
        assert not any(may(nobody, verb, noun) for verb in VERBS for noun in NOUNS)


def test_the_auditor_reads_everything_masked_and_changes_nothing() -> None:
    auditor = subject("auditor")
    for noun, verb, level in itertools.product(NOUNS, VERBS, LEVELS):
        offered = verb in TABLE.nouns[noun].verbs
        expected = offered and verb in READING and level < 3
        for purpose in ("", *PURPOSES):
            assert may(auditor, verb, noun, level=level, purpose=purpose) == expected
    everything = subject("auditor", "owner")
    assert not any(may(everything, v, n) for v in set(VERBS) - READING for n in NOUNS)


def test_a_noun_nobody_registered_is_denied_even_to_the_owner() -> None:
    assert not may(SYSTEM, "see", "core.nothing")
    assert explain(SYSTEM, "see", "core.nothing").why == "unknown_noun"
    with pytest.raises(Denied, match=r"system may not see core\.nothing"):
        require(SYSTEM, "see", "core.nothing")


def test_no_role_reaches_level_five_and_none_reveals_without_a_purpose() -> None:
    for role, noun, verb in itertools.product(ROLES, NOUNS, VERBS):
        one = subject(role, clearance=5)
        assert not any(may(one, verb, noun, level=5, purpose=p) for p in PURPOSES)
        assert not any(may(one, verb, noun, level=level) for level in (3, 4))


def test_only_owner_and_administrator_assign() -> None:
    for verb, noun in (("add", "core.roleassignment"), ("change", "core.clearance")):
        roles = {role for role in ROLES if may(subject(role), verb, noun)}  # type: ignore[arg-type]
        assert roles == {"owner", "administrator"}


def test_each_condition_is_needed() -> None:
    wanted = {"level": 3, "purpose": "fraud_investigation"}
    asked = ("reveal", "fraud.entity")
    assert may(subject("fraud_analyst"), *asked, **wanted)  # type: ignore[arg-type]
    for one, why in (
        (subject("fraud_analyst", clearance=2), "clearance"),
        (subject("fraud_analyst", purposes=frozenset({"audit"})), "purpose"),
        (subject("fraud_analyst", scopes=frozenset({"wallet"})), "scope"),
        (subject("operations"), "no_role"),
        (subject("auditor"), "read_only"),
    ):
        verdict = explain(one, *asked, **wanted)  # type: ignore[arg-type]
        assert (verdict.allowed, verdict.why) == (False, why)
        assert not may(one, *asked, **wanted)  # type: ignore[arg-type]
    other = explain(subject("customer_service"), *asked, **wanted)  # type: ignore[arg-type]
    assert other.why == "purpose"
    high = explain(subject("fraud_analyst"), *asked, level=4, purpose="fraud_investigation")  # type: ignore[arg-type]
    assert high.why == "level"


def test_a_reveal_needs_rule_clearance_and_purpose_each_time() -> None:
    """All of them: drawn at random the two ways of answering seldom come here."""
    reveals = [rule for rule in TABLE.rules if "reveal" in rule.verbs and rule.purposes]
    allowed = {
        (rule.role, rule.noun, level, purpose)
        for rule in reveals
        for level in (3, 4)
        for purpose in rule.purposes
        if level <= rule.level
    }
    other = {purpose: frozenset(PURPOSES) - {purpose} for purpose in PURPOSES}
    for noun, role, level, purpose in itertools.product(
        sorted({rule.noun for rule in reveals}), ROLES, (3, 4), PURPOSES
    ):
        asked = {"level": level, "purpose": purpose}
        ruled = (role, noun, level, purpose) in allowed
        assert may(subject(role), "reveal", noun, **asked) == ruled  # type: ignore[arg-type]
        low, without = subject(role, clearance=level - 1), subject(role, purposes=other[purpose])
        assert not may(low, "reveal", noun, **asked)  # type: ignore[arg-type]
        assert not may(without, "reveal", noun, **asked)  # type: ignore[arg-type]


def test_a_role_held_in_one_product_is_no_role_in_another() -> None:
    table_noun = next(name for name in NOUNS if not TABLE.nouns[name].scoped)
    one = subject(held={"wallet": frozenset({"administrator"})}, scopes=frozenset({"wallet"}))
    assert may(one, "add", "core.roleassignment", scope="wallet")
    assert not may(one, "add", "core.roleassignment", scope="cards")
    assert not may(one, "add", "core.roleassignment")
    # What belongs to no product is everybody's: a part of the rights does not reach it.
    assert not may(one, "see", table_noun, scope=ANYWHERE)


def grant(**changes: object) -> Grant:
    fields: dict[str, object] = {
        "id": 7, "verb": "reveal", "noun": "fraud.entity", "level": 3,
        "purpose": "fraud_investigation", "until": 1000.0,
    }  # fmt: skip
    return Grant(**fields | changes)  # type: ignore[arg-type]


def asks(one: Subject, level: int = 3, purpose: str = "fraud_investigation") -> bool:
    return may(one, "reveal", "fraud.entity", level=level, purpose=purpose)


def test_a_grant_gives_what_it_says_until_it_ends() -> None:
    assert asks(subject(grants=(grant(),), at=999.9))
    assert not asks(subject(grants=(grant(),), at=1000.0))
    assert not asks(subject(grants=(grant(),)))  # no time, no grants
    assert not asks(subject(grants=(grant(),), at=1.0), level=4)
    assert not asks(subject(grants=(grant(),), at=1.0), purpose="audit")
    assert not asks(subject(grants=(grant(noun="fraud.decision"),), at=1.0))
    assert may(subject(grants=(grant(),), at=1.0), "see", "fraud.entity")
    assert not may(subject(grants=(grant(),), at=1.0), "export", "fraud.entity")
    assert not asks(subject("auditor", grants=(grant(),), at=1.0))
    verdict = explain(
        subject(grants=(grant(),), at=1.0),
        "reveal",
        "fraud.entity",
        level=3,
        purpose="fraud_investigation",
    )
    assert (verdict.why, verdict.by) == ("grant", "7")


def test_level_five_only_by_broken_glass_and_never_out_of_the_house() -> None:
    assert not asks(subject(grants=(grant(level=5),), at=1.0), level=5)
    assert asks(subject(grants=(grant(level=5, broken_glass=True),), at=1.0), level=5)
    out = subject(grants=(grant(verb="export", level=5, broken_glass=True),), at=1.0)
    assert not may(out, "export", "fraud.entity", level=5, purpose="fraud_investigation")


@given(
    roles=st.frozensets(st.sampled_from([*ROLES, *(f"key {s}" for s in KEY_SCOPES)]), max_size=3),
    scopes=st.frozensets(st.sampled_from(["*", "wallet", "cards"])),
    clearance=st.integers(0, 5),
    purposes=st.frozensets(st.sampled_from(sorted(PURPOSES))),
    verb=st.sampled_from(VERBS),
    noun=st.sampled_from([*NOUNS, "core.nothing"]),
    level=st.integers(1, 5),
    purpose=st.sampled_from(["", *PURPOSES]),
    scope=st.sampled_from(["*", "", "wallet"]),
    until=st.sampled_from([0.0, 5.0]),
)
def test_the_quick_answer_is_the_explained_one_and_that_of_the_rules(
    roles: frozenset[str], scopes: frozenset[str], clearance: int, purposes: frozenset[str],
    verb: str, noun: str, level: int, purpose: str, scope: str, until: float,
) -> None:  # fmt: skip
    """Against the rules read one by one, as slowly as they are written."""
    lent = grant(verb=verb, noun="fraud.entity", until=until)
    one = Subject(
        id=1, name="x", roles=roles, scopes=scopes, clearance=clearance, purposes=purposes,
        grants=(lent,), at=1.0,
    )  # fmt: skip
    asked = {"scope": scope, "level": level, "purpose": purpose}
    here = roles if "*" in scopes or scope in scopes else frozenset()
    by_rule = any(
        rule.noun == noun
        and rule.role in here
        and verb in rule.verbs
        and level <= rule.level
        and (level < 3 or (purpose in rule.purposes & purposes and level <= clearance))
        for rule in TABLE.rules
    )
    by_grant = (
        until > 1
        and noun == lent.noun
        and verb in TABLE.nouns[noun].verbs
        and level <= 3
        and (level < 3 or purpose == lent.purpose)
    )
    silent = "auditor" in roles and bool(scopes) and verb not in READING
    expected = (by_rule or by_grant) and not silent
    assert may(one, verb, noun, **asked) == expected  # type: ignore[arg-type]
    assert explain(one, verb, noun, **asked).allowed == expected  # type: ignore[arg-type]


def test_a_noun_is_registered_once_correctly_and_only_while_starting() -> None:
    with pytest.raises(RuntimeError, match="closed"):
        register_noun("fraud.late", "late")
    for wrong, message in (
        ({"rights": {"fraud_analyst": "see fly"}}, "fly is no verb"),
        ({"rights": {"fraud_analyst": "delete"}}, "does not offer"),
        ({"rights": {"analyst": "see"}}, "unknown role analyst"),
        ({"rights": {"auditor": "see"}}, None),
        ({"rights": {"auditor": "add"}, "verbs": "see add"}, "not for an app to say"),
        ({"rights": {"owner": "see"}}, "not for an app to say"),
        ({"rights": {"fraud_analyst": "reveal"}, "verbs": "reveal"}, "only as `reveals` says"),
        ({"reveals": {"fraud_analyst": (3, "fun")}, "verbs": "reveal"}, "unknown purpose fun"),
        ({"reveals": {"fraud_analyst": (5, "audit")}, "verbs": "reveal"}, "level 3 or 4"),
    ):
        fields: dict[str, object] = {
            "verbs": "see", "rights": {}, "reveals": {}, "level": 2, "scoped": False,
        }  # fmt: skip
        if message is None:
            described("fraud.x", "x", **fields | wrong)  # type: ignore[arg-type]
            continue
        with pytest.raises(ValueError, match=message):
            described("fraud.x", "x", **fields | wrong)  # type: ignore[arg-type]
    table = Table()
    noun = Noun("fraud.x", "x", ("see",), 2, False)
    table.add(noun, [])
    with pytest.raises(ValueError, match="registered twice"):
        table.add(noun, [])


def test_the_digest_moves_with_the_rules_and_not_with_their_order() -> None:
    nouns = [Noun(name, name, ("see",), 2, False) for name in ("a.a", "b.b")]
    rules = {n.name: [Rule("owner", n.name, frozenset({"see"}), 2, frozenset())] for n in nouns}
    one, two, three = Table(), Table(), Table()
    for noun in nouns:
        one.add(noun, rules[noun.name])
    for noun in reversed(nouns):
        two.add(noun, rules[noun.name])
    three.add(nouns[0], rules["a.a"])
    three.add(nouns[1], [])
    assert one.digest() == two.digest() != three.digest()
