"""Which rules apply: as far as it is known, with the reasons; unknown is never no."""

from __future__ import annotations

import pytest

from guanlan.response.clocks.facts import Facts, grade_of, judge
from guanlan.response.clocks.shipping import shipped

RULES = {one["code"]: one["conditions"] for one in shipped("rules")}
OPERATOR = Facts(roles=("network_operator",), events=("data",), kinds=("personal",))


@pytest.mark.parametrize(
    ("persons", "grade", "expected"),
    [
        (None, None, None),
        (999_999, None, None),
        (1_000_000, None, "larger"),
        (10_000_000, "larger", "major"),
        (5, "extraordinary", "extraordinary"),
        (100_000_000, None, "extraordinary"),
    ],
)
def test_the_higher_grade_counts(
    persons: int | None, grade: str | None, expected: str | None
) -> None:
    assert grade_of(Facts(persons=persons, grade=grade))[0] == expected


@pytest.mark.parametrize(
    ("code", "facts", "applies"),
    [
        ("cac-operator", {"grade": "larger"}, True),
        ("cac-operator", {"grade": "general"}, False),
        ("cac-operator", {}, None),
        ("cac-operator", {"persons": 2_000_000}, True),
        (
            "cac-operator",
            {"grade": "major", "roles": ("network_operator", "critical_infrastructure")},
            False,
        ),
        ("cac-critical", {"grade": "major", "roles": ("critical_infrastructure",)}, True),
        ("pipl-authority", {}, True),
        ("pipl-authority", {"kinds": ()}, False),
        ("pipl-authority", {"kinds": None}, None),
        ("pipl-persons", {}, None),
        ("pipl-persons", {"flags": {"harm_avoided": True}}, False),
        ("pipl-persons", {"flags": {"harm_avoided": False}}, True),
        ("nfra-data-first", {}, False),
        ("nfra-data-first", {"roles": ("bank_insurer",), "events": None}, None),
        ("nfra-data-first", {"roles": ("bank_insurer",), "events": ("outage",)}, False),
    ],
)
def test_a_rule_applies_where_all_it_asks_for_holds(
    code: str, facts: dict[str, object], applies: bool | None
) -> None:
    known = {name: getattr(OPERATOR, name) for name in OPERATOR.__struct_fields__} | facts
    verdict = judge(RULES[code], Facts(**known))
    assert verdict.applies is applies
    assert all(verdict.reasons)
    assert verdict.reasons


def test_what_settles_it_is_said_alone() -> None:
    verdict = judge(RULES["pipl-persons"], OPERATOR)
    assert verdict.reasons == ("not yet known: measures have kept harm from the persons",)
