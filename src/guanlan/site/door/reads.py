"""GET /v1/decisions, look-ups of entities, and changes of list entries.

The key of an entity may be somebody's number, so it stands in bodies and never in an address,
which is kept in the logs of whatever lies between.

Reads run in the committer's line of work, between two commits, so an answer never shows
what a crash could still undo.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, TypeVar

import msgspec

from guanlan.engine.refusal import forbidden_content
from guanlan.site.door import views
from guanlan.site.door.committer import Committer
from guanlan.site.door.keys import Key
from guanlan.site.door.protocol import EngineProtocol
from guanlan.site.door.replies import Refusal
from guanlan.site.door.trail import Trail
from guanlan.site.door.wire_schema import KEY_LENGTH

_NAMED = re.compile(r"(?:`\$\.|missing required field `)([^`]+)`")
Body = TypeVar("Body", bound=msgspec.Struct)
EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


Name = Annotated[str, msgspec.Meta(min_length=1, max_length=KEY_LENGTH)]


class LookUpBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v1/entities/look-up."""

    kind: Name
    key: Name


class RemoveBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v1/lists/{list}/entries/remove."""

    key: Name


class EntryBody(msgspec.Struct, forbid_unknown_fields=True):
    """Body of POST /v1/lists/{list}/entries."""

    key: Name
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


async def entity(committer: Committer, body: bytes) -> bytes:
    """What is known now of the entity that `body` names, as JSON. Raises Refusal 400, 404, 422."""
    wanted = _decode(body, LookUpBody, "bad_look_up")
    committer.ready()

    def work(engine: EngineProtocol) -> bytes | None:
        found = engine.entity(wanted.kind, wanted.key)
        if found is None:
            return None
        return msgspec.json.encode(views.entity(found, engine.program.scenario))

    answer: bytes | None = await committer.call(work)
    if answer is None:
        raise Refusal(404, "not_found", "the scenario declares no such kind of entity")
    return answer


async def put_entry(
    committer: Committer, key: Key, name: str, body: bytes, trail: Trail | None
) -> None:
    """Put the entry in `body` on list `name`, durably. Raises Refusal 400, 404, 422 or 503."""
    wanted = _decode(body, EntryBody, "bad_entry")
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
        engine.set_list_entry(
            name, wanted.key, author=author, reason=wanted.reason, expires=expires
        )

    await _change(committer, work, key, "entry.set", name, wanted.reason, trail)


async def remove_entry(
    committer: Committer, key: Key, name: str, body: bytes, trail: Trail | None
) -> None:
    """Take the entry that `body` names off list `name`, durably; it need not be there. Raises
    Refusal 400, 404, 422 or 503."""
    wanted = _decode(body, RemoveBody, "bad_entry")

    def work(engine: EngineProtocol) -> None:
        engine.remove_list_entry(name, wanted.key, author=f"key {key.id}", reason="removed")

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


def _decode(body: bytes, kind: type[Body], code: str) -> Body:
    """The body as this kind. Raises Refusal 400, or 422 with the field and never a value."""
    try:
        wanted = msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        text = str(error)
        if "unknown field" in text:  # its name is the caller's own word, and may be anything
            text = f"only these fields are expected: {', '.join(kind.__struct_fields__)}"
        raise Refusal(422, code, text, field=_field(text)) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Refusal(400, "bad_json", "the body is not JSON in UTF-8") from None
    forbidden = forbidden_content(body)
    if forbidden is not None:
        raise Refusal(422, forbidden.code, forbidden.message, field=forbidden.field)
    return wanted


def _field(message: str) -> str | None:
    """`reason` from msgspec's "... - at `$.reason`" or "... missing required field `reason`"."""
    found = _NAMED.search(message)
    return found[1] if found else None
