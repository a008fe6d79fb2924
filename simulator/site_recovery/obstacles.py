"""Why a machine cannot be protected: one list, read by eligibility (as `A2A...` codes) and by enabling (as numbers).

The conditions are those of portal-behaviour.md §4; codes that no document names are *assumed*.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from simulator.kernel.world import World
from simulator.providers import sizes
from simulator.providers.compute import quota
from simulator.site_recovery.machines import GIB, Machine
from simulator.site_recovery.problems import Problem, problem

Json = dict[str, Any]


@dataclass(frozen=True)
class Obstacle:
    """One reason: eligibility's code and the problem that enabling would fail with."""

    code: str
    problem: Problem

    def entry(self) -> Json:
        """An item of the eligibility result's `errors`."""
        return {
            "code": self.code,
            "message": self.problem.message,
            "possibleCauses": self.problem.causes,
            "recommendedAction": self.problem.action,
            "status": "Error",
        }


ENABLED_ALL_THE_SAME = frozenset({"A2AVmSizeNotSupported"})
"""What the documents name but enabling does not mind: a machine with one core becomes protected and fails over
(recorded: azure-cli-extensions, test_siterecovery_A2A_scenarios, `az vm create`'s default size of one core)."""
_DISK_LIMIT_GIB = 32 * 1024
_OS_LIMIT_GIB = 4095
_MAX_DATA_DISKS = 64
_MIN_BYTES = 1024 * 1024**2


def obstacles(world: World, machine: Machine) -> list[Obstacle]:
    """Everything that stands in the way of protecting a machine, as far as Azure itself would know."""
    return [*_state(world, machine), *_disks(machine), *_build(machine), *_size(machine), *_extensions(world, machine)]


def _unsupported(machine: Machine, code: str, why: str) -> Obstacle:
    return Obstacle(code, problem("150406", vm=machine.name, why=why))


def _state(world: World, machine: Machine) -> Iterator[Obstacle]:
    owner = protecting(world, machine.id)
    if owner is not None:
        yield Obstacle("A2AVmAlreadyProtected", problem("150226", vm=machine.name))
    if machine.provisioning != "Succeeded":
        found = problem("150019", vm=machine.name, state=machine.provisioning)
        yield Obstacle("A2AVmProvisioningStateNotValid", found)
    if not machine.running:
        yield Obstacle("A2AVmNotRunning", problem("150032", vm=machine.name))
    elif machine.agent in ("not ready", "absent"):
        yield _unsupported(machine, "A2AVmAgentNotReady", "its virtual machine agent does not report")


def _disks(machine: Machine) -> Iterator[Obstacle]:
    for disk in machine.disks:
        if disk.size_bytes < _MIN_BYTES:
            size = disk.size_bytes // 1024**2
            yield Obstacle("A2ADiskSizeNotSupported", problem("150172", disk=disk.name, size=size))
        if disk.size_bytes > (_OS_LIMIT_GIB if disk.os_disk else _DISK_LIMIT_GIB) * GIB:
            yield _unsupported(machine, "A2ADiskSizeNotSupported", f"the disk '{disk.name}' is too large")
        if disk.write_accelerated:
            yield _unsupported(machine, "A2AWriteAcceleratorNotSupported", f"'{disk.name}' has write accelerator on")
        if disk.shared and machine.os == "Linux":
            yield _unsupported(machine, "A2ASharedDiskNotSupported", f"the disk '{disk.name}' is shared")


def _build(machine: Machine) -> Iterator[Obstacle]:
    properties = machine.properties
    storage = properties.get("storageProfile") or {}
    if ((storage.get("osDisk") or {}).get("diffDiskSettings") or {}).get("option") == "Local":
        yield _unsupported(machine, "A2AEphemeralOsDiskNotSupported", "its operating system disk is ephemeral")
    if str(storage.get("diskControllerType", "")).upper() == "NVME":
        yield _unsupported(machine, "A2ANvmeNotSupported", "it uses an NVMe disk controller")
    if (properties.get("securityProfile") or {}).get("securityType") == "ConfidentialVM":
        yield _unsupported(machine, "A2AConfidentialVmNotSupported", "it is a confidential virtual machine")
    if properties.get("host") or properties.get("hostGroup"):
        yield _unsupported(machine, "A2ADedicatedHostNotSupported", "it runs on a dedicated host")
    if _is_unsupported_os(machine):
        yield _unsupported(machine, "A2AOperatingSystemNotSupported", f"'{machine.os_name}' is not supported")


def _size(machine: Machine) -> Iterator[Obstacle]:
    """Too small a machine, another processor, too many disks (portal-behaviour.md §4, 19, 20, 26)."""
    size = sizes.find(machine.size)
    if size is not None and (size.cores < 2 or size.memory < 1024):
        yield _unsupported(machine, "A2AVmSizeNotSupported", f"its size '{machine.size}' is too small")
    if size is not None and size.architecture.lower() == "arm64":
        yield _unsupported(machine, "A2ACpuArchitectureNotSupported", "its processor is not x64")
    if sum(not disk.os_disk for disk in machine.disks) > _MAX_DATA_DISKS:
        yield _unsupported(machine, "A2ATooManyDisks", f"it has more than {_MAX_DATA_DISKS} data disks")


def _extensions(world: World, machine: Machine) -> Iterator[Obstacle]:
    kind = "Microsoft.Compute/virtualMachines/extensions"
    for one in world.store.select(kind, machine.id):
        if one.properties.get("provisioningState") == "Failed":
            yield _unsupported(machine, "A2AVmExtensionFailed", f"its extension '{one.name}' has failed")


_UNSUPPORTED_OS = ("freebsd", "nano", "arm64", "flatcar", "coreos", "windows server 2003", "windows server 2008 sp2")


def _is_unsupported_os(machine: Machine) -> bool:
    name = f"{machine.os_name} {machine.os_version}".lower()
    return bool(machine.sim.get("unsupportedOs")) or any(word in name for word in _UNSUPPORTED_OS)


def no_room(world: World, subscription: str, location: str, vm: str, size_name: str) -> Problem | None:
    """A size that the target region does not offer, or cores beyond a quota that the scenario gives (150097)."""
    fault = problem("150097", vm=vm, location=location, size=size_name)
    if size_name.lower() in {name.lower() for name in world.unavailable_sizes.get(location, [])}:
        return fault
    size, plain = sizes.find(size_name), subscription.rsplit("/", 1)[-1].lower()
    places: Json = next((rows for key, rows in world.quotas.items() if key.lower() == plain), {})
    if size is None or location not in places:
        return None
    in_use = quota.used(world, subscription, location)
    for name in ("cores", size.family):
        extra, limit = quota.planned(world, subscription, location, name)
        if in_use[name] + extra + size.cores > limit:
            return fault
    return None


# --- who protects what ------------------------------------------------------------------------------------------------


def _owners(world: World) -> dict[str, str]:
    found: dict[str, str] = world.facts.setdefault("site_recovery_machines", {})
    return found


def protecting(world: World, machine_id: str) -> str | None:
    """The id of the item that protects a machine, in whichever vault; None when nobody does."""
    return _owners(world).get(machine_id.lower())


def take_ownership(world: World, machine_id: str, item_id: str) -> None:
    """From now on this item protects the machine."""
    _owners(world)[machine_id.lower()] = item_id


def release(world: World, machine_id: str, item_id: str) -> None:
    """This item protects the machine no longer; another item's claim stays."""
    owners = _owners(world)
    if owners.get(machine_id.lower(), "").lower() == item_id.lower():
        del owners[machine_id.lower()]
