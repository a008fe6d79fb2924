"""What a fleet plants: one entry for each documented condition (portal-behaviour.md §4) that Azure's data can show.

A planting function changes machines so that the fact holds, or (`offends` false) so that it just does not: the near
miss. It knows nothing of verdicts. It answers the other conditions that the same fact brings along, for the key.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import pairwise

from . import blocks, catalog, ids
from .catalog import Image
from .classic import ClassicMachine
from .machines import Address, Disk, Extension, Interface, Machine, disk_id
from .yard import Home, Yard

Along = tuple[str, ...]
One = Callable[[Machine, Yard, bool], Along | None]
Many = Callable[[Sequence[Machine], Yard, bool], None]


@dataclass(frozen=True, slots=True)
class Condition:
    """A planted condition. `offender` and `near_miss` say in words what the machine is given.

    `shown_by` names the answer of Azure that shows it: "list" (machine list), "status" (status-only list), "instance"
    (instance view), "disks", "interfaces", "security groups", "locks", "sizes", "groups", "classic", "links", "guest"
    (nothing in ARM: only Azure's own eligibility answer). `when` restricts it to a choice made in the wizard.
    `share` is how many of 10,000 machines offend; `complete` says that no other machine of the fleet does.
    """

    id: str
    shown_by: str
    offender: str
    near_miss: str
    plant: Many
    share: int = 25
    when: str = ""
    complete: bool = True

    @property
    def row(self) -> int:
        """Row of portal-behaviour.md §4."""
        return int(self.id.split("-")[1])


CONDITIONS: list[Condition] = []


def _each(condition: str, plant: One) -> Many:
    """Plants machine by machine, and records each with what it brings along."""

    def many(machines: Sequence[Machine], yard: Yard, offends: bool) -> None:
        for machine in machines:
            along = plant(machine, yard, offends) or ()
            yard.record(condition, machine.id, offends=offends)
            for other in along:
                yard.record(other, machine.id, offends=True)

    return many


def _condition(
    id: str, shown_by: str, offender: str, near_miss: str, *, share: int = 25, when: str = "", complete: bool = True
) -> Callable[[One], One]:
    def register(plant: One) -> One:
        planted = _each(id, plant)
        CONDITIONS.append(Condition(id, shown_by, offender, near_miss, planted, share, when, complete))
        return plant

    return register


def _use(machine: Machine, image: Image) -> None:
    """Another operating system, with the system disk that goes with it."""
    machine.image = image
    machine.os_disk.size_gib = 127 if image.os == "Windows" else 30


def _pick(machine: Machine, what: str, choices: Sequence[str]) -> str:
    return choices[ids.number(len(choices), machine.seed, what, machine.name)]


def _leave_open(yard: Yard, machine: Machine, condition: str) -> None:
    """The key makes no claim about this condition on this machine."""
    yard.unclaimed.setdefault(machine.id, []).append(condition)


def _protected(machines: Sequence[Machine], yard: Yard, offends: bool) -> None:
    """Offenders are protected by a vault; a near miss has an offender's name, in another group."""
    first = yard.homes[0]
    if all(home.location == first.location for home in yard.homes):
        return  # no other region to be recovered in
    near = [home for home in yard.homes if (home.location, home.subscription) == (first.location, first.subscription)]
    twins = list(yard.protected)
    for number, machine in enumerate(machines):
        if offends:
            yard.move(machine, near[-1 - number % min(2, len(near))])
            yard.protected.append(machine)
        elif number < len(twins) and yard.home(machine) is not yard.home(twins[number]):
            machine.name = twins[number].name
            _use(machine, twins[number].image)
        yard.record("s4-01-already-protected", machine.id, offends=offends)


CONDITIONS.append(
    Condition(
        "s4-01-already-protected", "items", "protected by a vault", "has the name of a protected machine", _protected
    )
)


# -- state of the machine ----------------------------------------------------------------------------------------------


@_condition("s4-02-stale-links", "links", "link ASR-Protect-* left on the machine", "link of another kind")
def _links(machine: Machine, yard: Yard, offends: bool) -> None:
    name = f"ASR-Protect-{ids.guid(machine.seed, machine.id, 'link')}" if offends else "monitored-by"
    target = f"{ids.group_id(machine.subscription, machine.group)}"
    yard.add(
        {
            "id": f"{machine.id}/providers/Microsoft.Resources/links/{name}",
            "name": name,
            "type": "Microsoft.Resources/links",
            "properties": {
                "sourceId": machine.id,
                "targetId": target,
                "notes": "Azure Site Recovery" if offends else "",
            },
        }
    )
    if offends:
        machine.facts["staleLinks"] = [name]


@_condition(
    "s4-03-lock", "locks", "CanNotDelete or ReadOnly lock on the machine", "the same lock on its interface only"
)
def _lock(machine: Machine, yard: Yard, offends: bool) -> None:
    level = _pick(machine, "lock", ("CanNotDelete", "ReadOnly"))
    interface = f"{machine.name[:70]}-nic"
    scope = machine.id if offends else yard.resource(machine, "Microsoft.Network/networkInterfaces", interface)
    yard.add(blocks.lock(scope, f"keep-{machine.name[:40]}", level))


@_condition(
    "s4-04-provisioning-state", "list", "provisioningState Failed, Updating or Deleting",
    "provisioningState Succeeded, tag state=Failed", share=60,
)  # fmt: skip
def _provisioning(machine: Machine, yard: Yard, offends: bool) -> None:
    if offends:
        machine.provisioning = _pick(machine, "state", ("Failed", "Updating", "Updating", "Deleting"))
    else:
        machine.tags["state"] = "Failed"


@_condition(
    "s4-05-not-running",
    "status",
    "power state deallocated or stopped",
    "running, tag schedule=stop-at-night",
    share=300,
)
def _power(machine: Machine, yard: Yard, offends: bool) -> None:
    if offends:
        machine.power = _pick(machine, "power", ("deallocated", "deallocated", "stopped"))
        machine.agent = "absent"
        _leave_open(yard, machine, "s4-06-agent-not-ready")  # a machine that is off has no agent to report
    else:
        machine.tags["schedule"] = "stop-at-night"


@_condition("s4-06-agent-not-ready", "instance", "running, agent not ready", "running, old agent, ready", share=60)
def _agent(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.facts["agentVersion"] = "2.7.41491.1010" if machine.image.os == "Windows" else "2.2.46"
    machine.agent = "not ready" if offends else "ready"


@_condition(
    "s4-07-extension-failed", "instance", "an extension with provisioningState Failed",
    "the same extension, Succeeded", share=60,
)  # fmt: skip
def _extension(machine: Machine, yard: Yard, offends: bool) -> None:
    kind = f"AzureMonitor{machine.image.os}Agent"
    failed = "Enable failed: the agent could not reach its endpoint."
    machine.extensions.append(
        Extension(
            kind, "Microsoft.Azure.Monitor", kind, "1.33", "Failed" if offends else "Succeeded",
            message=failed if offends else "Enable succeeded after 1 failed attempt.",
        )
    )  # fmt: skip


@_condition("s4-08-group-elsewhere", "groups", "group in another region than the machine",
            "group in the machine's region, named after another region", share=100)  # fmt: skip
def _elsewhere(machine: Machine, yard: Yard, offends: bool) -> None:
    home, other = yard.home(machine), _other_region(yard, machine)
    where = other if offends else home.location
    name = f"rg-{'shared' if offends else 'moved'}-{other}-for-{home.location}"
    yard.move(machine, _special_home(yard, home, name, where))


def _other_region(yard: Yard, machine: Machine) -> str:
    regions = sorted({home.network.location for home in yard.homes} - {machine.location}) or ["westus2"]
    return _pick(machine, "region", regions)


def _special_home(yard: Yard, like: Home, group: str, location: str) -> Home:
    """A group of its own beside an existing home, on the same network."""
    known = [home for home in yard.homes if home.group == group and home.subscription == like.subscription]
    yard.add(blocks.group(like.subscription, group, location))
    return known[0] if known else yard.settle(Home(like.subscription, group, location, like.network))


# -- operating system and size -----------------------------------------------------------------------------------------


def _suse(version: str, pack: str) -> Image:
    return Image("Linux", "SUSE", f"sles-{version}-sp{pack}", "gen2", "2026.04.21", "sles", f"{version}.{pack}")


def _oracle(version: str) -> Image:
    sku = f"ol{version.replace('.', '')}-lvm-gen2"
    return Image("Linux", "Oracle", "Oracle-Linux", sku, f"{version}.1", "oracle", version)


def _debian(version: str) -> Image:
    if int(version) < 10:
        return Image("Linux", "credativ", "Debian", version, f"{version}.0.201901", "debian", version, "V1")
    return Image("Linux", "Debian", f"debian-{version}", f"{version}-gen2", "0.20260511.2108", "debian", version)


# The first version that the matrix no longer names, or does not name yet, beside the last one that it does.
_UNSUPPORTED = (
    catalog.redhat("7.10"), catalog.redhat("9.8"), catalog.redhat("10.2"), catalog.redhat("6.6"),
    catalog.ubuntu("23.10", "0001-com-ubuntu-server-mantic", "23_10-gen2"), catalog.UBUNTU_2510,
    _debian("13"), _debian("6"), _suse("15", "8"), _suse("12", "6"), _oracle("9.7"), _oracle("6.3"),
    Image("Linux", "MicrosoftOSTC", "FreeBSD", "12.0", "12.0.20190104", "freebsd", "12.0", "V1"),
    Image("Linux", "resf", "rockylinux-x86_64", "10-base", "10.0.20260531", "rocky", "10.0"),
)  # fmt: skip
_JUST_SUPPORTED = (
    catalog.redhat("7.9"), catalog.redhat("9.7"), catalog.redhat("10.1"), catalog.redhat("6.10"), catalog.redhat("8.10"),
    catalog.ubuntu("14.04", "UbuntuServer", "14.04.5-LTS"), catalog.UBUNTU_2404, _debian("12"), _debian("7"),
    _suse("15", "7"), _suse("12", "5"), _oracle("9.6"), _oracle("8.10"), catalog.ROCKY_9,
)  # fmt: skip


@_condition("s4-17-os-unsupported", "list", "image and instance view name a version outside the support matrix",
            "the last or first version inside the matrix", share=60)  # fmt: skip
def _os(machine: Machine, yard: Yard, offends: bool) -> None:
    images = _UNSUPPORTED if offends else _JUST_SUPPORTED
    _use(machine, images[ids.number(len(images), machine.seed, "os", machine.name)])
    machine.facts["unsupportedOs"] = offends  # so that Azure's own answer agrees with its matrix


@_condition("s4-18-kernel", "guest", "a kernel built by hand", "the distribution's own kernel")
def _kernel(machine: Machine, yard: Yard, offends: bool) -> None:
    _use(machine, catalog.UBUNTU_2204)
    machine.facts["kernel"] = "6.99.0-selfmade" if offends else "5.15.0-1064-azure"
    machine.facts["unsupportedOs"] = offends


@_condition("s4-19-arm64", "sizes", "an ARM64 size and image", "a size with a p in its name that is x64 (NP10s)")
def _arm(machine: Machine, yard: Yard, offends: bool) -> None:
    if offends:
        _use(machine, catalog.UBUNTU_2404_ARM)
        machine.facts["unsupportedOs"] = True
        machine.size = _pick(machine, "arm", ("Standard_D2ps_v5", "Standard_D4ps_v5", "Standard_E4ps_v5"))
    else:
        machine.image, machine.size = catalog.first_generation(machine.image), "Standard_NP10s"


@_condition("s4-20-size-too-small", "sizes", "a size with one core", "a size with two cores, some with just 1 GiB")
def _small(machine: Machine, yard: Yard, offends: bool) -> None:
    tiny = ("Standard_B1ls", "Standard_B1s", "Standard_DS1_v2", "Standard_F1s", "Standard_A1_v2")
    enough = ("Standard_B2ts_v2", "Standard_E2s_v5", "Standard_A2_v2")
    machine.size = _pick(machine, "small", tiny if offends else enough)
    machine.image, machine.data_disks = catalog.first_generation(machine.image), machine.data_disks[:1]
    for disk in (machine.os_disk, *machine.data_disks):
        disk.sku = "Standard_LRS"


# -- disks -------------------------------------------------------------------------------------------------------------


@_condition("s4-21-ephemeral-os-disk", "list", "diffDiskSettings Local", "read-only cached, persistent")
def _ephemeral(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size = "Standard_D4ds_v5"
    machine.ephemeral, machine.os_disk.caching = offends, "ReadOnly"
    if offends:
        machine.os_disk.sku = "Standard_LRS"


@_condition("s4-22-os-disk-too-large", "list", "system disk of 4096 GiB", "system disk of 4095 GiB")
def _big_os(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.os_disk.size_gib = 4096 if offends else 4095


@_condition("s4-23-data-disk-too-large", "list", "data disk of 32,769 GiB", "data disk of 32,768 GiB")
def _big_data(machine: Machine, yard: Yard, offends: bool) -> Along:
    machine.data_disks = [Disk(32769 if offends else 32768, "PremiumV2_LRS")]
    machine.zone, machine.availability_set = machine.zone or "1", ""
    return ("s4-29-premium-v2",)


@_condition("s4-23-data-disk-too-small", "disks", "data disk of 1023 MiB (diskSizeBytes)", "data disk of 1024 MiB")
def _small_data(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.data_disks = [Disk(1, "StandardSSD_LRS", size_bytes=(1023 if offends else 1024) << 20)]


def _unmanage(machine: Machine, account: str) -> None:
    """Turns all disks into page blobs; a zone needs managed disks, so it goes."""
    machine.zone = ""
    machine.image = catalog.first_generation(machine.image)
    for disk in (machine.os_disk, *machine.data_disks):
        disk.account = account
    machine.os_disk.name = f"{machine.name}-os"
    for lun, disk in enumerate(machine.data_disks):
        disk.name = f"{machine.name}-data-{lun}"
    if machine.availability_set:
        machine.availability_set += "-vhd"


def _account(machine: Machine, yard: Yard, purpose: str, sku: str = "Standard_LRS") -> str:
    """A storage account of the group for page blobs, made when first needed; mirrors of some are taken elsewhere."""
    name = f"st{purpose}{ids.token(machine.seed, machine.subscription, machine.group, purpose, length=10)}"
    arm_id = yard.resource(machine, "Microsoft.Storage/storageAccounts", name)
    yard.add(blocks.storage_account(arm_id, machine.location, sku, "Storage", seed=machine.seed))
    taken = f"{name}asr"
    if ids.number(3, machine.seed, "taken", name) == 0 and taken not in yard.names_taken:
        yard.names_taken.append(taken)
    return name


@_condition("s4-25-unmanaged-disks", "list", "all disks are page blobs", "managed disks, boot diagnostics in an account",
            share=200)  # fmt: skip
def _unmanaged(machine: Machine, yard: Yard, offends: bool) -> None:
    account = _account(machine, yard, "vhd")
    if offends:
        _unmanage(machine, account)
    else:
        diagnostics = {"enabled": True, "storageUri": f"https://{account}.blob.core.windows.net/"}
        machine.properties["diagnosticsProfile"] = {"bootDiagnostics": diagnostics}


@_condition("s4-24-unmanaged-disk-too-large", "list", "page blob of 4097 GiB", "page blob of 4095 GiB")
def _big_blob(machine: Machine, yard: Yard, offends: bool) -> Along:
    machine.data_disks = [Disk(4097 if offends else 4095)]
    _unmanage(machine, _account(machine, yard, "big"))
    return ("s4-25-unmanaged-disks",)


@_condition("s4-26-more-than-64-data-disks", "list", "65 data disks", "64 data disks")
def _many_disks(machine: Machine, yard: Yard, offends: bool) -> Along:
    machine.size = "Standard_M128s"
    machine.data_disks = [Disk(32, "StandardSSD_LRS") for _ in range(65 if offends else 64)]
    return ("s4-26-more-disks-than-size-takes",) if offends else ()


@_condition("s4-26-more-disks-than-size-takes", "sizes", "5 data disks on Standard_D2s_v3, which takes 4", "4 of 4")
def _over_size(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size = "Standard_D2s_v3"
    machine.data_disks = [Disk(32, "StandardSSD_LRS") for _ in range(5 if offends else 4)]


@_condition(
    "s4-28-ultra-disk", "disks", "a data disk UltraSSD_LRS", "ultra disks enabled on the machine, none attached"
)
def _ultra(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone, machine.availability_set = machine.zone or "1", ""
    machine.properties["additionalCapabilities"] = {"ultraSSDEnabled": True}
    if offends:
        machine.data_disks = [Disk(512, "UltraSSD_LRS")]


@_condition("s4-29-premium-v2", "disks", "a data disk PremiumV2_LRS", "a data disk Premium_LRS named pv2")
def _premium_v2(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone, machine.availability_set = machine.zone or "2", ""
    sku, name = ("PremiumV2_LRS", "") if offends else ("Premium_LRS", f"{machine.name}-pv2")
    machine.data_disks = [Disk(256, sku, name=name)]


@_condition("s4-33-write-accelerator", "list", "writeAcceleratorEnabled true", "writeAcceleratorEnabled false")
def _accelerator(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size = "Standard_M64s"
    machine.data_disks = [Disk(512, write_accelerator=offends)]


@_condition("s4-34-nvme", "list", "diskControllerType NVMe", "a size that can do NVMe, controller SCSI")
def _nvme(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size, machine.controller = "Standard_E4bds_v5", "NVMe" if offends else "SCSI"


@_condition("s4-13-zrs-disk", "disks", "a zonal machine with a ZRS disk", "a zonal machine without", when="zonal")
def _zrs(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone, machine.availability_set = machine.zone or "3", ""
    machine.data_disks = [Disk(128, "StandardSSD_ZRS" if offends else "StandardSSD_LRS")]


@_condition("s4-11-no-zone", "list", "no zone", "zone 3", when="zonal", complete=False)
def _no_zone(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone = "" if offends else "3"
    machine.availability_set = ""


# -- shared disks: machines in pairs -----------------------------------------------------------------------------------


def _pairs(
    condition: str, image: Callable[[bool], Image], along: Callable[[bool], Along], shares: Callable[[bool], int]
) -> Many:
    """Two machines of one home and zone on one disk; with maxShares 1 each keeps its own."""

    def many(machines: Sequence[Machine], yard: Yard, offends: bool) -> None:
        for first, second in list(pairwise(machines))[::2]:
            _pair(yard, first, second, image(offends), shares(offends))
            for machine in (first, second):
                yard.record(condition, machine.id, offends=offends)
                for other in along(offends):
                    yard.record(other, machine.id, offends=True)

    return many


def _pair(yard: Yard, first: Machine, second: Machine, image: Image, shares: int) -> None:
    yard.move(second, yard.home(first))
    second.zone, first.availability_set = first.zone, ""
    for machine in (first, second):
        _use(machine, image)
        machine.data_disks = [Disk(256, name=f"{machine.name}-shared", max_shares=shares)]
    if shares > 1:
        first.data_disks[0].shared_with = (first.id, second.id)
        shared = disk_id(first, first.data_disks[0])
        second.data_disks = [Disk(256, name=ids.name_of(shared), shared_id=shared)]


def _cluster(
    id: str, offender: str, near_miss: str, image: Callable[[bool], Image], along: Callable[[bool], Along],
    shares: Callable[[bool], int], when: str = "",
) -> None:  # fmt: skip
    plant = _pairs(id, image, along, shares)
    CONDITIONS.append(Condition(id, "disks", offender, near_miss, plant, 26, when))


_cluster("s4-30-shared-disk-linux", "Linux pair on a disk with maxShares 2", "Linux, maxShares 1",
         lambda _: catalog.UBUNTU_2204, lambda _: (), lambda offends: 2 if offends else 1)  # fmt: skip
_cluster("s4-31-shared-disk-windows", "Windows pair on a disk with maxShares 2", "Windows, maxShares 1",
         lambda _: catalog.WINDOWS_2022, lambda _: (), lambda offends: 2 if offends else 1,
         "not all nodes chosen")  # fmt: skip
_cluster("s4-32-shared-disk-old-server", "Windows Server 2012 R2 pair on a shared disk", "Windows Server 2016 pair",
         lambda offends: catalog.WINDOWS_2012_R2 if offends else catalog.WINDOWS_2016,
         lambda _: ("s4-31-shared-disk-windows",), lambda _: 2)  # fmt: skip


def _premium_sum(machines: Sequence[Machine], yard: Yard, offends: bool) -> None:
    """Ten machines on one premium account: 3,585 GiB each are over 35 TiB together, 3,584 GiB are exactly 35 TiB."""
    for start in range(0, len(machines) - 9, 10):
        party = machines[start : start + 10]
        for machine in party[1:]:
            yard.move(machine, yard.home(party[0]))
        account = _account(party[0], yard, f"{'x' if offends else 'y'}{start // 10}", "Premium_LRS")
        for machine in party:
            _fill(machine, account, 3585 if offends else 3584)
            yard.record("s4-24-premium-account-too-full", machine.id, offends=offends)
            yard.record("s4-25-unmanaged-disks", machine.id, offends=True)


def _fill(machine: Machine, account: str, total_gib: int) -> None:
    machine.data_disks = [Disk(total_gib - machine.os_disk.size_gib)]
    _unmanage(machine, account)


CONDITIONS.append(
    Condition(
        "s4-24-premium-account-too-full", "list", "page blobs of one premium account: 35,850 GiB together",
        "page blobs of one premium account: 35,840 GiB (35 TiB) together", _premium_sum, 30,
    )
)  # fmt: skip


def _classic(machines: Sequence[Machine], yard: Yard, offends: bool) -> None:
    """Offenders become machines of the classic model; near misses stay what they are, in the same group."""
    for machine in machines:
        home = _special_home(yard, yard.home(machine), f"cs-legacy-{machine.location}", machine.location)
        yard.move(machine, home)
        if offends:
            yard.machines.remove(machine)
            yard.classics.append(_old(machine))
        yard.record("s4-61-classic", yard.classics[-1].id if offends else machine.id, offends=offends)


def _old(machine: Machine) -> ClassicMachine:
    """The same machine in the classic model, in the cloud service that bears its group's name."""
    return ClassicMachine(
        machine.subscription, machine.group, machine.name, machine.location, machine.image.os, machine.group,
        f"stcs{ids.token(machine.seed, machine.subscription, machine.group, length=12)}",
        f"vnet-{machine.group}", "snet-classic", f"10.10.{ids.number(250, machine.id)}.{ids.number(200, machine.id, 1) + 4}",
        seed=machine.seed, tags=dict(machine.tags),
    )  # fmt: skip


CONDITIONS.append(
    Condition("s4-61-classic", "classic", "a classic machine", "a Resource Manager machine beside it", _classic, 30)
)


# -- encryption and security -------------------------------------------------------------------------------------------


def _key_vault(machine: Machine) -> str:
    return ids.resource_id(machine.subscription, machine.group, "Microsoft.KeyVault/vaults", "kv-disks")


def _ade(machine: Machine, version: str, settings: dict[str, object] | None = None) -> None:
    """Azure Disk Encryption on the system disk, by its extension."""
    machine.os_disk.ade_vault = _key_vault(machine)
    kind = "AzureDiskEncryption" if machine.image.os == "Windows" else "AzureDiskEncryptionForLinux"
    machine.extensions.append(
        Extension(kind, "Microsoft.Azure.Security", kind, version, settings={"VolumeType": "OS"} | (settings or {}))
    )


@_condition("s4-37-ade-unmanaged", "list", "encryptionSettings on a page blob", "encryption settings on a managed disk")
def _ade_unmanaged(machine: Machine, yard: Yard, offends: bool) -> Along:
    _use(machine, catalog.WINDOWS_2019)
    _ade(machine, "2.2")
    if not offends:
        return ("s4-38-ade",)
    _unmanage(machine, _account(machine, yard, "ade"))
    _leave_open(yard, machine, "s4-38-ade")
    return ("s4-25-unmanaged-disks",)


@_condition("s4-37-ade-linux-entra", "instance", "Linux, encryption extension 0.1 with an application's id",
            "Linux, encryption extension 1.1 without")  # fmt: skip
def _ade_linux(machine: Machine, yard: Yard, offends: bool) -> Along:
    _use(machine, catalog.RHEL_79)
    application: dict[str, object] = {"AADClientID": ids.guid(machine.seed, "ade", machine.id)}
    _ade(machine, "0.1" if offends else "1.1", application if offends else None)
    if not offends:
        return ("s4-38-ade",)
    _leave_open(yard, machine, "s4-38-ade")
    return ()


@_condition("s4-38-ade", "disks", "encryptionSettingsCollection enabled", "encryptionSettingsCollection not enabled")
def _ade_plain(machine: Machine, yard: Yard, offends: bool) -> None:
    _use(machine, catalog.WINDOWS_2022)
    if offends:
        _ade(machine, "2.2")
    else:
        machine.os_disk.properties["encryptionSettingsCollection"] = {"enabled": False}


@_condition("s4-39-customer-key", "disks", "disk encryption set on every disk", "platform key, a set stands in the group",
            share=60)  # fmt: skip
def _customer_key(machine: Machine, yard: Yard, offends: bool) -> None:
    arm_id = yard.resource(machine, "Microsoft.Compute/diskEncryptionSets", f"des-{machine.location}")
    yard.add(blocks.disk_encryption_set(arm_id, machine.location, _key_vault(machine), seed=machine.seed))
    if offends:
        for disk in (machine.os_disk, *machine.data_disks):
            disk.encryption_set = arm_id


@_condition("s4-40-encryption-at-host", "list", "encryptionAtHost true", "encryptionAtHost false")
def _at_host(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.security["encryptionAtHost"] = offends


_UEFI = {"secureBootEnabled": True, "vTpmEnabled": True}


@_condition(
    "s4-41-trusted-launch", "list", "securityType TrustedLaunch", "generation 2 without a security type", share=300
)
def _trusted(machine: Machine, yard: Yard, offends: bool) -> None:
    _use(machine, catalog.WINDOWS_2022)
    if offends:
        machine.security |= {"uefiSettings": dict(_UEFI), "securityType": "TrustedLaunch"}


@_condition("s4-41-trusted-launch-linux-old", "list", "Linux, Trusted Launch, created 31 March 2024",
            "Linux, Trusted Launch, created 2 April 2024")  # fmt: skip
def _trusted_linux(machine: Machine, yard: Yard, offends: bool) -> Along:
    _use(machine, catalog.UBUNTU_2204)
    machine.security |= {"uefiSettings": dict(_UEFI), "securityType": "TrustedLaunch"}
    machine.created = datetime(2024, 3, 31, 12, tzinfo=UTC) if offends else datetime(2024, 4, 2, 12, tzinfo=UTC)
    return ("s4-41-trusted-launch",)


@_condition("s4-42-confidential", "list", "securityType ConfidentialVM", "a DC size without a security type")
def _confidential(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size = "Standard_DC2as_v5" if offends else "Standard_DC4s_v3"
    _use(machine, catalog.UBUNTU_2404_CVM if offends else catalog.UBUNTU_2404)
    if offends:
        machine.security |= {"uefiSettings": dict(_UEFI), "securityType": "ConfidentialVM"}


# -- placement ---------------------------------------------------------------------------------------------------------


@_condition("s4-43-dedicated-host", "list", "on a dedicated host", "in a capacity reservation group")
def _host(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.availability_set = ""
    hosts = yard.resource(machine, "Microsoft.Compute/hostGroups", "hosts")
    reserved = yard.resource(machine, "Microsoft.Compute/capacityReservationGroups", "crg-main")
    if offends:
        machine.properties["host"] = {"id": f"{hosts}/hosts/host-1"}
    else:
        machine.properties["capacityReservation"] = {"capacityReservationGroup": {"id": reserved}}
        yard.add(blocks.capacity_reservation_group(reserved, machine.location))


@_condition("s4-44-scale-set", "list", "member of a scale set", "member of an availability set")
def _scale_set(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone = ""
    machine.availability_set = ""
    if offends:
        arm_id = yard.resource(machine, "Microsoft.Compute/virtualMachineScaleSets", "vmss-flex")
        machine.properties["virtualMachineScaleSet"] = {"id": arm_id}
    else:
        machine.availability_set = yard.resource(machine, "Microsoft.Compute/availabilitySets", "avset-scale")


@_condition("s4-45-spot", "list", "priority Spot", "priority Regular")
def _spot(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.availability_set = ""
    spot = {"priority": "Spot", "evictionPolicy": "Deallocate", "billingProfile": {"maxPrice": -1.0}}
    machine.properties.update(spot if offends else {"priority": "Regular"})


@_condition("s4-46-placement-group", "list", "in a proximity placement group", "availability set only")
def _placed(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.zone = machine.availability_set = ""
    if offends:
        machine.placement_group = yard.resource(machine, "Microsoft.Compute/proximityPlacementGroups", "ppg-near")
    else:
        machine.availability_set = yard.resource(machine, "Microsoft.Compute/availabilitySets", "avset-far")


@_condition("s4-47-set-and-placement-group", "list", "availability set and proximity placement group",
            "proximity placement group only")  # fmt: skip
def _both(machine: Machine, yard: Yard, offends: bool) -> Along:
    machine.zone = machine.availability_set = ""
    machine.placement_group = yard.resource(machine, "Microsoft.Compute/proximityPlacementGroups", "ppg-both")
    if offends:
        machine.availability_set = yard.resource(machine, "Microsoft.Compute/availabilitySets", "avset-both")
    return ("s4-46-placement-group",)


@_condition("s4-15-size-not-in-target", "sizes", "a size that Southeast Asia and West Europe do not offer us",
            "the next smaller size of the family", when="target southeastasia or westeurope")  # fmt: skip
def _size_elsewhere(machine: Machine, yard: Yard, offends: bool) -> None:
    machine.size = UNAVAILABLE_SIZE if offends else "Standard_F16s_v2"


UNAVAILABLE_SIZE = "Standard_F32s_v2"
UNAVAILABLE_IN = ("southeastasia", "westeurope")


# -- network -----------------------------------------------------------------------------------------------------------


def _balancer(machine: Machine, yard: Yard, *, public: bool) -> str:
    """The group's public or internal load balancer; answers the id of its pool."""
    arm_id = yard.resource(machine, "Microsoft.Network/loadBalancers", "lb-public" if public else "lb-internal")
    if public:
        address = yard.resource(machine, "Microsoft.Network/publicIPAddresses", "pip-lb")
        ip = f"20.205.{ids.number(250, address)}.{ids.number(250, address, 2) + 1}"
        yard.add(blocks.public_address(address, machine.location, ip, seed=machine.seed))
        frontend = {"publicIPAddress": {"id": address}}
    else:
        frontend = {"subnet": {"id": machine.interfaces[0].addresses[0].subnet}}
    yard.add(blocks.load_balancer(arm_id, machine.location, frontend, seed=machine.seed))
    return f"{arm_id}/backendAddressPools/pool"


@_condition("s4-48-public-load-balancer", "interfaces", "behind a public load balancer", "behind an internal one")
def _public_balancer(machine: Machine, yard: Yard, offends: bool) -> Along:
    machine.interfaces[0].addresses[0].backend_pools = (_balancer(machine, yard, public=offends),)
    return () if offends else ("s4-49-network-parts",)


@_condition("s4-49-network-parts", "interfaces", "a public address, a security group or an internal load balancer",
            "none of them on the interface; the subnet has a security group", share=200)  # fmt: skip
def _network_parts(machine: Machine, yard: Yard, offends: bool) -> None:
    address = machine.interfaces[0].addresses[0]
    if not offends:
        network = yard.home(machine).network
        address.subnet, address.ip = network.subnet("snet-guarded"), network.next_ip("snet-guarded")
        return
    part = _pick(machine, "part", ("public", "nsg", "internal"))
    if part == "public":
        address.public_ip = yard.resource(machine, "Microsoft.Network/publicIPAddresses", f"{machine.name}-ip")
        ip = f"20.{ids.number(40, machine.id) + 180}.{ids.number(250, machine.id, 1)}.{ids.number(250, machine.id, 2) + 1}"
        yard.add(blocks.public_address(address.public_ip, machine.location, ip, seed=machine.seed))
    elif part == "nsg":
        machine.interfaces[0].nsg = _security_group(machine, yard, "nsg-plain", [])
    else:
        address.backend_pools = (_balancer(machine, yard, public=False),)


def _security_group(machine: Machine, yard: Yard, name: str, rules: list[blocks.Document]) -> str:
    arm_id = yard.resource(machine, "Microsoft.Network/networkSecurityGroups", name)
    return yard.add(blocks.security_group(arm_id, machine.location, rules, seed=machine.seed))


@_condition("s4-50-secondary-addresses", "interfaces", "two IP configurations on one interface",
            "two interfaces with one IP configuration each", share=200)  # fmt: skip
def _secondary(machine: Machine, yard: Yard, offends: bool) -> None:
    extra = yard.address(machine)
    if offends:
        extra.static = True
        machine.interfaces[0].addresses.append(extra)
    else:
        machine.interfaces.append(Interface([extra]))


@_condition("s4-51-ipv6-only", "interfaces", "an IPv6 configuration and no IPv4", "IPv4 in a subnet that has IPv6 too")
def _ipv6(machine: Machine, yard: Yard, offends: bool) -> None:
    subnet = yard.home(machine).network.subnet("snet-dual")
    machine.interfaces = machine.interfaces[:1]
    if offends:
        tail = ids.number(60000, machine.id) + 16
        machine.interfaces[0].addresses = [Address(subnet, f"fd00:db8:0:1::{tail:x}", version="IPv6")]
    else:
        machine.interfaces[0].addresses = [yard.address(machine, "snet-dual")]


_NEEDED_TAGS = ("Storage", "AzureActiveDirectory", "AzureSiteRecovery", "EventHub")


@_condition("s4-52-outbound-blocked", "security groups", "security group denies all outbound traffic",
            "the same, but the four service tags are allowed before")  # fmt: skip
def _blocked(machine: Machine, yard: Yard, offends: bool) -> Along:
    deny = blocks.rule("deny-internet-out", 4000, "Deny", "Outbound", "Internet", "*")
    allowed = [blocks.rule(f"allow-{t}-out", 100 + n, "Allow", "Outbound", t) for n, t in enumerate(_NEEDED_TAGS)]
    rules = [deny] if offends else [*allowed, deny]
    machine.interfaces[0].nsg = _security_group(machine, yard, "nsg-closed" if offends else "nsg-tags", rules)
    return ("s4-49-network-parts",)


@_condition("s4-53-palo-alto", "list", "image of publisher paloaltonetworks", "Ubuntu, tag vendor=Palo Alto")
def _appliance(machine: Machine, yard: Yard, offends: bool) -> None:
    if offends:
        _use(machine, Image("Linux", "paloaltonetworks", "vmseries-flex", "byol", "11.1.0", "pan-os", "11.1", "V1"))
        _leave_open(yard, machine, "s4-17-os-unsupported")
    else:
        _use(machine, catalog.UBUNTU_2204)
        machine.tags["vendor"] = "Palo Alto"


NOT_PLANTED = {
    9: "a relation between vault and source region: see vaults",
    10: "a choice in the wizard",
    12: "a choice in the wizard (zone of the target)",
    14: "a choice in the wizard (pair of regions)",
    16: "all subscriptions of a scenario have one tenant",
    27: "only the guest knows",
    35: "only the guest knows",
    36: "only the guest knows",
    54: "only the guest knows",
    55: "only the guest knows",
    56: "a measurement over time",
    57: "a count over the subscription, not a fact of a machine",
    58: "only the guest knows",
    59: "every machine has tags",
    60: "only the mobility agent knows",
}
