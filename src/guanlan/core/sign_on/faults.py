"""Why a sign-on does not come to its end."""

from __future__ import annotations

from typing import Literal

Why = Literal[
    "algorithm", "answer", "audience", "code", "declined", "early", "expired", "incomplete",
    "issuer", "key", "nonce", "old", "party", "signature", "stale", "token", "type",
]  # fmt: skip


class Unreachable(Exception):
    """The provider does not answer, or not as one does; the text is a sentence for an operator."""


class Untrusted(Exception):
    """What came back is not believed; `why` is the word that the audit log keeps."""

    def __init__(self, why: Why) -> None:
        super().__init__(f"the provider's answer is not believed: {why}")
        self.why: Why = why
