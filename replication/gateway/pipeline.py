"""How requests leave: credential, TLS, time limits, proxies, and what may be sent twice. Stack.md §1-§2 and §10 say why."""

import os
from collections.abc import Callable
from time import monotonic
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError as SdkError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import (
    DefaultAzureCredential,
    EnvironmentCredential,
    ManagedIdentityCredential,
    WorkloadIdentityCredential,
)

Request: TypeAlias = PipelineRequest[Any]
Response: TypeAlias = PipelineResponse[Any, Any]

CONNECT_SECONDS, READ_SECONDS = 5, 60
LONGEST_SLEEP = 3.0  # seconds that a worker may sleep for a retry; anything longer goes back to the caller
_READS = frozenset({"GET", "HEAD"})

# Clouds whose login hosts publish instance discovery; any other authority (a local one) must not make us call the public cloud.
_MICROSOFT_LOGIN = (
    "microsoftonline.com",
    "microsoftonline.us",
    "chinacloudapi.cn",
    "microsoftonline.cn",
    "windows.net",
)


class RegistrationRefusedError(SdkError):
    """A resource provider is not registered. The SDK would register it by itself, which is a write nobody asked for."""


class RestError(SdkError):
    """Azure has told this process or another not to read for a while; nothing was sent."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Azure wants no reads of this subscription for another {seconds:.0f} s.")
        self.seconds = seconds


class PortalRetry(RetryPolicy[Any, Any]):
    """Sends a read again once after a passing fault; never a write, which the engine decides about after looking."""

    def send(self, request: Request) -> Response:
        if request.http_request.method not in _READS:
            request.context.options["retry_total"] = 0
        return super().send(request)

    def is_retry(self, settings: dict[str, Any], response: Response) -> bool:
        status = response.http_response.status_code
        if response.http_request.method not in _READS or (status < 500 and status not in {408, 429}):
            return False
        if (self.get_retry_after(response) or 0) > LONGEST_SLEEP:
            return False
        return bool(super().is_retry(settings, response))


class NoRegistration(SansIOHTTPPolicy[Any, Any]):
    """Refuses the SDK's own `POST …/providers/{namespace}/register`."""

    def on_request(self, request: Request) -> None:
        path = urlsplit(request.http_request.url).path
        if request.http_request.method == "POST" and path.endswith("/register"):
            namespace = path.rstrip("/").split("/")[-2]
            raise RegistrationRefusedError(f"The subscription is not registered to use the provider {namespace}.")


class TokenRetry(RetryPolicy[Any, Any]):
    """Asking for a token is harmless to repeat, but no worker waits long for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"retry_total": 2, "retry_backoff_factor": 0.2, "retry_backoff_max": LONGEST_SLEEP})

    def get_retry_after(self, response: Response) -> float | None:
        after = super().get_retry_after(response)
        return None if after is None else min(float(after), LONGEST_SLEEP)


class ReadPace(SansIOHTTPPolicy[Any, Any]):
    """Slows reads down before Azure refuses them: long lists would else empty a subscription's bucket (simulator.md §2.6) in seconds.

    Azure itself says how many are left, for all processes together: the fewer, the longer each of them waits before its next read.
    tell: called with subscription and seconds when Azure refuses a read all the same.
    """

    RESERVE, A_SECOND = 50, 25.0

    def __init__(self, tell: Callable[[str, float], object] | None = None) -> None:
        self._tell = tell
        self._left: dict[str, tuple[int, float]] = {}  # subscription -> reads left, and when Azure said so
        self._retry = RetryPolicy[Any, Any]()  # knows every form of Retry-After

    def on_request(self, request: Request) -> None:
        if request.http_request.method in _READS:
            left, at = self._left.get(_subscription(request), (self.RESERVE, 0.0))
            missing = self.RESERVE - left - (monotonic() - at) * self.A_SECOND
            transport: Any = request.context.transport
            if missing > 0:
                transport.sleep(min(LONGEST_SLEEP, missing / self.A_SECOND))

    def on_response(self, request: Request, response: Response) -> None:
        answer = response.http_response
        told = answer.headers.get("x-ms-ratelimit-remaining-subscription-reads", "")
        if told.isdecimal():
            self._left[_subscription(request)] = (int(told), monotonic())
        if answer.status_code == 429 and request.http_request.method in _READS:
            # The other threads of this process are as many reads short as come back until Azure wants to hear of us again.
            seconds = float(self._retry.get_retry_after(response) or 0)
            self._left[_subscription(request)] = (int(self.RESERVE - self.A_SECOND * seconds), monotonic())
            if self._tell and seconds:
                self._tell(_subscription(request), seconds)


class Rest(SansIOHTTPPolicy[Any, Any]):
    """Heeds what other processes were told: between two pages of a long list, one of them may have met Azure's 429.

    asked: says for how many seconds a subscription is not to be read. It looks into the database, so that it is not asked at every call.
    """

    EVERY = 1.0

    def __init__(self, asked: Callable[[str], float]) -> None:
        self._asked = asked
        self._free: dict[str, float] = {}  # subscription -> when it was found free to read

    def on_request(self, request: Request) -> None:
        if request.http_request.method not in _READS:
            return
        subscription, now = _subscription(request), monotonic()
        if now - self._free.get(subscription, -self.EVERY) < self.EVERY:
            return
        seconds = self._asked(subscription)
        if seconds > LONGEST_SLEEP:
            raise RestError(seconds)
        if seconds > 0:
            transport: Any = request.context.transport
            transport.sleep(seconds)
        self._free[subscription] = now


def _subscription(request: Request) -> str:
    """The subscription in the address, or ''."""
    parts = urlsplit(request.http_request.url).path.lower().split("/")
    return parts[2] if parts[1:2] == ["subscriptions"] and len(parts) > 2 else ""


class OnUnauthorized(SansIOHTTPPolicy[Any, Any]):
    """Tells that a token was refused: whoever holds it should ask for a new one before the next exchange."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_response(self, request: Request, response: Response) -> None:
        if response.http_response.status_code == 401:
            self._tell()


def is_loopback(url: str) -> bool:
    """Whether the address is this machine: its requests must not go through a proxy."""
    host = urlsplit(url).hostname or ""
    return host == "localhost" or host == "::1" or host.startswith("127.")


def transport(endpoint: str, ca_bundle: str) -> RequestsTransport:
    """One transport for all clients of a process: one TLS connection a thread instead of one a client. Never closed."""
    return RequestsTransport(**_connection(endpoint, ca_bundle))


def credential(ca_bundle: str) -> TokenCredential:
    """The credential that azure-identity's own variables describe, chosen by which of them are set.

    AZURE_TOKEN_CREDENTIALS: what it names. AZURE_FEDERATED_TOKEN_FILE: workload identity. AZURE_CLIENT_SECRET or
    AZURE_CLIENT_CERTIFICATE_PATH: service principal. Else managed identity (AZURE_CLIENT_ID for a user-assigned one). A developer's
    sign-in is used only when asked for by name: a service must not act as whoever logged in to its host.
    """
    authority = os.environ.get("AZURE_AUTHORITY_HOST", "")
    options = _connection(authority if "://" in authority else f"https://{authority}", ca_bundle)
    if authority and not (urlsplit(f"https://{authority.removeprefix('https://')}").hostname or "").endswith(
        _MICROSOFT_LOGIN
    ):
        options["disable_instance_discovery"] = True
    if os.environ.get("AZURE_TOKEN_CREDENTIALS"):
        return DefaultAzureCredential(**options)
    if os.environ.get("AZURE_FEDERATED_TOKEN_FILE"):
        return WorkloadIdentityCredential(**options, retry_policy_class=TokenRetry)
    if os.environ.get("AZURE_CLIENT_SECRET") or os.environ.get("AZURE_CLIENT_CERTIFICATE_PATH"):
        return EnvironmentCredential(**options, retry_policy_class=TokenRetry)
    return ManagedIdentityCredential(client_id=os.environ.get("AZURE_CLIENT_ID") or None, **options)


def _connection(url: str, ca_bundle: str) -> dict[str, Any]:
    return {
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "connection_verify": ca_bundle or True,
        "use_env_settings": not is_loopback(url),
    }
