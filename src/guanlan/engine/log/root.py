"""The root of a log: one hash over all that it says, by which two copies are compared.

SHA-256 over the frames in order: position, kind, number, clock and sections as they are opened,
not as they were sealed or committed. Every decision, row and feature stands in them, so equal
roots mean equal states; and what does not open has no root.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable
from typing import Final

from guanlan.engine.log.frame import Frame

_FRAME: Final = struct.Struct(">qBqqI")
_LENGTH: Final = struct.Struct(">Q")


def log_root(frames: Iterable[Frame]) -> str:
    """The root of these frames, in hexadecimal."""
    whole = hashlib.sha256()
    add, sizes = whole.update, _LENGTH.pack
    for frame in frames:
        parts = frame.sections
        add(_FRAME.pack(frame.position, frame.kind, frame.seq, frame.clock, len(parts)))
        for part in parts:
            add(sizes(len(part)))
            add(part)
    return whole.hexdigest()
