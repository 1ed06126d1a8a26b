"""A whole list as a file: streamed, masked, audited, and without a formula in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tempfile
from collections.abc import Iterator
from typing import Any, Final

import xlsxwriter
from django.contrib import messages
from django.http import FileResponse, Http404, HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from guanlan.core.audit import record
from guanlan.web.resource.cells import plain, value_of
from guanlan.web.resource.declared import Ask, Column, Resource
from guanlan.web.resource.lists import KEPT, State, ask_of, state_of
from guanlan.web.resource.many import every
from guanlan.web.rights import subject_of_request

SHEET_ROWS: Final = 1_048_575  # a sheet's, its head left out
KINDS: Final = ("csv", "xlsx")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_BYTE_ORDER_MARK: Final = "\ufeff"  # without it a spreadsheet reads UTF-8 as something else
_GATHERED: Final = 64 * 1024  # characters sent at once


def harmless(value: Any) -> str:
    """A CSV cell that no spreadsheet takes for a formula: text beginning like one gets a '.

    >>> harmless("=1+1"), harmless(-5), harmless("-5 EUR")
    ("'=1+1", '-5', "'-5 EUR")
    """
    if value is None:
        return ""
    if isinstance(value, list | tuple):
        value = ", ".join(str(one) for one in value)
    text = str(value)
    if isinstance(value, int | float):
        return text
    return f"'{text}" if text.startswith(_FORMULA) else text


def values(resource: Resource, columns: tuple[Column, ...], ask: Ask) -> Iterator[list[Any]]:
    """The rows of the whole filter, as plain values."""
    pending: list[Any] = []
    for row in every(resource, ask):
        pending.append(row)
        if len(pending) == 500:
            yield from _plain(resource, columns, pending, ask)
            pending = []
    yield from _plain(resource, columns, pending, ask)


def _plain(
    resource: Resource, columns: tuple[Column, ...], rows: list[Any], ask: Ask
) -> Iterator[list[Any]]:
    ready = resource.prepare(rows, ask.subject) if resource.prepare else rows
    for row in ready:
        yield [plain(column, value_of(resource, column, row)) for column in columns]


def export(request: HttpRequest, resource: Resource, kind: str) -> HttpResponseBase:
    """The list as the form's hidden state names it, as CSV or XLSX."""
    if kind not in KINDS:
        raise Http404
    subject = subject_of_request(request)
    state = state_of(resource, {name: request.POST.get(name, "") for name in KEPT}, subject)
    ask, problems = ask_of(resource, state, subject)
    if problems:
        messages.error(request, problems[0])
        return redirect(state.address(resource.route))
    # A filter may hold somebody's name or number: only which filters, never with what.
    filters = sorted({term.name or "words" for term in ask.terms})
    record(
        "list.export",
        (resource.noun, "*"),
        detail={
            "format": kind,
            "filters": filters,
            "columns": [c.name for c in state.columns],
        },
    )
    name = f"{resource.route}-{timezone.localtime():%Y%m%d-%H%M}.{kind}"
    if kind == "csv":
        return StreamingHttpResponse(
            _csv(resource, state, ask),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )
    return FileResponse(_sheet(resource, state, ask), as_attachment=True, filename=name)


def _csv(resource: Resource, state: State, ask: Ask) -> Iterator[str]:
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    buffer.write(_BYTE_ORDER_MARK)
    writer.writerow([harmless(str(column.title)) for column in state.columns])
    for row in values(resource, state.columns, ask):
        writer.writerow([harmless(value) for value in row])
        if buffer.tell() > _GATHERED:
            yield buffer.getvalue()
            buffer.seek(0)
            buffer.truncate()
    yield buffer.getvalue()


def _sheet(resource: Resource, state: State, ask: Ask) -> Any:
    """A workbook in a file that vanishes when it is closed. Text is written as text, always."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the answer closes it
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties({"created": dt.datetime(2000, 1, 1)})  # noqa: DTZ001 - no clock in it
    sheet = book.add_worksheet()
    bold = book.add_format({"bold": True})
    for at, column in enumerate(state.columns):
        sheet.write_string(0, at, str(column.title), bold)
    for line, row in enumerate(values(resource, state.columns, ask), 1):
        if line > SHEET_ROWS:
            sheet.write_string(0, len(state.columns), _("cut off here: export CSV"), bold)
            break
        for at, value in enumerate(row):
            if isinstance(value, bool) or value is None:
                sheet.write_string(line, at, "" if value is None else str(value).lower())
            elif isinstance(value, int | float) and abs(value) < 2**53:
                sheet.write_number(line, at, value)
            elif isinstance(value, list | tuple):
                sheet.write_string(line, at, ", ".join(str(one) for one in value))
            else:
                sheet.write_string(line, at, str(value)[:32_767])
    book.close()
    file.seek(0)
    return file
