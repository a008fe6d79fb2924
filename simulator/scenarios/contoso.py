"""`contoso`: the estate of a middle-sized company. Two subscriptions, two vaults, three regions, nothing protected.

docs/scenarios.md lists every machine and why it is there. The healthy applications come first, then what is old
(unmanaged disks, classic), then the lab, in which every machine has one thing that keeps it from being replicated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from . import blocks, catalog, classic, ids
from .catalog import Image
from .estate import Document, Estate, Network
from .machines import Address, Disk, Extension, Interface, Machine, disk_id

EAST_ASIA, SOUTHEAST_ASIA, JAPAN = "eastasia", "southeastasia", "japaneast"
NORTH_EUROPE, WEST_EUROPE = "northeurope", "westeurope"


@dataclass(slots=True)
class _Site:
    """A region's network as seen by the machines in it, and what they share."""

    estate: Estate
    subscription: str
    network: Network
    sets: dict[str, list[str]] = field(default_factory=dict)  # availability set id -> its machines

    def resource(self, group: str, kind: str, name: str) -> str:
        return ids.resource_id(self.subscription, group, kind, name)

    def machine(
        self,
        group: str,
        name: str,
        image: Image,
        size: str,
        data: tuple[int, ...] = (),
        *,
        subnet: str = "snet-app",
        sku: str = "Premium_LRS",
        account: str = "",
        app: str = "",
        owner: str = "",
        availability_set: str = "",
        **more: Any,
    ) -> Machine:
        """A healthy machine with one interface; `data` are the sizes of its data disks in GiB."""
        os_gib = 127 if image.os == "Windows" else 64
        machine = Machine(
            subscription=self.subscription,
            group=group,
            name=name,
            location=self.network.location,
            image=image,
            size=size,
            os_disk=Disk(os_gib, sku, account=account, name=f"{name}-os" if account else ""),
            data_disks=[
                Disk(gib, sku, account=account, name=f"{name}-data-{lun}" if account else "")
                for lun, gib in enumerate(data)
            ],
            interfaces=[Interface([self.address(subnet)])],
            seed=self.estate.seed,
            tags={"app": app or group.split("-")[1], "env": "prod", "owner": owner or "platform-team"},
            **more,
        )
        if availability_set:
            self._join(machine, group, availability_set)
        return machine

    def address(self, subnet: str, *, static: bool = False) -> Address:
        return Address(self.network.subnet(subnet), self.network.next_ip(subnet), static=static)

    def _join(self, machine: Machine, group: str, name: str) -> None:
        machine.availability_set = self.resource(group, "Microsoft.Compute/availabilitySets", name)
        self.sets.setdefault(machine.availability_set, []).append(machine.id)

    def finish(self) -> None:
        """Adds the availability sets once their members are known."""
        unmanaged = {"avset-legacy-pay"}
        for arm_id, members in self.sets.items():
            aligned = ids.name_of(arm_id) not in unmanaged
            self.estate.add(blocks.availability_set(arm_id, self.network.location, members, aligned=aligned))


def contoso(seed: object = "contoso") -> Document:
    """The scenario document; the same seed gives the same bytes."""
    estate = Estate("contoso", seed)
    production = estate.subscription("production", "Contoso Production")
    recovery = estate.subscription("recovery", "Contoso Disaster Recovery")
    estate.usual_principals()
    _recovery_side(estate, production, recovery)
    _east_asia(estate, production)
    _drill_room(estate, recovery)
    _japan(estate, production)
    _europe(estate, production)
    _classic(estate, production)
    estate.extra = _world(production, recovery)
    return estate.scenario()


def _world(production: str, recovery: str) -> Document:
    """What is not a resource: names that others have, quotas, sizes that a region does not offer us."""
    return {
        # The mirror of the payroll's storage account would be named like this; someone else in the world has it.
        "names_taken": ["stcontosopayasr", "contosologs", "contosodata"],
        "quotas": {
            production: {SOUTHEAST_ASIA: {"cores": [18, 350]}, JAPAN: {"cores": [0, 100]}},
            recovery: {SOUTHEAST_ASIA: {"cores": [0, 20]}, WEST_EUROPE: {"cores": [4, 100]}},
        },
        "unavailable_sizes": {SOUTHEAST_ASIA: ["Standard_M64s"], WEST_EUROPE: ["Standard_E8s_v3"]},
    }


# -- the recovery side: vaults, and what exists already ----------------------------------------------------------------


def _recovery_side(estate: Estate, production: str, recovery: str) -> None:
    """Both vaults, an empty `-asr` group to reuse, an `-asr` network to reuse, a network nobody planned for this."""
    estate.add(
        blocks.group(production, "rg-dr-sea", SOUTHEAST_ASIA, {"purpose": "disaster recovery"}),
        blocks.vault(_vault_id(production, "rg-dr-sea", "rsv-dr-sea"), SOUTHEAST_ASIA),
        blocks.group(recovery, "rg-dr-weu", WEST_EUROPE, {"purpose": "disaster recovery"}),
        blocks.vault(_vault_id(recovery, "rg-dr-weu", "rsv-dr-weu"), WEST_EUROPE),
        blocks.group(production, "rg-web-prod-asr", SOUTHEAST_ASIA),
        blocks.group(production, "rg-dr-data", SOUTHEAST_ASIA),
        blocks.group(production, "rg-jp-sales-asr", SOUTHEAST_ASIA),
        blocks.group(recovery, "rg-dr-landing", SOUTHEAST_ASIA),
    )
    estate.network(
        production, "rg-dr-data", "vnet-hub-sea", SOUTHEAST_ASIA, "10.60.0.0/16",
        {"snet-recovered": "10.60.1.0/24", "snet-test": "10.60.9.0/24"},
    )  # fmt: skip
    # As if an earlier attempt had made it: one of the source's two subnets is missing.
    estate.network(
        production, "rg-jp-sales-asr", "vnet-jp-sales-asr", SOUTHEAST_ASIA, "10.40.0.0/16", {"snet-app": "10.40.1.0/24"}
    )
    _prepared(estate, production)
    estate.network(
        recovery, "rg-dr-landing", "vnet-landing-sea", SOUTHEAST_ASIA, "10.61.0.0/16", {"default": "10.61.0.0/24"}
    )


def _prepared(estate: Estate, production: str) -> None:
    """What somebody has prepared for the recovery: keys, reserved capacity, a placement group, an account for agent updates."""

    def resource(type_: str, name: str, group: str = "rg-dr-data") -> str:
        return ids.resource_id(production, group, type_, name)

    key_vault = resource("Microsoft.KeyVault/vaults", "kv-contoso-dr")
    encryption_set = resource("Microsoft.Compute/diskEncryptionSets", "des-dr")
    account = resource("Microsoft.Automation/automationAccounts", "rsv-dr-sea-asr-automationaccount", "rg-dr-sea")
    estate.add(
        blocks.disk_encryption_set(encryption_set, SOUTHEAST_ASIA, key_vault, seed=estate.seed),
        blocks.capacity_reservation_group(
            resource("Microsoft.Compute/capacityReservationGroups", "crg-dr"), SOUTHEAST_ASIA
        ),
        blocks.placement_group(resource("Microsoft.Compute/proximityPlacementGroups", "ppg-dr"), SOUTHEAST_ASIA),
        blocks.automation_account(account, SOUTHEAST_ASIA, seed=estate.seed),
    )


def _vault_id(subscription: str, group: str, name: str) -> str:
    return ids.resource_id(subscription, group, "Microsoft.RecoveryServices/vaults", name)


# -- East Asia ---------------------------------------------------------------------------------------------------------


def _east_asia(estate: Estate, production: str) -> None:
    for group, location in _EAST_ASIA_GROUPS.items():
        estate.add(blocks.group(production, group, location))
    site = _Site(estate, production, _prod_network(estate, production))
    _accounts(site)
    for part in (_erp, _web, _hr, _integration, _files, _crm, _bi, _payroll, _legacy, _stray, _lab):
        estate.machines(part(site))
    site.finish()
    estate.add(
        blocks.lock(
            ids.group_id(production, "rg-hr-prod"), "hr-records-keep", "CanNotDelete", "Personnel records: keep."
        )
    )


_EAST_ASIA_GROUPS = {
    "rg-net-prod": EAST_ASIA,
    "rg-erp-prod": EAST_ASIA,
    "rg-erp-web": EAST_ASIA,
    "rg-web-prod": EAST_ASIA,
    "rg-hr-prod": EAST_ASIA,
    "rg-integration": EAST_ASIA,
    "rg-files": EAST_ASIA,
    "rg-crm-prod": EAST_ASIA,
    "rg-bi": EAST_ASIA,
    "rg-payroll": EAST_ASIA,
    "rg-legacy-apps": EAST_ASIA,
    "rg-lab-ea": EAST_ASIA,
    "rg-shared-jp": JAPAN,  # holds a machine that runs in East Asia
}


def _prod_network(estate: Estate, production: str) -> Network:
    nsg = ids.resource_id(production, "rg-net-prod", "Microsoft.Network/networkSecurityGroups", "nsg-ea-web")
    rules = [
        blocks.rule("allow-https-in", 100, "Allow", "Inbound", "*"),
        blocks.rule("allow-site-recovery-out", 200, "Allow", "Outbound", "AzureSiteRecovery"),
    ]
    estate.add(blocks.security_group(nsg, EAST_ASIA, rules, seed=estate.seed))
    return estate.network(
        production, "rg-net-prod", "vnet-ea-prod", EAST_ASIA, "10.20.0.0/16",
        {"snet-app": "10.20.1.0/24", "snet-data": "10.20.2.0/24", "snet-web": "10.20.3.0/24"}, {"snet-web": nsg},
    )  # fmt: skip


def _accounts(site: _Site) -> None:
    """Storage of the region: where unmanaged disks live, and accounts that are good or bad as cache."""
    kind = "Microsoft.Storage/storageAccounts"
    seed, add = site.estate.seed, site.estate.add
    for group, name, sku, variant, options in _ACCOUNTS:
        add(blocks.storage_account(site.resource(group, kind, name), EAST_ASIA, sku, variant, seed=seed, **options))


_ACCOUNTS: tuple[tuple[str, str, str, str, dict[str, Any]], ...] = (
    ("rg-payroll", "stcontosopay", "Premium_LRS", "Storage", {}),
    ("rg-legacy-apps", "stcontosolegacy", "Standard_LRS", "StorageV2", {}),
    ("rg-net-prod", "stcontosodiagea", "Standard_LRS", "StorageV2", {}),
    ("rg-bi", "stcontosochurnea", "Premium_LRS", "BlockBlobStorage", {}),
    ("rg-bi", "stcontosolake", "Standard_GRS", "StorageV2", {"firewall": True}),
    ("rg-integration", "stcontosonokeys", "Standard_LRS", "StorageV2", {"shared_key": False}),
)


def _erp(site: _Site) -> Iterator[Machine]:
    for number in (1, 2, 3, 4):
        yield site.machine(
            "rg-erp-prod", f"erp-app-0{number}", catalog.WINDOWS_2022, "Standard_D4s_v5", (256,),
            owner="finance-systems", availability_set="avset-erp-app",
        )  # fmt: skip
    for number in (1, 2):
        yield site.machine(
            "rg-erp-prod", f"erp-sql-0{number}", catalog.SQL_2022, "Standard_E16s_v5", (1024, 512, 512),
            subnet="snet-data", owner="finance-systems", zone=str(number), facts={"churn": 18},
        )  # fmt: skip
        yield site.machine(
            "rg-erp-web", f"erp-web-0{number}", catalog.WINDOWS_2022, "Standard_D2s_v5",
            subnet="snet-web", sku="StandardSSD_LRS", owner="finance-systems",
        )  # fmt: skip


def _web(site: _Site) -> Iterator[Machine]:
    for number in range(1, 9):
        yield site.machine(
            "rg-web-prod", f"web-fe-0{number}", catalog.UBUNTU_2204, "Standard_D2s_v5",
            subnet="snet-web", owner="web-team", zone=str((number - 1) % 3 + 1),
        )  # fmt: skip


def _hr(site: _Site) -> Iterator[Machine]:
    for number in (1, 2):
        yield site.machine(
            "rg-hr-prod", f"hr-api-0{number}", catalog.RHEL_95, "Standard_D2s_v5", (128,), owner="people-systems"
        )
    yield site.machine(
        "rg-hr-prod", "hr-db-01", catalog.RHEL_810, "Standard_E4s_v5", (512, 256),
        subnet="snet-data", owner="people-systems",
    )  # fmt: skip


def _integration(site: _Site) -> Iterator[Machine]:
    """Brokers with a second interface in the data subnet; the first one's address is static."""
    for number in (1, 2, 3):
        machine = site.machine(
            "rg-integration",
            f"mq-broker-0{number}",
            catalog.SLES_15_SP6,
            "Standard_D4s_v5",
            (256,),
            owner="integration",
        )
        machine.interfaces[0].addresses[0].static = True
        machine.interfaces.append(Interface([site.address("snet-data")]))
        yield machine


def _files(site: _Site) -> Iterator[Machine]:
    for number in (1, 2):
        yield site.machine(
            "rg-files", f"file-srv-0{number}", catalog.WINDOWS_2019, "Standard_D4s_v3", (4096, 2048),
            subnet="snet-data", sku="Standard_LRS", owner="workplace",
        )  # fmt: skip


def _crm(site: _Site) -> Iterator[Machine]:
    for number in (1, 2):
        yield site.machine(
            "rg-crm-prod", f"crm-web-0{number}", catalog.DEBIAN_12, "Standard_D2s_v5",
            subnet="snet-web", sku="StandardSSD_LRS", owner="sales-systems", availability_set="avset-crm-web",
            shouted=True,
        )  # fmt: skip
    database = site.machine(
        "rg-crm-prod",
        "crm-db-01",
        catalog.ORACLE_89,
        "Standard_E8s_v3",
        (1024,),
        subnet="snet-data",
        owner="sales-systems",
    )
    second = Address(database.interfaces[0].addresses[0].subnet, site.network.next_ip("snet-data"), static=True)
    database.interfaces[0].addresses.append(second)
    yield database


def _bi(site: _Site) -> Iterator[Machine]:
    """Premium SSD v2 and an encryption set of our own key: both can be replicated, both ask for a choice."""
    etl = site.machine("rg-bi", "bi-etl-01", catalog.ROCKY_9, "Standard_E8s_v5", owner="analytics", zone="1")
    etl.data_disks, etl.facts = [Disk(256, "PremiumV2_LRS")], {"churn": 35}
    yield etl
    key_vault = site.resource("rg-bi", "Microsoft.KeyVault/vaults", "kv-contoso-bi")
    encryption_set = site.resource("rg-bi", "Microsoft.Compute/diskEncryptionSets", "des-bi")
    site.estate.add(blocks.disk_encryption_set(encryption_set, EAST_ASIA, key_vault, seed=site.estate.seed))
    cube = site.machine("rg-bi", "bi-cube-01", catalog.WINDOWS_2025, "Standard_E16s_v5", (1024,), owner="analytics")
    for disk in (cube.os_disk, *cube.data_disks):
        disk.encryption_set = encryption_set
    yield cube


def _payroll(site: _Site) -> Iterator[Machine]:
    """Unmanaged disks in a premium account, in an availability set of the Classic kind."""
    for number in (1, 2):
        yield site.machine(
            "rg-payroll", f"legacy-pay-0{number}", catalog.WINDOWS_2012_R2, "Standard_DS2_v2", (512,),
            account="stcontosopay", owner="people-systems", availability_set="avset-legacy-pay",
        )  # fmt: skip


def _legacy(site: _Site) -> Iterator[Machine]:
    yield site.machine(
        "rg-legacy-apps",
        "legacy-app-01",
        catalog.first_generation(catalog.RHEL_79),
        "Standard_D2_v3",
        (256,),
        account="stcontosolegacy",
    )
    yield site.machine(
        "rg-legacy-apps",
        "legacy-app-02",
        catalog.first_generation(catalog.UBUNTU_2004),
        "Standard_D2_v3",
        account="stcontosolegacy",
    )


def _stray(site: _Site) -> Iterator[Machine]:
    """Runs in East Asia, belongs to a group in Japan East: Azure's own wizard would not show it at all."""
    yield site.machine("rg-shared-jp", "stray-app-01", catalog.UBUNTU_2404, "Standard_D2s_v5", app="shared")


# -- the lab: one odd thing each ---------------------------------------------------------------------------------------


def _lab(site: _Site) -> Iterator[Machine]:
    def one(name: str, image: Image = catalog.UBUNTU_2404, size: str = "Standard_D2s_v5", **more: Any) -> Machine:
        machine = site.machine("rg-lab-ea", name, image, size, more.pop("data", ()), owner="lab", **more)
        machine.tags["env"] = "test"
        return machine

    yield one("lab-off-01", power="deallocated", agent="absent")
    yield one("lab-stopped-01", catalog.WINDOWS_2019, power="stopped", agent="absent")
    yield one("lab-failed-01", provisioning="Failed")
    yield one("lab-updating-01", provisioning="Updating")
    yield one("lab-noagent-01", agent="not ready")
    yield one("lab-badext-01", extensions=[_broken_extension()])
    yield one("lab-arm-01", catalog.UBUNTU_2404_ARM, "Standard_D2ps_v5", facts={"unsupportedOs": True})
    yield one("lab-onecore-01", size="Standard_B1ls")
    yield one("lab-ephemeral-01", size="Standard_D4ds_v5", ephemeral=True, sku="Standard_LRS")
    yield one("lab-oldos-01", catalog.UBUNTU_2510, facts={"unsupportedOs": True})
    yield one("lab-nvme-01", size="Standard_E4bds_v5", controller="NVMe")
    yield one("lab-spot-01", properties=_SPOT)
    yield one("lab-cvm-01", catalog.UBUNTU_2404_CVM, "Standard_DC2as_v5", security=_CONFIDENTIAL)
    yield from _lab_disks(one)


_SPOT = {"priority": "Spot", "evictionPolicy": "Deallocate", "billingProfile": {"maxPrice": -1.0}}
_CONFIDENTIAL = {
    "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
    "securityType": "ConfidentialVM",
}


def _broken_extension() -> Extension:
    return Extension(
        "AzureMonitorLinuxAgent", "Microsoft.Azure.Monitor", "AzureMonitorLinuxAgent", "1.33", "Failed",
        message="Enable failed with exit code 53: the agent could not reach its endpoint.",
    )  # fmt: skip


def _lab_disks(one: Any) -> Iterator[Machine]:
    """Machines that are special for a disk."""
    big_os = one("lab-bigos-01")
    big_os.os_disk.size_gib = 8192
    yield big_os
    ultra = one("lab-ultra-01", zone="1")
    ultra.data_disks = [Disk(1024, "UltraSSD_LRS")]
    ultra.properties = {"additionalCapabilities": {"ultraSSDEnabled": True}}
    yield ultra
    accelerated = one("lab-wacc-01", catalog.SLES_15_SP6, "Standard_M64s")
    accelerated.data_disks = [Disk(512, write_accelerator=True)]
    yield accelerated
    yield from _shared_pair(one, "lab-cluster", catalog.UBUNTU_2404)


def _shared_pair(one: Any, stem: str, image: Image) -> Iterator[Machine]:
    """Two nodes on one shared disk, which belongs to the first."""
    first, second = one(f"{stem}-01", image), one(f"{stem}-02", image)
    shared = Disk(512, name=f"{stem}-shared", max_shares=2, shared_with=(first.id, second.id))
    first.data_disks = [shared]
    second.data_disks = [Disk(512, name=shared.name, shared_id=disk_id(first, shared))]
    yield first
    yield second


# -- the other places --------------------------------------------------------------------------------------------------


def _drill_room(estate: Estate, recovery: str) -> None:
    """Machines in East Asia that belong to the second subscription; of one name there are two, in two groups."""
    estate.add(blocks.group(recovery, "rg-drill-ea", EAST_ASIA), blocks.group(recovery, "rg-drill-old", EAST_ASIA))
    network = estate.network(
        recovery, "rg-drill-ea", "vnet-drill-ea", EAST_ASIA, "10.70.0.0/16", {"snet-app": "10.70.1.0/24"}
    )
    site = _Site(estate, recovery, network)
    images = (catalog.WINDOWS_2025, catalog.UBUNTU_2404)
    estate.machines(
        site.machine("rg-drill-ea", f"drill-0{number}", image, "Standard_D2s_v5", (64,), owner="continuity")
        for number, image in enumerate(images, 1)
    )
    estate.machines([site.machine("rg-drill-old", "drill-01", catalog.UBUNTU_2404, "Standard_D2s_v5", owner="continuity")])


def _japan(estate: Estate, production: str) -> None:
    estate.add(blocks.group(production, "rg-jp-sales", JAPAN))
    network = estate.network(
        production, "rg-jp-sales", "vnet-jp-sales", JAPAN, "10.40.0.0/16",
        {"snet-app": "10.40.1.0/24", "snet-data": "10.40.2.0/24"},
    )  # fmt: skip
    site = _Site(estate, production, network)
    estate.machines(_sales(site))
    site.finish()


def _sales(site: _Site) -> Iterator[Machine]:
    for number in (1, 2, 3):
        yield site.machine(
            "rg-jp-sales", f"jp-pos-0{number}", catalog.WINDOWS_2019, "Standard_D2s_v3", (128,),
            owner="sales-systems", availability_set="avset-jp-pos",
        )  # fmt: skip
    yield site.machine(
        "rg-jp-sales",
        "jp-db-01",
        catalog.SQL_2022,
        "Standard_E4s_v5",
        (512,),
        subnet="snet-data",
        owner="sales-systems",
    )


def _europe(estate: Estate, production: str) -> None:
    estate.add(blocks.group(production, "rg-eu-portal", NORTH_EUROPE))
    network = estate.network(
        production, "rg-eu-portal", "vnet-eu-portal", NORTH_EUROPE, "10.50.0.0/16",
        {"snet-app": "10.50.1.0/24", "snet-data": "10.50.2.0/24"},
    )  # fmt: skip
    site = _Site(estate, production, network)
    estate.machines(_portal(site))


def _portal(site: _Site) -> Iterator[Machine]:
    for number in (1, 2, 3):
        yield site.machine(
            "rg-eu-portal", f"eu-web-0{number}", catalog.UBUNTU_2204, "Standard_D2s_v5",
            owner="web-team", zone=str(number), security={
                "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True}, "securityType": "TrustedLaunch",
            },
        )  # fmt: skip
    yield site.machine(
        "rg-eu-portal", "eu-db-01", catalog.WINDOWS_2016, "Standard_E8s_v3", (1024, 256), subnet="snet-data",
        owner="web-team", security={"encryptionAtHost": True},
    )  # fmt: skip


def _classic(estate: Estate, production: str) -> None:
    """A cloud service with three machines of the classic model, one of them stopped."""
    group, region = "contoso-legacy-web", EAST_ASIA
    estate.add(
        blocks.group(production, group, region),
        classic.service(production, group, "contoso-legacy-web", region),
        classic.account(production, group, "stcontosoclassic", region),
        classic.network(production, group, "vnet-classic-ea", region, "10.90.0.0/16", {"snet-classic": "10.90.1.0/24"}),
    )
    for number, (name, os, power) in enumerate(_CLASSIC_MACHINES, 4):
        machine = classic.ClassicMachine(
            production, group, name, region, os, "contoso-legacy-web", "stcontosoclassic",
            "vnet-classic-ea", "snet-classic", f"10.90.1.{number}", power=power, seed=estate.seed,
        )  # fmt: skip
        estate.add(classic.machine(machine))


_CLASSIC_MACHINES = (
    ("cls-web-01", "Windows", "Started"),
    ("cls-web-02", "Windows", "Started"),
    ("cls-batch-01", "Linux", "Stopped"),
)
