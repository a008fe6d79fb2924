"""The measure of all things: an ASGI application that says the same kilobyte whatever is asked."""

from __future__ import annotations

from typing import Any

BODY = b'{"x":"' + b"y" * 1010 + b'"}'


async def app(scope: dict[str, Any], receive: Any, send: Any) -> None:
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": BODY})
