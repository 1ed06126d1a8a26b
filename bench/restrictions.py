"""From approval to force: how long until the next event is decided by a restriction.

The door runs in a process of its own on its own port; this process approves, as a console or a
worker does, and posts an event of the restricted user again and again until it is declined (apart).
The same is measured with the engine in the process that approves (together). Events of other users
are decided as without any restriction, byte for byte; and a process killed right after the
approval finds the restriction in force when it comes back.
"""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
SCENARIO = ROOT / "examples" / "wallet" / "scenario.yaml"
REACH_MS = 100.0
APPROVALS = 40
DATA = tempfile.mkdtemp(prefix="guanlan-bench-")
os.environ["GUANLAN_DATA"] = DATA
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "guanlan.site.settings")

import django  # noqa: E402

django.setup()

from django.core.management import call_command  # noqa: E402

from guanlan.client import Client, Retry  # noqa: E402
from guanlan.core.access import SYSTEM  # noqa: E402
from guanlan.core.services import create_api_key  # noqa: E402
from guanlan.engine import Engine  # noqa: E402
from guanlan.engine.scenario import load_scenario  # noqa: E402
from guanlan.fraud import engine_access  # noqa: E402
from guanlan.response.entities import Named  # noqa: E402
from guanlan.response.models import Restriction, SinkHolding  # noqa: E402
from guanlan.response.restrictions import Terms, approve, propose  # noqa: E402

BLOCK = Terms(effect="block", capabilities=("transfer_out",), reason_code="takeover")


def event(name: str, user: str) -> dict[str, Any]:
    return {
        "id": name,
        "type": "transfer",
        "entities": {"user": user},
        "fields": {"amount": 100, "kind": "p2p"},
    }


def milliseconds(decide: Callable[[dict[str, Any]], str], prefix: str) -> tuple[list[float], bool]:
    """From the return of each approval to the begin of the first event it decided."""
    took, right = [], True
    for n in range(APPROVALS):
        user = f"{prefix}-{n}"
        right &= decide(event(f"{user}-before", user)) != "decline"
        made = propose(SYSTEM, Named("user", user), BLOCK)
        approve(SYSTEM, made)
        began = time.perf_counter()
        for attempt in range(2000):
            asked = time.perf_counter()
            if decide(event(f"{user}-{attempt}", user)) == "decline":
                took.append((asked - began) * 1000)
                break
        else:
            right = False
        right &= decide(event(f"{user}-payee", f"{prefix}-free")) != "decline"
    return took, right


def together() -> tuple[list[float], bool]:
    """The engine in this process."""
    engine = Engine.open(
        Path(DATA) / "together", load_scenario(SCENARIO), secret=b"bench" * 8,
        now=lambda: time.time_ns() // 1000, warm=False,
    )  # fmt: skip
    with engine:
        engine_access.register(engine)

        def decide(body: dict[str, Any]) -> str:
            (answer,) = engine.decide([json.dumps(body).encode()])
            engine.commit()
            return str(json.loads(answer.body)["outcome"])

        found = milliseconds(decide, "together")
        engine_access.register(None)
    SinkHolding.objects.all().delete()
    Restriction.objects.all().delete()
    return found


def door(port: int) -> subprocess.Popen[bytes]:
    words = [sys.executable, "-m", "guanlan.site", "up", "--part", "door", "--no-warm"]
    words += ["--port", str(port), "--scenario", str(SCENARIO)]
    return subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def ready(client: Client, name: str) -> None:
    for n in range(600):
        try:
            client.post(event(f"{name}-{n}", f"{name}-nobody"))
        except Exception:  # noqa: BLE001 - not up yet
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the door did not come up")


def apart() -> tuple[list[float], bool, bool]:
    """The door in another process; killed and started again at the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    key = create_api_key("bench", ["events:write"])
    client = Client(f"http://127.0.0.1:{port}", key.token, retry=Retry(attempts=1))
    process = door(port)
    try:
        ready(client, "up")

        def decide(body: dict[str, Any]) -> str:
            return str(client.post(body).outcome)

        took, right = milliseconds(decide, "apart")
        made = propose(SYSTEM, Named("user", "killed"), BLOCK)
        process.send_signal(signal.SIGKILL)
        process.wait()
        approve(SYSTEM, made)  # nobody hears it
        process = door(port)
        ready(client, "again")
        until = time.monotonic() + 5
        survived = False
        while not survived and time.monotonic() < until:
            survived = decide(event(f"k-{time.monotonic_ns()}", "killed")) == "decline"
        survived &= decide(event("k-old", "apart-0")) == "decline"
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait()
    return took, right, survived


def main() -> int:
    call_command("migrate", verbosity=0)
    here, here_right = together()
    there, there_right, survived = apart()
    equal = here_right and there_right and survived
    slowest = max(*here, *there)
    ok = equal and slowest <= REACH_MS
    print(
        json.dumps(
            {
                "bench": "restriction: approval to force, ms",
                "slowest": round(slowest, 1),
                "reach": REACH_MS,
                "equal": equal,
                "ok": ok,
                "together_median": round(median(here), 2),
                "together_slowest": round(max(here), 2),
                "apart_median": round(median(there), 1),
                "apart_slowest": round(max(there), 1),
                "survived_a_kill": survived,
            }
        )
    )
    return 0 if ok else 1


if __name__ == "__main__":
    sys.exit(main())
