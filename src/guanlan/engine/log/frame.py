"""The bytes of one frame.

    0   4  magic FF 47 4C FE (never part of UTF-8 text, so no event can contain a frame)
    4   4  CRC-32 of everything behind this field
    8   4  length of what follows the 48-byte header
    12  1  kind
    13  1  number of sections
    14  1  seal: 0 for none, 1 for AES-256-GCM
    15  1  zero
    16  8  position: the frame's own global byte position, so moved bytes are not a frame
    24  8  seq
    32  8  clock, microseconds
    40  8  commit number
    48     one uint32 length per section, then the sections

Little-endian. In a sealed frame the number of its key (uint32) stands before the lengths, and
the sections are one ciphertext with its tag of 16 bytes. The nonce is the position; everything
between checksum and ciphertext is bound to it, so a frame that was altered, moved or made from
two does not open. The checksum is over the bytes as stored: a log can be verified without keys.

Each commit ends with a frame of kind 0 without sections, whose seq is the number
of frames in the commit and whose clock is the position where the commit began: a commit is
there as a whole or not at all.
"""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

from msgspec import Struct

from guanlan.engine.log.sealing import TAG, Seal, Seals

MAGIC: Final = b"\xffGL\xfe"
HEADER: Final = 48
MAX_FRAME: Final = 64 << 20
MAX_SECTIONS: Final = 16
PLAIN: Final = 0
AES_256_GCM: Final = 1

END_OF_COMMIT: Final = 0
EVENT: Final = 1
PROGRAM: Final = 2
LIST_CHANGE: Final = 3
WARMED: Final = 4
OPENED: Final = 5
RESTRICTION: Final = 6

_WHOLE: Final = tuple(struct.Struct(f"<4sIIBBBBqqqq{n}I") for n in range(MAX_SECTIONS + 2))
_BODY: Final = tuple(struct.Struct(f"<IBBBBqqqq{n}I") for n in range(MAX_SECTIONS + 2))
_CRC: Final = struct.Struct("<4sI")


class Frame(Struct, frozen=True, gc=False):
    """One entry of the log. `position` is its global byte position, `clock` microseconds, `key`
    the number of the key it was sealed with, 0 for none."""

    position: int
    kind: int
    seq: int
    clock: int
    commit: int
    sections: tuple[bytes, ...]
    key: int = 0


class Bad(Exception):
    """The bytes at an offset are no frame; `args[0]` says why."""


class Incomplete(Exception):
    """The buffer ends inside the frame; `args[0]` is the size the frame claims to have."""


def encode(
    position: int,
    kind: int,
    seq: int,
    clock: int,
    commit: int,
    sections: tuple[bytes, ...],
    seal: Seal | None = None,
) -> bytes:
    """The bytes of a frame. Raises ValueError when it has too many sections or is too long;
    nothing has been sealed then."""
    n = len(sections)
    if n > MAX_SECTIONS:
        raise ValueError(f"a frame has at most {MAX_SECTIONS} sections, not {n}")
    lengths = list(map(len, sections))
    length = 4 * n + sum(lengths) if seal is None else 4 * n + 4 + sum(lengths) + TAG
    if length > MAX_FRAME:
        raise ValueError(f"a frame has at most {MAX_FRAME} bytes, not {length}")
    if seal is not None:
        head = _BODY[n + 1].pack(
            length, kind, n, AES_256_GCM, 0, position, seq, clock, commit, seal.number, *lengths
        )
        text = seal.encrypt(nonce(position), b"".join(sections), head)
        return b"".join((_CRC.pack(MAGIC, crc32(text, crc32(head))), head, text))
    body = _BODY[n].pack(length, kind, n, PLAIN, 0, position, seq, clock, commit, *lengths)
    crc = crc32(b"".join((body, *sections)))
    return b"".join((_CRC.pack(MAGIC, crc), body, *sections))


def nonce(position: int) -> bytes:
    """The nonce of the frame at a position."""
    return position.to_bytes(12, "little")


def decode(
    buffer: bytes, view: memoryview, offset: int, position: int, seals: Seals | None = None
) -> tuple[Frame, int]:
    """The frame at `offset` of `buffer` and the offset behind it.

    `view` is a memoryview of `buffer`; `position` the global position of `offset`. Without
    `seals` a sealed frame is given without its sections, which is enough to walk a log.
    Raises `Incomplete` when the buffer ends too early, `Bad` when this is no frame, LogSealed
    when its key cannot be had.
    """
    if len(buffer) - offset < HEADER:
        raise Incomplete(HEADER)
    # The number of sections is read first, so that one call unpacks header and lengths.
    n = buffer[offset + 13]
    if buffer[offset : offset + 4] != MAGIC:
        raise Bad("no frame begins here")
    if n > MAX_SECTIONS:
        raise Bad("the frame's number of sections is impossible")
    words = n + 1 if (sealed := buffer[offset + 14]) else n
    at = offset + HEADER + 4 * words
    if at > len(buffer):
        raise Incomplete(HEADER + 4 * words)
    _, crc, length, kind, _, _, zero, own, seq, clock, commit, *sizes = _WHOLE[words].unpack_from(
        buffer, offset
    )
    end = offset + HEADER + length
    if end > len(buffer):
        if length > MAX_FRAME:
            raise Bad("the frame's length is impossible")
        raise Incomplete(HEADER + length)
    if crc32(view[offset + 8 : end]) != crc:
        raise Bad("the frame's checksum does not match its bytes")
    if own != position:
        raise Bad("the frame was written for another position")
    if not sealed:
        if seals is not None and position >= seals.plain_until and kind != END_OF_COMMIT:
            raise Bad("the frame is not sealed, as every frame from here on must be")
        sections = [buffer[at : (at := at + size)] for size in sizes]
        if at != end or zero:
            raise Bad("the frame is of a newer format")
        return Frame(position, kind, seq, clock, commit, tuple(sections)), end
    number = sizes.pop(0)
    if sealed != AES_256_GCM or at + sum(sizes) + TAG != end or zero:
        raise Bad("the frame is of a newer format")
    if seals is None:
        return Frame(position, kind, seq, clock, commit, (), number), end
    text = seals.open(number, nonce(position), view[at:end], buffer[offset + 8 : at])
    if text is None:
        raise Bad("the frame's seal does not open: its bytes are not those that were sealed")
    start = 0
    sections = [text[start : (start := start + size)] for size in sizes]
    return Frame(position, kind, seq, clock, commit, tuple(sections), number), end
