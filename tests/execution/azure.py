"""A small Azure at the gateway's port: slow, forgetful and faulty as scripted. Time is the world's, and the world is a test's."""

import itertools
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.problems import Problem, When
from replication.domain.specs import (
    ContainerMappingSpec,
    ContainerSpec,
    FabricSpec,
    Found,
    GroupSpec,
    InterfaceSpec,
    NetworkMappingSpec,
    NetworkSpec,
    PolicySpec,
    SettleSpec,
    Spec,
    StorageSpec,
)
from replication.domain.steps import STAGE_OF
from replication.gateway.port import AzureError, Progress, Submitted

S = TypeVar("S", bound=Spec)


class World:
    """A clock that moves only when told."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 1, 9, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.at

    def forward(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@dataclass
class Operation:
    spec: Spec
    job_id: str
    activity_id: str
    begun_at: datetime
    ends_at: datetime
    problem: Problem | None = None
    warning: Problem | None = None


@dataclass
class Fault:
    """error is raised `times` times for calls of `verb` on ids that contain `about`, before or after Azure acted."""

    verb: str
    error: Exception
    about: str = ""
    after: bool = False
    times: int = 1


# Seconds; below zero: done with the answer. Hidden ones answer 404 until they are done (simulator.md §2.4).
TAKES = {"resource_group": -1, "availability_set": -1, "virtual_network": 4, "storage_account": 17, "fabric": 70}
TAKES |= {"container": 1, "policy": 1, "container_mapping": 2, "network_mapping": 3, "protect": 425, "settle": 5}
MANY = [f"vm{n}" for n in range(30)]
SHOWN_AT_ONCE = {"virtual_network"}


@dataclass
class Azure:
    """Implements what execution uses of gateway.port.Gateway. `accepted` counts what was taken, by key: two is one too many."""

    world: World
    vault_id: str
    there: dict[str, Found] = field(default_factory=dict)
    operations: dict[str, Operation] = field(default_factory=dict)
    accepted: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    failing: dict[str, Problem] = field(default_factory=dict)  # part of an id -> how its operation ends
    warnings: dict[str, Problem] = field(default_factory=dict)
    lost: bool = False  # status addresses answer 404
    gone: set[str] = field(default_factory=set)  # source machines that are not there
    changed: dict[str, inv.Machine] = field(default_factory=dict)  # and those that are not as they were
    before_call: Callable[[str], None] = lambda verb: None
    scale: float = 1  # of all durations
    copying: float = 3600  # seconds from enabled to protected
    settings: dict[str, SettleSpec] = field(default_factory=dict)  # of items, by key
    deaf: bool = False  # updates succeed and change nothing
    numbers: Iterator[int] = field(default_factory=itertools.count)

    # -- what a run needs -------------------------------------------------------------------------------------------
    def read(self, spec: Spec) -> Found | None:
        self._call("read", spec.id)
        for operation in self._about(spec):
            if self.world.at < operation.ends_at and spec.kind in SHOWN_AT_ONCE:
                return Found(spec=spec, state="unfinished", state_text="Updating")
        self._finish()
        return self.settled(spec.id) if isinstance(spec, SettleSpec) else self.there.get(ids.key(spec.id))

    def settled(self, item_id: str) -> Found | None:
        """The settings of an item, which are taken only while it is protected and nothing else is done at it."""
        key = ids.key(item_id)
        if key not in self.there:
            return None
        named = SettleSpec(
            id=item_id, machine_id="", machine_name="", name="as-the-source", interfaces=(interface(item_id),)
        )
        busy = any(each.spec.kind == "settle" and each.ends_at > self.world.at for each in self._at(item_id))
        state = "unfinished" if busy or not self.is_protected(item_id) else "ready"
        return Found(spec=self.settings.get(key, named), state=state)

    def is_protected(self, item_id: str) -> bool:
        enabled = next((each.ends_at for each in self._at(item_id) if each.spec.kind == "protect"), self.world.at)
        return (self.world.at - enabled).total_seconds() >= self.copying

    def submit(self, spec: Spec, *, request_id: str) -> Submitted:
        self._call("submit", spec.id)
        name = f"op-{next(self.numbers)}"
        takes = TAKES[spec.kind] * self.scale
        job_id = f"{self.vault_id}/replicationJobs/{name}" if STAGE_OF[spec.kind] else ""
        ends_at = self.world.at + timedelta(seconds=takes)
        self.operations[name] = Operation(
            spec,
            job_id,
            f"{request_id} ActivityId: x",
            self.world.at,
            ends_at,
            self._failing(spec),
            self._warning(spec),
        )
        self.accepted[ids.key(spec.id) + ("#settings" if spec.changes else "")] += 1
        self._call("submit", spec.id, after=True)
        if takes < 0:
            return Submitted(handle={}, done=True)
        return Submitted(handle={"operation": name}, done=False, job_id=job_id, correlation_id=f"correlation-{name}")

    def poll(self, handle: dict[str, Any]) -> Progress:
        self._call("poll", handle["operation"])
        operation = self.operations[handle["operation"]]
        if self.lost:
            return Progress(state="lost")
        if self.world.at < operation.ends_at:
            return Progress(state="running")
        state = "failed" if operation.problem else "succeeded"
        return Progress(state=state, problem=operation.problem or operation.warning)

    def jobs(self, vault_id: str) -> Iterator[inv.Job]:
        self._call("jobs", vault_id)
        for operation in sorted(self.operations.values(), key=lambda each: each.begun_at, reverse=True):
            if operation.job_id:
                yield replace(self._job(operation), activity_id="", errors=())

    def job(self, job_id: str) -> inv.Job:
        self._call("job", job_id)
        return next(self._job(each) for each in self.operations.values() if each.job_id == job_id)

    def protections(self, vault_id: str) -> Iterator[Found]:
        self._call("protections", vault_id)
        self._finish()
        return (
            replace(each, facts={"settled": self.settled(each.spec.id)})
            for each in list(self.there.values())
            if each.spec.kind == "protect"
        )

    def standing(self, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
        self._call("standing", "")
        named = ("web", "db", "app", "batch", *MANY)
        return (self.changed.get(name) or machine(name) for name in named if name not in self.gone)

    def groups(self, subscription_id: str) -> Iterator[inv.ResourceGroup]:
        self._call("groups", subscription_id)
        return (inv.ResourceGroup(id=s.id, name="", location=s.location) for s in self._specs(GroupSpec))

    def networks(self, subscription_id: str) -> Iterator[inv.Network]:
        self._call("networks", subscription_id)
        for spec in self._specs(NetworkSpec):
            subnets = tuple(inv.Subnet(name=each.name, prefix=each.prefix) for each in spec.subnets)
            yield inv.Network(id=spec.id, name="", location=spec.location, prefixes=spec.prefixes, subnets=subnets)

    def accounts(self, subscription_id: str) -> Iterator[inv.StorageAccount]:
        self._call("accounts", subscription_id)
        for spec in self._specs(StorageSpec):
            yield inv.StorageAccount(id=spec.id, name="", location=spec.location, sku=spec.sku, kind=spec.account_kind)

    def replica_disks(self, subscription_id: str) -> Iterator[inv.ReplicaDisk]:
        return iter(())

    def availability_sets(self, subscription_id: str) -> Iterator[inv.AvailabilitySet]:
        self._call("availability_sets", subscription_id)
        return iter(())

    def placement_groups(self, subscription_id: str) -> Iterator[inv.PlacementGroup]:
        self._call("placement_groups", subscription_id)
        return iter(())

    def capacity_groups(self, subscription_id: str) -> Iterator[inv.CapacityGroup]:
        self._call("capacity_groups", subscription_id)
        return iter(())

    def encryption_sets(self, subscription_id: str) -> Iterator[inv.EncryptionSet]:
        self._call("encryption_sets", subscription_id)
        return iter(())

    def automation_accounts(self, subscription_id: str) -> Iterator[inv.AutomationAccount]:
        self._call("automation_accounts", subscription_id)
        return iter(())

    def site(self, vault_id: str) -> inv.Site:
        self._call("site", vault_id)
        return inv.Site(
            fabrics=tuple(inv.Fabric(id=s.id, name="", location=s.location) for s in self._specs(FabricSpec)),
            containers=tuple(inv.Container(id=s.id, name="", fabric_id="") for s in self._specs(ContainerSpec)),
            policies=tuple(
                inv.Policy(id=s.id, name="", retention=s.retention, app_consistent=s.app_consistent)
                for s in self._specs(PolicySpec)
            ),
            container_mappings=tuple(
                inv.ContainerMapping(
                    id=s.id, name="", container_id="", target_container_id=s.target_container_id, policy_id=s.policy_id
                )
                for s in self._specs(ContainerMappingSpec)
            ),
            network_mappings=tuple(
                inv.NetworkMapping(
                    id=s.id, name="", primary_network_id=s.primary_network_id, recovery_network_id=s.recovery_network_id
                )
                for s in self._specs(NetworkMappingSpec)
            ),
        )

    def _specs(self, kind: type[S]) -> list[S]:
        self._finish()
        return [each.spec for each in self.there.values() if isinstance(each.spec, kind)]

    # -- inside --------------------------------------------------------------------------------------------------------
    def _call(self, verb: str, about: str, *, after: bool = False) -> None:
        if not after:
            self.calls[verb] += 1
            self.before_call(verb)
        for fault in self.faults:
            if fault.times and fault.verb == verb and fault.after == after and fault.about.lower() in about.lower():
                fault.times -= 1
                raise fault.error

    def _about(self, spec: Spec) -> list[Operation]:
        return self._at(spec.id)

    def _at(self, arm_id: str) -> list[Operation]:
        return [each for each in self.operations.values() if ids.same(each.spec.id, arm_id)]

    def _finish(self) -> None:
        for each in self.operations.values():
            if self.world.at < each.ends_at or each.problem:
                continue
            if isinstance(each.spec, SettleSpec):
                self.settings |= {} if self.deaf else {ids.key(each.spec.id): each.spec}
            else:
                self.there.setdefault(ids.key(each.spec.id), Found(spec=each.spec))

    def _failing(self, spec: Spec) -> Problem | None:
        return next((problem for part, problem in self.failing.items() if part in spec.id), None)

    def _warning(self, spec: Spec) -> Problem | None:
        return next((problem for part, problem in self.warnings.items() if part in spec.id), None)

    def _job(self, each: Operation) -> inv.Job:
        running = self.world.at < each.ends_at
        state = "InProgress" if running else "Failed" if each.problem else "Succeeded"
        errors = (health_error(each.problem),) if each.problem and not running else ()
        return inv.Job(
            id=each.job_id, name=ids.name(each.job_id), scenario="", title="", state=state, state_text=state,
            activity_id=each.activity_id, started_at=each.begun_at, errors=errors,
        )  # fmt: skip


def health_error(problem: Problem) -> inv.HealthError:
    return inv.HealthError(
        code=problem.code, severity="Error", message=problem.message, causes=problem.causes, action=problem.action
    )


def nic_of(item_id: str) -> str:
    return ids.resource(GROUP, "Microsoft.Network/networkInterfaces", f"{ids.name(item_id)}-nic")


def interface(item_id: str) -> InterfaceSpec:
    """As Azure shows it: the source's id in lower case, and keys of its own."""
    return InterfaceSpec(source_nic_id=nic_of(item_id).lower(), nic_id=f"guid-{ids.name(item_id)}", configuration="ip1")


SUBSCRIPTION = "11111111-1111-4111-8111-111111111111"
GROUP = ids.group(SUBSCRIPTION, "shop")


def machine(name: str) -> inv.Machine:
    return inv.Machine(
        id=ids.resource(GROUP, "Microsoft.Compute/virtualMachines", name), name=name, subscription_id=SUBSCRIPTION,
        resource_group="shop", location="eastasia", model=inv.Model.RESOURCE_MANAGER, power=inv.Power.RUNNING,
        provisioning_state="Succeeded", disks=(disk(f"{name}-os"),),
    )  # fmt: skip


def disk(name: str) -> inv.Disk:
    arm_id = ids.resource(GROUP, "Microsoft.Compute/disks", name)
    return inv.Disk(id=arm_id, name=name, managed=True, is_os=True, size_gib=128, sku="Premium_LRS")


def error(code: str, when: When, *, status: int = 503, acted: bool = False, retry_after: float = 0) -> AzureError:
    problem = Problem(code=code, message=f"{code}, says Azure.", when=when, retry_after=retry_after)
    return AzureError(problem, status=status, acted=acted)
