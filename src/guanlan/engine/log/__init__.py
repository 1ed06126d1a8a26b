"""The event log: what was acknowledged, in order, durably.

    writer = LogWriter.open(directory)
    position = writer.append(EVENT, seq, clock, (row, outs, event, decision))
    writer.commit()                      # durable from here on
    for frame in LogReader(directory).frames():
        ...
    frames, position = LogTail(directory).poll(position, 1000)

`guanlan.engine.log.export` writes a log to Parquet (it is apart because it loads polars).
"""

from guanlan.engine.log.errors import LogCorrupt, LogError, LogFailed, LogLocked, LogSealed
from guanlan.engine.log.frame import (
    EVENT,
    LIST_CHANGE,
    OPENED,
    PROGRAM,
    RESTRICTION,
    WARMED,
    Frame,
)
from guanlan.engine.log.reader import LogReader, LogTail
from guanlan.engine.log.root import log_root
from guanlan.engine.log.scan import Fault
from guanlan.engine.log.sealing import KeyWrap, Seals
from guanlan.engine.log.verify import VerifyReport, verify
from guanlan.engine.log.writer import LogWriter, Repair, check_unused

__all__ = [
    "EVENT",
    "LIST_CHANGE",
    "OPENED",
    "PROGRAM",
    "RESTRICTION",
    "WARMED",
    "Fault",
    "Frame",
    "KeyWrap",
    "LogCorrupt",
    "LogError",
    "LogFailed",
    "LogLocked",
    "LogReader",
    "LogSealed",
    "LogTail",
    "LogWriter",
    "Repair",
    "Seals",
    "VerifyReport",
    "check_unused",
    "log_root",
    "verify",
]
