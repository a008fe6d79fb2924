"""The SDK's clients, made once in each process, and the door to them: `open_gateway(connection)`.

The only module that workers import before they fork, so that the children share the SDK's memory (stack.md §2).
"""

import os
from collections.abc import Callable
from threading import Lock
from typing import Any, Protocol, TypeVar

from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.compute import ComputeManagementClient
from azure.mgmt.network import NetworkManagementClient
from azure.mgmt.recoveryservices import RecoveryServicesClient
from azure.mgmt.recoveryservicessiterecovery import SiteRecoveryManagementClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient
from azure.mgmt.storage import StorageManagementClient
from django.conf import settings

from replication.domain.problems import Problem
from replication.gateway import pipeline
from replication.gateway.port import AzureError, Gateway, read_begins, read_refused

T = TypeVar("T")


class ConnectionLike(Protocol):
    """What is needed of models.Connection; the gateway does not know the database."""

    endpoint: str
    tenant_id: str
    client_id: str
    name: str


class Clients:
    """Typed clients of one endpoint and credential, one a service and subscription, on one shared transport."""

    def __init__(
        self,
        endpoint: str,
        ca_bundle: str = "",
        tell: Callable[[str, float], object] | None = None,
        resting: Callable[[str], float] = lambda _: 0.0,
    ) -> None:
        """tell: who wants to hear of reads that Azure answered with 429, with the subscription and the seconds.

        resting: who remembers them, also those of other processes; the seconds for which a subscription is not to be read.
        """
        self.endpoint = endpoint
        self._credential = pipeline.credential(ca_bundle)
        self._transport = pipeline.transport(endpoint, ca_bundle)
        self._read_pace = pipeline.ReadPace(tell)  # one for all: a subscription's reads are counted together
        self._rest = pipeline.Rest(resting)
        self._made: dict[tuple[type, str], Any] = {}

    def subscriptions(self) -> SubscriptionClient:
        return self._client(SubscriptionClient)

    def resources(self, subscription_id: str) -> ResourceManagementClient:
        return self._client(ResourceManagementClient, subscription_id)

    def authorization(self, subscription_id: str) -> AuthorizationManagementClient:
        return self._client(AuthorizationManagementClient, subscription_id)

    def compute(self, subscription_id: str) -> ComputeManagementClient:
        return self._client(ComputeManagementClient, subscription_id)

    def network(self, subscription_id: str) -> NetworkManagementClient:
        return self._client(NetworkManagementClient, subscription_id)

    def storage(self, subscription_id: str) -> StorageManagementClient:
        return self._client(StorageManagementClient, subscription_id)

    def vaults(self, subscription_id: str) -> RecoveryServicesClient:
        return self._client(RecoveryServicesClient, subscription_id)

    def site_recovery(self, subscription_id: str) -> SiteRecoveryManagementClient:
        return self._client(SiteRecoveryManagementClient, subscription_id)

    def token(self) -> str:
        """The access token that requests are signed with: whoever wants to know who we are reads its claims."""
        return self._credential.get_token(f"{self.endpoint}/.default").token

    def _client(self, cls: type[T], *subscription: str) -> T:
        key = (cls, "".join(subscription))
        if key not in self._made:
            self._made[key] = cls(self._credential, *subscription, **self._options())  # type: ignore[call-arg]
        return self._made[key]  # type: ignore[no-any-return]

    def _options(self) -> dict[str, Any]:
        return {
            "base_url": self.endpoint,
            "credential_scopes": [f"{self.endpoint}/.default"],
            "transport": self._transport,
            "retry_policy": pipeline.PortalRetry(retry_total=1, retry_backoff_factor=0.2),
            "per_call_policies": [self._rest],
            "per_retry_policies": [
                pipeline.NoRegistration(),
                self._read_pace,
                pipeline.OnUnauthorized(forget_gateways),
            ],
        }


_open: dict[tuple[int, str], Gateway] = {}
_lock = Lock()


def open_gateway(connection: ConnectionLike) -> Gateway:
    """The gateway of a connection, made once in each process.

    AzureError (never) when the connection is not the one that this process' environment describes: rows of one tenant are
    never used with the credential of another.
    """
    from replication.gateway.facade import AzureGateway  # it needs this module

    _refuse_another(connection)
    key = (os.getpid(), connection.endpoint)  # a connection must not be shared across a fork
    with _lock:
        if key not in _open:
            bundle = settings.ARM_CA_BUNDLE
            _open[key] = AzureGateway(Clients(connection.endpoint, bundle, _teller(connection), _asker(connection)))
        return _open[key]


def _teller(connection: ConnectionLike) -> Callable[[str, float], object]:
    return lambda subscription, seconds: read_refused.send(
        type(connection), connection=connection, subscription=subscription, seconds=seconds
    )


def _asker(connection: ConnectionLike) -> Callable[[str], float]:
    def resting(subscription: str) -> float:
        told = read_begins.send(type(connection), connection=connection, subscription=subscription)
        return max((float(seconds or 0) for _, seconds in told), default=0.0)

    return resting


def forget_gateways() -> None:
    """Drop what is cached: the next `open_gateway` asks for a new token. After an answer 401, and in tests."""
    with _lock:
        _open.clear()


def _refuse_another(connection: ConnectionLike) -> None:
    theirs = (connection.endpoint.rstrip("/"), connection.tenant_id, connection.client_id)
    ours = (settings.ARM_ENDPOINT, settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID)
    if [each.lower() for each in theirs] != [each.lower() for each in ours]:
        raise AzureError(
            Problem(
                code="AnotherConnection",
                message=f"{connection.name} is not the connection that this worker is configured for.",
                causes="The endpoint, the tenant or the application of the environment differ from the connection's.",
                action="Start the workers with the connection's settings, or start anew under the present connection.",
            )
        )
