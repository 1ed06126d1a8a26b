"""Messages to people and to channels, each written down before it is sent.

    from guanlan.core import outbox

    outbox.send("case.assigned", to=user, context={"case": 7}, about=case)
    outbox.unread(request.subject)              # what the bell counts (a queryset, newest first)
    outbox.notices(outbox.unread(subject)[:8])  # with subject and body in the page's language
    outbox.mark_read(request.subject, [message.pk])

`send` writes its rows in the caller's transaction. A job delivers them: soon, since each commit
nudges it, and at the latest a minute later, since the row is the truth.
"""

from guanlan.core.outbox.reading import (
    Notice,
    acknowledge,
    mark_read,
    notices,
    on_acknowledged,
    on_unacknowledged,
    own,
    unread,
    unread_counts,
)
from guanlan.core.outbox.sending import people_who_may, send
from guanlan.core.outbox.templates import Text, rendered, template

__all__ = [
    "Notice",
    "Text",
    "acknowledge",
    "mark_read",
    "notices",
    "on_acknowledged",
    "on_unacknowledged",
    "own",
    "people_who_may",
    "rendered",
    "send",
    "template",
    "unread",
    "unread_counts",
]
