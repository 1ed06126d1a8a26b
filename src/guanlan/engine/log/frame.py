"""The bytes of one frame.

    0   4  magic FF 47 4C FE (never part of UTF-8 text, so no event can contain a frame)
    4   4  CRC-32 of everything behind this field
    8   4  length of what follows the 48-byte header
    12  1  kind
    13  1  number of sections
    14  2  zero
    16  8  position: the frame's own global byte position, so moved bytes are not a frame
    24  8  seq
    32  8  clock, microseconds
    40  8  commit number
    48     one uint32 length per section, then the sections

Little-endian. Each commit ends with a frame of kind 0 without sections, whose seq is the number
of frames in the commit and whose clock is the position where the commit began: a commit is
there as a whole or not at all.
"""

from __future__ import annotations

import struct
from typing import Final
from zlib import crc32

from msgspec import Struct

MAGIC: Final = b"\xffGL\xfe"
HEADER: Final = 48
MAX_FRAME: Final = 64 << 20
MAX_SECTIONS: Final = 16

END_OF_COMMIT: Final = 0
EVENT: Final = 1
PROGRAM: Final = 2
LIST_CHANGE: Final = 3
WARMED: Final = 4
OPENED: Final = 5

_WHOLE: Final = tuple(struct.Struct(f"<4sIIBBHqqqq{n}I") for n in range(MAX_SECTIONS + 1))
_BODY: Final = tuple(struct.Struct(f"<IBBHqqqq{n}I") for n in range(MAX_SECTIONS + 1))
_CRC: Final = struct.Struct("<4sI")


class Frame(Struct, frozen=True, gc=False):
    """One entry of the log. `position` is its global byte position, `clock` microseconds."""

    position: int
    kind: int
    seq: int
    clock: int
    commit: int
    sections: tuple[bytes, ...]


class Bad(Exception):
    """The bytes at an offset are no frame; `args[0]` says why."""


class Incomplete(Exception):
    """The buffer ends inside the frame; `args[0]` is the size the frame claims to have."""


def encode(
    position: int, kind: int, seq: int, clock: int, commit: int, sections: tuple[bytes, ...]
) -> bytes:
    """The bytes of a frame. Raises ValueError when it has too many sections or is too long."""
    n = len(sections)
    if n > MAX_SECTIONS:
        raise ValueError(f"a frame has at most {MAX_SECTIONS} sections, not {n}")
    lengths = list(map(len, sections))
    length = 4 * n + sum(lengths)
    if length > MAX_FRAME:
        raise ValueError(f"a frame has at most {MAX_FRAME} bytes, not {length}")
    body = _BODY[n].pack(length, kind, n, 0, position, seq, clock, commit, *lengths)
    crc = crc32(b"".join((body, *sections)))
    return b"".join((_CRC.pack(MAGIC, crc), body, *sections))


def decode(buffer: bytes, view: memoryview, offset: int, position: int) -> tuple[Frame, int]:
    """The frame at `offset` of `buffer` and the offset behind it.

    `view` is a memoryview of `buffer`; `position` the global position of `offset`.
    Raises `Incomplete` when the buffer ends too early, `Bad` when this is no frame.
    """
    if len(buffer) - offset < HEADER:
        raise Incomplete(HEADER)
    # The number of sections is read first, so that one call unpacks header and lengths.
    n = buffer[offset + 13]
    if buffer[offset : offset + 4] != MAGIC:
        raise Bad("no frame begins here")
    if n > MAX_SECTIONS:
        raise Bad("the frame's number of sections is impossible")
    at = offset + HEADER + 4 * n
    if at > len(buffer):
        raise Incomplete(HEADER + 4 * n)
    _, crc, length, kind, _, zero, own, seq, clock, commit, *sizes = _WHOLE[n].unpack_from(
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
    sections = [buffer[at : (at := at + size)] for size in sizes]
    if at != end or zero:
        raise Bad("the frame is of a newer format")
    return Frame(position, kind, seq, clock, commit, tuple(sections)), end
