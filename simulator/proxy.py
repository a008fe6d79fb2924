"""A CONNECT shim: Azure's hosts lead to the simulator, every other host is refused, so that nothing can leave the machine.

With `HTTPS_PROXY=http://127.0.0.1:Q` and the simulator's CA any client runs in its production configuration
(simulator.md §3.5).
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

#: Hosts that Azure's clients call and that the simulator's certificate names.
HOSTS = frozenset({"management.azure.com", "login.microsoftonline.com", "login.microsoft.com", "graph.microsoft.com"})
_HEAD_LIMIT = 64 * 1024
_CHUNK = 64 * 1024


class Proxy:
    """Accepts CONNECT and pipes bytes to the simulator's TLS port; it never looks inside."""

    def __init__(self, upstream: int) -> None:
        """`upstream` is the simulator's port on this machine."""
        self._upstream = upstream

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Serve one client connection to its end."""
        try:
            method, host = await _request(reader)
            if method != "CONNECT" or host not in HOSTS:
                await _refuse(writer, 405 if method != "CONNECT" else 403)
                return
            await self._tunnel(reader, writer)
        except (OSError, ValueError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _tunnel(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        inner, outer = await asyncio.open_connection("127.0.0.1", self._upstream)
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await writer.drain()
        try:
            await asyncio.gather(_pipe(reader, outer), _pipe(inner, writer))
        finally:
            outer.close()


async def _request(reader: asyncio.StreamReader) -> tuple[str, str]:
    """Method and lower-cased host of the request line; the rest of the head is read and dropped."""
    head = await reader.readuntil(b"\r\n\r\n")
    method, target, _ = head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)
    host, _, port = target.rpartition(":")
    return method.upper(), host.lower() if port == "443" else ""


async def _refuse(writer: asyncio.StreamWriter, status: int) -> None:
    reason = "Forbidden" if status == 403 else "Method Not Allowed"
    writer.write(f"HTTP/1.1 {status} {reason}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())
    await writer.drain()


async def _pipe(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while chunk := await source.read(_CHUNK):
            target.write(chunk)
            await target.drain()
        if target.can_write_eof():
            target.write_eof()


async def run(port: int, upstream: int) -> None:
    """Serve until cancelled. Prints `READY http://127.0.0.1:Q` when it does."""
    server = await asyncio.start_server(Proxy(upstream).handle, "127.0.0.1", port, limit=_HEAD_LIMIT)
    sys.stdout.write(f"READY http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    async with server:
        await server.serve_forever()
