"""Single sign-on: the console as a client of the organisation's OpenID Connect provider.

    from guanlan.core import sign_on

    begun, address = sign_on.begin(redirect_uri)            # keep `begun`, send the browser away
    identity = sign_on.complete(begun, redirect_uri, answer)  # when it comes back

One flow is used: authorization code with PKCE, a nonce, and the client's secret. What the
provider says is believed only when it is signed with one of its published keys and made for
this console, this flow and this moment. Every call goes out through `guanlan.core.egress`.

`Unreachable` says that the provider is down or set up wrongly (an operator's matter),
`Untrusted` that its answer is not believed. Neither holds a value of level 3. Who is let in is
not decided here: `guanlan.core.people.linking`.
"""

from guanlan.core.sign_on.faults import Unreachable, Untrusted
from guanlan.core.sign_on.flow import Begun, begin, complete
from guanlan.core.sign_on.published import Provider, configured, forget, provider, signing_keys
from guanlan.core.sign_on.tokens import Identity

__all__ = [
    "Begun",
    "Identity",
    "Provider",
    "Unreachable",
    "Untrusted",
    "begin",
    "complete",
    "configured",
    "forget",
    "provider",
    "signing_keys",
]
