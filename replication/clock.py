"""The portal's only clock. It runs with the world; a test that needs a week injects its own."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_read: Callable[[], datetime] = lambda: datetime.now(UTC)  # noqa: E731


def now() -> datetime:
    """The current time, aware, UTC."""
    return _read()


@contextmanager
def injected(read: Callable[[], datetime]) -> Iterator[None]:
    """Let `now()` answer with `read()` inside the block."""
    global _read
    before, _read = _read, read
    try:
        yield
    finally:
        _read = before
