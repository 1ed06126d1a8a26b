"""A file is what its bytes say; its name is only a claim."""

from __future__ import annotations

import io
import zipfile

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from guanlan.web.discussion.sniffing import HEAD, LONGEST_NAME, TEXT, kind_of, safe_name


def by_openpyxl() -> bytes:
    out = io.BytesIO()
    openpyxl.Workbook().save(out)
    return out.getvalue()


def by_xlsxwriter() -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    book.add_worksheet()
    book.close()
    return out.getvalue()


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("setup.exe", "MZ")
    return out.getvalue()


@pytest.mark.parametrize(
    ("data", "media"),
    [
        (b"\x89PNG\r\n\x1a\n....", "image/png"),
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"GIF89a", "image/gif"),
        (b"RIFF\0\0\0\0WEBPVP8 ", "image/webp"),
        (b"%PDF-1.7\n", "application/pdf"),
        ("时间,金额\n1,2\n".encode(), "text/plain"),
        ("\ufeffa,b\n".encode(), "text/plain"),
        (("字" * 2000).encode()[:HEAD], "text/plain"),
        (by_openpyxl(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (by_xlsxwriter(), "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ],
)
def test_what_is_taken(data: bytes, media: str) -> None:
    kind = kind_of(data[:HEAD])
    assert kind is not None
    assert kind.media == media


@pytest.mark.parametrize(
    "data",
    [
        b"", b"MZ\x90\0", b"\x7fELF", b"#!/bin/sh\n", b"<svg onload=alert(1)>",
        b"  <!DOCTYPE html>",
        b"<?xml version='1.0'?><svg/>", b"\xef\xbb\xbf<html>", b"a\0b", b"\xff\xfe<\0s\0",
        b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\x1f\x8b\x08", b"Rar!\x1a\x07",
    ],
)  # fmt: skip
def test_what_is_not_taken(data: bytes) -> None:
    assert kind_of(data) is None


def test_an_archive_that_is_no_document_is_not_taken() -> None:
    assert kind_of(archive()[:HEAD]) is None


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("报告.CSV", "报告.csv"),
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\temp\\evil.exe", "evil.exe.txt"),
        ("invoice.pdf\u202e.txt", "invoice.pdf.txt"),
        ('a"b\r\nX: y.txt', "a_bX_ y.txt"),
        ("", "file.txt"),
        (".htaccess", "htaccess.txt"),
        ("page.html", "page.html.txt"),
    ],
)
def test_a_name_is_kept_without_what_could_harm(name: str, kept: str) -> None:
    assert safe_name(name, TEXT) == kept


@given(st.text(max_size=400))
def test_a_kept_name_is_always_one_plain_short_name(name: str) -> None:
    kept = safe_name(name, TEXT)
    assert 0 < len(kept) <= LONGEST_NAME
    assert kept.endswith(TEXT.endings)
    assert not set(kept) & set('\\/:*?"<>|%;\0\r\n')
    assert safe_name(kept, TEXT) == kept
