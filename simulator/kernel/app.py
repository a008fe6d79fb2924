"""The raw ASGI application: bytes in, one synchronous answer, bytes out. All state lives in one process and one loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from email.utils import formatdate
from typing import Any
from urllib.parse import unquote

from simulator.kernel import control, dispatch, identity
from simulator.kernel.request import MAX_BODY, Delivery, Request, Response
from simulator.kernel.world import World

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]


class Application:
    """One world behind ASGI."""

    def __init__(self, world: World, console: control.Console | None = None) -> None:
        """Serve a world; `console` answers `/__sim/`, None leaves it out."""
        self.world = world
        self.console = console

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request."""
        if scope["type"] != "http":
            return
        request = await _read(scope, receive)
        response = self.answer(request)
        await _send(request, response, send)

    def answer(self, request: Request) -> Response:
        """Control API, identity, or ARM."""
        if request.path.startswith("/__sim") and self.console is not None:
            return self.console.answer(request)
        found = identity.answer(self.world, request)
        return found if found is not None else dispatch.answer(self.world, request)


async def _read(scope: Scope, receive: Receive) -> Request:
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    chunks: list[bytes] = []
    length, more = 0, True
    while more:
        message = await receive()
        chunk = message.get("body", b"")
        length += len(chunk)
        if length <= MAX_BODY:
            chunks.append(chunk)
        more = message.get("more_body", False)
    return Request(
        method=scope["method"],
        path=_path(scope),
        query_string=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=b"".join(chunks),
        scheme=scope.get("scheme", "https"),
        oversized=length > MAX_BODY,
    )


def _path(scope: Scope) -> str:
    """The decoded path; a path that is not UTF-8 is taken byte by byte, never refused by the server itself."""
    raw = scope.get("raw_path")
    return unquote(raw.decode("latin-1"), errors="replace") if raw else str(scope["path"])


async def _send(request: Request, response: Response, send: Send) -> None:
    content = response.content()
    delivery = response.delivery or Delivery()
    if delivery.delay:
        await asyncio.sleep(delivery.delay)
    if delivery.reset:
        _cut(send)
        raise ConnectionResetError("an injected fault")
    await send(
        {"type": "http.response.start", "status": response.status, "headers": _headers(request, response, content)}
    )
    if delivery.body_delay:
        await asyncio.sleep(delivery.body_delay)
    if request.method == "HEAD":
        content = b""
    if delivery.truncate:
        await send({"type": "http.response.body", "body": content[: len(content) // 2], "more_body": True})
        raise ConnectionResetError("an injected fault")
    await send({"type": "http.response.body", "body": content})


def _cut(send: Send) -> None:
    """Break the connection below HTTP; an exception alone would have uvicorn answer 500."""
    transport = getattr(getattr(send, "__self__", None), "transport", None)
    if transport is not None:
        transport.abort()


def _headers(request: Request, response: Response, content: bytes) -> list[tuple[bytes, bytes]]:
    headers = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in response.headers]
    if response.header("date") is None:
        headers.append((b"Date", formatdate(usegmt=True).encode()))
    if content and response.header("content-type") is None:
        headers.append((b"Content-Type", b"application/json; charset=utf-8"))
    if response.status != 204:
        headers.append((b"Content-Length", str(len(content)).encode()))
    return headers
