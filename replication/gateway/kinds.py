"""How a kind of spec meets the SDK: which methods read and write it, what body goes out, what an answer means."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from replication.domain import ids
from replication.domain.specs import Found, Spec
from replication.gateway import operations
from replication.gateway.arm import Json, plain, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.port import AzureError, Submitted

S = TypeVar("S", bound=Spec)
Method = Callable[..., Any]

VAULTS = "Microsoft.RecoveryServices/vaults"
# A vault in which Site Recovery was never used answers 400 instead of 404 (site-recovery-protocol.md §4.2).
NEVER_USED = "SubscriptionIdNotRegisteredWithSrs"
# 404s that speak of the question, not of the thing: nothing can be concluded from them.
NO_SUBSCRIPTION = "subscriptionnotfound"  # it was deleted, or the credential may not see it any more
_WRONG_QUESTION = frozenset({"invalidresourcetype", NO_SUBSCRIPTION, "noregisteredproviderfound"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind(Generic[S]):
    """One row of the table from specs to Azure.

    methods: (get, put) of the SDK for a subscription; both take the group and the names that the id holds, in order, for the SDK's
    arguments follow the path. body: None for what is asked for without one. waits: put is one of the SDK's `begin_…` methods.
    """

    methods: Callable[[Clients, str], tuple[Method, Method]]
    body: Callable[[S], Json] | None
    found: Callable[[S, Json], Found]
    waits: bool = True

    def read(self, clients: Clients, spec: S) -> Found | None:
        """What Azure shows under the spec's id, or None."""
        where = _parts(spec.id)
        get, _ = self.methods(clients, where.subscription)
        try:
            with translated():
                body = plain(get(where.group, *where.names))
        except AzureError as error:
            if is_absent(error):
                return None
            raise
        return self.found(spec, body)

    def submit(self, clients: Clients, spec: S, request_id: str) -> Submitted:
        """Send the request; never wait."""
        where = _parts(spec.id)
        _, put = self.methods(clients, where.subscription)
        options = {"polling": False} if self.waits else {}
        body = [self.body(spec)] if self.body else []
        return operations.begin(
            put, where.group, *where.names, *body, request_id=request_id, vault_id=_vault(where), **options
        )


def is_absent(error: AzureError) -> bool:
    """Whether an error only says that there is nothing."""
    code = error.problem.code
    return (error.status == 404 and code.lower() not in _WRONG_QUESTION) or code == NEVER_USED


def is_gone(error: AzureError) -> bool:
    """Whether what was there is not any more, be it with its whole subscription, in which nothing can be made anew either."""
    return error.status == 404 and (is_absent(error) or error.problem.code.lower() == NO_SUBSCRIPTION)


def _parts(arm_id: str) -> ids.Parts:
    where = ids.parse(arm_id)
    if where is None:
        raise ValueError(f"{arm_id!r} is no ARM id")
    return where


def _vault(where: ids.Parts) -> str:
    """The vault that a Site Recovery resource lies in; '' for other services."""
    if where.types[:1] != ("vaults",):
        return ""
    return ids.resource(ids.group(where.subscription, where.group), VAULTS, where.names[0])


_READY, _BROKEN = frozenset({"", "succeeded"}), frozenset({"failed", "canceled"})


def by_provisioning(spec: Spec, body: Json) -> Found:
    """Found, with the state that provisioningState tells."""
    word = text(body, "properties", "provisioningState")
    state = "ready" if word.lower() in _READY else "broken" if word.lower() in _BROKEN else "unfinished"
    return Found(spec=spec, state=state, state_text=word)
