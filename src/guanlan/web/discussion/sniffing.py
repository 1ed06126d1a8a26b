"""What a file is, by its first bytes: the name it came with is only what somebody claims."""

from __future__ import annotations

import codecs
import re
import unicodedata
from pathlib import PurePosixPath
from typing import Final, NamedTuple

HEAD: Final = 4096  # bytes that are enough to tell
LONGEST_NAME: Final = 120


class Kind(NamedTuple):
    """A kind of file that is taken: its media type, and the endings that fit it."""

    media: str
    endings: tuple[str, ...]


TEXT: Final = Kind("text/plain", (".txt", ".csv", ".tsv", ".json", ".ndjson", ".log", ".md",
                                  ".yaml", ".yml", ".eml"))  # fmt: skip
_MAGIC: Final = (
    (b"\x89PNG\r\n\x1a\n", Kind("image/png", (".png",))),
    (b"\xff\xd8\xff", Kind("image/jpeg", (".jpg", ".jpeg"))),
    (b"GIF87a", Kind("image/gif", (".gif",))),
    (b"GIF89a", Kind("image/gif", (".gif",))),
    (b"%PDF-", Kind("application/pdf", (".pdf",))),
)
_OFFICE: Final = {
    b"word/": Kind(
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document", (".docx",)
    ),
    b"xl/": Kind("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", (".xlsx",)),
    b"ppt/": Kind(
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", (".pptx",)
    ),
}
_ENTRY: Final = re.compile(rb"PK\x03\x04.{26}(word/|xl/|ppt/)", re.DOTALL)
TAKEN: Final = "PNG, JPEG, GIF, WebP, PDF, DOCX, XLSX, PPTX, TXT, CSV, JSON"

_MARKUP: Final = re.compile(rb"\s*(?:<\?xml|<!doctype|<html|<svg|<script|#!|MZ)", re.IGNORECASE)
_RESERVED: Final = re.compile(r'[\\/:*?"<>|%;$`\']')


def kind_of(head: bytes) -> Kind | None:
    """The kind of a file that begins with `head`; None where it is none that is taken."""
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Kind("image/webp", (".webp",))
    if head.startswith(b"PK\x03\x04"):
        # An archive is taken only where one of its first entries is an Office document's.
        entry = _ENTRY.search(head)
        return None if entry is None else _OFFICE[entry[1]]
    return TEXT if _is_text(head) else None


def _is_text(head: bytes) -> bool:
    """UTF-8 without control characters, and neither markup nor a program."""
    plain = head.removeprefix(codecs.BOM_UTF8)
    if not plain or _MARKUP.match(plain):
        return False
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(plain)
    except UnicodeDecodeError:
        return False
    return not any((c < " " and c not in "\t\n\r\f") or c == "\x7f" for c in text)


class Utf8:
    """Whether a file is text to its end: it is given out as UTF-8, so all of it must be."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def goes_on(self, chunk: bytes, *, last: bool = False) -> bool:
        """Whether it may go on with `chunk`; `last`: and end there."""
        try:
            self._decoder.decode(chunk, last)
        except UnicodeDecodeError:
            return False
        return b"\0" not in chunk


def safe_name(name: str, kind: Kind) -> str:
    """The name as it is kept and offered: no path, no invisible or reserved character, and an
    ending that fits what the file is."""
    plain = unicodedata.normalize("NFC", name.replace("\\", "/")).rsplit("/", 1)[-1]
    plain = "".join(c for c in plain if unicodedata.category(c)[0] not in "CZ" or c == " ")
    plain = _RESERVED.sub("_", plain).strip(" .")
    path = PurePosixPath(plain or "file")
    stem, ending = (path.stem, path.suffix.lower()) if path.suffix else (path.name, "")
    if ending not in kind.endings:
        stem, ending = path.name, kind.endings[0]
    return stem[: LONGEST_NAME - len(ending)].rstrip(" .") + ending
