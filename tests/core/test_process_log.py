"""A record is one line, in UTC, and nothing in its text can make it two or hide it."""

from __future__ import annotations

import json
import logging
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guanlan.core.process_log import Json, Lines, of_request

FORMS = [Lines(), Json()]
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z"


def record(text: str, *values: object, error: BaseException | None = None) -> logging.LogRecord:
    about: Any = (type(error), error, error.__traceback__) if error is not None else None
    return logging.LogRecord("guanlan.x", logging.WARNING, "x.py", 1, text, values, about)


@pytest.fixture
def far_from_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@given(st.text())
def test_any_text_is_one_line_of_printable_characters(text: str) -> None:
    for form in FORMS:
        line = form.format(record("%s", text))
        assert line.splitlines() == [line]
        assert all(c.isprintable() for c in line.replace("\x7f", ""))


@given(st.text())
def test_a_collector_reads_the_text_back(text: str) -> None:
    line = Json().format(record("%s", text))
    assert line.isascii()
    assert json.loads(line)["text"] == text
    assert set(json.loads(line)) == {"time", "level", "logger", "text"}


@pytest.mark.parametrize("form", FORMS)
def test_a_forged_line_stays_within_the_one_that_tells_of_it(form: logging.Formatter) -> None:
    forged = "x\r\n2026-11-27T00:00:00.000000Z INFO guanlan.audit all is well\x1b[2K\u2028\u202e"
    line = form.format(record("the host %s is none of ours", forged))
    assert len(re.findall(rf"^{TIME}|^{{", line, re.MULTILINE)) == 1
    for hidden in "\r\n\x1b\u2028\u202e":
        assert hidden not in line


@pytest.mark.parametrize("form", FORMS)
def test_times_are_utc_and_say_so_wherever_the_host_is(
    far_from_utc: None, form: logging.Formatter
) -> None:
    one = record("x")
    one.created = 1_795_764_392.123456
    assert "2026-11-27T07:26:32.123456Z" in form.format(one)


@pytest.mark.parametrize("form", FORMS)
def test_of_a_fault_the_kind_and_the_place_are_told_and_not_its_text(
    form: logging.Formatter,
) -> None:
    value, line = "ann" + "@example.com", ""  # the place quotes the source
    try:
        int(value)
    except ValueError as error:
        line = form.format(record("it failed", error=error))
    assert "ValueError" in line
    assert "test_process_log.py" in line
    assert "ann@example.com" not in line


@pytest.mark.parametrize("form", FORMS)
def test_a_record_of_a_request_names_it(form: logging.Formatter) -> None:
    with of_request("c0ffee"):
        assert "c0ffee" in form.format(record("x"))
    assert "c0ffee" not in form.format(record("x"))


@pytest.mark.parametrize("chosen", ["line", "json"])
def test_every_part_of_a_process_writes_in_the_form_that_was_chosen(
    tmp_path: Any, chosen: str
) -> None:
    """Django, uvicorn and our own loggers, in a process of its own."""
    program = (
        "import logging, django; django.setup()\n"
        "from guanlan.site.door import Limits, configure\n"
        "configure(None, Limits()).load\n"
        "for name in ('django.request', 'uvicorn.error', 'guanlan.door', 'huey'):\n"
        "    logging.getLogger(name).error('a\\nb %s', name)\n"
    )
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUANLAN_")}
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**kept, "GUANLAN_DATA": str(tmp_path), "GUANLAN_LOG_FORMAT": chosen,
             "DJANGO_SETTINGS_MODULE": "guanlan.site.settings", "TZ": "America/New_York"},
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    lines = done.stderr.splitlines()
    assert len(lines) == 4
    for line in lines:
        if chosen == "json":
            told = json.loads(line)
            assert re.fullmatch(TIME, told["time"])
            assert told["text"] == f"a\nb {told['logger']}"
        else:
            assert re.fullmatch(rf"{TIME} ERROR [a-z.]+ a\\nb [a-z.]+", line)
