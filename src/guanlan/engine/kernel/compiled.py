"""The generated module on disk, and numba's compiled form of it beside it.

A module is named by the digest of its text, so another program never meets another's machine
code; numba's own index also keys on its version and the processor. The directory holds code
that is executed and must belong to the process: it is made with mode 0700.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, Protocol, overload

Program = Callable[[Any, Any, Any, int], int]
COMPILE_SECONDS: Final = 600


class CompileError(Exception):
    """The background compile failed; the message is the compiler's last line."""


class Int64Buffer(Protocol):
    """A flat buffer of int64: memoryview cast to "q", array("q"), numpy array."""

    def __len__(self) -> int: ...

    @overload
    def __getitem__(self, at: int, /) -> Any: ...

    @overload
    def __getitem__(self, at: slice, /) -> Any: ...


def plain_view(buffer: Int64Buffer) -> memoryview:
    """As Python integers, whatever the buffer's own element type is called."""
    view = memoryview(buffer)  # type: ignore[arg-type]
    if not view.c_contiguous or view.itemsize != 8:
        raise ValueError("a buffer of the kernel must be contiguous int64")
    return view if view.format == "q" and view.ndim == 1 else view.cast("B").cast("q")


def fast_view(buffer: Int64Buffer) -> Any:
    """As a numpy array on the same memory."""
    numpy = importlib.import_module("numpy")  # here, for an interpreted start does without
    return numpy.frombuffer(plain_view(buffer), numpy.int64)


def write_module(source: str, directory: Path) -> Path:
    """The file of this source in `directory`, written whole or not at all.

    An existing file with the same text stays as it is, for its time stamp is numba's key.
    """
    name = f"guanlan_kernel_{hashlib.sha256(source.encode()).hexdigest()[:24]}.py"
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = directory / name
    try:
        if path.read_text(encoding="utf-8") == source:
            return path
    except OSError:
        pass
    handle, temporary = tempfile.mkstemp(dir=directory, prefix=".kernel-")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(source)
    os.replace(temporary, path)
    return path


_LOADED: dict[Path, Program] = {}
_LOADING = threading.Lock()


def load(source: str, directory: Path) -> Program:
    """The compiled program, from the cache or compiled now (up to a minute of CPU).

    A cache that cannot be read (cut short by a full disk, say) is thrown away and made anew.
    """
    path = write_module(source, directory).resolve()
    with _LOADING:
        if path not in _LOADED:
            try:
                module = _import(path)
            except Exception:  # noqa: BLE001 - whatever numba's unpickling stumbles over
                discard(path)
                module = _import(path)
            # The compiled entry itself: numba's dispatcher would look at the types of the
            # arguments at every call, and `fast_view` has made sure of them.
            (compiled,) = module.run.overloads.values()
            _LOADED[path] = compiled.entry_point
        return _LOADED[path]


def _import(path: Path) -> Any:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"cannot load {path}")
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module  # numba looks the module of a function up there
    spec.loader.exec_module(module)
    return module


def discard(path: Path) -> None:
    """Throw away what numba has cached of a module."""
    for file in (path.parent / "__pycache__").glob(f"{path.stem}*.nb[ci]"):
        file.unlink(missing_ok=True)


# The child ends when the other end of its pipe closes: with its parent, however that dies.
_CHILD: Final = """
import os, sys, threading
def orphaned():
    os.read(int(sys.argv[3]), 1)
    os._exit(1)
threading.Thread(target=orphaned, daemon=True).start()
os.nice(5)
sys.path.insert(0, sys.argv[1])
__import__(sys.argv[2])
"""


class Compiling:
    """A compile in a process of its own at lower priority, which fills the cache.

    Two of the same program do the same work twice and nothing else: files are replaced whole.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._stopped = False
        self._lock = threading.Lock()

    def run(self, source: str, directory: Path) -> None:
        """Waits for the end. CompileError if it fails, is stopped or takes ten minutes."""
        path = write_module(source, directory).resolve()
        if path in _LOADED:
            return
        code, errors = self._child(path)
        if code != 0:
            discard(path)  # it may have stumbled over a damaged cache
            code, errors = self._child(path)
        if code != 0:
            lines = errors.strip().splitlines() or [f"exit code {code}"]
            raise CompileError(f"compiling the kernel failed: {lines[-1]}")

    def _child(self, path: Path) -> tuple[int, str]:
        """The child's exit code and what it said."""
        alive, ours = os.pipe()
        try:
            command = [sys.executable, "-c", _CHILD, str(path.parent), path.stem, str(alive)]
            with self._lock:
                if self._stopped:
                    raise CompileError("compiling was stopped")
                process = self._process = subprocess.Popen(
                    command, pass_fds=[alive], stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                )  # fmt: skip
            try:
                _, errors = process.communicate(timeout=COMPILE_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()
                raise CompileError(f"compiling took longer than {COMPILE_SECONDS} s") from None
        finally:
            os.close(alive)
            os.close(ours)
        if self._stopped:
            raise CompileError("compiling was stopped")
        return process.returncode, errors

    def stop(self) -> None:
        """Ends the process, if one runs, and keeps a later `run` from starting one."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.terminate()
