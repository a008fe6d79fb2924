"""Protected items by list instead of one by one: what is asked of Azure for a thousand machines is a few pages."""

from collections.abc import Iterator
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.specs import Found, ProtectSpec, Spec
from replication.gateway.port import Gateway, Progress, Submitted

# Fewer machines than this are read one by one: the list has a page for every two hundred items of the vault.
WORTH_A_LIST = 10


class ByList:
    """A gateway that reads the vault's items once, at the first question about one, and answers from that.

    For one time slice: what another program does meanwhile is seen in the next. A step with a past is read by itself, not from here.
    """

    def __init__(self, gateway: Gateway, vault_id: str) -> None:
        self._gateway, self._vault_id = gateway, vault_id
        self._items: dict[str, Found] | None = None

    def read(self, spec: Spec) -> Found | None:
        if not isinstance(spec, ProtectSpec):
            return self._gateway.read(spec)
        if self._items is None:
            self._items = {ids.key(each.spec.id): each for each in self._gateway.protections(self._vault_id)}
        return self._items.get(ids.key(spec.id))

    def submit(self, spec: Spec, *, request_id: str) -> Submitted:
        return self._gateway.submit(spec, request_id=request_id)

    def poll(self, handle: dict[str, Any]) -> Progress:
        return self._gateway.poll(handle)

    def jobs(self, vault_id: str) -> Iterator[inv.Job]:
        return self._gateway.jobs(vault_id)

    def job(self, job_id: str) -> inv.Job:
        return self._gateway.job(job_id)
