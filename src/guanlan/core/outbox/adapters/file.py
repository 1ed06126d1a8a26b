"""Messages into a file of the data directory, one JSON object a line: to try things out."""

from __future__ import annotations

import os
from typing import Final

import msgspec
from django.conf import settings

from guanlan.core.outbox.adapters.parcel import Adapter, Config, Field, NotDelivered, Parcel


def deliver(config: Config, parcel: Parcel) -> None:
    """Append the parcel to `outbox/<name>.ndjson`, readable by its owner only."""
    name = config.get("name") or "messages"
    if not name.replace("-", "").replace("_", "").isalnum():
        raise NotDelivered("misconfigured", again=False)
    folder = settings.DATA / "outbox"
    folder.mkdir(mode=0o700, exist_ok=True)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(folder / f"{name}.ndjson", flags, 0o600)
    with os.fdopen(descriptor, "ab") as file:
        file.write(msgspec.json.encode(parcel) + b"\n")


FILE: Final = Adapter(fields=(Field("name", default="messages", required=False),), deliver=deliver)
