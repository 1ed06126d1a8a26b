"""GET /v1/decisions and /v1/entities, PUT and DELETE of list entries.

Reads run in the committer's line of work, between two commits, so an answer never shows
what a crash could still undo.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import msgspec

from guanlan.engine.refusal import forbidden_content
from guanlan.site.door import views
from guanlan.site.door.committer import Committer
from guanlan.site.door.keys import Key
from guanlan.site.door.protocol import EngineProtocol
from guanlan.site.door.replies import Refusal
from guanlan.site.door.trail import Trail

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

    def work(engine: EngineProtocol) -> bytes | None:
        found = engine.decision(event_id)
        if found is None:
            return None
        return msgspec.json.encode(views.explained(found, engine.program.scenario))

    body: bytes | None = await committer.call(work)
    if body is None:
        raise Refusal(404, "not_found", "no event with this id has been decided")
    return body


async def entity(committer: Committer, kind: str, key: str) -> bytes:
    """What is known of one entity now, as JSON. Raises Refusal 404."""
    committer.ready()

    def work(engine: EngineProtocol) -> bytes | None:
        found = engine.entity(kind, key)
        if found is None:
            return None
        return msgspec.json.encode(views.entity(found, engine.program.scenario))

    body: bytes | None = await committer.call(work)
    if body is None:
        raise Refusal(404, "not_found", "the scenario declares no such kind of entity")
    return body


async def put_entry(
    committer: Committer, key: Key, name: str, entry: str, body: bytes, trail: Trail | None
) -> None:
    """Put `entry` on list `name`, durably. Raises Refusal 400, 404, 422 or 503."""
    try:
        wanted = msgspec.json.decode(body, type=EntryBody)
    except msgspec.ValidationError as error:
        text = str(error)
        raise Refusal(422, "bad_entry", text, field=_field(text)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "bad_json", "the body is not JSON in UTF-8") from None
    forbidden = forbidden_content(body)
    if forbidden is not None:
        raise Refusal(422, forbidden.code, forbidden.message, field=forbidden.field)
    if not wanted.reason.strip() or len(wanted.reason) > 500:
        raise Refusal(422, "bad_entry", "reason: 1 to 500 characters expected", field="reason")
    if wanted.author is not None and not 1 <= len(wanted.author) <= 100:
        raise Refusal(422, "bad_entry", "author: 1 to 100 characters expected", field="author")
    expires = None
    if wanted.expires is not None:
        if wanted.expires.tzinfo is None:
            raise Refusal(
                422, "bad_entry", "expires: a time with its zone expected", field="expires"
            )
        expires = microseconds(wanted.expires)
    author = wanted.author or f"key {key.id}"

    def work(engine: EngineProtocol) -> None:
        engine.set_list_entry(name, entry, author=author, reason=wanted.reason, expires=expires)

    await _change(committer, work, key, "entry.set", name, wanted.reason, trail)


async def delete_entry(
    committer: Committer, key: Key, name: str, entry: str, trail: Trail | None
) -> None:
    """Take `entry` off list `name`, durably; it need not be there. Raises Refusal 404 or 503."""

    def work(engine: EngineProtocol) -> None:
        engine.remove_list_entry(name, entry, author=f"key {key.id}", reason="removed")

    await _change(committer, work, key, "entry.remove", name, "", trail)


async def _change(
    committer: Committer,
    work: Callable[[EngineProtocol], None],
    key: Key,
    act: str,
    name: str,
    reason: str,
    trail: Trail | None,
) -> None:
    """Write it down, then do it; what could not be done after all is said in another row.

    The entry itself is not written: it may be somebody's number. The event log has it, sealed.
    """
    committer.ready()
    if trail is not None:
        await trail.write(key, act, name, reason=reason)
    try:
        await committer.call(work, durable=True)
    except (KeyError, Refusal) as error:
        if trail is not None:
            await trail.write(key, act, name, outcome="undone")
        if isinstance(error, Refusal):
            raise
        raise Refusal(404, "not_found", "no such list") from None


def _field(message: str) -> str | None:
    """`reason` from msgspec's "... - at `$.reason`"."""
    _, found, path = message.partition("`$.")
    return path.split("`")[0] if found else None
