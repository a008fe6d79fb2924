"""Messages to addresses that people typed: the only place that sends any.

Somebody who may type an address must not be able to reach through the console what only its host can reach. So the name is resolved
here, every address that it has is judged, and the connection is made to the address that was judged: a name that points elsewhere a
moment later (DNS rebinding) gains nothing. Redirects are not followed, no proxy of the environment is used, and time and size are bounded.

Messages are signed as Standard Webhooks (standardwebhooks.com, specification 1.0.0) says, so that receivers can use its libraries.
"""

import base64
import hashlib
import hmac
import ipaddress
import socket
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, LocationParseError, NewConnectionError, SSLError
from urllib3.util import Timeout, parse_url

from replication.domain.problems import Problem, When

LONGEST = 15.0  # seconds for everything together, once the name is resolved
CONNECT = 5.0
MOST = 64 * 1024  # bytes of an answer that are read
LONGEST_URL = 2000
# Public by its number, yet the platform's own address on every Azure host (Microsoft Learn, "What is IP address 168.63.129.16?").
_PLATFORM = ipaddress.ip_network("168.63.129.16/32")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")  # RFC 6052: carries an IPv4 address in its last 32 bits

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class OutboundError(Exception):
    """Nothing was sent, or it was not taken; `problem` says why, and whether trying again can help."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Answer:
    """What the receiver said: a 2xx status, and at most MOST bytes."""

    status: int
    body: bytes


def post(
    url: str,
    body: bytes,
    *,
    message_id: str,
    at: datetime,
    secret: str = "",
    content_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
) -> Answer:
    """Send one message. message_id stays the same when it is sent again, so that a receiver can tell. Raises OutboundError.

    secret: for the signature, as `new_secret` makes it; '' sends none.
    """
    check(url)
    sent = {"Content-Type": content_type, "User-Agent": "replication-console", **(headers or {})}
    sent |= _signed(message_id, at, body, secret)
    try:
        answer = _exchange(url, body, sent)
    except HTTPError as error:
        raise OutboundError(_unreached(error)) from error
    if not 200 <= answer.status < 300:
        raise OutboundError(_refused(answer))
    return Answer(answer.status, answer.body)


def check(url: str) -> None:
    """Raise OutboundError when an address can never be sent to, whatever its name resolves to: for forms, before anything is kept."""
    try:
        parts = parse_url(url)
    except LocationParseError as error:
        raise OutboundError(_bad("This is not an address of the web.")) from error
    schemes = {"https", "http"} if settings.OUTBOUND_HTTP else {"https"}
    if parts.scheme not in schemes or not parts.host:
        raise OutboundError(_bad("The address must begin with https:// and name a host."))
    if parts.auth:
        raise OutboundError(_bad("The address must not hold a user name or password."))
    if len(url) > LONGEST_URL or not url.isprintable() or " " in url:
        raise OutboundError(_bad(f"The address must be one line of at most {LONGEST_URL} characters, without blanks."))
    with _literal(parts.host) as address:
        if address is not None:
            _judge(parts.host, address)


@contextmanager
def _literal(host: str) -> Iterator[Address | None]:
    """The address, when the host is one and not a name."""
    try:
        address = ipaddress.ip_address(host.strip("[]").partition("%")[0])
    except ValueError:
        address = None
    yield address


# --- signature ---------------------------------------------------------------------------------------------------------


def new_secret(random: bytes) -> str:
    """A secret as receivers' libraries want it. random: 24 to 64 bytes."""
    return f"whsec_{base64.b64encode(random).decode()}"


def _signed(message_id: str, at: datetime, body: bytes, secret: str) -> dict[str, str]:
    stamp = str(int(at.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": stamp}
    if secret:
        headers["webhook-signature"] = signature(message_id, stamp, body, secret)
    return headers


def signature(message_id: str, stamp: str, body: bytes, secret: str) -> str:
    """`v1,` and the base64 of HMAC-SHA256 over id, timestamp (seconds since 1970) and body, joined by dots."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = b".".join((message_id.encode(), stamp.encode(), body))
    return f"v1,{base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()}"


# --- addresses ---------------------------------------------------------------------------------------------------------


def _judge(host: str, address: Address) -> None:
    """Raise OutboundError unless the console may connect there."""
    if not _open(address) and not _allowed(address):
        raise OutboundError(
            Problem(
                code="AddressNotAllowed",
                message=f"{host} leads to {address}, an address inside a network.",
                causes="The console sends only to public addresses, so that nobody can reach through it what only its host reaches.",
                action="Use a public address, or have whoever runs the console add the network to PORTAL_OUTBOUND_ALLOW.",
            )
        )


def _open(address: Address) -> bool:
    """Whether anybody on the Internet could connect to it as well."""
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None)
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner is not None:
            return _open(inner)
    return address.is_global and not address.is_multicast and address not in _PLATFORM


def _allowed(address: Address) -> bool:
    plain = getattr(address, "ipv4_mapped", None) or address
    return any(plain in network for network in settings.OUTBOUND_ALLOW)


def _addresses(host: str, port: int) -> list[tuple[Any, ...]]:
    """The host's socket addresses, all of which are allowed: a name that mixes public and private ones is refused as a whole."""
    found = socket.getaddrinfo(host.strip("[]"), port, type=socket.SOCK_STREAM)
    for *_, place in found:
        _judge(host, ipaddress.ip_address(str(place[0]).partition("%")[0]))
    return [each[4] for each in found]


# --- one exchange --------------------------------------------------------------------------------------------------------


class _Judged(HTTPConnection):
    """Connects only to an address that was judged; the name stays the one that the certificate must be for."""

    # A second handle of the connection, for cutting it off: urllib3 wraps its own and forgets it at will.
    _handle: socket.socket | None = None

    def _new_conn(self) -> socket.socket:
        try:
            places = _addresses(self.host, self.port or self.default_port)
        except (OSError, UnicodeError) as error:
            raise NewConnectionError(self, f"the name cannot be resolved ({error})") from error
        return self._first_open(places)

    def _first_open(self, places: list[tuple[Any, ...]]) -> socket.socket:
        failure: OSError | None = None
        for place in places[:4]:
            try:
                made = socket.create_connection((str(place[0]), int(place[1])), timeout=CONNECT)
            except OSError as error:
                failure = error
            else:
                self._handle = made.dup()
                return made
        raise NewConnectionError(self, f"no connection ({failure})")

    def cut(self) -> None:
        """End the connection under whoever reads from it."""
        if self._handle is not None:
            with suppress(OSError):
                self._handle.shutdown(socket.SHUT_RDWR)

    def let_go(self) -> None:
        if self._handle is not None:
            self._handle.close()


class _JudgedTls(_Judged, HTTPSConnection):
    """The same, with TLS."""


class _Pool(urllib3.HTTPConnectionPool):
    ConnectionCls = _Judged


class _PoolTls(urllib3.HTTPSConnectionPool):
    ConnectionCls = _JudgedTls


@dataclass(frozen=True, slots=True)
class _Got:
    status: int
    body: bytes
    retry_after: str


def _exchange(url: str, body: bytes, headers: Mapping[str, str]) -> _Got:
    parts = parse_url(url)
    limits = Timeout(connect=CONNECT, read=LONGEST)
    pool: urllib3.HTTPConnectionPool
    if parts.scheme == "https":
        pool = _PoolTls(parts.host or "", parts.port, timeout=limits, ca_certs=settings.OUTBOUND_CA_BUNDLE or None)
    else:
        pool = _Pool(parts.host or "", parts.port, timeout=limits)
    with pool, _hurry(pool):
        answer = pool.urlopen(
            "POST", parts.request_uri, body=body, headers=dict(headers), redirect=False, retries=False, preload_content=False
        )
        return _Got(answer.status, answer.read(MOST, decode_content=False), answer.headers.get("Retry-After", ""))


@contextmanager
def _hurry(pool: urllib3.HTTPConnectionPool) -> Iterator[None]:
    """Cut the connection after LONGEST: a receiver that hands out a byte now and then would satisfy every other timeout for ever."""
    made: list[_Judged] = []
    new = pool._new_conn

    def remember() -> Any:
        made.append(cast(_Judged, new()))
        return made[-1]

    pool._new_conn = remember  # type: ignore[method-assign]
    cut = threading.Event()
    timer = threading.Timer(LONGEST, _cut, (made, cut))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        for connection in made:
            connection.let_go()
    if cut.is_set():
        raise HTTPError(f"no complete answer within {LONGEST:.0f} seconds")


def _cut(made: list["_Judged"], cut: threading.Event) -> None:
    cut.set()
    for connection in made:
        connection.cut()


# --- what went wrong -------------------------------------------------------------------------------------------------------


def _bad(message: str) -> Problem:
    return Problem(code="AddressNotUsable", message=message, action="Correct the address.")


def _unreached(error: HTTPError) -> Problem:
    if isinstance(error, SSLError):
        return Problem(
            code="CertificateNotTrusted",
            message="The receiver's certificate was not accepted.",
            causes=str(error)[:300],
            action="Let the receiver use a certificate that this host trusts, or set PORTAL_OUTBOUND_CA_BUNDLE.",
            when=When.LATER,
        )
    return Problem(
        code="NotReached",
        message="The receiver did not answer.",
        causes=str(error)[:300],
        action="Check the address, and that this host may connect to it. It is tried again by itself.",
        when=When.LATER,
    )


def _refused(answer: _Got) -> Problem:
    moved = 300 <= answer.status < 400
    passing = answer.status in {408, 425, 429} or answer.status >= 500
    return Problem(
        code=f"Status{answer.status}",
        message=f"The receiver answered {answer.status}{', a redirect, which is not followed' if moved else ''}.",
        causes=answer.body[:300].decode(errors="replace"),
        action="It is tried again by itself." if passing else "Correct the address, or what receives there.",
        when=When.LATER if passing else When.NEVER,
        retry_after=_seconds(answer.retry_after) if passing else 0,
    )


def _seconds(text: str) -> float:
    """Retry-After in seconds, at most a day; a date counts from now, nonsense is nothing."""
    if text.isascii() and text.isdecimal():
        return min(float(text[:6]), 86400.0)
    try:
        at = urllib3.util.Retry().parse_retry_after(text) if text else 0.0
    except HTTPError:
        return 0.0
    return min(max(0.0, at), 86400.0)
