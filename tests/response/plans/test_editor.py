"""A draft is written by forms, by two people at once, and nothing is lost."""

from __future__ import annotations

import re

import msgspec
import pytest
from django.test import Client
from django.urls import reverse

from guanlan.response.models import PlanVersion
from guanlan.response.plans.cacao import Automatic, If, Manual, Parallel, Playbook, Text, Variable
from guanlan.response.plans.cacao_check import check
from guanlan.response.plans.flow import lines
from guanlan.response.plans.reading import known, playbook_of
from guanlan.response.plans.writing import new_plan
from tests.people import person
from tests.response.plans.conftest import NOW, someone
from tests.response.plans.plans import line_of
from tests.response.plans.test_pages import client_of

pytestmark = pytest.mark.django_db


def draft(plan: Playbook | None = None) -> PlanVersion:
    return new_plan(someone("operations", "writer"), plan or line_of(2), "operations", NOW)


def now(version: PlanVersion) -> Playbook:
    version.refresh_from_db()
    return playbook_of(version)


def called(version: PlanVersion) -> list[str]:
    return [f"{line.number} {line.step.name.en}" for line in lines(now(version))]


def filled(client: Client, address: str) -> dict[str, str | list[str]]:
    """What the form at this address would send."""
    answer = client.get(address)
    assert answer.status_code == 200, address
    form = answer.context["form"]
    said: dict[str, str | list[str]] = {"seen": answer.context["seen"], "what": "save"}
    for name in form.fields:
        value = form[name].value()
        said[name] = [str(v) for v in value] if isinstance(value, list) else str(value or "")
    return said


def new_step(version: PlanVersion, kind: str, after: str, way: str = "next") -> str:
    where = reverse("add_plan_step", args=[version.pk])
    return f"{where}?after={after}&way={way}&kind={kind}"


def test_a_person_writes_a_plan_without_json() -> None:
    version = draft()
    client = client_of("writer")
    home = reverse("edit_plan", args=[version.pk])
    page = client.get(home).content.decode()
    assert "Do 1" in page
    assert "None: the plan can be submitted." in page

    door = reverse("add_plan_variable", args=[version.pk])
    said = filled(client, door) | {"name": "leak", "text_en": "Data has left", "value": "maybe"}
    assert "Write true or false" in client.post(door, said).content.decode()
    assert client.post(door, said | {"value": ""}).status_code == 302
    assert now(version).variables == (Variable("leak", "bool", Text(en="Data has left")),)
    again = filled(client, door) | {"name": "leak", "text_en": "Data has left"}
    assert "a variable of this name already" in client.post(door, again).content.decode()

    first = now(version).steps[1].id
    door = new_step(version, "condition", first)
    said = filled(client, door) | {"name_en": "Has data left?", "condition": "leak"}
    assert client.post(door, said).status_code == 302
    fork = next(one for one in now(version).steps if isinstance(one, If))
    assert fork.condition == "leak"
    door = reverse("edit_plan_step", args=[version.pk, fork.id])
    said = filled(client, door)
    assert (said["variable"], said["sign"], said["condition"]) == ("leak", "is", "")
    assert client.post(door, said | {"sign": "is_not"}).status_code == 302
    assert now(version).by_id()[fork.id].condition == "not leak"  # type: ignore[union-attr]
    two = client.post(door, filled(client, door) | {"condition": "leak or leak"})
    assert "not both" in two.content.decode()
    more = client.post(door, filled(client, door) | {"sign": "more", "value": "3"})
    assert "More and less are of numbers" in more.content.decode()
    door = new_step(version, "automatic", fork.id, "on_true")
    looked = client.post(
        door, filled(client, door) | {"what": "fields", "command": "notify", "name_en": "Tell"}
    )
    assert looked.status_code == 200
    text = looked.content.decode()
    assert "arg_role" in text
    assert 'value="Tell"' in text, "what was typed stays"
    said = filled(client, door) | {
        "command": "notify", "name_en": "Tell", "arg_role": "communications", "arg_text": "Go",
        "arg_person": "",
    }  # fmt: skip
    assert client.post(door, said).status_code == 302
    told = next(one for one in now(version).steps if isinstance(one, Automatic))
    assert (told.command, told.parameters) == (
        "notify", {"role": "communications", "text": "Go"},
    )  # fmt: skip
    door = new_step(version, "parallel", fork.id, "on_false")
    said = filled(client, door) | {"name_en": "Both"}
    assert client.post(door, said).status_code == 302
    both = next(one for one in now(version).steps if isinstance(one, Parallel))
    for way, name in (("branch-0", "Left"), ("branch-1", "Right")):
        door = new_step(version, "manual", both.id, way)
        said = filled(client, door) | {"name_en": name, "role": "operations", "limit": "1.5",
                                       "unit": "3600", "text_en": "Do it."}  # fmt: skip
        assert client.post(door, said).status_code == 302
    assert called(version) == [
        "1 Do 1", "2 Has data left?", "2a1 Tell", "2b1 Both", "2b1a1 Left", "2b1b1 Right", "3 Do 2",
    ]  # fmt: skip
    assert check(now(version), known()) == []
    left = next(one for one in now(version).steps if one.name.en == "Left")
    assert isinstance(left, Manual)
    assert left.limit == 5400
    page = client.get(home).content.decode()
    assert "None: the plan can be submitted." in page
    assert client.post(reverse("plan_versions_do", args=[version.pk, "submit"])).status_code == 302
    version.refresh_from_db()
    assert version.state == "in_review"
    assert client.get(home).status_code == 302, "only a draft is written"


def test_a_form_that_is_kept_as_it_was_changes_nothing() -> None:
    version = draft()
    client = client_of("writer")
    before = now(version)
    for step in before.steps[1:3]:
        door = reverse("edit_plan_step", args=[version.pk, step.id])
        assert client.post(door, filled(client, door)).status_code == 302
    door = reverse("edit_plan_name", args=[version.pk])
    assert client.post(door, filled(client, door)).status_code == 302
    assert now(version) == msgspec.structs.replace(before, modified=now(version).modified)


def test_steps_are_moved_and_removed_with_buttons() -> None:
    version = draft(line_of(3))
    client = client_of("writer")
    first = now(version).steps[1].id

    def press(what: str) -> None:
        door = reverse("plan_step_do", args=[version.pk, first, what])
        version.refresh_from_db()
        assert client.post(door, {"seen": version.digest}).status_code == 302

    press("down")
    assert called(version) == ["1 Do 2", "2 Do 1", "3 Do 3"]
    press("up")
    press("up")  # there is nowhere to go, and that is said
    assert called(version) == ["1 Do 1", "2 Do 2", "3 Do 3"]
    press("remove")
    assert called(version) == ["1 Do 2", "2 Do 3"]
    gone = client.get(reverse("edit_plan_step", args=[version.pk, first]))
    assert gone.status_code == 404


def test_the_later_of_two_is_refused_and_loses_nothing() -> None:
    version = draft()
    someone("risk_owner", "other")
    mine, theirs = client_of("writer"), client_of("other")
    steps = [one.id for one in now(version).steps]
    door = reverse("edit_plan_step", args=[version.pk, steps[1]])
    said = filled(mine, door) | {"name_en": "Mine"}
    other = reverse("edit_plan_step", args=[version.pk, steps[2]])
    assert theirs.post(other, filled(theirs, other) | {"name_en": "Theirs"}).status_code == 302
    answer = mine.post(door, said)
    assert answer.status_code == 409
    text = answer.content.decode()
    assert "Nothing was kept: other changed this draft at" in text
    assert 'value="Mine"' in text
    assert called(version) == ["1 Do 1", "2 Theirs"]
    late = reverse("plan_step_do", args=[version.pk, steps[1], "remove"])
    assert (
        "Nothing was kept" in mine.post(late, {"seen": said["seen"]}, follow=True).content.decode()
    )
    unseen = mine.post(late, {}, follow=True).content.decode()
    assert "Nothing was kept" in unseen, "who saw nothing changes nothing"
    json = reverse("edit_plan_json", args=[version.pk])
    answer = mine.post(json, {"text": version.body, "what": "save", "seen": said["seen"]})
    assert answer.status_code == 409
    assert called(version) == ["1 Do 1", "2 Theirs"]
    seen = re.search(r'name="seen" value="(\w+)"', text)
    assert seen is not None
    assert mine.post(door, said | {"seen": seen[1]}).status_code == 302
    assert called(version) == ["1 Mine", "2 Theirs"]


def test_bad_input_is_said_beside_its_field_and_stays_there() -> None:
    version = draft()
    client = client_of("writer")
    before = now(version)
    step = before.steps[1].id
    door = reverse("edit_plan_step", args=[version.pk, step])
    for wrong, sentence in (
        ({"limit": "0.5"}, "A time limit is 1 minute to 90 days."),
        ({"limit": "soon"}, "Enter a number."),
        ({"name_en": "x" * 121}, "at most 120 characters"),
        ({"name_en": ""}, "This field is required."),
        ({"role": "emperor"}, "emperor is not one of the available choices"),
        ({"way_next": "action--nowhere"}, "is not one of the available choices"),
    ):
        answer = client.post(door, filled(client, door) | {"text_en": "Kept words"} | wrong)
        assert answer.status_code == 422, wrong
        text = answer.content.decode()
        assert sentence in text, wrong
        assert "Kept words" in text
    assert now(version) == before
    said = filled(client, new_step(version, "manual", step)) | {"name_en": "New"}
    assert client.post(new_step(version, "manual", step, "branch-0"), said).status_code == 422
    assert client.post(new_step(version, "manual", step, "sideways"), said).status_code == 404
    gone = client.post(new_step(version, "manual", "action--no"), said)
    assert "The step is not there any more." in gone.content.decode()
    gone = client.post(
        reverse("edit_plan_step", args=[version.pk, "action--no"]), said | {"kind": "manual"}
    )
    assert "The step is not there any more." in gone.content.decode()
    assert 'value="New"' in gone.content.decode()
    assert client.get(new_step(version, "oracle", step)).status_code == 404
    assert client.get(new_step(version, "manual", "action--no")).status_code == 404


def test_problems_stand_at_the_step_that_they_concern() -> None:
    plan = line_of(2)
    steps = [*plan.steps]
    steps[2] = msgspec.structs.replace(steps[2], next=steps[1].id)  # in a circle
    lost = Automatic(id="action--00000000-0000-0000-0000-0000000000aa", name=Text(en="Lost"),
                     command="fly", next=steps[-1].id)  # fmt: skip
    version = draft(msgspec.structs.replace(plan, steps=(*steps[:-1], lost, steps[-1])))
    page = client_of("writer").get(reverse("edit_plan", args=[version.pk]))
    rows = {
        row.item.name: [one.text for one in row.problems] for row in page.context["editor"].rows
    }
    assert rows["Do 1"] == []
    assert rows["Do 2"] == ["“Do 2” leads back to “Do 1”: a plan may not go in circles."]
    assert rows["Lost"] == [
        "“Lost” calls fly, which is no automatic step here.",
        "“Lost” cannot be reached from the start.",
    ]


def test_who_only_reads_plans_writes_none() -> None:
    version = draft()
    client = client_of(person("customer_service").username)
    step = now(version).steps[1].id
    for door in (
        reverse("edit_plan", args=[version.pk]),
        reverse("edit_plan_json", args=[version.pk]),
        reverse("edit_plan_name", args=[version.pk]),
        reverse("edit_plan_step", args=[version.pk, step]),
        new_step(version, "manual", step),
    ):
        assert client.get(door).status_code == 403
    remove = reverse("plan_step_do", args=[version.pk, step, "remove"])
    assert client.post(remove, {"seen": version.digest}).status_code == 403


def test_the_editor_names_the_plan_in_the_readers_language() -> None:
    version = draft()
    version.plan.titles = {"en": "Outage", "zh-hant": "支付中斷"}
    version.plan.save(update_fields=["titles"])
    client = client_of("writer")
    client.cookies["guanlan_language"] = "zh-hant"
    for door in ("edit_plan", "edit_plan_json"):
        assert "支付中斷" in client.get(reverse(door, args=[version.pk])).content.decode(), door
