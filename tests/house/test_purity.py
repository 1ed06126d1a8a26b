"""engine, quant and text compute: they read no clock, draw no chance, reach for no network.

import-linter forbids the third-party packages; what the standard library offers is found here,
by walking the syntax trees. A seeded generator is an argument in disguise and allowed.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.house.tree import imported, name, pure_sources, sources, tree

NETWORK = {
    "django", "requests", "httpx", "httpcore", "aiohttp", "urllib3", "urllib.request", "http",
    "socket", "socketserver", "ssl", "ftplib", "smtplib", "asyncio", "uvicorn", "websockets",
}  # fmt: skip
CHANCE = {"secrets", "uuid"}
CLOCK = {"time", "sched"}
# `x.now()` and the like, by the last two parts of the dotted name
READS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "os.urandom",
    "os.getrandom", "os.times", "time.time", "time.time_ns", "time.monotonic",
    "time.perf_counter",
}  # fmt: skip
SEEDED = {"Random", "Generator", "default_rng", "PCG64", "PCG64DXSM", "SeedSequence", "Philox"}


def dotted(node: ast.expr) -> str:
    match node:
        case ast.Attribute(value=value, attr=attr):
            return f"{dotted(value)}.{attr}"
        case ast.Name(id=word):
            return word
    return "?"


def impurities(module: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, what) of everything that makes a module depend on more than its arguments."""
    for node in ast.walk(module):
        if isinstance(node, ast.Import | ast.ImportFrom):
            for target in imported(node):
                parts = target.split(".")
                roots = {".".join(parts[: n + 1]) for n in range(len(parts))}
                if roots & (NETWORK | CHANCE | CLOCK):
                    yield node.lineno, f"imports {target}"
                if isinstance(node, ast.ImportFrom) and node.module in {"random", "numpy.random"}:
                    yield from (
                        (node.lineno, f"imports {node.module}.{alias.name}")
                        for alias in node.names
                        if alias.name not in SEEDED
                    )
        elif isinstance(node, ast.Attribute):
            full = dotted(node)
            tail = ".".join(full.split(".")[-2:])
            if tail in READS:
                yield node.lineno, f"reads {full}"
            head, _, last = full.rpartition(".")
            if head in {"random", "np.random", "numpy.random"} and last not in SEEDED:
                yield node.lineno, f"draws {full}"
        elif isinstance(node, ast.Call) and dotted(node.func).split(".")[-1] in SEEDED:
            seedless = not node.args and not node.keywords
            if seedless and dotted(node.func).split(".")[-1] != "Generator":
                yield node.lineno, f"unseeded {dotted(node.func)}()"


def test_pure_packages_depend_on_their_arguments_only() -> None:
    bad = [f"{name(p)}:{line} {what}" for p in pure_sources() for line, what in impurities(tree(p))]
    assert bad == []


@pytest.mark.parametrize(
    "code",
    [
        "import time",
        "from time import monotonic",
        "import urllib.request",
        "import django.db",
        "import secrets",
        "import random\nrandom.shuffle(x)",
        "import numpy as np\nnp.random.normal()",
        "import numpy as np\nnp.random.default_rng()",
        "from random import choice",
        "import datetime as dt\ndt.datetime.now()",
        "import os\nos.urandom(8)",
    ],
)
def test_the_check_sees_a_clock_chance_or_network(code: str) -> None:
    assert list(impurities(ast.parse(code)))


@pytest.mark.parametrize(
    "code",
    [
        "import numpy as np\nnp.random.default_rng(7)",
        "import random\nrandom.Random(seed)",
        "from datetime import datetime\ndatetime.fromisoformat(x)",
        "def f(rng: np.random.Generator) -> None: ...",
        "import urllib.parse",
    ],
)
def test_the_check_lets_arguments_pass(code: str) -> None:
    assert list(impurities(ast.parse(code))) == []


def inner_imports(module: ast.Module) -> Iterator[int]:
    for function in ast.walk(module):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            for node in ast.walk(function):
                if any(t.split(".")[0] in {"guanlan", ""} for t in imported(node)):
                    yield getattr(node, "lineno", 0)


def test_no_import_of_guanlan_hides_in_a_function() -> None:
    bad = [f"{name(p)}:{line}" for p in sources() for line in inner_imports(tree(p))]
    assert bad == []


def test_the_client_stands_alone() -> None:
    bad = [
        f"{name(p)}:{getattr(node, 'lineno', 0)}"
        for p in sources()
        if "/client" in name(p)
        for node in ast.walk(tree(p))
        for target in imported(node)
        if target.startswith("guanlan") and not target.startswith("guanlan.client")
    ]
    assert bad == []
