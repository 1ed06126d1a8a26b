"""POST /v1/events:batch: one event a line in, one answer a line out, in order.

The body (bounded) is read to its end before anything is decided: a client that writes its
whole body before it reads would otherwise dead-lock with us once the socket buffers are
full. The answers are sent part by part, as their events become durable.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from guanlan.site.door.asgi import Send
from guanlan.site.door.committer import Committer
from guanlan.site.door.limits import Limits
from guanlan.site.door.metrics import Metrics
from guanlan.site.door.protocol import Answer
from guanlan.site.door.replies import NDJSON, SECURE, Refusal, too_large

_OK = b'{"status":200,"decision":%b}\n'
_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [(b"content-type", NDJSON), *SECURE],
}


def lines(body: bytes) -> Iterator[tuple[int, bytes]]:
    """(line number from 1, line) of `body`; blank lines are skipped but numbered."""
    begin, number, end = 0, 0, len(body)
    find = body.find
    while begin < end:
        number += 1
        stop = find(b"\n", begin)
        if stop < 0:
            stop = end
        line = body[begin:stop]
        if line and not line.isspace():
            yield number, line
        begin = stop + 1


def answer_line(number: int, answer: Answer) -> bytes:
    """One line of the answer: a decision, or an error with the line's number."""
    if answer.status == 200:
        return _OK % answer.body
    # An error's body is `{"error": {...}}`: its braces make room for status and line.
    return b'{"status":%d,%b,"line":%d}\n' % (answer.status, answer.body[1:-1], number)


def refusal_line(number: int, refusal: Refusal) -> bytes:
    return (
        msgspec.json.encode({"status": refusal.status, "error": refusal.error, "line": number})
        + b"\n"
    )


async def decide_lines(
    body: bytes, committer: Committer, limits: Limits, metrics: Metrics, send: Send
) -> None:
    """Decide the lines of `body` and send their answers. Never raises Refusal."""
    await send(_START)
    # What is waiting for its turn: answered lines as bytes, the others as their number.
    numbers: list[int] = []
    bodies: list[bytes] = []
    refused: dict[int, bytes] = {}
    for number, line in lines(body):
        if len(line) > limits.event_bytes:
            refused[number] = refusal_line(number, too_large(limits.event_bytes, "the line"))
            metrics.count_line(413)
        else:
            bodies.append(line)
        numbers.append(number)
        if len(numbers) >= limits.commit_events:
            await _decide_part(numbers, bodies, refused, committer, metrics, send)
            numbers, bodies, refused = [], [], {}
    if numbers:
        await _decide_part(numbers, bodies, refused, committer, metrics, send)
    await send({"type": "http.response.body", "body": b""})


async def _decide_part(
    numbers: list[int],
    bodies: list[bytes],
    refused: dict[int, bytes],
    committer: Committer,
    metrics: Metrics,
    send: Send,
) -> None:
    out: list[bytes] = []
    try:
        answers = iter(await _submit(committer, bodies) if bodies else ())
    except Refusal as refusal:
        out = [refused.get(number) or refusal_line(number, refusal) for number in numbers]
        metrics.lines[refusal.status] = metrics.lines.get(refusal.status, 0) + len(bodies)
    else:
        for number in numbers:
            early = refused.get(number) if refused else None
            if early is not None:
                out.append(early)
                continue
            answer = next(answers)
            metrics.count_line(answer.status)
            out.append(answer_line(number, answer))
    await send({"type": "http.response.body", "body": b"".join(out), "more_body": True})


async def _submit(committer: Committer, bodies: list[bytes]) -> list[Answer]:
    committer.ready()
    return await committer.submit_lines(bodies)
