"""How much the door takes at once. Sizes are bytes, times are seconds."""

from __future__ import annotations

from msgspec import Struct


class Limits(Struct, frozen=True, kw_only=True):
    """Bounds that keep memory and waiting finite whatever clients do."""

    event_bytes: int = 64 << 10  # body of one event, and one line of a batch
    batch_bytes: int = 8 << 20  # body of a batch
    batch_lines: int = 100_000  # lines of a batch
    batches: int = 4  # batch bodies held at the same time
    queue_events: int = 4096  # events waiting to be decided
    queue_bytes: int = 32 << 20  # bytes of events waiting to be decided
    reading: int = 2048  # requests whose body is being read
    commit_events: int = 256  # events decided and made durable together
    body_seconds: float = 10.0  # from the end of the head to the end of an event's body
    batch_seconds: float = 60.0  # the same for a batch
    connections: int = 4096  # open at the same time
    head_seconds: float = 10.0  # from the first byte (or the connection) to the end of the head
    head_bytes: int = 32 << 10
    idle_seconds: int = 30  # a kept-alive connection between two requests
    stop_seconds: int = 10  # open requests at shutdown
    subscribers: int = 64  # open event streams
    retry_busy_seconds: int = 1  # Retry-After of 429
    retry_down_seconds: int = 2  # Retry-After of 503
    keys_seconds: float = 1.0  # between two looks at the list of API keys
