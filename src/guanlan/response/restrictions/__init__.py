"""The one broker of restrictions: proposed, approved, held by every sink, ended.

made = propose(subject, Named("user", "u-1"), Terms(effect="block", reason_code="takeover"))
approve(another, made)
lift(another, made, "the customer has proven who they are")
"""

from guanlan.response.restrictions.ending import (
    appeal,
    decide_appeal,
    expire,
    lift,
    protect_and_lift,
    renew,
)
from guanlan.response.restrictions.following import Follower
from guanlan.response.restrictions.holding import check, settle
from guanlan.response.restrictions.never import unprotect
from guanlan.response.restrictions.proposing import Terms, approve, check_approver, propose, refuse
from guanlan.response.restrictions.sinks import SinkFault, find_sink, sink, sinks

__all__ = [
    "Follower",
    "SinkFault",
    "Terms",
    "appeal",
    "approve",
    "check",
    "check_approver",
    "decide_appeal",
    "expire",
    "find_sink",
    "lift",
    "propose",
    "protect_and_lift",
    "refuse",
    "renew",
    "settle",
    "sink",
    "sinks",
    "unprotect",
]
