"""What the process log tells of outgoing calls: those the policy refused, and TLS that failed."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

from guanlan.core.egress.policy import Refused

logger = logging.getLogger("guanlan.egress")


@contextmanager
def told(host: str) -> Iterator[None]:
    """Whatever keeps the call within from being made safely is logged, and raised on."""
    try:
        yield
    except Refused as refused:
        logger.warning("an outgoing call was refused: %s", refused)
        raise
    except Exception as error:
        if (fault := _tls(error)) is not None:
            logger.error("%s: TLS failed: %s", host, fault)
        raise


def _tls(error: BaseException | None) -> str | None:
    """Why TLS failed, in the library's own word; None where something else did."""
    while error is not None:
        if isinstance(error, ssl.SSLCertVerificationError):
            return error.verify_message
        if isinstance(error, ssl.SSLError):
            return error.reason or type(error).__name__
        error = error.__cause__ or error.__context__
    return None
