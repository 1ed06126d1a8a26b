"""GET /v1/decisions and /v1/entities, PUT and DELETE of list entries.

Reads run in the committer's line of work, between two commits, so an answer never shows
what a crash could still undo.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import msgspec

from guanlan.site.door.committer import Committer
from guanlan.site.door.keys import Key
from guanlan.site.door.protocol import EngineProtocol
from guanlan.site.door.replies import Refusal

EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


class EntryBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of PUT /v1/lists/{list}/entries/{key}."""

    reason: str
    author: str | None = None
    expires: dt.datetime | None = None


def microseconds(value: dt.datetime) -> int:
    """Microseconds since 1970-01-01 UTC of an aware time."""
    return (value - EPOCH) // dt.timedelta(microseconds=1)


async def decision(committer: Committer, event_id: str) -> bytes:
    """The stored decision with its explanation, as JSON. Raises Refusal 404."""
    committer.ready()
    found = await committer.call(lambda engine: _encoded(engine.decision(event_id)))
    if found is None:
        raise Refusal(404, "not_found", "no event with this id has been decided")
    return bytes(found)


async def entity(committer: Committer, kind: str, key: str) -> bytes:
    """What is known of one entity now, as JSON. Raises Refusal 404."""
    committer.ready()
    found = await committer.call(lambda engine: _encoded(engine.entity(kind, key)))
    if found is None:
        raise Refusal(404, "not_found", "no such kind of entity, or nothing is known of this one")
    return bytes(found)


def _encoded(value: object | None) -> bytes | None:
    # In the line of work, because a view may read the engine's state while it is encoded.
    return None if value is None else msgspec.json.encode(value)


async def put_entry(committer: Committer, key: Key, name: str, entry: str, body: bytes) -> None:
    """Put `entry` on list `name`, durably. Raises Refusal 400, 404 or 422."""
    try:
        wanted = msgspec.json.decode(body, type=EntryBody)
    except msgspec.ValidationError as error:
        text = str(error)
        raise Refusal(422, "invalid_entry", text, field=_field(text)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "malformed", "the body is not JSON in UTF-8") from None
    if not wanted.reason.strip() or len(wanted.reason) > 500:
        raise Refusal(422, "invalid_entry", "reason: 1 to 500 characters expected", field="reason")
    if wanted.author is not None and not 1 <= len(wanted.author) <= 100:
        raise Refusal(422, "invalid_entry", "author: 1 to 100 characters expected", field="author")
    expires = None
    if wanted.expires is not None:
        if wanted.expires.tzinfo is None:
            raise Refusal(
                422, "invalid_entry", "expires: a time with its zone expected", field="expires"
            )
        expires = microseconds(wanted.expires)
    await _change(
        committer, name, entry,
        reason=wanted.reason, author=wanted.author or f"key {key.id}", expires=expires,
        remove=False,
    )  # fmt: skip


async def delete_entry(committer: Committer, key: Key, name: str, entry: str) -> None:
    """Take `entry` off list `name`, durably. Raises Refusal 404."""
    await _change(
        committer, name, entry,
        reason="removed", author=f"key {key.id}", expires=None, remove=True,
    )  # fmt: skip


async def _change(committer: Committer, name: str, entry: str, **change: Any) -> None:
    committer.ready()

    def work(engine: EngineProtocol) -> object:
        return engine.set_list_entry(name, entry, **change)

    try:
        await committer.call(work, durable=True)
    except LookupError:
        raise Refusal(404, "not_found", "no such list, or no such entry in it") from None
    except ValueError as error:
        raise Refusal(422, "invalid_entry", str(error)) from None


def _field(message: str) -> str | None:
    """`reason` from msgspec's "... - at `$.reason`"."""
    _, found, path = message.partition("`$.")
    return path.split("`")[0] if found else None
