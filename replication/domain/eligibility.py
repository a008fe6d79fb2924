"""Whether a machine can be replicated, and if not, why: portal-behaviour.md §4 as a table of rules over what the inventory holds.

A rule looks at one machine and says nothing, or gives its verdict. Rules are data: adding a condition is adding a row. What list
calls cannot tell (the guest agent, the guest itself) is not judged here: it stays unknown until it was read.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from replication.domain.inventory import Disk, Machine, Model, Power

ZONAL, REGIONAL = "zonal", "regional"


class Effect(StrEnum):
    BLOCK = "block"
    WARN = "warn"
    INFORM = "inform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What a rule says of a machine, in the five parts of Azure's own eligibility answer plus who can fix it."""

    code: str
    effect: Effect
    message: str
    causes: str = ""
    action: str = ""
    fixed_by: str = ""
    when: str = ""  # ZONAL or REGIONAL: only for machines that go to another zone, or to another region; '' always

    @property
    def blocks(self) -> bool:
        """Whether the machine cannot be chosen."""
        return self.effect is Effect.BLOCK

    def to_json(self) -> dict[str, Any]:
        """A plain dict for a JSON column."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of §4. `finds` answers the words that complete the message, '' for "applies, nothing to add", None for "does not apply"."""

    code: str
    row: int  # in portal-behaviour.md §4
    effect: Effect
    message: str  # may hold {found}
    finds: Callable[[Machine], str | None]
    causes: str = ""
    action: str = ""
    fixed_by: str = "machine owner"
    when: str = ""

    def judge(self, machine: Machine) -> Verdict | None:
        """The verdict on one machine, or None."""
        found = self.finds(machine)
        if found is None:
            return None
        return Verdict(
            code=self.code,
            effect=self.effect,
            message=self.message.format(found=found),
            causes=self.causes,
            action=self.action,
            fixed_by=self.fixed_by,
            when=self.when,
        )


def _when(condition: Callable[[Machine], object]) -> Callable[[Machine], str | None]:
    return lambda machine: "" if condition(machine) else None


def _disks(condition: Callable[[Disk], object]) -> Callable[[Machine], str | None]:
    """The names of the disks that meet the condition."""

    def finds(machine: Machine) -> str | None:
        return ", ".join(disk.name for disk in machine.disks if condition(disk)) or None

    return finds


def _fact(name: str) -> Callable[[Machine], object]:
    return lambda machine: machine.facts.get(name)


_STOPPED = {
    Power.STOPPED: "stopped",
    Power.DEALLOCATED: "deallocated",
    Power.STOPPING: "stopping",
    Power.DEALLOCATING: "stopping",
}

RULES: tuple[Rule, ...] = (
    Rule(
        code="ProvisioningNotSucceeded", row=4, effect=Effect.BLOCK,
        message="The machine's provisioning state is {found} (150019).",
        finds=lambda m: m.provisioning_state if m.provisioning_state != "Succeeded" else None,
        causes="An operation on the machine is running or has failed.",
        action="Wait until the operation ends, or repair the machine, then refresh the inventory.",
    ),
    Rule(
        code="NotRunning", row=5, effect=Effect.BLOCK,
        message="The machine is {found}.",
        finds=lambda m: _STOPPED.get(m.power),
        causes="Enabling installs an agent in the guest, which must be running.",
        action="Start the machine, then refresh the inventory.",
    ),
    Rule(
        code="PowerUnknown", row=5, effect=Effect.BLOCK,
        message="Azure has not said whether the machine runs.",
        finds=_when(lambda m: m.power is Power.UNKNOWN),
        causes="The last inventory did not contain its power state.",
        action="Refresh the inventory.",
    ),
    Rule(
        code="ClassicWithoutNetwork", row=61, effect=Effect.BLOCK,
        message="The classic machine is in no virtual network.",
        finds=_when(lambda m: m.model is Model.CLASSIC and not m.network_id),
        causes="A classic machine outside any virtual network cannot be replicated.",
        action="Move the machine into a virtual network.",
    ),
    Rule(
        code="GroupInOtherRegion", row=8, effect=Effect.BLOCK,
        message="Its resource group is in {found}, not in the machine's region.",
        finds=lambda m: m.facts.get("groupLocation")
        if m.model is Model.RESOURCE_MANAGER and m.facts.get("groupLocation") not in (None, "", m.location) else None,
        causes="A vault lists only resource groups that lie in the source region.",
        action="Move the machine to a group in its own region, or enable replication from the machine's own page in Azure.",
    ),
    Rule(
        code="Arm64", row=19, effect=Effect.BLOCK,
        message="The size {found} has an Arm processor.",
        finds=lambda m: m.size if m.facts.get("architecture") == "Arm64" else None,
        causes="Site Recovery supports x64 processors only.",
        action="Use a machine with an x64 size.",
    ),
    Rule(
        code="EphemeralOsDisk", row=21, effect=Effect.BLOCK,
        message="The operating system disk {found} is ephemeral.",
        finds=_disks(lambda d: d.is_os and d.facts.get("ephemeral")),
        causes="An ephemeral disk lives on the host and cannot be replicated.",
        action="Recreate the machine with a persistent operating system disk.",
    ),
    Rule(
        code="OsDiskTooLarge", row=22, effect=Effect.BLOCK,
        message="The operating system disk {found} is larger than 4,095 GiB.",
        finds=_disks(lambda d: d.is_os and (d.size_gib or 0) > 4095),
        action="Shrink the operating system disk.",
    ),
    Rule(
        code="DataDiskTooLarge", row=23, effect=Effect.BLOCK,
        message="The data disk {found} is larger than 32 TiB (150172).",
        finds=_disks(lambda d: d.managed and not d.is_os and (d.size_gib or 0) > 32 * 1024),
        action="Split the data over smaller disks.",
    ),
    Rule(
        code="UnmanagedDiskTooLarge", row=24, effect=Effect.BLOCK,
        message="The unmanaged disk {found} is larger than 4 TiB.",
        finds=_disks(lambda d: not d.managed and (d.size_gib or 0) > 4096),
        action="Convert the machine to managed disks.",
    ),
    Rule(
        code="UnmanagedDisks", row=25, effect=Effect.WARN,
        message="The machine has unmanaged disks, which Azure retires; recovery points are kept for 3 days at most.",
        finds=_when(lambda m: m.model is Model.RESOURCE_MANAGER and any(not d.managed for d in m.disks)),
        action="Plan the move to managed disks.",
    ),
    Rule(
        code="TooManyDisks", row=26, effect=Effect.BLOCK,
        message="The machine has {found} data disks; 64 is the limit.",
        finds=lambda m: str(n) if (n := sum(not d.is_os for d in m.disks)) > 64 else None,
    ),
    Rule(
        code="UltraDisk", row=28, effect=Effect.INFORM,
        message="The Ultra disk {found} replicates with high churn, through a premium block blob cache account.",
        finds=_disks(lambda d: d.sku == "UltraSSD_LRS"),
        causes="Other cache accounts cannot keep up with it (150406).",
        action="Nothing to do: high churn is planned for the machine by itself.",
    ),
    Rule(
        code="PremiumV2Disk", row=29, effect=Effect.INFORM,
        message="The Premium SSD v2 disk {found} replicates with high churn, through a premium block blob cache account.",
        finds=_disks(lambda d: d.sku == "PremiumV2_LRS"),
        causes="Other cache accounts cannot keep up with it (150406).",
        action="Nothing to do: high churn is planned for the machine by itself.",
    ),
    Rule(
        code="SharedDiskLinux", row=30, effect=Effect.BLOCK,
        message="The shared disk {found} is attached to a Linux machine.",
        finds=lambda m: _disks(lambda d: (d.facts.get("maxShares") or 1) > 1)(m) if m.os_type == "Linux" else None,
        causes="Shared disks are supported for Windows failover clusters only.",
        action="Exclude the machine.",
    ),
    Rule(
        code="SharedDiskWindows", row=31, effect=Effect.BLOCK,
        message="The shared disk {found} belongs to a cluster, which this console does not protect yet.",
        finds=lambda m: _disks(lambda d: (d.facts.get("maxShares") or 1) > 1)(m) if m.os_type == "Windows" else None,
        causes="All machines of a shared-disk cluster must be protected together.",
        action="Protect the cluster from Azure itself.",
        fixed_by="administrator",
    ),
    Rule(
        code="WriteAccelerator", row=33, effect=Effect.BLOCK,
        message="Write accelerator is on for the disk {found}.",
        finds=_disks(lambda d: d.facts.get("writeAccelerator")),
        action="Turn write accelerator off.",
    ),
    Rule(
        code="NvmeController", row=34, effect=Effect.BLOCK,
        message="The machine uses the NVMe disk controller.",
        finds=_when(lambda m: m.facts.get("diskController") == "NVMe"),
        action="Change the disk controller type to SCSI.",
    ),
    Rule(
        code="EncryptionAtHost", row=40, effect=Effect.WARN,
        message="Encryption at host is on; the machine after a failover will not have it.",
        finds=_when(_fact("encryptionAtHost")),
    ),
    Rule(
        code="TrustedLaunch", row=41, effect=Effect.INFORM,
        message="The machine uses Trusted Launch; its boot integrity state is not copied.",
        finds=_when(lambda m: m.facts.get("securityType") == "TrustedLaunch"),
    ),
    Rule(
        code="ConfidentialVm", row=42, effect=Effect.BLOCK,  # assumed: Microsoft does not document it
        message="The machine is a confidential VM.",
        finds=_when(lambda m: m.facts.get("securityType") == "ConfidentialVM"),
        causes="Replication of confidential VMs is not documented.",
    ),
    Rule(
        code="DedicatedHost", row=43, effect=Effect.BLOCK,
        message="The machine runs on a dedicated host.",
        finds=_when(lambda m: m.facts.get("hostId") or m.facts.get("hostGroupId")),
        action="Move the machine off the dedicated host.",
    ),
    Rule(
        code="SpotMachine", row=45, effect=Effect.WARN,  # assumed: Microsoft does not document it
        message="The machine is a Spot VM; the machine after a failover is a normal one.",
        finds=_when(lambda m: m.facts.get("priority") == "Spot"),
    ),
    Rule(
        code="SecondaryAddresses", row=50, effect=Effect.INFORM,
        message="The interface {found} has several addresses; only the primary is kept by default.",
        finds=lambda m: ", ".join(n.name for n in m.nics if (n.facts.get("ipConfigurations") or 1) > 1) or None,
    ),
    Rule(
        code="PaloAlto", row=53, effect=Effect.BLOCK,
        message="The machine is a Palo Alto appliance, which Site Recovery does not support.",
        finds=_when(lambda m: str(m.facts.get("imagePublisher", "")).lower() == "paloaltonetworks"),
    ),
    Rule(
        code="NoZone", row=11, effect=Effect.BLOCK, when=ZONAL,
        message="The machine is in no availability zone.",
        finds=_when(lambda m: not m.zones),
        causes="Disaster recovery between zones takes only machines that were made in a zone.",
        action="Choose No under availability zones on the Source page, or recreate the machine in a zone.",
    ),
    Rule(
        code="ZoneRedundantDisk", row=13, effect=Effect.BLOCK, when=ZONAL,
        message="The disk {found} is zone-redundant.",
        finds=_disks(lambda d: d.sku.endswith("_ZRS")),
        causes="A zone-redundant disk cannot be replicated between zones.",
        action="Choose No under availability zones, or change the disk's type.",
    ),
    Rule(
        code="UltraDiskZonal", row=28, effect=Effect.BLOCK, when=ZONAL,
        message="The Ultra disk {found} cannot be replicated between zones.",
        finds=_disks(lambda d: d.sku == "UltraSSD_LRS"),
        action="Choose No under availability zones.",
    ),
    Rule(
        code="SecondaryAddressesZonal", row=50, effect=Effect.BLOCK, when=ZONAL,
        message="The interface {found} has several addresses, which disaster recovery between zones does not support.",
        finds=lambda m: ", ".join(n.name for n in m.nics if (n.facts.get("ipConfigurations") or 1) > 1) or None,
        action="Choose No under availability zones, or remove the secondary addresses.",
    ),
)  # fmt: skip


def judge(machine: Machine, *, protected_in: str = "", zonal: bool | None = False) -> tuple[Verdict, ...]:
    """All verdicts on a machine, blocking ones first.

    protected_in: where it is replicated already, '' when nowhere. zonal: whether it goes to another zone of its region; None for the
    verdicts of both ways, each with its `when`.
    """
    ways = {True: {"", ZONAL}, False: {"", REGIONAL}, None: {"", ZONAL, REGIONAL}}[zonal]
    found = [verdict for rule in RULES if rule.when in ways and (verdict := rule.judge(machine))]
    if protected_in:
        found.append(_already_protected(protected_in))
    order = list(Effect)
    return tuple(sorted(found, key=lambda verdict: (order.index(verdict.effect), verdict.when == ZONAL)))


def _already_protected(where: str) -> Verdict:
    return Verdict(
        code="AlreadyProtected",
        effect=Effect.BLOCK,
        message=f"Already replicated in {where}.",
        action="Look at the machine under Replicated items.",
    )
