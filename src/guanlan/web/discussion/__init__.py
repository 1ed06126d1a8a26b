"""Comments and attachments on any object, for those who may see the object.

Every declared resource says that its objects are discussed and who sees them
(`topics.discussed`), and draws the discussion on their pages. Who may not see an object sees
nothing of what was said of it, and nobody is told of a mention who may not.
"""

from guanlan.web.discussion.attaching import Refusal, attach, read_attachment, remove_attachment
from guanlan.web.discussion.commenting import comment, edit_comment, remove_comment
from guanlan.web.discussion.showing import shown
from guanlan.web.discussion.topics import Topic, discussed, find_object, topic

__all__ = [
    "Refusal",
    "Topic",
    "attach",
    "comment",
    "discussed",
    "edit_comment",
    "find_object",
    "read_attachment",
    "remove_attachment",
    "remove_comment",
    "shown",
    "topic",
]
