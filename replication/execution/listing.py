"""Protected items by list instead of one by one: what is asked of Azure for a thousand machines is a few pages."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from replication import clock
from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.specs import Found, ProtectSpec, SettleSpec, Spec
from replication.gateway.port import Gateway, Progress, Submitted

# Fewer machines than this are read one by one: the list has a page for every two hundred items of the vault.
WORTH_A_LIST = 10
# How old a list may be that is looked at before machines are asked for.
FRESH = timedelta(minutes=1)


class ByList:
    """A gateway that reads the vault's items once, at the first question about one, and answers from that.

    It serves for machines that this run has never asked for: no other run of ours asks for them meanwhile (MachineClaim), so that only
    another program could have changed them since; what that does in the minute before our request, it might as well do in the millisecond
    before. Azure refuses a machine that is protected already. A step with a past is read by itself, not from here.
    """

    def __init__(self, gateway: Gateway, vault_id: str) -> None:
        self._gateway, self._vault_id = gateway, vault_id
        self._items: dict[str, Found] | None = None
        self._until: datetime | None = None

    def through(self, gateway: Gateway) -> "ByList":
        """The same list; anything else goes through this gateway."""
        self._gateway = gateway
        return self

    def read(self, spec: Spec) -> Found | None:
        if spec.kind not in {ProtectSpec.kind, SettleSpec.kind}:  # what changes or ends protection is read by itself
            return self._gateway.read(spec)
        if self._items is None or self._until is None or clock.now() > self._until:
            self._until = clock.now() + FRESH
            self._items = {ids.key(each.spec.id): each for each in self._gateway.protections(self._vault_id)}
        found = self._items.get(ids.key(spec.id))
        return found.facts["settled"] if found and isinstance(spec, SettleSpec) else found

    def submit(self, spec: Spec, *, request_id: str) -> Submitted:
        return self._gateway.submit(spec, request_id=request_id)

    def poll(self, handle: dict[str, Any]) -> Progress:
        return self._gateway.poll(handle)

    def jobs(self, vault_id: str) -> Iterator[inv.Job]:
        return self._gateway.jobs(vault_id)

    def job(self, job_id: str) -> inv.Job:
        return self._gateway.job(job_id)


_kept: dict[UUID, ByList] = {}  # of this process: run -> its list
_RUNS = 8


def of_run(run_id: UUID, vault_id: str, gateway: Gateway) -> ByList:
    """The list for a run's machines, kept from one time slice to the next."""
    if run_id not in _kept and len(_kept) >= _RUNS:
        _kept.clear()
    return _kept.setdefault(run_id, ByList(gateway, vault_id)).through(gateway)
