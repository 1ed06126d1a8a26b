"""An assessment: answered by owners, signed by several, frozen, verified to the byte."""

from __future__ import annotations

import json

import pytest
from django.core.exceptions import ValidationError
from django.db import connection

from guanlan.core.access import Denied
from guanlan.core.models import Message
from guanlan.risk.assessment.answering import answer, hand_in, judge
from guanlan.risk.assessment.campaigns import name_signer, open_campaign, plan
from guanlan.risk.assessment.gathering import canonical, digest_of
from guanlan.risk.assessment.questions import Given
from guanlan.risk.assessment.reminding import remind
from guanlan.risk.assessment.signing import put_to_signature, refuse, sign
from guanlan.risk.assessment.taking import take_over
from guanlan.risk.assessment.verifying import verify
from guanlan.risk.models import AssessmentAnswer, AssessmentSnapshot, RiskParameters
from tests.people import person
from tests.risk.assessment import scene
from tests.risk.assessment.scene import GOOD, subject
from tests.risk.value.register import DAY, NOW, risk

pytestmark = pytest.mark.django_db


def failed(row: object) -> list[str]:
    return [one.name for one in verify(row) if not one.holds]  # type: ignore[arg-type]


def test_each_open_risk_in_scope_is_for_its_owner_who_is_told() -> None:
    found = scene.opened()
    assert [one.risk.code for one in found.items()] == ["R-001", "R-002"]
    assert {one.owner for one in found.items()} == {found.owner}
    told = Message.objects.filter(template="assessment.item")
    assert told.count() == 2


def test_a_scope_of_kinds_leaves_other_risks_out() -> None:
    found = scene.scene()
    risk("R-003", owner=found.owner, category="privacy")
    row = plan(subject(found.owner), scene.planned(categories=("privacy",)), NOW)
    for who in (found.chair, found.officer):
        name_signer(subject(found.owner), row, who, "member")
    open_campaign(subject(found.owner), row, NOW)
    assert [one.risk.code for one in row.items.select_related("risk")] == ["R-003"]


def test_a_risk_without_owner_is_named() -> None:
    found = scene.scene()
    risk("R-009")
    with pytest.raises(ValidationError, match="R-009"):
        open_campaign(subject(found.owner), found.row, NOW)


def test_it_is_not_opened_before_enough_signers_are_named() -> None:
    found = scene.scene()
    row = plan(subject(found.owner), scene.planned(signatures=3), NOW)
    with pytest.raises(ValidationError, match="0 of 3"):
        open_campaign(subject(found.owner), row, NOW)


def test_who_may_not_sign_is_not_named() -> None:
    found = scene.scene()
    with pytest.raises(ValidationError, match="may not sign"):
        name_signer(subject(found.owner), found.row, person("fraud_analyst"), "analyst")


def test_a_question_asks_for_a_comment_or_evidence_where_the_answer_needs_it() -> None:
    item = scene.opened().items()[0]
    who = subject(item.owner)  # type: ignore[arg-type]
    with pytest.raises(ValidationError) as error:
        answer(who, item, {"cause": Given("yes")}, NOW)
    assert "cause_comment" in error.value.message_dict
    with pytest.raises(ValidationError) as error:
        answer(who, item, {"measures": Given("yes")}, NOW)
    assert "measures_evidence" in error.value.message_dict
    for bad in ("", "-1", "nan", "1e5", "many"):
        with pytest.raises(ValidationError):
            answer(who, item, {"near_misses": Given(bad)}, NOW)
    assert not AssessmentAnswer.objects.exists()


def test_it_is_handed_in_only_whole() -> None:
    found = scene.opened()
    item = found.items()[0]
    answer(subject(found.owner), item, {**GOOD} | {"cause": GOOD["cause"]}, NOW)
    AssessmentAnswer.objects.filter(question="outlook").delete()
    with pytest.raises(ValidationError, match="1 questions are not answered"):
        hand_in(subject(found.owner), item, NOW)
    answer(subject(found.owner), item, GOOD, NOW)
    with pytest.raises(ValidationError, match="parameters stay"):
        hand_in(subject(found.owner), item, NOW)
    judge(subject(found.owner), item, None)
    hand_in(subject(found.owner), item, NOW)
    with pytest.raises(ValidationError, match="answered already"):
        answer(subject(found.owner), item, GOOD, NOW)


def test_another_person_does_not_answer_for_an_owner() -> None:
    item = scene.opened().items()[0]
    with pytest.raises(Denied):
        answer(subject(person("operations")), item, GOOD, NOW)


def test_an_interval_upside_down_is_no_proposal() -> None:
    found = scene.opened()
    said = scene.PROPOSED | {"frequency": {"interval": [9, 2]}}
    with pytest.raises(ValidationError) as error:
        judge(subject(found.owner), found.items()[0], said)
    assert list(error.value.message_dict) == ["frequency"]


def test_it_is_not_put_to_signature_nor_signed_with_an_open_risk() -> None:
    found = scene.opened()
    for call in (
        lambda: put_to_signature(subject(found.owner), found.row, NOW),
        lambda: sign(subject(found.chair), found.row, NOW),
    ):
        with pytest.raises(ValidationError, match=r"2 risks are not answered yet: R-001, R-002\."):
            call()


def test_the_last_signature_freezes_it_and_everything_holds() -> None:
    found = scene.signing()
    assert sign(subject(found.chair), found.row, NOW) is None
    snapshot = sign(subject(found.officer), found.again(), NOW)
    assert snapshot is not None
    assert found.again().state == "signed"
    whole = json.loads(snapshot.text)
    assert digest_of(canonical(whole["content"])) == found.row.digest
    assert [one["person"] for one in whole["signatures"]] == ["carl", "cora"]
    content = whole["content"]
    assert [one["code"] for one in content["risks"]] == ["R-001", "R-002"]
    assert content["value"]["figures"]["parts"].keys() == {"R-001", "R-002"}
    assert content["losses"][0]["gross"] == 1_000_000
    assert content["measures"][0]["passed"] == 9
    checks = verify(found.again())
    assert len(checks) >= 6
    assert failed(found.again()) == []


def test_a_stranger_does_not_sign_and_nobody_twice() -> None:
    found = scene.signing()
    with pytest.raises(ValidationError, match="not among its signers"):
        sign(subject(person("compliance_officer", "other")), found.row, NOW)
    sign(subject(found.chair), found.row, NOW)
    with pytest.raises(ValidationError, match="spoken in this round"):
        sign(subject(found.chair), found.again(), NOW)


def test_who_answered_does_not_sign_alone() -> None:
    found = scene.scene()
    row = plan(subject(found.owner), scene.planned(), NOW)
    other = person("risk_owner", "otto")
    for who in (found.owner, other):
        name_signer(subject(found.owner), row, who, "owner")
    open_campaign(subject(found.owner), row, NOW)
    for item in row.items.select_related("assessment", "risk__product"):
        who = found.owner if item.risk.code == "R-001" else other
        answer(subject(who), item, GOOD, NOW)
        judge(subject(who), item, None)
        hand_in(subject(who), item, NOW)
    with pytest.raises(ValidationError, match="answered nothing"):
        put_to_signature(subject(found.owner), row, NOW)


def test_a_refusal_needs_a_reason_and_begins_a_new_round() -> None:
    found = scene.signing()
    sign(subject(found.chair), found.row, NOW)
    with pytest.raises(ValidationError):
        refuse(subject(found.officer), found.again(), "no", NOW)
    refuse(subject(found.officer), found.again(), "The losses are not complete", NOW)
    assert (found.again().state, found.again().prepared) == ("open", "")
    put_to_signature(subject(found.owner), found.again(), NOW)
    assert sign(subject(found.officer), found.again(), NOW) is None
    assert sign(subject(found.chair), found.again(), NOW) is not None


def test_nothing_of_it_is_changed_after_it_is_frozen() -> None:
    found = scene.signed()
    with pytest.raises(ValidationError, match="signed and frozen"):
        answer(subject(found.owner), found.items()[0], GOOD, NOW)
    with pytest.raises(ValidationError, match="signed and frozen"):
        name_signer(subject(found.owner), found.row, person("risk_owner", "late"), "late")
    with pytest.raises(TypeError):
        AssessmentSnapshot.objects.filter(assessment=found.row).update(text="{}")
    with pytest.raises(TypeError):
        AssessmentSnapshot.objects.all().delete()


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('"gross":1000000', '"gross":900000', {"digest", "signed"}),
        ('"value":"no"', '"value":"yes"', {"digest", "signed", "answers"}),
        ('"figures":', '"figured":', {"digest", "signed", "value"}),
        ('"person":"carl"', '"person":"otto"', {"digest", "signatures"}),
    ],
)
def test_a_changed_text_is_found_and_what_differs_is_said(
    old: str, new: str, says: set[str]
) -> None:
    found = scene.signed()
    text = found.row.snapshot.text
    assert old in text
    with connection.cursor() as cursor:  # behind the back of everything that refuses it
        cursor.execute("UPDATE risk_assessmentsnapshot SET text = %s", [text.replace(old, new)])
    assert set(failed(found.again())) == says


def test_a_new_digest_beside_a_changed_text_does_not_help() -> None:
    found = scene.signed()
    text = found.row.snapshot.text.replace('"gross":1000000', '"gross":1')
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE risk_assessmentsnapshot SET text = %s, digest = %s", [text, digest_of(text)]
        )
    assert "audit" in failed(found.again())


def test_an_answer_changed_in_the_table_is_found() -> None:
    found = scene.signed()
    AssessmentAnswer.objects.filter(item__risk__code="R-002", question="cause").update(value="yes")
    [check] = [one for one in verify(found.again()) if not one.holds]
    assert check.name == "answers"
    assert "R-002" in check.note


def test_a_correction_is_a_new_ad_hoc_assessment_of_a_signed_one() -> None:
    found = scene.signed()
    with pytest.raises(ValidationError) as error:
        plan(subject(found.owner), scene.planned(corrects=found.row), NOW)
    assert list(error.value.message_dict) == ["kind"]
    row = plan(subject(found.owner), scene.planned(kind="ad_hoc", corrects=found.row), NOW)
    assert row.previous == found.row


def test_a_proposal_is_taken_over_by_another_person_once_it_is_signed() -> None:
    found = scene.opened()
    judge(subject(found.owner), found.items()[0], scene.PROPOSED)
    for item in found.items():
        answer(subject(found.owner), item, GOOD, NOW)
        if item.risk.code == "R-002":
            judge(subject(found.owner), item, None)
        hand_in(subject(found.owner), item, NOW)
    other = subject(person("risk_owner", "otto"))
    with pytest.raises(ValidationError, match="once the assessment is signed"):
        take_over(other, found.items()[0], NOW)
    put_to_signature(subject(found.owner), found.row, NOW)
    for who in (found.chair, found.officer):
        sign(subject(who), found.again(), NOW)
    with pytest.raises(ValidationError, match="does not take them over"):
        take_over(subject(found.owner), found.items()[0], NOW)
    made = take_over(other, found.items()[0], NOW)
    assert (made.version, made.frequency) == (2, {"interval": [3, 12]})
    assert RiskParameters.objects.filter(risk__code="R-001").count() == 2
    assert failed(found.again()) == []


def test_owners_are_told_once_before_and_once_when_late() -> None:
    found = scene.opened()
    assert remind(NOW) == 0
    assert remind(found.row.due - DAY) == 2
    assert remind(found.row.due - DAY) == 0
    assert remind(found.row.due) == 2
    assert remind(found.row.due + DAY) == 0
