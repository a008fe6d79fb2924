"""Rules about what the machine is: operating system, size, security, placement."""

from datetime import UTC, datetime

from replication.domain.eligibility.systems import system_of
from replication.domain.eligibility.verdicts import ZONAL, Effect, Rule, fact, when
from replication.domain.inventory import Machine

_LINUX_TRUSTED_SINCE = datetime(2024, 4, 1, tzinfo=UTC)
_NO_LINUX_TRUSTED = frozenset({"uaenorth"})


def _unsupported(machine: Machine) -> str | None:
    system = system_of(machine)
    return system.words if system and system.supported is False and not _palo_alto(machine) else None


def _palo_alto(machine: Machine) -> bool:
    return str(machine.facts.get("imagePublisher", "")).lower() == "paloaltonetworks"


def _too_small(machine: Machine) -> str | None:
    cores, memory = machine.facts.get("cores"), machine.facts.get("memoryGib")
    small = (cores is not None and cores < 2) or (memory is not None and memory < 1)
    return machine.size if small else None


def _trusted_linux(machine: Machine) -> bool:
    return machine.os_type == "Linux" and machine.facts.get("securityType") == "TrustedLaunch"


def _created_before(machine: Machine, moment: datetime) -> bool:
    """Azure writes seven digits after the point, of which six are read; a time that cannot be read is not held against the machine."""
    try:
        at = datetime.fromisoformat(str(machine.facts.get("createdAt", "")))
    except ValueError:
        return False
    return (at if at.tzinfo else at.replace(tzinfo=UTC)) < moment


RULES: tuple[Rule, ...] = (
    Rule(
        code="UnsupportedSystem", row=17, effect=Effect.BLOCK, title="Operating system",
        message="The operating system {found} is not in Site Recovery's support matrix.",
        finds=_unsupported,
        causes="The version is older or newer than those that the Mobility service is made for.",
        action="Move to a supported version; see the support matrix for Azure virtual machines.",
    ),
    Rule(
        code="Arm64", row=19, effect=Effect.BLOCK, title="Processor",
        message="The size {found} has an Arm processor.",
        finds=lambda m: m.size if m.facts.get("architecture") == "Arm64" else None,
        causes="Site Recovery supports x64 processors only.",
        action="Use a machine with an x64 size.",
    ),
    Rule(
        code="SizeTooSmall", row=20, effect=Effect.BLOCK, title="Cores and memory",
        message="The size {found} is too small.",
        finds=_too_small,
        causes="Replication needs two cores and 1 GiB of memory at least.",
        action="Resize the machine.",
    ),
    Rule(
        code="NvmeController", row=34, effect=Effect.BLOCK, title="Disk controller",
        message="The machine uses the NVMe disk controller.",
        finds=when(lambda m: m.facts.get("diskController") == "NVMe"),
        action="Change the disk controller type to SCSI.",
    ),
    Rule(
        code="EncryptionAtHost", row=40, effect=Effect.WARN, title="Encryption at host",
        message="Encryption at host is on; the machine after a failover will not have it.",
        finds=when(fact("encryptionAtHost")),
        action="Turn it on again after a failover.",
    ),
    Rule(
        code="TrustedLaunch", row=41, effect=Effect.INFORM, title="Trusted Launch",
        message="The machine uses Trusted Launch; its boot integrity state is not copied.",
        finds=when(lambda m: m.facts.get("securityType") == "TrustedLaunch"),
    ),
    Rule(
        code="TrustedLaunchLinuxOld", row=41, effect=Effect.BLOCK, title="Trusted Launch of Linux, age",
        message="A Linux machine with Trusted Launch that was created before 1 April 2024.",
        finds=when(lambda m: _trusted_linux(m) and _created_before(m, _LINUX_TRUSTED_SINCE)),
        causes="Site Recovery supports Trusted Launch of Linux only for machines created since then.",
        action="Recreate the machine from its disks, or use the standard security type.",
    ),
    Rule(
        code="TrustedLaunchLinuxRegion", row=41, effect=Effect.BLOCK, title="Trusted Launch of Linux, region",
        message="Linux machines with Trusted Launch are not supported in this region.",
        finds=when(lambda m: _trusted_linux(m) and m.location in _NO_LINUX_TRUSTED),
        action="Use the standard security type.",
    ),
    Rule(
        code="ConfidentialVm", row=42, effect=Effect.BLOCK, title="Confidential",  # assumed: Microsoft does not document it
        message="The machine is a confidential VM.",
        finds=when(lambda m: m.facts.get("securityType") == "ConfidentialVM"),
        causes="Replication of confidential VMs is not documented.",
        action="Exclude the machine.",
    ),
    Rule(
        code="DedicatedHost", row=43, effect=Effect.BLOCK, title="Dedicated host",
        message="The machine runs on a dedicated host.",
        finds=when(lambda m: m.facts.get("hostId") or m.facts.get("hostGroupId")),
        action="Move the machine off the dedicated host.",
    ),
    Rule(
        code="ScaleSet", row=44, effect=Effect.WARN, title="Scale set",
        message="The machine is a member of the scale set {found}.",
        finds=lambda m: str(m.facts["scaleSetId"]).rsplit("/", 1)[-1] if m.facts.get("scaleSetId") else None,
        causes="A flexible scale set is supported where it stands for availability, not where it scales; the machine after a failover "
        "is no member of it.",
        action="Check that the scale set does not scale by itself.",
    ),
    Rule(
        code="SpotMachine", row=45, effect=Effect.WARN, title="Spot",  # assumed: Microsoft does not document it
        message="The machine is a Spot VM; the machine after a failover is a normal one.",
        finds=when(lambda m: m.facts.get("priority") == "Spot"),
    ),
    Rule(
        code="PlacementGroup", row=46, effect=Effect.INFORM, title="Placement group",
        message="The machine is in a proximity placement group; the target gets one too.",
        finds=when(fact("placementGroupId")),
    ),
    Rule(
        code="SetAndPlacementGroup", row=47, effect=Effect.INFORM, title="Set and placement group",
        message="The machine is in an availability set and in a proximity placement group: Azure Policy does not replicate it by itself.",
        finds=when(lambda m: m.availability_set_id and m.facts.get("placementGroupId")),
    ),
    Rule(
        code="PaloAlto", row=53, effect=Effect.BLOCK, title="Palo Alto",
        message="The machine is a Palo Alto appliance, which Site Recovery does not support.",
        finds=when(_palo_alto),
        action="Use the vendor's own way of recovery.",
    ),
    Rule(
        code="NoZone", row=11, effect=Effect.BLOCK, when=ZONAL, title="In a zone",
        message="The machine is in no availability zone.",
        finds=when(lambda m: not m.zones),
        causes="Disaster recovery between zones takes only machines that were made in a zone.",
        action="Choose No under availability zones on the Source page, or recreate the machine in a zone.",
    ),
)  # fmt: skip
