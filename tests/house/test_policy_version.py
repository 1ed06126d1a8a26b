"""What the policy says has a number: another table needs another one."""

from __future__ import annotations

import tests.web.installation  # noqa: F401 - sets Django up, which fills the table
from guanlan.core.access import TABLE
from guanlan.core.access.nouns import POLICY_VERSION
from tests.house.tree import ROOT

DIGESTS = ROOT / "tests" / "house" / "policy_digests.txt"


def test_no_two_tables_have_one_version() -> None:
    """Each line holds a version and the digest of its table; the newest is the last."""
    lines = [line.split() for line in DIGESTS.read_text("ascii").splitlines()]
    versions = [int(version) for version, _digest in lines]
    assert versions == sorted(set(versions)), "a version stands twice, or out of order"
    version, digest = lines[-1]
    assert (int(version), digest) == (POLICY_VERSION, TABLE.digest()), (
        "the policy's table was changed: raise POLICY_VERSION in guanlan.core.access.nouns, and"
        f" add the line “version digest”; the digest of version {POLICY_VERSION} is now"
        f" {TABLE.digest()}"
    )
