"""Serves a world over HTTPS with uvicorn, one process and one event loop."""

from __future__ import annotations

import signal
import socket
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import uvicorn

from simulator.home import Home
from simulator.kernel import snapshot
from simulator.kernel.app import Application
from simulator.kernel.world import World


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback address; port 0 takes a free one. Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    return listener


@dataclass
class StateFile:
    """`--state FILE`: kept up to date while serving, so that even a killed simulator goes on almost where it was.

    Saving takes at most one part in twenty of the time, however large the world is.
    """

    world: World
    path: Path | None
    saved: int = -1
    next_time: float = 0.0

    def tick(self) -> None:
        """Save if something has changed and the last time is long enough ago."""
        now = time.monotonic()
        if self.path is None or now < self.next_time or self.world.store.version == self.saved:
            return
        self.save()
        self.next_time = time.monotonic() + max(1.0, 20 * (time.monotonic() - now))

    def save(self) -> None:
        """Write the file."""
        if self.path is not None:
            self.saved = self.world.store.version
            snapshot.save(self.world, self.path)


class _Server(uvicorn.Server):
    """Says that it is ready once it is, and keeps the state file."""

    def __init__(self, config: uvicorn.Config, ready: str, state: StateFile) -> None:
        super().__init__(config)
        self._ready = ready
        self._state = state

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._ready + "\n")
            sys.stdout.flush()

    async def on_tick(self, counter: int) -> bool:
        self._state.tick()
        return await super().on_tick(counter)


def serve(app: Application, home: Home, listener: socket.socket, state: Path | None = None) -> None:
    """Serve until SIGINT or SIGTERM. Prints `READY https://localhost:P ca=<file>` when it does."""
    endpoint = f"https://localhost:{listener.getsockname()[1]}"
    home.write_credentials(app.world, endpoint)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        h11_max_incomplete_event_size=64 * 1024,
        ssl_certfile=str(home.certificates.certificate),
        ssl_keyfile=str(home.certificates.key),
    )
    keeper = StateFile(app.world, state)
    _outlive_the_signal()
    _Server(config, f"READY {endpoint} ca={home.certificates.ca}", keeper).run(sockets=[listener])
    keeper.save()


def _outlive_the_signal() -> None:
    """uvicorn raises the signal that stopped it once more at the end; the state is still to be written then."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: None)
