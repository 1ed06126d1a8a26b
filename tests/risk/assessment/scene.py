"""An assessment of two risks with a value, three people, ready to be answered."""

from __future__ import annotations

import datetime as dt
from typing import NamedTuple

from guanlan.core.access import Subject, subject_of
from guanlan.core.models import User
from guanlan.risk.assessment.answering import answer, hand_in, judge
from guanlan.risk.assessment.campaigns import Plan, name_signer, open_campaign, plan
from guanlan.risk.assessment.questions import Given
from guanlan.risk.assessment.signing import put_to_signature, sign
from guanlan.risk.models import Assessment, AssessmentItem, RiskParameters
from tests.people import person
from tests.risk.value.register import DAY, NOW, effect, loss, measure, parameters, proven, risk
from tests.risk.value.register import settings as register_settings

GOOD = {
    "cause": Given("no"), "parameters": Given("yes"),
    "measures": Given("yes", evidence="report 7"), "indicators": Given("yes"),
    "near_misses": Given("2"), "new_risks": Given("no"), "outlook": Given("Nothing planned."),
}  # fmt: skip


class Scene(NamedTuple):
    row: Assessment
    owner: User
    chair: User
    officer: User

    def items(self) -> list[AssessmentItem]:
        found = self.row.items.select_related("assessment", "risk__product", "owner")
        return list(found.order_by("risk__code"))

    def again(self) -> Assessment:
        return Assessment.objects.get(pk=self.row.pk)


def subject(user: User) -> Subject:
    return subject_of(user)


def planned(**said: object) -> Plan:
    whole = {
        "title": "Fourth quarter", "kind": "quarterly", "begin": dt.date(2026, 9, 1),
        "end": dt.date(2026, 11, 30), "due": NOW + 7 * DAY, "signatures": 2,
    }  # fmt: skip
    return Plan(**whole | said)  # type: ignore[arg-type]


def scene() -> Scene:
    owner, chair = person("risk_owner", "olga"), person("committee_member", "carl")
    officer = person("compliance_officer", "cora")
    register_settings()
    first, second = risk("R-001", owner=owner), risk("R-002", owner=owner)
    parameters(first)
    parameters(second, severity={"lognormal": {"interval": [100_000, 9_000_000]}})
    control = measure()
    effect(control, first)
    proven(control, passed=9, failed=1)
    loss(first, NOW - 3 * DAY)
    row = plan(subject(owner), planned(), NOW)
    for who, role in ((chair, "chair"), (officer, "compliance")):
        name_signer(subject(owner), row, who, role)
    return Scene(row, owner, chair, officer)


def opened() -> Scene:
    found = scene()
    open_campaign(subject(found.owner), found.row, NOW)
    return found._replace(row=found.again())


def answered(found: Scene | None = None) -> Scene:
    found = found or opened()
    for item in found.items():
        answer(subject(found.owner), item, GOOD, NOW)
        judge(subject(found.owner), item, None)
        hand_in(subject(found.owner), item, NOW)
    return found


def signing() -> Scene:
    found = answered()
    put_to_signature(subject(found.owner), found.row, NOW)
    return found._replace(row=found.again())


def signed() -> Scene:
    found = signing()
    sign(subject(found.chair), found.again(), NOW)
    sign(subject(found.officer), found.again(), NOW + DAY)
    return found._replace(row=found.again())


PROPOSED = {
    "frequency": {"interval": [3, 12]},
    "severity": {"lognormal": {"interval": [100_000, 50_000_000]}},
    "knowledge": RiskParameters.Knowledge.MODERATE, "reason": "More attacks were seen.",
}  # fmt: skip
