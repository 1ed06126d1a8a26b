"""What `/metrics` says about the engine."""

from __future__ import annotations

from guanlan.site.door.metrics import single
from guanlan.site.door.protocol import EngineProtocol


def render_engine(engine: EngineProtocol) -> list[str]:
    """Counters since the engine was opened, and its state now."""
    stats, kernel = engine.stats, engine.kernel
    rows: list[tuple[str, str, str, float]] = [
        ("events_total", "counter", "Events decided.", stats.decided),
        ("duplicates_total", "counter", "Events posted again.", stats.duplicates),
        ("refused_total", "counter", "Events refused.", stats.refused),
        ("degraded_total", "counter", "Decisions marked degraded.", stats.degraded),
        ("seq", "gauge", "Events in the log.", engine.seq),
        ("memory_bytes", "gauge", "Bytes of feature state in use.", kernel.memory_bytes),
        ("compiled", "gauge", "1 when the kernel runs as machine code.", float(kernel.jitted)),
        ("warming_features", "gauge", "Features still unknown.", len(engine.program.warming)),
    ]
    out: list[str] = []
    for name, kind, text, value in rows:
        out += single(f"guanlan_engine_{name}", kind, text, value)
    out += single(
        "guanlan_log_position", "gauge", "Bytes of the log made durable.", engine.log_position
    )
    return out
