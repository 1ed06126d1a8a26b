"""The tables of the console itself."""

from guanlan.web.discussion.models import Attachment, Comment

__all__ = ["Attachment", "Comment"]
