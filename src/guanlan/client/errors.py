"""What can go wrong between a caller and Guanlan, as types."""

from __future__ import annotations


class GuanlanError(Exception):
    """Any failure of a call. `event_id` is set where the call was about one event."""

    event_id: str | None = None


class Unreachable(GuanlanError):
    """No answer after all retries.

    The event may or may not have been recorded; sending it again *with the same id* is
    safe and gives the first decision.
    """


class Refused(GuanlanError):
    """Guanlan answered with an error: `status`, `code`, `message`, and `field` if known."""

    def __init__(self, status: int, code: str, message: str, field: str | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.field = field


class Invalid(Refused):
    """400, 413, 415, 422: the event itself; sending it again will not help."""


class Denied(Refused):
    """401, 403: the key is missing, revoked, expired, or lacks a scope."""


class NotFound(Refused):
    """404: nothing of that name."""


class Conflict(Refused):
    """409: the id was used before for another event."""


class Busy(Refused):
    """408, 429, 502, 503, 504 after all retries: nothing was acknowledged."""


_TYPES: dict[int, type[Refused]] = {
    400: Invalid, 401: Denied, 403: Denied, 404: NotFound, 408: Busy, 409: Conflict,
    413: Invalid, 415: Invalid, 422: Invalid, 429: Busy, 502: Busy, 503: Busy, 504: Busy,
}  # fmt: skip


def refusal(status: int, code: str, message: str, field: str | None = None) -> Refused:
    """The error of the type that belongs to `status`."""
    return _TYPES.get(status, Refused)(status, code, message, field)
