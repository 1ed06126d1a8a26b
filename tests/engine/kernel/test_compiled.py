"""Compiled and interpreted are one program: same slots, same state, whenever the swap happens."""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guanlan.engine.kernel import Kernel, Shape, compiled
from guanlan.engine.kernel.compiled import CompileError, Compiling, load, write_module
from guanlan.engine.kernel.source import jit_source, plain_source
from tests.engine.kernel.oracle import oracle_features
from tests.engine.kernel.rows import buffer, features, rows
from tests.engine.kernel.worlds import feature, one_of_each, random_events, scenario

EVENTS = 4000
WORLD = one_of_each()


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One cache for the module, so that the program is compiled once."""
    return tmp_path_factory.mktemp("kernel") / "cache"


def state(kernel: Kernel) -> bytes:
    return bytes(kernel._words[: kernel.memory_bytes // 8])


@pytest.mark.slow
def test_swapping_in_mid_stream_changes_no_byte_of_slots_or_state(cache: Path) -> None:
    shape = Shape(WORLD)
    events = random_events(random.Random(1), EVENTS, names=8)
    flat, w, o = rows(WORLD, shape, events), shape.row_width, shape.out_width
    plain, plain_outs = Kernel(shape, cache, 1 << 26), buffer(EVENTS * o)
    assert plain.run(flat, plain_outs, EVENTS) == EVENTS
    warmed, outs = Kernel(shape, cache, 1 << 26), buffer(EVENTS * o)
    finished = threading.Event()
    warmed.warm(finished.set)
    half = EVENTS // 2
    assert warmed.run(flat, outs, half) == half
    assert warmed.wait_warm(300), warmed.warm_error
    assert finished.is_set()
    assert warmed.run(flat[half * w :], outs[half * o :], half) == half
    assert bytes(outs) == bytes(plain_outs)
    assert state(warmed) == state(plain)
    small = events[:300]
    from_cache = Kernel(shape, cache, 1 << 26)
    from_cache.compile_now()
    assert from_cache.jitted
    assert features(from_cache, WORLD, small) == oracle_features(WORLD, small)
    # Full at the same event, and a peek after the swap still reads the same.
    tight = [Kernel(shape, cache, 40_000), Kernel(shape, cache, 40_000)]
    tight[1].compile_now()
    done = [k.run(flat, buffer(EVENTS * o), EVENTS) for k in tight]
    assert 0 < done[0] == done[1] < EVENTS
    assert state(tight[0]) == state(tight[1])
    peeked, other = buffer(o), buffer(o)
    warmed.peek(flat, peeked)
    plain.peek(flat, other)
    assert bytes(peeked) == bytes(other)


def test_the_source_holds_no_text_of_the_scenario() -> None:
    shape_layout = Kernel(Shape(WORLD), Path("/nonexistent"), 1 << 20)._layout
    for source in (plain_source(shape_layout), jit_source(shape_layout)):
        for name in ("transfer", "amount", "payee", "success", "new_pair"):
            assert name not in source


def test_an_interpreted_start_needs_no_numba_and_little_time() -> None:
    script = (
        "import sys, time; t = time.process_time()\n"
        "from pathlib import Path\n"
        "from guanlan.engine.kernel import Kernel, Shape\n"
        "from tests.engine.kernel.worlds import everything\n"
        "Kernel(Shape(everything()), Path('/nonexistent'))\n"
        "print('numba' in sys.modules, time.process_time() - t)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    loaded, seconds = done.stdout.split()
    assert loaded == "False"
    assert float(seconds) < 1.5  # 0.3 on a quiet machine


@pytest.fixture
def scratch(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for path in [p for p in compiled._LOADED if p.is_relative_to(tmp_path)]:
        del compiled._LOADED[path]
        sys.modules.pop(path.stem, None)


def test_a_module_is_written_whole_private_and_only_when_it_differs(scratch: Path) -> None:
    folder = scratch / "a" / "cache"
    path = write_module("x = 1\n", folder)
    assert folder.stat().st_mode & 0o777 == 0o700
    stamp = path.stat().st_mtime_ns
    assert write_module("x = 1\n", folder) == path
    assert path.stat().st_mtime_ns == stamp
    path.write_text("x = 2\n")  # damaged or tampered with
    assert write_module("x = 1\n", folder).read_text() == "x = 1\n"
    assert [p.name for p in folder.iterdir()] == [path.name]


def test_many_writers_of_one_module_leave_one_whole_file(scratch: Path) -> None:
    source = "x = 1\n" * 50_000
    writers = [threading.Thread(target=write_module, args=(source, scratch)) for _ in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    (path,) = scratch.iterdir()
    assert path.read_text() == source


def test_a_failed_compile_is_said_and_the_kernel_stays_interpreted(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(CompileError, match="compiling the kernel failed: ZeroDivisionError"):
        Compiling().run("1 / 0\n", scratch)
    monkeypatch.setattr(compiled, "_CHILD", "raise SystemExit('no compiler here')")
    world = scenario(feature("f", "count"))
    kernel = Kernel(Shape(world), scratch, 1 << 20)
    kernel.warm()
    assert not kernel.wait_warm(60)
    assert kernel.warm_error == "compiling the kernel failed: no compiler here"
    event = {"type": "transfer", "clock": 0, "entities": {"user": "a"}, "fields": {}}
    assert features(kernel, world, [event]) == [{"f": 1}]


def test_closing_stops_the_compiler_and_leaves_the_kernel_usable(
    scratch: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiled, "_CHILD", "import time; time.sleep(300)")
    world = scenario(feature("f", "count"))
    kernel = Kernel(Shape(world), scratch, 1 << 20)
    kernel.warm()
    kernel.close()
    assert not kernel.jitted
    assert kernel.warm_error == "compiling was stopped"
    event = {"type": "transfer", "clock": 0, "entities": {"user": "a"}, "fields": {}}
    assert features(kernel, world, [event]) == [{"f": 1}]
    kernel.close()


def test_the_compiler_does_not_outlive_its_parent(scratch: Path) -> None:
    script = (
        "import os, signal, sys, threading\n"
        "from pathlib import Path\n"
        "from guanlan.engine.kernel.compiled import Compiling\n"
        'source = \'import os, time; print(os.getpid(), file=open("pid", "w"));'
        " time.sleep(300)'\n"
        "threading.Thread(target=Compiling().run, args=(source, Path('.')), daemon=True).start()\n"
        "while not (Path('pid').exists() and Path('pid').read_text().endswith('\\n')): pass\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    subprocess.run(
        [sys.executable, "-c", script], cwd=scratch, check=False,
        env={"PYTHONPATH": ":".join(sys.path)},
    )  # fmt: skip
    child = int((scratch / "pid").read_text())
    deadline = time.monotonic() + 20
    while Path(f"/proc/{child}/cmdline").exists() and Path(f"/proc/{child}/cmdline").read_bytes():
        assert time.monotonic() < deadline, "the compiler still runs"
        time.sleep(0.02)


def test_a_cache_that_cannot_be_written_is_an_os_error(scratch: Path) -> None:
    (scratch / "file").write_text("")
    kernel = Kernel(Shape(scenario(feature("f", "count"))), scratch / "file", 1 << 20)
    with pytest.raises(OSError, match="file"):
        kernel.compile_now()
    kernel.warm()
    assert not kernel.wait_warm(60)
    assert "file" in kernel.warm_error
    with pytest.raises(OSError, match="file"):
        load("x = 1\n", scratch / "file")


TINY = """
from numba import njit

@njit("int64(int64[::1], int64[::1], int64[::1], int64)", cache=True)
def run(A, R, O, n):
    return n + 41
"""


@pytest.mark.slow
def test_a_damaged_cache_is_made_anew(scratch: Path) -> None:
    path = write_module(TINY, scratch)
    Compiling().run(TINY, scratch)
    cached = sorted((scratch / "__pycache__").glob(f"{path.stem}*.nb[ci]"))
    assert len(cached) >= 2
    for file in cached:
        file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])
    Compiling().run(TINY, scratch)  # the compiler's own process mends it ...
    for file in sorted((scratch / "__pycache__").glob(f"{path.stem}*.nb[ci]")):
        file.write_bytes(b"")
    assert load(TINY, scratch) is not None  # ... and so does whoever loads it


EDITED = """
import pathlib, sys
sys.path[:0] = [sys.argv[1], sys.argv[2]]
import guanlan.engine.kernel.source as source
from guanlan.engine.kernel.layout import Layout
from guanlan.engine.kernel import Shape
from tests.engine.kernel.worlds import one_of_each
assert source.__file__.startswith(sys.argv[1]), source.__file__
layout = Layout(Shape(one_of_each()))
before = source.plain_source(layout)
edited = pathlib.Path(source.primitives.__file__)
edited.write_text("# a line more\\n" + edited.read_text().replace("return 0", "return 1"))
assert source.plain_source(layout) == before
"""


def test_a_package_changed_on_disk_does_not_change_the_running_program(scratch: Path) -> None:
    root = Path(__file__).parents[3]
    shutil.copytree(root / "src" / "guanlan" / "engine", scratch / "guanlan" / "engine")
    (scratch / "guanlan" / "__init__.py").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", EDITED, str(scratch), str(root)],
        capture_output=True, text=True, check=False, cwd=scratch,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
