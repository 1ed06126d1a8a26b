"""Reading a letter that anybody may have written: bounded in every direction. Pure.

Only text is kept, of HTML what can be read. Nothing is unpacked, nothing is loaded, nothing nested
deeper or longer than the limits is looked at.
"""

from __future__ import annotations

import email
import re
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.message import Message
from email.utils import parseaddr
from typing import Final, NamedTuple

from guanlan.response.complaints.markup import text_of

MOST_HEAD: Final = 64 << 10  # bytes of all headers of a letter
MOST_PARTS: Final = 100
MOST_DEPTH: Final = 10
MOST_FILES: Final = 10
MOST_SALVAGED: Final = 1 << 20  # bytes of a refused letter in which its text is looked for
MOST_TEXT: Final = 256 << 10  # bytes of text that are read
CUT: Final = "\n[…]"
_TICKET: Final = re.compile(r"\[C\d{8}-(\d{1,12})\]")
_LONG: Final = 998  # of a decoded header


class BadLetter(ValueError):
    """A letter past a limit; the argument names it: head, parts, depth, files, empty, sender."""


class File(NamedTuple):
    """An attachment: the name it came with, and its bytes."""

    name: str
    data: bytes


class Letter(NamedTuple):
    """A letter as far as it is kept. `ticket` is the number of the complaint that its subject
    names (0: none); `automatic` says that a program wrote it."""

    sender: str
    subject: str
    message_id: str
    ticket: int
    automatic: bool
    text: str
    files: tuple[File, ...]


def head_of(raw: bytes) -> bytes:
    """The headers of a letter. Raises BadLetter where they never end."""
    places = (raw.find(b"\r\n\r\n", 0, MOST_HEAD + 4), raw.find(b"\n\n", 0, MOST_HEAD + 2))
    ends = [n for n in places if n >= 0]
    if ends:
        return raw[: min(ends)]
    if len(raw) > MOST_HEAD:
        raise BadLetter("head")
    return raw


def read_letter(raw: bytes, most_file: int, longest: int) -> Letter:
    """The letter in these bytes. Raises BadLetter.

    `most_file` is the size (bytes) of a file at most, `longest` that of the text (characters):
    what is longer is cut, and says so.
    """
    head_of(raw)
    try:
        message = email.message_from_bytes(raw)
        parts = list(_walk(message))
    except RecursionError:
        raise BadLetter("depth") from None
    sender = _sender(message)
    if not sender:
        raise BadLetter("sender")
    text, files = _bodies(parts, most_file)
    subject = _header(message, "Subject")
    if not (text or subject):
        raise BadLetter("empty")
    if len(text) > longest:
        text = text[: longest - len(CUT)] + CUT
    ticket = _TICKET.search(subject)
    return Letter(
        sender=sender,
        subject=subject[:200],
        message_id=_header(message, "Message-ID").strip()[:_LONG],
        ticket=int(ticket[1]) if ticket else 0,
        automatic=_automatic(message),
        text=text or subject,
        files=tuple(files),
    )


def salvaged(raw: bytes, most_file: int, longest: int) -> Letter:
    """The letter as far as it can be read, also where `read_letter` refuses it: who wrote it and
    what about, and the first text there is within the limits; empty where there is none."""
    try:
        return read_letter(raw, most_file, longest)
    except Exception:  # noqa: BLE001 - what the reading breaks on is read without its body
        head = email.message_from_bytes(raw[:MOST_HEAD].partition(b"\r\n\r\n")[0])
    return Letter(
        sender=_sender(head),
        subject=_header(head, "Subject")[:200],
        message_id=_header(head, "Message-ID").strip()[:_LONG],
        ticket=0,
        automatic=False,
        text=_first_text(raw, longest),
        files=(),
    )


def _first_text(raw: bytes, longest: int) -> str:
    try:
        message = email.message_from_bytes(raw[:MOST_SALVAGED])
        for _step in range(MOST_DEPTH):
            payload = message.get_payload()
            if not message.is_multipart() or not isinstance(payload, list):
                break
            parts = [part for part in payload if isinstance(part, Message)]
            texts = [part for part in parts if part.get_content_maintype() == "text"]
            message = (texts or parts)[0]
        data = message.get_payload(decode=True)
        if message.get_content_maintype() != "text" or not isinstance(data, bytes):
            return ""
        said = _text(data[:MOST_TEXT], message.get_content_charset() or "utf-8")
    except Exception:  # noqa: BLE001 - there is nothing to be read in it then
        return ""
    said = text_of(said) if message.get_content_subtype() == "html" else said.strip()
    return said if len(said) <= longest else said[: longest - len(CUT)] + CUT


def _walk(message: Message, depth: int = 0, count: list[int] | None = None) -> list[Message]:
    """The leaves, in order."""
    seen = count if count is not None else [0]
    seen[0] += 1
    if seen[0] > MOST_PARTS:
        raise BadLetter("parts")
    if depth > MOST_DEPTH:
        raise BadLetter("depth")
    payload = message.get_payload()
    if message.is_multipart() and isinstance(payload, list):
        return [leaf for part in payload if isinstance(part, Message)
                for leaf in _walk(part, depth + 1, seen)]  # fmt: skip
    return [message]


def _bodies(parts: list[Message], most_file: int) -> tuple[str, list[File]]:
    plain: list[str] = []
    html: list[str] = []
    files: list[File] = []
    for part in parts:
        kind = part.get_content_type()
        data = part.get_payload(decode=True)
        if not isinstance(data, bytes):
            continue
        named = part.get_filename()
        if named or part.get_content_disposition() == "attachment" or kind not in (
            "text/plain", "text/html"
        ):  # fmt: skip
            if len(files) >= MOST_FILES:
                raise BadLetter("files")
            if data:
                # A file past the limit is named all the same, so that somebody looks for it.
                files.append(File(_decoded(named or "file"), data[: most_file + 1]))
            continue
        text = _text(data[:MOST_TEXT], part.get_content_charset() or "utf-8")
        (plain if kind == "text/plain" else html).append(text)
    said = "\n".join(one.strip() for one in plain if one.strip())
    return said or "\n".join(filter(None, map(text_of, html))), files


def _text(data: bytes, charset: str) -> str:
    if charset.lower() in ("gb2312", "gbk"):
        charset = "gb18030"  # which holds both
    try:
        return data.decode(charset, "replace")
    except LookupError:
        return data.decode("utf-8", "replace")


def _header(message: Message, name: str) -> str:
    return _decoded(str(message.get(name, "")))


def _sender(message: Message) -> str:
    """The address it comes from; empty where it names none."""
    try:
        sender = parseaddr(_header(message, "From"))[1]
    except RecursionError:  # brackets within brackets
        return ""
    return sender if "@" in sender and len(sender) <= 254 else ""


def _decoded(value: str) -> str:
    short = value[: 4 * _LONG]
    try:
        said = str(make_header(decode_header(short)))
    except (HeaderParseError, LookupError, UnicodeDecodeError, ValueError):
        said = short
    return " ".join(said.split())[:_LONG]


def _automatic(message: Message) -> bool:
    said = _header(message, "Auto-Submitted").lower()
    bulk = _header(message, "Precedence").lower() in ("bulk", "junk", "list")
    return (bool(said) and said != "no") or bulk or bool(message.get("List-Id"))
