"""How often an address may ask for the status page. In memory: what is answered is cheap, and a
row for each request would cost more than the answer."""

from __future__ import annotations

from typing import Final

MOST_ADDRESSES: Final = 20_000


class Limiter:
    """`most` requests of an address within `seconds`, counted from the first of them."""

    def __init__(self, most: int, seconds: float) -> None:
        self.most = most
        self.seconds = seconds
        self._seen: dict[str, tuple[float, int]] = {}

    def wait(self, address: str, now: float) -> int:
        """Seconds until the address may ask again; 0 where it may ask now, which counts."""
        begun, count = self._seen.get(address, (now, 0))
        if now - begun >= self.seconds:
            begun, count = now, 0
        if count >= self.most:
            return max(1, round(begun + self.seconds - now))
        if address not in self._seen and len(self._seen) >= MOST_ADDRESSES:
            self._forget(now)
        self._seen[address] = (begun, count + 1)
        return 0

    def _forget(self, now: float) -> None:
        """Make room: addresses whose time is over go, else all do."""
        kept = {one: seen for one, seen in self._seen.items() if now - seen[0] < self.seconds}
        self._seen = kept if len(kept) < MOST_ADDRESSES else {}
