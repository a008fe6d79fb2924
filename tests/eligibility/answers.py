"""Comparing what the console says of a fleet's machines with the key of what was planted on them, machine by machine."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from replication.domain import ids
from tests.simulated import ROOT

# What a planted condition is called by the rules. Those that a list cannot show are read for selected machines.
CODES = {
    "s4-01-already-protected": "AlreadyProtected",
    "s4-02-stale-links": "StaleLinks",
    "s4-03-lock": "Locked",
    "s4-04-provisioning-state": "ProvisioningNotSucceeded",
    "s4-05-not-running": "NotRunning",
    "s4-08-group-elsewhere": "GroupInOtherRegion",
    "s4-11-no-zone": "NoZone",
    "s4-13-zrs-disk": "ZoneRedundantDisk",
    "s4-17-os-unsupported": "UnsupportedSystem",
    "s4-19-arm64": "Arm64",
    "s4-20-size-too-small": "SizeTooSmall",
    "s4-21-ephemeral-os-disk": "EphemeralOsDisk",
    "s4-22-os-disk-too-large": "OsDiskTooLarge",
    "s4-23-data-disk-too-large": "DataDiskTooLarge",
    "s4-23-data-disk-too-small": "DataDiskTooSmall",
    "s4-24-unmanaged-disk-too-large": "UnmanagedDiskTooLarge",
    "s4-24-premium-account-too-full": "PremiumAccountFull",
    "s4-25-unmanaged-disks": "UnmanagedDisks",
    "s4-26-more-than-64-data-disks": "TooManyDisks",
    "s4-26-more-disks-than-size-takes": "MoreDisksThanSize",
    "s4-28-ultra-disk": "UltraDisk",
    "s4-29-premium-v2": "PremiumV2Disk",
    "s4-30-shared-disk-linux": "SharedDiskLinux",
    "s4-31-shared-disk-windows": "SharedDiskWindows",
    "s4-32-shared-disk-old-server": "SharedDiskOldServer",
    "s4-33-write-accelerator": "WriteAccelerator",
    "s4-34-nvme": "NvmeController",
    "s4-37-ade-unmanaged": "EncryptedUnmanaged",
    "s4-38-ade": "DiskEncryption",
    "s4-39-customer-key": "CustomerKey",
    "s4-40-encryption-at-host": "EncryptionAtHost",
    "s4-41-trusted-launch": "TrustedLaunch",
    "s4-41-trusted-launch-linux-old": "TrustedLaunchLinuxOld",
    "s4-42-confidential": "ConfidentialVm",
    "s4-43-dedicated-host": "DedicatedHost",
    "s4-44-scale-set": "ScaleSet",
    "s4-45-spot": "SpotMachine",
    "s4-46-placement-group": "PlacementGroup",
    "s4-47-set-and-placement-group": "SetAndPlacementGroup",
    "s4-48-public-load-balancer": "PublicLoadBalancer",
    "s4-49-network-parts": "NetworkParts",
    "s4-50-secondary-addresses": "SecondaryAddresses",
    "s4-51-ipv6-only": "NoIpv4",
    "s4-52-outbound-blocked": "OutboundBlocked",
    "s4-53-palo-alto": "PaloAlto",
    "s4-61-classic": "Classic",
}
GUEST = {"s4-18-kernel": "only the guest knows its kernel; Azure's own answer tells it once it is read"}
CHOSEN = {"s4-15-size-not-in-target": "a choice of the wizard: judged for the target by the checks before the first write"}
READ = {
    "s4-06-agent-not-ready": "AgentNotReady",
    "s4-07-extension-failed": "ExtensionFailed",
    "s4-37-ade-linux-entra": "EncryptedByApplication",
}


@dataclass
class Score:
    """One condition: how many were planted and found, and who was missed or accused wrongly (machine ids)."""

    condition: str
    offenders: int = 0
    near_misses: int = 0
    missed: list[str] = field(default_factory=list)
    accused: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        return not self.missed and not self.accused

    def __str__(self) -> str:
        found = self.offenders - len(self.missed)
        wrong = "" if self.right else f"  missed {self.missed[:3]} accused {self.accused[:3]}"
        near = f"{len(self.accused)} of {self.near_misses:4} near misses accused"
        return f"{self.condition:36} {found:4} of {self.offenders:4} found, {near}{wrong}"


def key_of(fleet: str, path: Path) -> dict[str, Any]:
    """The key of a fleet (`fleet:400:7`), made by the generator as a program of its own."""
    subprocess.run([sys.executable, "-m", "simulator.scenarios", fleet, "--key", str(path)], cwd=ROOT, check=True)
    found: dict[str, Any] = json.loads(path.read_text())
    return found


def scores(key: Mapping[str, Any], codes: Mapping[str, Iterable[str]], names: Mapping[str, str] = CODES) -> Iterator[Score]:
    """codes: the codes of the verdicts by the machine's key. Every machine is looked at, not only those that were planted."""
    unclaimed = {(ids.key(machine), condition) for machine, some in key["unclaimed"].items() for condition in some}
    for condition, planted in key["conditions"].items():
        if condition in names:
            yield _score(condition, planted, names[condition], codes, unclaimed)


def _score(
    condition: str, planted: Mapping[str, Any], code: str, codes: Mapping[str, Iterable[str]], unclaimed: set[tuple[str, str]]
) -> Score:
    offenders = {ids.key(each) for each in planted["offenders"]}
    near = {ids.key(each) for each in planted["near_misses"]} - offenders
    having = {machine for machine, found in codes.items() if code in found}
    innocent = set(codes) - offenders if planted["complete"] else near
    accused = {machine for machine in having & innocent if (machine, condition) not in unclaimed}
    return Score(condition, len(offenders), len(near), sorted(offenders - having), sorted(accused))
