"""The scenario documents: every reference resolves, nothing exists twice, the same seed gives the same bytes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Any

import pytest

from simulator.scenarios import UnknownScenarioError, load
from simulator.scenarios.estate import as_bytes

Document = dict[str, Any]
ARM_ID = re.compile(r"^/subscriptions/[0-9a-f-]{36}/", re.IGNORECASE)
NAME_RULES = {
    "Microsoft.Compute/virtualMachines": r"[\w][\w.-]{0,62}\w?",
    "Microsoft.Compute/disks": r"[\w.-]{1,80}",
    "Microsoft.Network/networkInterfaces": r"\w[\w.-]{0,79}",
    "Microsoft.Network/virtualNetworks": r"\w[\w.-]{1,63}",
    "Microsoft.Storage/storageAccounts": r"[a-z0-9]{3,24}",
    "Microsoft.Resources/resourceGroups": r"[\w().-]{1,90}(?<!\.)",
    "Microsoft.RecoveryServices/vaults": r"[A-Za-z][A-Za-z0-9-]{1,49}",
}
# Not resources of their own: they live inside their parent, or belong to a provider that is not modelled.
INSIDE = ("/ipConfigurations/", "/frontendIPConfigurations/", "/securityRules/")
ELSEWHERE = (
    "/providers/microsoft.keyvault/",
    "/roledefinitions/",
    "/artifacttypes/",
    "/hostgroups/",
    "/virtualmachinescalesets/",
)


@pytest.fixture(scope="module", params=["tiny", "contoso", "pristine:60", "protected:20", "fleet:2000:3"])
def scenario(request: pytest.FixtureRequest) -> Document:
    scenario = load(request.param)
    scenario["resources"] = list(scenario["resources"])
    return scenario


def strings(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Every string in a document with the key it stands under."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner, path)
    elif isinstance(value, str):
        yield path, value


def machines(scenario: Document) -> dict[str, Document]:
    kind = "Microsoft.Compute/virtualMachines"
    return {document["id"]: document for document in scenario["resources"] if document["type"] == kind}


def test_every_id_is_unique(scenario: Document) -> None:
    counts = Counter(document["id"].lower() for document in scenario["resources"])
    assert [arm_id for arm_id, count in counts.items() if count > 1] == []


def test_every_reference_resolves(scenario: Document) -> None:
    owned = {document["id"].lower() for document in scenario["resources"]}
    owned |= {f"/subscriptions/{entry['subscriptionId']}" for entry in scenario["subscriptions"]}
    for document in scenario["resources"]:
        properties = document["properties"]
        owned |= {child["id"].lower() for child in properties.get("subnets", []) if "id" in child}
        owned |= {child["id"].lower() for child in properties.get("backendAddressPools", [])}
    dangling = [
        (document["id"], value)
        for document in scenario["resources"]
        for _, value in strings(document)
        if ARM_ID.match(value) and not any(part in value.lower() for part in ELSEWHERE)
        if not any(part in value for part in INSIDE) and value.lower() not in owned
    ]
    assert dangling == []


def test_every_resource_has_its_group(scenario: Document) -> None:
    groups = {d["id"].lower() for d in scenario["resources"] if d["type"] == "Microsoft.Resources/resourceGroups"}
    for document in scenario["resources"]:
        segments = document["id"].lower().split("/")
        assert len(segments) < 5 or segments[3] != "resourcegroups" or "/".join(segments[:5]) in groups


def test_names_follow_the_rules_of_their_types(scenario: Document) -> None:
    for document in scenario["resources"]:
        rule = NAME_RULES.get(document["type"])
        assert rule is None or re.fullmatch(rule, document["name"]), document["id"]
        assert document["id"].endswith(document["name"])


def test_windows_computer_names_have_at_most_15_characters(scenario: Document) -> None:
    for machine in machines(scenario).values():
        if machine["properties"]["storageProfile"]["osDisk"]["osType"] == "Windows":
            assert len(machine["properties"]["osProfile"]["computerName"]) <= 15


def test_addresses_lie_in_their_subnets_and_are_given_once(scenario: Document) -> None:
    prefixes = {
        subnet["id"]: subnet["properties"].get("addressPrefixes") or [subnet["properties"]["addressPrefix"]]
        for document in scenario["resources"]
        if document["type"] == "Microsoft.Network/virtualNetworks"
        for subnet in document["properties"]["subnets"]
    }
    given: Counter[tuple[str, str]] = Counter()
    for document in scenario["resources"]:
        for configuration in document["properties"].get("ipConfigurations", []):
            subnet = configuration["properties"]["subnet"]["id"]
            address = configuration["properties"]["privateIPAddress"]
            assert any(ip_address(address) in ip_network(prefix) for prefix in prefixes[subnet])
            given[subnet, address] += 1
    assert [where for where, count in given.items() if count > 1] == []


def test_disks_and_interfaces_know_their_machine(scenario: Document) -> None:
    by_id = {document["id"].lower(): document for document in scenario["resources"]}
    for machine in machines(scenario).values():
        for reference in machine["properties"]["networkProfile"]["networkInterfaces"]:
            owner = by_id[reference["id"].lower()]["properties"]["virtualMachine"]["id"]
            assert owner.lower() == machine["id"].lower()
        storage = machine["properties"]["storageProfile"]
        for attached in (storage["osDisk"], *storage["dataDisks"]):
            if "managedDisk" in attached:
                disk = by_id[attached["managedDisk"]["id"].lower()]
                owners = (disk["managedBy"], *disk.get("managedByExtended", []))
                assert machine["id"].lower() in [owner.lower() for owner in owners]
                assert disk["properties"]["diskSizeGB"] == attached["diskSizeGB"]


@pytest.mark.parametrize("name", ["tiny", "contoso", "pristine:20"])
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    assert as_bytes(load(name)) == as_bytes(load(name))


def test_two_loads_share_nothing() -> None:
    first, second = load("contoso"), load("contoso")
    for document in first["resources"]:
        _spoil(document)
    assert as_bytes(second) == as_bytes(load("contoso"))


def _spoil(value: Any) -> None:
    """Changes every object in a document, as careless readers do."""
    if isinstance(value, dict):
        for inner in value.values():
            _spoil(inner)
        value["spoilt"] = True
    elif isinstance(value, list):
        for inner in value:
            _spoil(inner)


def test_documents_of_one_scenario_share_no_part(scenario: Document) -> None:
    seen: dict[int, str] = {}

    def walk(value: Any, owner: str) -> None:
        if isinstance(value, dict | list) and value:
            assert seen.setdefault(id(value), owner) == owner
            for inner in value.values() if isinstance(value, dict) else value:
                walk(inner, owner)

    for document in scenario["resources"]:
        walk(document, document["id"])


def test_tiny_is_one_machine_and_one_vault() -> None:
    counts = Counter(document["type"] for document in load("tiny")["resources"])
    assert counts["Microsoft.Compute/virtualMachines"] == 1
    assert counts["Microsoft.RecoveryServices/vaults"] == 1


def test_pristine_makes_as_many_as_asked_in_as_many_groups() -> None:
    scenario = load("pristine:120:4")
    assert len(machines(scenario)) == 120
    assert len({m["id"].split("/")[4] for m in machines(scenario).values()}) == 4


def test_contoso_has_two_vaults_three_regions_and_both_models() -> None:
    scenario = load("contoso")
    kinds = Counter(document["type"] for document in scenario["resources"])
    assert kinds["Microsoft.RecoveryServices/vaults"] == 2
    assert kinds["Microsoft.ClassicCompute/virtualMachines"] == 3
    assert 55 <= kinds["Microsoft.Compute/virtualMachines"] <= 65
    assert {m["location"] for m in machines(scenario).values()} == {"eastasia", "japaneast", "northeurope"}


def test_the_documentation_names_every_machine_of_contoso() -> None:
    text = Path("docs/scenarios.md").read_text(encoding="utf-8")
    names = [d["name"] for d in load("contoso")["resources"] if d["type"].endswith("Compute/virtualMachines")]
    assert [name for name in names if f"`{name}`" not in text] == []


def test_contoso_starts_with_nothing_protected() -> None:
    assert not [d for d in load("contoso")["resources"] if "replicationFabrics" in d["id"]]


def test_an_unknown_scenario_is_named_in_the_error() -> None:
    with pytest.raises(UnknownScenarioError, match="no scenario and no file named nowhere"):
        load("nowhere")


@pytest.mark.parametrize("wrong", ["pristine", "tiny:1:2:3", "fleet:many", "contoso:x"])
def test_wrong_numbers_are_refused_with_what_is_right(wrong: str) -> None:
    with pytest.raises(UnknownScenarioError, match="takes these whole numbers: "):
        load(wrong)


@pytest.mark.parametrize("size", ["fleet:0", "fleet:10:1:99", "fleet:10:1:6:9"])
def test_a_fleet_that_cannot_be_built_is_refused(size: str) -> None:
    with pytest.raises(ValueError, match="A fleet has 1 to"):
        load(size)


def test_a_file_that_is_not_json_is_refused(tmp_path: Any) -> None:
    path = tmp_path / "world.json"
    path.write_text("{", encoding="utf-8")
    with pytest.raises(UnknownScenarioError, match="not a JSON document"):
        load(str(path))
