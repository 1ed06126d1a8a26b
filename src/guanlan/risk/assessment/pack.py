"""The committee's pack of an assessment as a workbook, in the reader's language.

Everything in it comes from the text that is signed, so that the pack and the snapshot say the
same. Text is written as text: nothing that a person typed becomes a formula.
"""

from __future__ import annotations

import datetime as dt
import tempfile
from collections.abc import Sequence
from typing import Any

import xlsxwriter
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guanlan.risk.assessment.comparing import compare, content_of
from guanlan.risk.assessment.questions import CHOICES, QUESTIONNAIRES
from guanlan.risk.models import Assessment
from guanlan.risk.terms import STATES
from guanlan.web.words import major

Cell = str | int | float | None


def workbook(row: Assessment) -> Any:
    """A file of sheets (risks with a chart, answers, indicators, measures, losses); None before
    there is a text to sign. The file vanishes when it is closed."""
    content = content_of(row)
    if content is None:
        return None
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    book = xlsxwriter.Workbook(file, {"strings_to_formulas": False, "strings_to_urls": False})
    book.set_properties({"title": row.title, "created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001
    _risks(book, row, content)
    _sheet(book, _("Answers"), [_("Risk"), _("Question"), _("Answer"), _("Comment"),
                                _("Evidence")], _answers(content))  # fmt: skip
    _sheet(book, _("Indicators"), [_("Name"), _("State"), _("Value")], [
        [one["name"], str(STATES.get(one["state"], one["state"])), one["value"]]
        for one in content["indicators"]
    ])  # fmt: skip
    _sheet(book, _("Measures"), [_("Code"), _("Title"), _("Passed"), _("Failed")], [
        [one["code"], one["title"], one["passed"], one["failed"]] for one in content["measures"]
    ])  # fmt: skip
    _sheet(book, _("Losses"), [_("Risk"), _("Day"), _("Amount"), _("Currency")], [
        [one["risk"], one["occurred"][:10], major(one["gross"], one["currency"]), one["currency"]]
        for one in content["losses"]
    ])  # fmt: skip
    book.close()
    file.seek(0)
    return file


def _risks(book: Any, row: Assessment, content: dict[str, Any]) -> None:
    """Expected loss of a year by risk, before and now, drawn beside its numbers."""
    found = compare(row)
    before = {one.code: one.before for one in found.lines} if found else {}
    now = {one.code: one.now for one in found.lines} if found else {}
    currency = found.currency if found else ""
    rows: list[list[Cell]] = [
        [one["code"], one["title"], one["owner"], _money(before.get(one["code"]), currency),
         _money(now.get(one["code"]), currency)]
        for one in content["risks"]
    ]  # fmt: skip
    heads = [_("Code"), _("Risk"), pgettext("of a thing", "Owner"), _("Before"), _("Now")]
    sheet = _sheet(book, _("Risks"), heads, rows)
    sheet.write_string(len(rows) + 2, 0, f"SHA-256 {row.digest}")
    name, last = sheet.get_name(), max(1, len(rows))
    chart = book.add_chart({"type": "bar"})
    for column in (3, 4):
        chart.add_series({
            "name": [name, 0, column], "categories": [name, 1, 0, last, 0],
            "values": [name, 1, column, last, column],
        })  # fmt: skip
    chart.set_title({"name": _("Expected loss of a year, by risk")})
    chart.set_x_axis({"name": currency})
    sheet.insert_chart(0, 6, chart)


def _money(value: int | None, currency: str) -> float | None:
    return None if value is None else major(value, currency)


def _answers(content: dict[str, Any]) -> list[list[Cell]]:
    texts = {one.key: str(one.text) for one in QUESTIONNAIRES[content["assessment"]["questions"]]}
    return [
        [code, texts.get(key, key), str(CHOICES.get(said["value"], said["value"])),
         said["comment"], said["evidence"]]
        for code, item in sorted(content["answers"].items())
        for key, said in item["answers"].items()
    ]  # fmt: skip


def _sheet(book: Any, title: str, heads: Sequence[str], rows: Sequence[Sequence[Cell]]) -> Any:
    sheet = book.add_worksheet(title[:31])
    bold = book.add_format({"bold": True})
    for at, head in enumerate(heads):
        sheet.write_string(0, at, str(head), bold)
    for line, row in enumerate(rows, 1):
        for at, value in enumerate(row):
            if isinstance(value, int | float):
                sheet.write_number(line, at, value)
            elif value is not None:
                sheet.write_string(line, at, value[:32_767])
    sheet.set_column(0, len(heads) - 1, 18)
    sheet.freeze_panes(1, 0)
    return sheet
