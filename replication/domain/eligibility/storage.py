"""Rules about disks: size, number, kind, sharing, encryption."""

from replication.domain.eligibility.systems import system_of
from replication.domain.eligibility.verdicts import ZONAL, Effect, Finds, Rule, disks, when
from replication.domain.inventory import Disk, Machine, Model

_PREMIUM_ACCOUNT_GIB = 35 * 1024
_GIB = 1 << 30


def _shared(disk: Disk) -> bool:
    return (disk.facts.get("maxShares") or 1) > 1


def _shared_of(os_type: str) -> Finds:
    return lambda m: disks(_shared)(m) if m.os_type == os_type else None


def _shared_on_old_server(machine: Machine) -> str | None:
    system = system_of(machine)
    old = system and system.family == "windows server" and system.version and system.version[0] < 2016
    return system.words if system and old and any(map(_shared, machine.disks)) else None


def _data_disks(machine: Machine) -> int:
    return sum(not disk.is_os for disk in machine.disks)


def _over_size(machine: Machine) -> str | None:
    most = machine.facts.get("maxDataDisks")
    number = _data_disks(machine)
    return f"{number} data disks; {machine.size} takes {most}" if most is not None and number > most else None


def _full_account(machine: Machine) -> str | None:
    accounts = machine.facts.get("premiumAccountGib", {})
    return ", ".join(name for name, gib in accounts.items() if gib > _PREMIUM_ACCOUNT_GIB) or None


def _encrypted_inside(disk: Disk) -> bool:
    """By Azure Disk Encryption."""
    return bool(disk.facts.get("azureDiskEncryption") or (disk.managed and disk.facts.get("encryptionSettings")))


RULES: tuple[Rule, ...] = (
    Rule(
        code="EphemeralOsDisk", row=21, effect=Effect.BLOCK, title="Ephemeral OS disk",
        message="The operating system disk {found} is ephemeral.",
        finds=disks(lambda d: d.is_os and d.facts.get("ephemeral")),
        causes="An ephemeral disk lives on the host and cannot be replicated.",
        action="Recreate the machine with a persistent operating system disk.",
    ),
    Rule(
        code="OsDiskTooLarge", row=22, effect=Effect.BLOCK, title="OS disk's size",
        message="The operating system disk {found} is larger than 4,095 GiB.",
        finds=disks(lambda d: d.is_os and (d.size_gib or 0) > 4095),
        action="Shrink the operating system disk.",
    ),
    Rule(
        code="DataDiskTooLarge", row=23, effect=Effect.BLOCK, title="Data disk too large",
        message="The data disk {found} is larger than 32 TiB.",
        finds=disks(lambda d: d.managed and not d.is_os and (d.size_gib or 0) > 32 * 1024),
        action="Split the data over smaller disks.",
    ),
    Rule(
        code="DataDiskTooSmall", row=23, effect=Effect.BLOCK, title="Data disk too small",
        message="The data disk {found} is smaller than 1,024 MiB (150172).",
        finds=disks(lambda d: not d.is_os and 0 < (d.facts.get("sizeBytes") or _GIB) < _GIB),
        action="Enlarge the disk, or detach it.",
    ),
    Rule(
        code="UnmanagedDiskTooLarge", row=24, effect=Effect.BLOCK, title="Unmanaged disk's size",
        message="The unmanaged disk {found} is larger than 4 TiB.",
        finds=disks(lambda d: not d.managed and (d.size_gib or 0) > 4096),
        action="Convert the machine to managed disks.",
    ),
    Rule(
        code="PremiumAccountFull", row=24, effect=Effect.BLOCK, title="Premium account's size",
        message="The premium storage account {found} holds more than 35 TiB of disks.",
        finds=_full_account,
        causes="All disks of one premium account are copied to one account, which takes 35 TiB.",
        action="Move some of the disks to another account, or convert the machines to managed disks.",
    ),
    Rule(
        code="UnmanagedDisks", row=25, effect=Effect.WARN, title="Unmanaged disks",
        message="The machine has unmanaged disks, which Azure retires; recovery points are kept for 3 days at most.",
        finds=when(lambda m: m.model is Model.RESOURCE_MANAGER and any(not d.managed for d in m.disks)),
        action="Plan the move to managed disks.",
    ),
    Rule(
        code="TooManyDisks", row=26, effect=Effect.BLOCK, title="Number of disks",
        message="The machine has {found} data disks; 64 is the limit.",
        finds=lambda m: str(_data_disks(m)) if _data_disks(m) > 64 else None,
        action="Join data on fewer disks.",
    ),
    Rule(
        code="MoreDisksThanSize", row=26, effect=Effect.BLOCK, title="Disks for its size",
        message="The machine has {found}.",
        finds=_over_size,
        causes="The machine after a failover has the same size and could not take them.",
        action="Resize the machine, or detach disks.",
    ),
    Rule(
        code="UltraDisk", row=28, effect=Effect.INFORM, title="Ultra disk",
        message="The Ultra disk {found} replicates with high churn, through a premium block blob cache account.",
        finds=disks(lambda d: d.sku == "UltraSSD_LRS"),
        causes="Other cache accounts cannot keep up with it (150406).",
        action="Nothing to do: high churn is planned for the machine by itself.",
    ),
    Rule(
        code="UltraDiskZonal", row=28, effect=Effect.BLOCK, when=ZONAL, title="Ultra disk, between zones",
        message="The Ultra disk {found} cannot be replicated between zones.",
        finds=disks(lambda d: d.sku == "UltraSSD_LRS"),
        action="Choose No under availability zones on the Source page.",
    ),
    Rule(
        code="PremiumV2Disk", row=29, effect=Effect.INFORM, title="Premium SSD v2",
        message="The Premium SSD v2 disk {found} replicates with high churn, through a premium block blob cache account.",
        finds=disks(lambda d: d.sku == "PremiumV2_LRS"),
        causes="Other cache accounts cannot keep up with it (150406).",
        action="Nothing to do: high churn is planned for the machine by itself.",
    ),
    Rule(
        code="ZoneRedundantDisk", row=13, effect=Effect.BLOCK, when=ZONAL, title="Zone-redundant disk",
        message="The disk {found} is zone-redundant.",
        finds=disks(lambda d: d.sku.endswith("_ZRS")),
        causes="A zone-redundant disk cannot be replicated between zones.",
        action="Choose No under availability zones on the Source page, or change the disk's type.",
    ),
    Rule(
        code="SharedDiskLinux", row=30, effect=Effect.BLOCK, title="Shared disk, Linux",
        message="The shared disk {found} is attached to a Linux machine.",
        finds=_shared_of("Linux"),
        causes="Shared disks are supported for Windows failover clusters only.",
        action="Exclude the machine.",
    ),
    Rule(
        code="SharedDiskWindows", row=31, effect=Effect.BLOCK, title="Shared disk, Windows",
        message="The shared disk {found} belongs to a cluster, which this console does not protect yet.",
        finds=_shared_of("Windows"),
        causes="All machines of a shared-disk cluster must be protected together.",
        action="Protect the cluster from Azure itself.",
        fixed_by="administrator",
    ),
    Rule(
        code="SharedDiskOldServer", row=32, effect=Effect.BLOCK, title="Shared disk, old Windows",
        message="A shared disk is attached to {found}; clusters need Windows Server 2016 or newer.",
        finds=_shared_on_old_server,
        action="Upgrade the cluster.",
    ),
    Rule(
        code="WriteAccelerator", row=33, effect=Effect.BLOCK, title="Write accelerator",
        message="Write accelerator is on for the disk {found}.",
        finds=disks(lambda d: d.facts.get("writeAccelerator")),
        action="Turn write accelerator off.",
    ),
    Rule(
        code="EncryptedUnmanaged", row=37, effect=Effect.BLOCK, title="Disk Encryption, unmanaged",
        message="Azure Disk Encryption is on for the unmanaged disk {found}.",
        finds=disks(lambda d: not d.managed and d.facts.get("encryptionSettings")),
        causes="Site Recovery supports Azure Disk Encryption on managed disks only.",
        action="Convert the machine to managed disks.",
    ),
    Rule(
        code="DiskEncryption", row=38, effect=Effect.BLOCK, title="Disk Encryption",
        message="Azure Disk Encryption is on for {found}; its target key vaults cannot be set up here yet.",
        finds=disks(_encrypted_inside),
        causes="The keys must be copied to a key vault in the target location.",
        action="Enable replication of this machine from Azure itself.",
        fixed_by="administrator",
    ),
    Rule(
        code="CustomerKey", row=39, effect=Effect.INFORM, title="Customer-managed key",
        message="The disk {found} has a customer-managed key: it needs a disk encryption set in the target location.",
        finds=disks(lambda d: d.encryption_set_id),
        action="Choose a disk encryption set for it under Customize.",
        fixed_by="administrator",
    ),
)  # fmt: skip
