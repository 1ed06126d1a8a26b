"""A plan is the same after it was written and read; what cannot be kept is said, line by line."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from guanlan.response.plans.cacao import EXTENSION, MOST_CHARACTERS, Playbook
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.cacao_read import read
from guanlan.response.plans.cacao_write import canonical, digest, to_json, write
from tests.response.plans.plans import KNOWN, ident, line_of, sound_plans


@pytest.fixture(autouse=True)
def english() -> Any:
    with translation.override("en"):
        yield


@settings(max_examples=40, deadline=None)
@given(sound_plans())
def test_a_plan_is_the_same_after_it_was_written_and_read(plan: Playbook) -> None:
    found = read(to_json(plan))
    assert found.problems == []
    assert found.plan == plan
    assert canonical(found.plan) == canonical(plan)


@settings(max_examples=40, deadline=None)
@given(sound_plans())
def test_what_is_sound_has_no_problem(plan: Playbook) -> None:
    assert check(plan, KNOWN) == []


@settings(max_examples=40, deadline=None)
@given(sound_plans(), sound_plans())
def test_the_digest_tells_two_plans_apart(one: Playbook, other: Playbook) -> None:
    assert (digest(one) == digest(other)) == (one == other)


def test_what_is_not_known_is_named_and_would_be_lost() -> None:
    whole = write(line_of(1))
    step = whole["workflow"][ident("action", 1)]
    whole["industry_sectors"] = ["finance"]
    whole["extension_definitions"]["extension-definition--x"] = {}
    step["delay"] = 5
    step["commands"][0]["command_b64"] = "eA=="
    step["step_extensions"] = {"extension-definition--y": {}}
    found = read(json.dumps(whole))
    assert [one.text for one in found.problems] == [
        "In the playbook the property industry_sectors is not known here and would be lost.",
        "In Step “Do 1” the property delay is not known here and would be lost.",
        "In the command of Step “Do 1” the property command_b64 is not known here and would be lost.",  # noqa: E501
        "Step “Do 1”: the extension extension-definition--y is not known here and would be lost.",
        "The extension extension-definition--x is not known here and would be lost.",
    ]
    assert all(one.lost for one in found.problems)
    assert found.plan == line_of(1), "the rest is read"


def test_an_id_that_stands_twice_is_seen() -> None:
    text = to_json(line_of(2))
    one, two = ident("action", 1), ident("action", 2)
    found = read(text.replace(f'"{two}": {{', f'"{one}": {{'))
    assert [p.text for p in found.problems] == [f"The step {one} stands twice in the workflow."]
    assert not found.problems[0].lost


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "This is no JSON: line 1, column 1 cannot be read."),
        ('{"type": "playbook",\n x}', "This is no JSON: line 2, column 2 cannot be read."),
        ('{"a": NaN}', "This is no JSON that a plan can be read from."),
        ("[" * 100_000, "This is no JSON that a plan can be read from."),
        ("[]", "This is no playbook: an object with type “playbook” was expected."),
        ('{"type": "bundle"}', "This is no playbook: an object with type “playbook” was expected."),
        (" " * (MOST_CHARACTERS + 1), "The plan is longer than 512000 characters."),
    ],
)
def test_what_is_no_playbook_gets_one_sentence(text: str, said: str) -> None:
    found = read(text)
    assert found.plan is None
    assert [one.text for one in found.problems] == [said]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"type": "while-condition"}, "must be start, action, parallel, if-condition or end"),
        ({"commands": []}, "an action has one command, which is manual or x-guanlan-step"),
        ({"commands": [{"type": "bash", "command": "rm"}]}, "an action has one command"),
        ({"on_completion": 5}, "on_completion must be a text"),
        ({"timeout": 1500}, "timeout must be a number of milliseconds that makes whole seconds"),
        ({"timeout": True}, "timeout must be a number of milliseconds that makes whole seconds"),
        ({"agent": "group--x"}, "its agent group--x is not among the agent_definitions"),
        ({"out_args": "__a__"}, "out_args must be a list of texts"),
        ({"name": {}}, "name must be a text"),
        ({"step_extensions": []}, "step_extensions must be an object"),
    ],
)
def test_a_bad_step_gets_a_sentence(change: dict[str, Any], said: str) -> None:
    whole = write(line_of(1))
    whole["workflow"][ident("action", 1)].update(change)
    assert any(said in one.text for one in read(json.dumps(whole)).problems)


@pytest.mark.parametrize(
    ("name", "variable", "said"),
    [
        ("leak", {"type": "bool"}, "between two underscores"),
        ("__Leak__", {"type": "bool"}, "between two underscores"),
        ("__leak__", {"type": "ipv4-addr"}, "must be a bool, an integer or a string"),
        ("__leak__", {"type": "bool", "value": "yes"}, "does not fit its type"),
        ("__leak__", {"type": "integer", "value": "9" * 40}, "does not fit its type"),
    ],
)
def test_a_bad_variable_gets_a_sentence(name: str, variable: dict[str, Any], said: str) -> None:
    whole = write(line_of(1)) | {"playbook_variables": {name: variable}}
    found = read(json.dumps(whole))
    assert any(said in one.text for one in found.problems)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None)
@given(sound_plans(), st.data())
def test_whatever_stands_somewhere_else_the_reader_does_not_stumble(
    plan: Playbook, data: st.DataObject
) -> None:
    whole = write(plan)
    places: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict | list):
            for key in value if isinstance(value, dict) else range(len(value)):
                places.append((value, key))
                walk(value[key])

    walk(whole)
    where, key = data.draw(st.sampled_from(places))
    where[key] = data.draw(json_values)
    found = read(json.dumps(whole))
    if found.plan is not None:
        check(found.plan, KNOWN)


def test_the_other_languages_stand_in_our_extension() -> None:
    whole = write(line_of(1))
    assert EXTENSION in whole["extension_definitions"]
    assert "step_extensions" not in whole["workflow"][ident("action", 1)]
