"""The pack says what is signed, of who may export it, and holds no formula."""

from __future__ import annotations

import openpyxl
import pytest
from django.urls import reverse

from guanlan.risk.assessment.answering import answer, hand_in, judge
from guanlan.risk.assessment.pack import workbook
from guanlan.risk.assessment.questions import Given
from guanlan.risk.assessment.signing import put_to_signature
from tests.people import person
from tests.risk.assessment import scene
from tests.risk.assessment.test_pages import browser
from tests.risk.value.register import NOW

pytestmark = pytest.mark.django_db


def test_the_workbook_holds_what_is_signed_and_no_formula() -> None:
    found = scene.opened()
    assert workbook(found.row) is None
    for item in found.items():
        bad = {"outlook": Given("=HYPERLINK(1)")}
        answer(scene.subject(found.owner), item, scene.GOOD | bad, NOW)
        judge(scene.subject(found.owner), item, None)
        hand_in(scene.subject(found.owner), item, NOW)
    put_to_signature(scene.subject(found.owner), found.row, NOW)
    row = found.again()
    with workbook(row) as file:
        book = openpyxl.load_workbook(file)
    cells = [one for sheet in book for line in sheet.iter_rows() for one in line]
    assert not [one for one in cells if one.data_type == "f"]
    assert "=HYPERLINK(1)" in {one.value for one in cells}
    risks = book["Risks"]
    assert [risks["A2"].value, risks["A3"].value] == ["R-001", "R-002"]
    assert risks["E2"].value > 0
    reply = browser(found.chair).get(reverse("assessment_pack", args=[row.pk]))
    assert reply.status_code == 200
    assert b"".join(reply)[:2] == b"PK"
    assert (
        browser(person("customer_service"))
        .get(reverse("assessment_pack", args=[row.pk]))
        .status_code
        == 403
    )
