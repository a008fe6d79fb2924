"""A small load generator: one process, several keep-alive connections, HTTP/1.1 by hand so that it costs little itself."""

from __future__ import annotations

import asyncio
import ssl
import time
from dataclasses import dataclass
from statistics import quantiles


@dataclass(frozen=True)
class Result:
    """Requests a second, and how long single ones took (milliseconds)."""

    rate: float
    median: float
    p99: float
    bytes: int


async def _read(reader: asyncio.StreamReader) -> tuple[int, int]:
    """Status and length of one answer."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line[:15].lower() == b"content-length:":
            length = int(line[15:])
    if length:
        await reader.readexactly(length)
    return status, length


async def _one(port: int, context: ssl.SSLContext | None, request: bytes, until: float, times: list[float]) -> int:
    reader, writer = await asyncio.open_connection("localhost", port, ssl=context)
    total = 0
    while time.perf_counter() < until:
        began = time.perf_counter()
        writer.write(request)
        status, length = await _read(reader)
        if status >= 300:
            raise RuntimeError(f"answered {status}")
        total += length
        times.append(time.perf_counter() - began)
    writer.close()
    return total


async def _run(port: int, context: ssl.SSLContext | None, request: bytes, seconds: float, connections: int) -> Result:
    times: list[float] = []
    until = time.perf_counter() + seconds
    totals = await asyncio.gather(*(_one(port, context, request, until, times) for _ in range(connections)))
    cuts = quantiles(times, n=100)
    return Result(len(times) / seconds, 1000 * cuts[49], 1000 * cuts[98], sum(totals) // max(1, len(times)))


def measure(
    port: int, request: bytes, context: ssl.SSLContext | None = None, seconds: float = 4.0, connections: int = 16
) -> Result:
    """Send one request again and again over several connections."""
    return asyncio.run(_run(port, context, request, seconds, connections))


def request(method: str, path: str, token: str = "", body: bytes = b"") -> bytes:
    """The bytes of a request."""
    head = [
        f"{method} {path} HTTP/1.1",
        "Host: localhost",
        f"Authorization: Bearer {token}",
        f"Content-Length: {len(body)}",
    ]
    if body:
        head.append("Content-Type: application/json")
    return "\r\n".join([*head, "", ""]).encode() + body
