"""The files of the project as the house rules see them."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "guanlan"
PURE = ("engine", "quant", "text")


@cache
def tracked() -> tuple[Path, ...]:
    """Every file git tracks or would add, without build output and installed packages."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    paths = (ROOT / name for name in listing.decode().split("\0") if name)
    return tuple(sorted(path for path in paths if path.is_file()))


@cache
def text(path: Path) -> str | None:
    """The file's text, or None when it is a picture or another binary."""
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def sources() -> list[Path]:
    return [p for p in tracked() if p.suffix == ".py" and SOURCE in p.parents]


def pure_sources() -> list[Path]:
    return [p for p in sources() if p.relative_to(SOURCE).parts[0] in PURE]


def tree(path: Path) -> ast.Module:
    return ast.parse(text(path) or "", filename=str(path))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def imported(node: ast.AST) -> Iterator[str]:
    """The modules an import statement names; `from x import y` yields x and x.y."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        module = "." * node.level + (node.module or "")
        yield module
        yield from (f"{module}.{alias.name}" for alias in node.names)
