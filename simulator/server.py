"""Serves a world over HTTPS with uvicorn, one process and one event loop."""

from __future__ import annotations

import socket
import sys

import uvicorn

from simulator.home import Home
from simulator.kernel.app import Application


def listen(port: int) -> socket.socket:
    """A listening socket on the loopback address; port 0 takes a free one. Raises OSError when the port is taken."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(2048)
    return listener


class _Server(uvicorn.Server):
    """Says that it is ready once it is."""

    def __init__(self, config: uvicorn.Config, ready: str) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            sys.stdout.write(self._ready + "\n")
            sys.stdout.flush()


def serve(app: Application, home: Home, listener: socket.socket, *, tls: bool = True) -> None:
    """Serve until SIGINT or SIGTERM. Prints `READY https://localhost:P ca=<file>` when it does."""
    port = listener.getsockname()[1]
    scheme = "https" if tls else "http"
    endpoint = f"{scheme}://localhost:{port}"
    home.write_credentials(app.world, endpoint)
    config = uvicorn.Config(
        app,
        lifespan="off",
        log_level="critical",
        access_log=False,
        server_header=False,
        date_header=False,
        h11_max_incomplete_event_size=64 * 1024,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=2,
        ssl_certfile=str(home.certificates.certificate) if tls else None,
        ssl_keyfile=str(home.certificates.key) if tls else None,
    )
    _Server(config, f"READY {endpoint} ca={home.certificates.ca}").run(sockets=[listener])
