"""The world's clock: it runs with the real one, or stands still until somebody advances it. It is never scaled."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
#: Where a frozen world begins unless told otherwise, so that the same seed gives the same bodies (2026-01-01T00:00:00Z).
FROZEN_START = 1767225600.0


class Clock:
    """Seconds since 1970 as a float. `offset` is how far the world has been advanced ahead of the real clock."""

    def __init__(self, *, frozen: bool = False, start: float | None = None) -> None:
        """Begin now (real), or at `start` and standing still (frozen)."""
        self._start = (FROZEN_START if start is None else start) if frozen else None
        self.restart()

    def restart(self) -> None:
        """As at the beginning: for a world that begins anew."""
        self.offset = 0.0
        self.frozen_at: float | None = self._start

    @property
    def frozen(self) -> bool:
        """Whether time stands still until `advance`."""
        return self.frozen_at is not None

    def now(self) -> float:
        """The world's time."""
        return self.frozen_at if self.frozen_at is not None else time.time() + self.offset

    def freeze(self, at: float | None = None) -> None:
        """Stop the clock where it is, or at a given time."""
        self.frozen_at = self.now() if at is None else at

    def run(self) -> None:
        """Let a frozen clock run on from where it stands."""
        if self.frozen_at is not None:
            self.offset = self.frozen_at - time.time()
            self.frozen_at = None

    def advance(self, seconds: float) -> None:
        """Move the world forward; it never goes back, because what has happened cannot unhappen."""
        if seconds < 0:
            raise ValueError("the clock only moves forward")
        if self.frozen_at is not None:
            self.frozen_at += seconds
        else:
            self.offset += seconds


def moment(seconds: float) -> datetime:
    """The aware UTC datetime of a world time."""
    return _EPOCH + timedelta(seconds=seconds)


def iso(seconds: float) -> str:
    """`2026-01-01T00:00:00.0000000Z`: seven decimals, as .NET writes them (site-recovery-protocol.md §3.1)."""
    whole, micros = divmod(round(seconds * 1_000_000), 1_000_000)
    return f"{_to_the_second(whole)}.{micros:06d}0Z"


def iso_seconds(seconds: float) -> str:
    """`2026-01-01T00:00:00Z`."""
    return _to_the_second(int(seconds)) + "Z"


@lru_cache(maxsize=10_000)
def _to_the_second(seconds: int) -> str:
    return moment(seconds).strftime("%Y-%m-%dT%H:%M:%S")


def parse_iso(text: str) -> float:
    """World time of an ISO 8601 text with any number of decimals. Raises ValueError."""
    body, zone = (text[:-1], "+00:00") if text.endswith(("Z", "z")) else (text, "")
    if "." in body:
        whole, fraction = body.split(".", 1)
        body = f"{whole}.{fraction[:6].ljust(6, '0')}"
    parsed = datetime.fromisoformat(body + zone)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
