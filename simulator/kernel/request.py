"""What comes in and what goes out, free of any server: the kernel can be called in-process just as well."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl, unquote

from simulator.kernel import errors, ids

#: ARM's cap on request bodies.
MAX_BODY = 4 * 1024 * 1024
_DEEP = "the document is nested too deeply"


@dataclass
class Request:
    """One HTTP request. Header names are lower-cased; `path` is percent-decoded, `raw_path` is as it came."""

    method: str
    path: str
    query_string: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    scheme: str = "https"
    #: The body was above the cap and has not been kept.
    oversized: bool = False

    @classmethod
    def build(cls, method: str, url: str, body: Any = None, **headers: str) -> Request:
        """A request for in-process use: `Request.build("PUT", "/subscriptions/...?api-version=...", {...})`."""
        path, _, query = url.partition("?")
        raw = b"" if body is None else json.dumps(body).encode()
        given = {"host": "localhost", **({"content-type": "application/json"} if raw else {})}
        given.update({name.lower().replace("_", "-"): value for name, value in headers.items()})
        return cls(method.upper(), unquote(path), query, given, raw)

    @cached_property
    def query(self) -> dict[str, str]:
        """Query parameters by lower-cased name (`$skiptoken` and `$skipToken` are one)."""
        return {name.lower(): value for name, value in parse_qsl(self.query_string, keep_blank_values=True)}

    @cached_property
    def address(self) -> ids.Address:
        """The path as an ARM address."""
        return ids.parse(self.path)

    @property
    def api_version(self) -> str:
        """The api-version asked for, or ""."""
        return self.query.get("api-version", "")

    @property
    def base_url(self) -> str:
        """`https://host:port` as the client knows us: every absolute URL we hand out starts with it."""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}"

    def json(self) -> Any:
        """The body as JSON, None when there is none. Raises ArmError 400, 413, 415 as ARM does."""
        if self.oversized or len(self.body) > MAX_BODY:
            raise errors.content_too_large(MAX_BODY)
        if not self.body:
            return None
        content_type = self.headers.get("content-type", "application/json")
        if "json" not in content_type.lower():
            raise errors.unsupported_media_type(content_type)
        return _parse(self.body)

    def document(self) -> dict[str, Any]:
        """The body as a JSON object. Raises ArmError 400 for anything else."""
        body = self.json()
        if body is None:
            raise errors.invalid_content("The request body is empty")
        if not isinstance(body, dict):
            raise errors.invalid_content("The request body is not a JSON object")
        return body


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


def _parse(raw: bytes) -> Any:
    try:
        return json.loads(raw.decode("utf-8-sig"), parse_constant=_no_constant)
    except RecursionError:
        raise errors.invalid_content(_DEEP) from None
    except (ValueError, UnicodeDecodeError) as problem:
        raise errors.invalid_content(str(problem)) from None


@dataclass
class Delivery:
    """How the bytes reach the client; anything but the default is an injected fault."""

    delay: float = 0.0
    body_delay: float = 0.0
    truncate: bool = False
    reset: bool = False


@dataclass
class Response:
    """Status, JSON-able body (or bytes ready to send, or None for none), headers in order (names may repeat)."""

    status: int = 200
    body: Any = None
    headers: list[tuple[str, str]] = field(default_factory=list)
    delivery: Delivery | None = None

    def header(self, name: str) -> str | None:
        """The first header of that name, compared without case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)

    def content(self) -> bytes:
        """The bytes of the body."""
        if self.body is None:
            return b""
        return self.body if isinstance(self.body, bytes) else encode(self.body)

    def json(self) -> Any:
        """The body as a reader sees it, for in-process use."""
        raw = self.content()
        return json.loads(raw) if raw else None


def encode(document: Any) -> bytes:
    """Compact JSON; text beyond ASCII is sent as it is."""
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
