"""The one way out: every outgoing call of the platform is made here.

    from guanlan.core import egress

    answer = egress.request("POST", "https://hooks.example.com/x", content=b"{}")

A name is resolved once, each of its addresses is checked, and the connection is made to the
checked address itself, so that a name cannot mean another machine the second time (DNS
rebinding). Private, loopback, link-local, reserved, multicast and metadata addresses are
refused, also where an IPv6 address hides them; `GUANLAN_EGRESS_ALLOW` names the in-house
machines that may be called all the same. Redirects are refused, proxies of the environment are
not used, answers have a size and a time at which they are cut off.
"""

from guanlan.core.egress.addresses import is_public
from guanlan.core.egress.calls import Answer, request
from guanlan.core.egress.guard import guard_requests
from guanlan.core.egress.imap import imap
from guanlan.core.egress.mail import smtp
from guanlan.core.egress.policy import Policy, Refused, open_socket, parse_rule, policy, using

__all__ = [
    "Answer",
    "Policy",
    "Refused",
    "guard_requests",
    "imap",
    "is_public",
    "open_socket",
    "parse_rule",
    "policy",
    "request",
    "smtp",
    "using",
]
