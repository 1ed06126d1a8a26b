"""Strength of what is drawn, hashed and signed, read from the sources: 128 bits, or a reason."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.house.tree import SOURCE

# Pauses between tries, simulated traffic and draws by a seed, which nobody is kept from guessing.
NOT_SECRET = ("client/requests.py", "client/send.py", "core/jobs/running.py", "engine/simulate/",
              "core/outbox/delivering.py", "site/cli/quantify.py", "risk/value/computing.py",
              "site/run/grievances.py", "site/run/risks.py")  # fmt: skip
# Draws of fewer bits: names that nothing depends on, or values with limits of their own.
FEWER = {
    "core/sealing/providers.py": "names of a file that is being written, and of a master key",
    "core/sealing/ring.py": "the ring's name, which is no secret",
    "core/models/messages.py": "a message's name, by which its receiver tells repeats",
    "site/run/backup.py": "the name of a file that is being written",
    "site/run/restoring.py": "the name of a folder that is being written",
    "web/discussion/storing.py": "the name of a file that is being written",
    "web/accounts/recovery.py": "a recovery code, hashed like a password and tried few times",
    "core/services.py": "the name of an API key; its secret beside it has 256 bits",
}
# Digests cut below 128 bits: names that nothing is proven by.
SHORT = {
    "engine/kernel/compiled.py": "the name of a file of the cache, whose contents are compared",
    "core/audit/recording.py": "a digest of an address, only to see that two are the same",
    "core/audit/checkpoints.py": "names of a key in a note, as C2SP has them; the key verifies",
    "engine/keys.py": "64-bit keys of the kernel's tables, keyed; exact keys stand in the log",
}
HASHES = {"sha256", "blake2b"}


def modules() -> Iterator[tuple[str, ast.Module]]:
    for path in sorted(SOURCE.rglob("*.py")):
        yield path.relative_to(SOURCE).as_posix(), ast.parse(path.read_text("utf-8"))


def calls(tree: ast.Module, of: str) -> Iterator[tuple[str, ast.Call]]:
    """Calls of a module's functions: name and call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            if isinstance(owner, ast.Name) and owner.id == of:
                yield node.func.attr, node


def test_random_is_never_a_secret() -> None:
    found = {
        name
        for name, tree in modules()
        for node in ast.walk(tree)
        if (isinstance(node, ast.Import) and any(a.name == "random" for a in node.names))
        or (isinstance(node, ast.ImportFrom) and node.module in ("random", "numpy.random"))
        or (isinstance(node, ast.Attribute) and node.attr in ("default_rng", "RandomState"))
        or (isinstance(node, ast.Attribute) and node.attr == "uuid1")
    }
    assert {name for name in found if not name.startswith(NOT_SECRET)} == set()


def test_what_is_not_to_be_guessed_has_128_bits() -> None:
    drawn, fewer = 0, set()
    for name, tree in modules():
        for function, call in calls(tree, "secrets"):
            drawn += 1
            size = call.args[0] if call.args else None
            bits = 8 * int(str(size.value)) if isinstance(size, ast.Constant) else 0
            known = isinstance(size, ast.Attribute) and size.attr == "key_bytes"
            if function == "choice" or (bits < 128 and not known):
                fewer.add(name)
    assert drawn > 10
    setup = "core/people/organisation.py"  # its letters are counted below
    assert fewer - {setup} == set(FEWER)


def test_no_hash_is_weak_and_no_proof_is_short() -> None:
    used: set[str] = set()
    short: set[str] = set()
    for name, tree in modules():
        used |= {function for function, _call in calls(tree, "hashlib")}
        for node in ast.walk(tree):
            cut = isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice)
            if cut and isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
                made, end = node.value, node.slice.upper
                method = made.func.attr if _is_method(made) else ""  # type: ignore[attr-defined]
                bits = {"digest": 8, "hexdigest": 4}.get(method, 0)
                if bits and isinstance(end, ast.Constant) and bits * int(str(end.value)) < 128:
                    short.add(name)
            if isinstance(node, ast.keyword) and node.arg == "digest_size":
                size = node.value
                if isinstance(size, ast.Constant) and int(str(size.value)) < 16:
                    short.add(name)
    assert used <= HASHES | {"new"}
    assert short == set(SHORT)


def _is_method(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)


def test_keys_of_signatures_are_ed25519_alone() -> None:
    """The one library module for making key pairs that is imported, and by whom."""
    pairs = "cryptography.hazmat.primitives.asymmetric"
    found = {
        (name, node.module)
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(pairs)
    }
    assert found == {("core/audit/checkpoints.py", f"{pairs}.ed25519")}


@pytest.mark.parametrize(
    "pattern", [r"verify\s*=\s*False", "CERT_NONE", "check_hostname", "_create_unverified"]
)
def test_no_certificate_goes_unchecked(pattern: str) -> None:
    found = [p for p in SOURCE.rglob("*.py") if re.search(pattern, Path(p).read_text("utf-8"))]
    assert found == []
