"""*Review and create*: the machines of a plan, objections and warnings in words."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from replication.domain import ids
from replication.domain.plan import PlannedStep
from replication.domain.specs import ProtectSpec, SettleSpec
from replication.presenters.wizard.plan import SKUS


@dataclass(frozen=True, slots=True)
class ProtectedRow:
    """A machine as the review lists it. settlement: what is applied to it once it is protected."""

    step: PlannedStep
    settlement: SettleSpec | None = None

    @property
    def spec(self) -> ProtectSpec:
        assert isinstance(self.step.spec, ProtectSpec)
        return self.step.spec

    @property
    def group(self) -> str:
        return ids.name(self.spec.recovery_group_id or ids.group_of(self.spec.cloud_service_id))

    @property
    def source_group(self) -> str:
        return ids.group_name(self.spec.machine_id)

    @property
    def network(self) -> str:
        name = ids.name(self.spec.network_id) if self.spec.network_id else ""
        return f"{name} / {self.spec.subnet_name}" if name and self.spec.subnet_name else name

    @property
    def availability(self) -> str:
        spec = self.spec
        place = ids.name(spec.availability_set_id) if spec.availability_set_id else "Single instance"
        place = f"Zone {spec.availability_zone}" if spec.availability_zone else place
        return ", ".join([place, *map(ids.name, filter(None, (spec.placement_group_id, spec.capacity_group_id)))])

    @property
    def cache(self) -> str:
        """The cache account, and that it is for high churn."""
        accounts = [disk.cache_account_id for disk in self.spec.managed_disks]
        accounts += [disk.cache_account_id for disk in self.spec.unmanaged_disks]
        name = ids.name(accounts[0]) if accounts else ""
        return f"{name}, high churn" if self.spec.churn == "High" else name

    @property
    def replication_group(self) -> str:
        """The machines that it shares recovery points with."""
        return self.spec.replication_group

    @property
    def settings(self) -> str:
        """erp-dr, Standard_D4s_v5, 10.0.0.9."""
        asked = self.settlement
        if asked is None:
            return ""
        return ", ".join(filter(None, (asked.name, asked.size, *(each.static_address for each in asked.interfaces))))

    @property
    def disks(self) -> str:
        """2, Standard SSD; after failover Premium SSD; or, of unmanaged disks, the account that they are copied to."""
        managed, unmanaged = self.spec.managed_disks, self.spec.unmanaged_disks
        replicas = {SKUS.get(disk.replica_type, disk.replica_type) for disk in managed}
        later = {SKUS.get(disk.target_type, disk.target_type) for disk in managed}
        accounts = {ids.name(disk.target_account_id) for disk in unmanaged}
        told = [", ".join([str(len(managed) + len(unmanaged)), *sorted(replicas | accounts)])]
        told += [f"after failover {', '.join(sorted(later))}"] if later != replicas else []
        keys = {ids.name(disk.encryption_set_id) for disk in managed if disk.encryption_set_id}
        told += [f"keys of {', '.join(sorted(keys))}"] if keys else []
        return "; ".join(told)

    @property
    def left_out(self) -> str:
        """The disks that are not replicated, by name."""
        return ", ".join(map(ids.name, self.spec.excluded_disks))


def protected_rows(steps: Sequence[PlannedStep]) -> list[ProtectedRow]:
    """The machines of these steps, each with what is applied to it after protection."""
    settlements = {step.spec.id: step.spec for step in steps if isinstance(step.spec, SettleSpec)}
    return [ProtectedRow(step, settlements.get(step.spec.id)) for step in steps if isinstance(step.spec, ProtectSpec)]


def in_words(objections: Iterable[Any], url: Callable[[str], str]) -> list[dict[str, str]]:
    """Objections or warnings with the address of the page that mends them."""
    return [{"message": each.message, "action": each.action, "url": url(each.page)} for each in objections]
