"""The fleets: what the key says was planted is in the documents, and nowhere else.

The checks below read the documents anew and know nothing of how they were made.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from simulator.scenarios import Fleet, load
from simulator.scenarios.estate import as_bytes

Document = dict[str, Any]
Check = Callable[[Document, "Read"], bool]


class Read:
    """A fleet's documents by id, as a reader of Azure would have them."""

    def __init__(self, n: int, seed: int) -> None:
        fleet = Fleet(n, seed)
        self.key = fleet.key()
        self.documents = {document["id"].lower(): document for document in fleet.documents()}
        self.machines = self.of_type("Microsoft.Compute/virtualMachines")
        extensions = self.of_type("Microsoft.Compute/virtualMachines/extensions")
        self.broken = {
            e["id"].split("/extensions/")[0] for e in extensions if e["properties"]["provisioningState"] == "Failed"
        }
        items = [d for arm_id, d in self.documents.items() if "/replicationprotecteditems/" in arm_id]
        self.protected = {d["properties"]["providerSpecificDetails"]["fabricObjectId"] for d in items}
        self.locks = {arm_id.split("/providers/microsoft.authorization/")[0] for arm_id in self._ids("locks")}

    def of_type(self, kind: str) -> list[Document]:
        return [document for document in self.documents.values() if document["type"] == kind]

    def _ids(self, kind: str) -> list[str]:
        return [arm_id for arm_id in self.documents if f"/providers/microsoft.authorization/{kind}/" in arm_id]

    def get(self, arm_id: str) -> Document:
        return self.documents[arm_id.lower()]

    def disks(self, machine: Document) -> list[Document]:
        storage = machine["properties"]["storageProfile"]
        attached = [
            disk["managedDisk"]["id"] for disk in (storage["osDisk"], *storage["dataDisks"]) if "managedDisk" in disk
        ]
        return [self.get(arm_id) for arm_id in attached]

    def interfaces(self, machine: Document) -> list[Document]:
        return [self.get(nic["id"]) for nic in machine["properties"]["networkProfile"]["networkInterfaces"]]

    def configurations(self, machine: Document) -> list[Document]:
        return [c["properties"] for nic in self.interfaces(machine) for c in nic["properties"]["ipConfigurations"]]

    def group(self, arm_id: str) -> Document:
        return self.get("/".join(arm_id.split("/")[:5]))


def storage(machine: Document) -> Document:
    profile: Document = machine["properties"]["storageProfile"]
    return profile


def security(machine: Document) -> Document:
    profile: Document = machine["properties"].get("securityProfile", {})
    return profile


def old_trusted_linux(machine: Document, read: Read) -> bool:
    created = datetime.fromisoformat(re.sub(r"\.\d+", "", machine["properties"]["timeCreated"]))
    linux = storage(machine)["osDisk"]["osType"] == "Linux"
    return linux and security(machine).get("securityType") == "TrustedLaunch" and f"{created:%Y%m%d}" < "20240401"


def balanced(machine: Document, read: Read, frontend: str) -> bool:
    pools = [p["id"] for c in read.configurations(machine) for p in c.get("loadBalancerBackendAddressPools", [])]
    balancers = [read.get(pool.split("/backendAddressPools/")[0]) for pool in pools]
    return any(frontend in f["properties"] for b in balancers for f in b["properties"]["frontendIPConfigurations"])


def network_parts(machine: Document, read: Read) -> bool:
    guarded = any("networkSecurityGroup" in nic["properties"] for nic in read.interfaces(machine))
    public = any("publicIPAddress" in configuration for configuration in read.configurations(machine))
    return guarded or public or balanced(machine, read, "subnet")


def shared(machine: Document, read: Read, os: str) -> bool:
    several = any(disk["properties"].get("maxShares", 1) > 1 for disk in read.disks(machine))
    return several and storage(machine)["osDisk"]["osType"] == os


def ultra_or(sku: str) -> Check:
    return lambda machine, read: any(disk["sku"]["name"] == sku for disk in read.disks(machine))


CHECKS: dict[str, Check] = {
    "s4-01-already-protected": lambda m, r: m["id"] in r.protected,
    "s4-03-lock": lambda m, r: m["id"].lower() in r.locks or r.group(m["id"])["id"].lower() in r.locks,
    "s4-04-provisioning-state": lambda m, r: m["properties"]["provisioningState"] != "Succeeded",
    "s4-05-not-running": lambda m, r: m["_sim"]["power"] != "running",
    "s4-06-agent-not-ready": lambda m, r: m["_sim"]["agent"] != "ready",
    "s4-07-extension-failed": lambda m, r: m["id"] in r.broken,
    "s4-08-group-elsewhere": lambda m, r: r.group(m["id"])["location"] != m["location"],
    "s4-19-arm64": lambda m, r: "arm64" in storage(m)["imageReference"]["sku"],
    "s4-20-size-too-small": lambda m, r: bool(
        re.fullmatch(r"Standard_(B1ls|B1s|DS1_v2|F1s|A1_v2)", m["properties"]["hardwareProfile"]["vmSize"])
    ),
    "s4-21-ephemeral-os-disk": lambda m, r: "diffDiskSettings" in storage(m)["osDisk"],
    "s4-22-os-disk-too-large": lambda m, r: storage(m)["osDisk"]["diskSizeGB"] > 4095,
    "s4-23-data-disk-too-large": lambda m, r: any(d["diskSizeGB"] > 32768 for d in storage(m)["dataDisks"]),
    "s4-23-data-disk-too-small": lambda m, r: any(d["properties"]["diskSizeBytes"] < 1 << 30 for d in r.disks(m)),
    "s4-24-unmanaged-disk-too-large": lambda m, r: any(
        "vhd" in d and d["diskSizeGB"] > 4096 for d in storage(m)["dataDisks"]
    ),
    "s4-25-unmanaged-disks": lambda m, r: "vhd" in storage(m)["osDisk"],
    "s4-26-more-than-64-data-disks": lambda m, r: len(storage(m)["dataDisks"]) > 64,
    "s4-28-ultra-disk": ultra_or("UltraSSD_LRS"),
    "s4-29-premium-v2": ultra_or("PremiumV2_LRS"),
    "s4-30-shared-disk-linux": lambda m, r: shared(m, r, "Linux"),
    "s4-31-shared-disk-windows": lambda m, r: shared(m, r, "Windows"),
    "s4-33-write-accelerator": lambda m, r: any(d.get("writeAcceleratorEnabled") for d in storage(m)["dataDisks"]),
    "s4-34-nvme": lambda m, r: storage(m).get("diskControllerType") == "NVMe",
    "s4-37-ade-unmanaged": lambda m, r: "encryptionSettings" in storage(m)["osDisk"],
    "s4-39-customer-key": lambda m, r: any("diskEncryptionSetId" in d["properties"]["encryption"] for d in r.disks(m)),
    "s4-40-encryption-at-host": lambda m, r: security(m).get("encryptionAtHost", False),
    "s4-41-trusted-launch": lambda m, r: security(m).get("securityType") == "TrustedLaunch",
    "s4-41-trusted-launch-linux-old": old_trusted_linux,
    "s4-42-confidential": lambda m, r: security(m).get("securityType") == "ConfidentialVM",
    "s4-43-dedicated-host": lambda m, r: "host" in m["properties"],
    "s4-44-scale-set": lambda m, r: "virtualMachineScaleSet" in m["properties"],
    "s4-45-spot": lambda m, r: m["properties"].get("priority") == "Spot",
    "s4-46-placement-group": lambda m, r: "proximityPlacementGroup" in m["properties"],
    "s4-47-set-and-placement-group": lambda m, r: (
        "proximityPlacementGroup" in m["properties"] and "availabilitySet" in m["properties"]
    ),
    "s4-48-public-load-balancer": lambda m, r: balanced(m, r, "publicIPAddress"),
    "s4-49-network-parts": network_parts,
    "s4-50-secondary-addresses": lambda m, r: any(
        len(n["properties"]["ipConfigurations"]) > 1 for n in r.interfaces(m)
    ),
    "s4-51-ipv6-only": lambda m, r: all(c["privateIPAddressVersion"] == "IPv6" for c in r.configurations(m)),
    "s4-53-palo-alto": lambda m, r: storage(m)["imageReference"]["publisher"] == "paloaltonetworks",
}


@pytest.fixture(scope="module")
def fleet() -> Read:
    return Read(8000, 5)


@pytest.mark.parametrize("condition", CHECKS)
def test_exactly_the_offenders_have_the_fact(fleet: Read, condition: str) -> None:
    check, entry = CHECKS[condition], fleet.key["conditions"][condition]
    open_to = {arm_id for arm_id, names in fleet.key["unclaimed"].items() if condition in names}
    found = {m["id"] for m in fleet.machines if check(m, fleet)} - open_to
    assert found == set(entry["offenders"]) - open_to
    assert not found & set(entry["near_misses"])


def test_every_condition_has_twenty_offenders_and_twenty_near_misses(fleet: Read) -> None:
    for name, entry in fleet.key["conditions"].items():
        assert min(len(set(entry["offenders"])), len(set(entry["near_misses"]))) >= 20, name
        assert not set(entry["offenders"]) & set(entry["near_misses"]), name


def test_the_key_names_only_machines_of_the_fleet(fleet: Read) -> None:
    for entry in fleet.key["conditions"].values():
        assert all(arm_id.lower() in fleet.documents for arm_id in (*entry["offenders"], *entry["near_misses"]))


def test_every_row_of_the_table_is_planted_or_explained(fleet: Read) -> None:
    rows = {entry["row"] for entry in fleet.key["conditions"].values()} | {int(r) for r in fleet.key["not_planted"]}
    assert rows == set(range(1, 62))


def test_a_premium_account_is_over_35_tib_exactly_for_the_offenders(fleet: Read) -> None:
    total: dict[str, int] = {}
    for machine in fleet.machines:
        for disk in (storage(machine)["osDisk"], *storage(machine)["dataDisks"]):
            if "vhd" in disk:
                account = disk["vhd"]["uri"].split("//")[1].split(".")[0]
                total[account] = total.get(account, 0) + disk["diskSizeGB"]
    premium = {a["name"] for a in fleet.of_type("Microsoft.Storage/storageAccounts") if a["sku"]["tier"] == "Premium"}
    entry = fleet.key["conditions"]["s4-24-premium-account-too-full"]
    full = {
        m["id"]
        for m in fleet.machines
        if (uri := storage(m)["osDisk"].get("vhd", {}).get("uri"))
        if (account := uri.split("//")[1].split(".")[0]) in premium and total[account] > 35 * 1024
    }
    assert full == set(entry["offenders"])


def test_the_documentation_names_every_condition(fleet: Read) -> None:
    text = Path("docs/scenarios.md").read_text(encoding="utf-8")
    assert [name for name in fleet.key["conditions"] if f"`{name}`" not in text] == []


def test_the_key_stays_out_of_the_documents(fleet: Read) -> None:
    for document in fleet.documents.values():
        public = {key: value for key, value in document.items() if key != "_sim"}
        assert not re.search(r"s4-\d\d-", json.dumps(public))


def test_the_same_seed_gives_the_same_fleet_and_another_one_another() -> None:
    def both(seed: int) -> bytes:
        fleet = Fleet(600, seed)
        return as_bytes({"resources": list(fleet.documents()), "key": fleet.key()})

    assert both(4) == both(4)
    assert both(4) != both(5)


def test_ten_thousand_machines(capsys: pytest.CaptureFixture[str]) -> None:
    began = time.perf_counter()
    scenario = load("fleet:10000:1")
    documents = list(scenario["resources"])
    seconds = time.perf_counter() - began
    kinds = [document["type"] for document in documents]
    machines = kinds.count("Microsoft.Compute/virtualMachines") + kinds.count(
        "Microsoft.ClassicCompute/virtualMachines"
    )
    assert machines == 10_000
    assert len({d["location"] for d in documents if d["type"] == "Microsoft.Compute/virtualMachines"}) == 6
    with capsys.disabled():
        print(f"\n10,000 machines: {len(documents):,} documents in {seconds:.2f} s")  # noqa: T201


@pytest.mark.parametrize("n", [1, 5, 40, 300])
def test_small_fleets_have_as_many_machines_as_asked(n: int) -> None:
    kinds = [document["type"] for document in Fleet(n, 2).documents()]
    assert sum(kind.endswith("Compute/virtualMachines") for kind in kinds) == n
