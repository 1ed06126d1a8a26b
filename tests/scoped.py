"""A model whose rows belong to products, for tests of scopes: API keys, by their name."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from guanlan.core.access.nouns import OWNER, TABLE
from guanlan.core.models import ApiKey

NOUN = "core.apikey"


@contextmanager
def keys_by_product(rights: dict[str, set[str]] | None = None) -> Iterator[None]:
    """Within, a key belongs to the product of its name, and `rights` (role -> verbs) hold."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ApiKey, "scope_field", "name", raising=False)
        TABLE.scoped.add(NOUN)
        if rights is not None:
            for verb in TABLE.nouns[NOUN].verbs:
                holders = {role for role, verbs in rights.items() if verb in verbs}
                patch.setitem(TABLE.low, (NOUN, verb), frozenset(holders | {OWNER}))
        try:
            yield
        finally:
            TABLE.scoped.discard(NOUN)


def key_of(product: str, n: int, **more: Any) -> ApiKey:
    """A key of a product."""
    digest = f"{product} {n}".encode()
    return ApiKey.objects.create(
        id=f"{product[:4]:_<4}{n:04}", name=product, sha256=digest, scopes=["events:write"], **more
    )
