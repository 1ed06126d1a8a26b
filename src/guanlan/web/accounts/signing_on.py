"""What a session knows of single sign-on: flows under way, and what the provider vouched for."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any, Final

import msgspec
from allauth.account.authentication import get_authentication_records
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest
from django.utils.translation import gettext as _
from msgspec import Struct

from guanlan.core.people.limiting import Entry
from guanlan.core.sign_on import Begun, configured

METHOD: Final = "sso"  # as it stands in the session's list of proofs, and in the audit log
FLOWS: Final = "sso_flows"
MOST_FLOWS: Final = 5  # open at once: one a tab


class Flow(Struct, frozen=True):
    """A flow that this session began: where it leads to, and whom it is to confirm (None: it is
    a sign-in). `entry` is the try at the door, taken back when the flow ends well."""

    begun: Begun
    target: str
    person: int | None = None
    entry: Entry | None = None


def sign_on_name() -> str:
    """What the provider is called on buttons; empty where there is none."""
    return (settings.OIDC_NAME or _("the organisation's sign-on")) if configured() else ""


def keep_flow(session: SessionBase, flow: Flow) -> None:
    """Remember a flow; the oldest of too many is forgotten."""
    open_flows = [*_flows(session, time.time()), flow][-MOST_FLOWS:]
    session[FLOWS] = msgspec.to_builtins(open_flows)


def take_flow(session: SessionBase, state: str) -> Flow | None:
    """The flow of a state, which is forgotten with it: an answer counts once, in the session
    that asked, and within ten minutes."""
    open_flows = _flows(session, time.time())
    found = next((flow for flow in open_flows if flow.begun.state == state), None)
    if found is not None:
        session[FLOWS] = msgspec.to_builtins([flow for flow in open_flows if flow is not found])
    return found


def _flows(session: SessionBase, now: float) -> list[Flow]:
    kept: Iterable[Any] = session.get(FLOWS, ())
    flows = [msgspec.convert(one, Flow) for one in kept]
    return [flow for flow in flows if not flow.begun.over(now)]


def confirmed_there(request: HttpRequest) -> bool:
    """Whether the person proved themselves anew to the provider within the last ten minutes."""
    if not request.user.is_authenticated:
        return False
    limit = time.time() - settings.ACCOUNT_REAUTHENTICATION_TIMEOUT
    return any(
        proof.get("method") == METHOD and proof.get("reauthenticated") and proof["at"] > limit
        for proof in get_authentication_records(request, request.user)
    )


def came_from_there(request: HttpRequest) -> bool:
    """Whether the sign-in that this request makes comes from the provider."""
    return getattr(request, "sign_on_identity", None) is not None


def proven_there(request: HttpRequest) -> bool:
    """Whether the provider says, in words that the settings take for it, that it asked for a
    second factor."""
    identity = getattr(request, "sign_on_identity", None)
    return identity is not None and bool(identity.strength & settings.OIDC_SECOND_FACTOR)
