"""How requests leave: credential, TLS, time limits, proxies, and what may be sent twice. Stack.md §1-§2 and §10 say why."""

import os
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from azure.core.credentials import TokenCredential
from azure.core.exceptions import AzureError as SdkError
from azure.core.pipeline import PipelineRequest, PipelineResponse
from azure.core.pipeline.policies import RetryPolicy, SansIOHTTPPolicy
from azure.core.pipeline.transport import RequestsTransport
from azure.identity import DefaultAzureCredential

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


class PortalRetry(RetryPolicy):  # type: ignore[misc]
    """Sends a read again once after a passing fault; never a write, which the engine decides about after looking."""

    def send(self, request: PipelineRequest) -> PipelineResponse:
        if request.http_request.method not in _READS:
            request.context.options["retry_total"] = 0
        return super().send(request)

    def is_retry(self, settings: dict[str, Any], response: PipelineResponse) -> bool:
        status = response.http_response.status_code
        if response.http_request.method not in _READS or (status < 500 and status not in {408, 429}):
            return False
        if (self.get_retry_after(response) or 0) > LONGEST_SLEEP:
            return False
        return bool(super().is_retry(settings, response))


class NoRegistration(SansIOHTTPPolicy):  # type: ignore[misc]
    """Refuses the SDK's own `POST …/providers/{namespace}/register`."""

    def on_request(self, request: PipelineRequest) -> None:
        path = urlsplit(request.http_request.url).path
        if request.http_request.method == "POST" and path.endswith("/register"):
            namespace = path.rstrip("/").split("/")[-2]
            raise RegistrationRefusedError(f"The subscription is not registered to use the provider {namespace}.")


class OnUnauthorized(SansIOHTTPPolicy):  # type: ignore[misc]
    """Tells that a token was refused: whoever holds it should ask for a new one before the next exchange."""

    def __init__(self, tell: Callable[[], None]) -> None:
        self._tell = tell

    def on_response(self, request: PipelineRequest, response: PipelineResponse) -> None:
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
    """The credential that azure-identity's own variables describe: service principal, workload identity or managed identity.

    Developer sign-ins are left out, for a service must not act as whoever logged in to its host, unless AZURE_TOKEN_CREDENTIALS
    asks for one by name.
    """
    authority = os.environ.get("AZURE_AUTHORITY_HOST", "")
    authority = authority if not authority or "://" in authority else f"https://{authority}"
    options = _connection(authority, ca_bundle) | {"retry_policy_class": PortalTokenRetry}
    if authority and not (urlsplit(authority).hostname or "").endswith(_MICROSOFT_LOGIN):
        options["disable_instance_discovery"] = True
    if authority:
        options["authority"] = authority
    if not os.environ.get("AZURE_TOKEN_CREDENTIALS"):
        options |= dict.fromkeys(_DEVELOPERS, True)
    return DefaultAzureCredential(**options)


class PortalTokenRetry(RetryPolicy):  # type: ignore[misc]
    """Asking for a token is harmless to repeat, but no worker waits long for it."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs | {"retry_total": 2, "retry_backoff_factor": 0.2, "retry_backoff_max": LONGEST_SLEEP})

    def get_retry_after(self, response: PipelineResponse) -> float | None:
        after = super().get_retry_after(response)
        return None if after is None else min(float(after), LONGEST_SLEEP)


_DEVELOPERS = (
    "exclude_shared_token_cache_credential",
    "exclude_visual_studio_code_credential",
    "exclude_cli_credential",
    "exclude_developer_cli_credential",
    "exclude_powershell_credential",
    "exclude_broker_credential",
)


def _connection(url: str, ca_bundle: str) -> dict[str, Any]:
    return {
        "connection_timeout": CONNECT_SECONDS,
        "read_timeout": READ_SECONDS,
        "connection_verify": ca_bundle or True,
        "use_env_settings": not is_loopback(url),
    }
