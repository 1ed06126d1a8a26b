"""Segment files: `<20-digit base position>.glog`, a 32-byte header, then frames.

The header: "GUANLANL", uint32 version, uint32 CRC-32 of the rest, int64 base, int64 number of
the first commit. A position is a global byte offset, headers included, so base + size of one
segment is the base of the next.
"""

from __future__ import annotations

import os
import re
import struct
from bisect import bisect_right
from pathlib import Path
from typing import Final
from zlib import crc32

from msgspec import Struct

from guanlan.engine.log.errors import LogCorrupt

SEGMENT_HEADER: Final = 32
_VERSION: Final = 1
_MAGIC: Final = b"GUANLANL"
_HEADER: Final = struct.Struct("<8sIIqq")
_REST: Final = struct.Struct("<qq")
_NAME: Final = re.compile(r"\d{20}\.glog")


class Segment(Struct, frozen=True):
    """A segment file by its base position."""

    directory: Path
    base: int

    @property
    def name(self) -> str:
        return f"{self.base:020d}.glog"

    @property
    def path(self) -> Path:
        return self.directory / self.name


def segments(directory: Path) -> list[Segment]:
    """The segments of a log, oldest first."""
    names = [name for name in os.listdir(directory) if _NAME.fullmatch(name)]
    return [Segment(directory, int(name[:20])) for name in sorted(names)]


def holding(found: list[Segment], position: int) -> Segment | None:
    """The segment that holds `position`, or None when it lies before the first one."""
    index = bisect_right(found, position, key=lambda segment: segment.base)
    return found[index - 1] if index else None


def create(segment: Segment, first_commit: int) -> int:
    """Create a segment durably and return its descriptor.

    It appears under its name only when its header is on disk, so a half-made one is never met.
    """
    rest = _REST.pack(segment.base, first_commit)
    header = _HEADER.pack(_MAGIC, _VERSION, crc32(rest), segment.base, first_commit)
    fresh = segment.path.with_suffix(".new")
    fd = os.open(fresh, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        os.pwrite(fd, header, 0)
        os.fsync(fd)
        os.rename(fresh, segment.path)
        sync_directory(segment.directory)
    except OSError:
        os.close(fd)
        raise
    return fd


def first_commit(segment: Segment, fd: int) -> int:
    """The commit number in a segment's header; raises LogCorrupt when the header is damaged."""
    header = os.pread(fd, SEGMENT_HEADER, 0)
    if len(header) == SEGMENT_HEADER:
        magic, version, crc, base, number = _HEADER.unpack(header)
        known = magic == _MAGIC and version == _VERSION
        if known and base == segment.base and crc == crc32(header[16:]):
            return int(number)
    raise LogCorrupt(segment.name, 0, segment.base, "the segment's header is damaged")


def sync_directory(directory: Path) -> None:
    """Make the directory's entries durable."""
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
