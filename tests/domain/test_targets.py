"""Target settings beyond the article's: churn, zones, placement, keys, disks left out, replication groups, agent updates."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from replication.domain import ids, naming
from replication.domain.choices import DiskChoice, MachineChoice, PolicyChoice
from replication.domain.compiler import Resolver, compile_plan
from replication.domain.inventory import (
    AutomationAccount,
    CapacityGroup,
    Disk,
    EncryptionSet,
    Machine,
    Model,
    Nic,
    PlacementGroup,
    StorageAccount,
)
from replication.domain.plan import Plan, parse
from replication.domain.specs import AgentUpdateSpec, ProtectSpec, StorageSpec

from .estate import GROUP, NETWORK, SET, SUB, VAULT, choices, disk, facts, machine, network

ZONES = {"southeastasia": ("1", "2", "3"), "eastasia": ("1", "2", "3")}
TARGET_GROUP = ids.group(SUB, "rg-erp-asr")


def spec_of(plan: Plan) -> ProtectSpec:
    (step,) = plan.protections
    assert isinstance(step.spec, ProtectSpec)
    return step.spec


def said(plan: Plan) -> str:
    return " ".join(each.message for each in plan.objections)


def own(machine_: Machine, **choice: Any) -> dict[str, MachineChoice]:
    return {machine_.id: MachineChoice(**choice)}


def resource(type_: str, name: str) -> str:
    return ids.resource(TARGET_GROUP, type_, name)


@pytest.mark.parametrize("sku", ["PremiumV2_LRS", "UltraSSD_LRS"])
def test_fast_disks_replicate_with_high_churn_by_themselves(sku: str) -> None:
    fast = machine("db-01", disks=(disk("os", is_os=True), disk("data", sku=sku)))
    plan = compile_plan(choices(), facts(fast))
    assert plan.objections == ()
    assert spec_of(plan).churn == "High"
    (cache,) = (step.spec for step in plan.resources if step.title == "Cache storage account")
    assert isinstance(cache, StorageSpec)
    assert (cache.sku, cache.account_kind) == ("Premium_LRS", "BlockBlobStorage")
    assert "high churn only" in said(compile_plan(choices(own(fast, churn="Normal")), facts(fast)))
    without = own(fast, disks={ids.key(fast.disks[1].id): DiskChoice(excluded=True)})
    assert spec_of(compile_plan(choices(without), facts(fast))).churn == "Normal"


def test_normal_and_high_churn_have_cache_accounts_of_their_own() -> None:
    calm, busy = machine("a"), machine("b")
    plan = compile_plan(choices(own(busy, churn="High")), facts(calm, busy))
    caches = [step for step in plan.resources if step.title == "Cache storage account"]
    assert sorted(step.used_by for step in caches) == [1, 1]
    assert len({step.name for step in caches}) == 2
    normal, high = (ids.resource(GROUP, "Microsoft.Storage/storageAccounts", name) for name in ("stcalm", "stbusy"))
    chosen = choices(own(busy, churn="High"), cache_account_id=normal, high_cache_account_id=high)
    made = {step.spec.id: step.spec for step in compile_plan(chosen, facts(calm, busy)).resources if step.title == "Cache storage account"}
    assert {arm_id: (spec.sku, spec.account_kind) for arm_id, spec in made.items() if isinstance(spec, StorageSpec)} == {
        normal: ("Standard_LRS", "StorageV2"), high: ("Premium_LRS", "BlockBlobStorage"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("churn", "sku", "kind", "shared_key", "words"),
    [
        ("High", "Standard_LRS", "StorageV2", True, "high churn needs a premium block blob"),
        ("Normal", "Premium_LRS", "BlockBlobStorage", True, "normal churn needs a standard"),
        ("Normal", "Standard_LRS", "StorageV2", False, "does not allow shared keys"),
        ("Normal", "Standard_LRS", "StorageV2", True, ""),
        ("High", "Premium_LRS", "BlockBlobStorage", True, ""),
    ],
)
def test_the_cache_account_fits_the_churn(churn: str, sku: str, kind: str, shared_key: bool, words: str) -> None:
    one = machine()
    arm_id = ids.resource(GROUP, "Microsoft.Storage/storageAccounts", "stcache")
    there = StorageAccount(id=arm_id, name="stcache", location="eastasia", sku=sku, kind=kind, shared_key=shared_key)
    field = "high_cache_account_id" if churn == "High" else "cache_account_id"
    plan = compile_plan(choices(own(one, **{"churn": churn, field: arm_id})), facts(one, accounts={ids.key(arm_id): there}))
    assert (words in said(plan)) if words else plan.objections == ()


def test_a_storage_account_of_a_name_is_one_in_the_world() -> None:
    """Machines of two groups whose disks lie in one account share its mirror; two accounts that people name alike are objected to."""
    def vhd(name: str) -> Disk:
        return disk(name, managed=False, id=f"https://stsource.blob.core.windows.net/vhds/{name}.vhd")

    one, two = machine("a", disks=(vhd("a"),)), machine("b", resource_group="rg-other", disks=(vhd("b"),))
    plan = compile_plan(choices(), facts(one, two))
    (mirror,) = (step for step in plan.resources if step.title == "Target storage account")
    assert (mirror.used_by, ids.group_name(mirror.spec.id)) == (2, "rg-erp-asr")
    alike = {each.id: MachineChoice(storage_account_id=ids.resource(ids.group(SUB, group), "Microsoft.Storage/storageAccounts", "stalike"))
             for each, group in ((one, "rg-x"), (two, "rg-y"))}  # fmt: skip
    assert "Two storage accounts would get the name stalike" in said(compile_plan(choices(alike), facts(one, two)))


@given(st.from_regex(r"[a-z0-9]{3,24}", fullmatch=True))
def test_names_near_one_that_is_taken_are_others_and_valid(name: str) -> None:
    near = list(naming.alternatives(name))
    assert name not in near
    assert len(set(near)) == len(near) >= 3
    assert [naming.RULES["storage_account"].refusal(each) for each in near] == [""] * len(near)


def test_zones_mirror_the_source_where_the_target_has_them() -> None:
    zoned = machine(zones=("2",))
    assert spec_of(compile_plan(choices(), facts(zoned, zones=ZONES))).availability_zone == "2"
    assert spec_of(compile_plan(choices(), facts(zoned, zones={"southeastasia": ()}))).availability_zone == ""
    single = compile_plan(choices(availability_set_id="none"), facts(zoned, zones=ZONES))
    assert spec_of(single).availability_zone == ""
    plan = compile_plan(choices(own(zoned, availability_zone="3")), facts(zoned, zones={"southeastasia": ()}))
    assert "no availability zone 3" in said(plan)


def test_between_zones_one_fabric_two_containers_and_the_same_network() -> None:
    zoned = machine(zones=("1",))
    wanted = choices(location="eastasia")
    wanted = replace(wanted, source=replace(wanted.source, zonal=True))
    near = replace(VAULT, location="eastasia")
    plan = compile_plan(wanted, facts(zoned, zones=ZONES, vault=near))
    assert plan.objections == ()
    kinds = [step.spec.kind for step in plan.steps]
    assert (kinds.count("fabric"), kinds.count("container"), kinds.count("container_mapping")) == (1, 2, 2)
    assert kinds.count("network_mapping") == 0
    spec = spec_of(plan)
    assert (spec.availability_zone, spec.network_id) == ("2", zoned.network_id)
    assert spec.recovery_container_id not in spec.id
    assert "no availability zone" in said(compile_plan(wanted, facts(machine(), zones=ZONES)))


def test_placement_capacity_and_keys() -> None:
    ppg = ids.resource(GROUP, "Microsoft.Compute/proximityPlacementGroups", "ppg-erp")
    capacity = resource("Microsoft.Compute/capacityReservationGroups", "crg")
    keys = resource("Microsoft.Compute/diskEncryptionSets", "des")
    keyed = machine(
        disks=(disk("os", is_os=True, encryption_set_id="/source/des"), disk("data")), facts={"placementGroupId": ppg}
    )
    assert "choose a disk encryption set for os" in said(compile_plan(choices(), facts(keyed)))
    known = facts(
        keyed,
        capacity_groups={ids.key(capacity): CapacityGroup(id=capacity, name="crg", location="southeastasia")},
        encryption_sets={ids.key(keys): EncryptionSet(id=keys, name="des", location="southeastasia")},
    )
    plan = compile_plan(choices(capacity_group_id=capacity, encryption_set_id=keys), known)
    spec = spec_of(plan)
    assert plan.objections == ()
    assert (ids.name(spec.placement_group_id), spec.capacity_group_id) == ("ppg-erp-asr", capacity)
    assert [each.encryption_set_id for each in spec.managed_disks] == [keys, ""]  # only the disk with a key of one's own
    assert {step.spec.kind for step in plan.resources} >= {"placement_group", "capacity_group", "encryption_set"}
    away = replace(known.encryption_sets[ids.key(keys)], location="japaneast")
    moved = replace(known, encryption_sets={ids.key(keys): away})
    assert "does not lie in the target location" in said(compile_plan(choices(encryption_set_id=keys), moved))
    assert "not in Azure any more" in said(compile_plan(choices(capacity_group_id=capacity), facts(keyed)))
    group = PlacementGroup(id=spec.placement_group_id, name="ppg-erp-asr", location="southeastasia")
    again = compile_plan(choices(encryption_set_id=keys), replace(known, placement_groups={ids.key(group.id): group}))
    assert [step.reused for step in again.resources if step.spec.kind == "placement_group"] == [True]


def test_a_disk_is_left_out_or_has_types_of_its_own() -> None:
    one = machine(disks=(disk("os", is_os=True), disk("data"), disk("scratch")))
    data, scratch = (ids.key(each.id) for each in one.disks[1:])
    chosen = {data: DiskChoice(disk_type="Standard_LRS"), scratch: DiskChoice(excluded=True)}
    spec = spec_of(compile_plan(choices(own(one, disks=chosen)), facts(one)))
    assert [(ids.name(each.disk_id), each.replica_type, each.target_type) for each in spec.managed_disks] == [
        ("os", "Premium_LRS", "Premium_LRS"), ("data", "Standard_LRS", "Premium_LRS"),
    ]  # fmt: skip
    assert [ids.name(each) for each in spec.excluded_disks] == ["scratch"]
    system = own(one, disks={ids.key(one.disks[0].id): DiskChoice(excluded=True)})
    assert "cannot be left out" in said(compile_plan(choices(system), facts(one)))
    assert MachineChoice.from_json(MachineChoice(disks=chosen).to_json()).disks == chosen


@pytest.mark.parametrize(
    ("held", "zone", "blocked"), [(("1", "2"), "2", False), (("1", "2"), "3", True), (("1",), "", True), ((), "3", False)]
)
def test_reserved_capacity_lies_in_the_zone_of_the_machine(held: tuple[str, ...], zone: str, blocked: bool) -> None:
    capacity = resource("Microsoft.Compute/capacityReservationGroups", "crg")
    group = CapacityGroup(id=capacity, name="crg", location="southeastasia", zones=held)
    known = facts(machine(), capacity_groups={ids.key(capacity): group}, zones=ZONES)
    plan = compile_plan(choices(capacity_group_id=capacity, availability_zone=zone), known)
    assert ("crg holds capacity in zone" in said(plan)) is blocked
    assert len(plan.objections) == blocked


def test_a_replication_group_has_sixteen_machines() -> None:
    many = [machine(f"m{number:02}") for number in range(17)]
    within = compile_plan(choices(replication_group="erp"), facts(*many[:16]))
    assert within.objections == ()
    assert "17 machines" in said(compile_plan(choices(replication_group="erp"), facts(*many)))
    assert "1 of them replicated already" in said(
        compile_plan(choices(replication_group="ERP"), facts(*many[:16], members={"erp": 1}))
    )
    off = choices(replication_group="erp", policy=PolicyChoice(multi_vm=False))
    assert "multi-VM consistency" in said(compile_plan(off, facts(*many[:2])))


def test_agent_updates_are_a_change_and_keep_the_digest() -> None:
    account = AutomationAccount(id=resource("Microsoft.Automation/automationAccounts", "aa"), name="aa", location="southeastasia")
    known = facts(machine(), automation_accounts={ids.key(account.id): account})
    assert "Choose the automation account" in said(compile_plan(choices(agent_updates="service"), known))
    plan = compile_plan(choices(agent_updates="service", automation_account_id=account.id), known)
    assert plan.objections == ()
    (step,) = (step for step in plan.steps if isinstance(step.spec, AgentUpdateSpec))
    assert (step.spec.automation_account_id, step.reused) == (account.id, True)  # a new mapping is made with it
    assert plan.digest != compile_plan(choices(), known).digest
    assert parse(plan.canonical()).digest == plan.digest


@pytest.mark.parametrize(
    ("kind", "pattern", "fits"),
    [
        ("virtual_network", "dr-{target}-{name}", True),
        ("virtual_network", "{name}{name}", False),
        ("virtual_network", "fixed", False),
        ("virtual_network", "{nome}-asr", False),
        ("virtual_network", "-{name}", False),
        ("virtual_network", "{name}-" + "x" * 60, False),
        ("storage_account", "{name}dr", True),
        ("storage_account", "{name}-dr", False),
        ("cache_account", "c{hash}{vault}", True),
        ("cache_account", "{vault}asrcache", False),
        ("resource_group", "{name}.", False),
    ],
)
def test_naming_rules_are_looked_at_before_they_hold(kind: str, pattern: str, fits: bool) -> None:
    assert (naming.pattern_refusal(kind, pattern) == "") is fits


def test_names_follow_the_rules_and_stay_apart() -> None:
    rules = naming.Naming({"virtual_network": "dr-{target}-{name}"})
    plan = compile_plan(choices(), facts(machine(), naming=rules))
    (network,) = (step for step in plan.resources if step.spec.kind == "virtual_network")
    assert network.name == "dr-southeastasia-vnet-erp"
    one, two = (rules.made("virtual_network", "x" * 63 + end, target="southeastasia") for end in "ab")
    assert one != two
    assert max(map(len, (one, two))) == 64


def nic(network_id: str = NETWORK, subnet: str = "app") -> tuple[Nic, ...]:
    return (Nic(id="/nic", name="nic", primary=True, subnet_id=f"{network_id}/subnets/{subnet}"),)


OTHER_NETWORK = ids.resource(GROUP, "Microsoft.Network/virtualNetworks", "vnet-other")
DATA = disk("data", sku="UltraSSD_LRS")
CLASSIC: dict[str, Any] = {"model": Model.CLASSIC}
OWN = {
    "network_id": resource("x", "vnet"), "subnet_name": "data", "cache_account_id": resource("x", "st"), "churn": "High",
    "availability_set_id": "none", "availability_zone": "3", "placement_group_id": resource("x", "ppg"),
    "capacity_group_id": resource("x", "crg"), "replication_group": "erp",
}  # fmt: skip


@pytest.mark.parametrize(
    ("common", "change", "chosen"),
    [
        ({}, {"subscription_id": "22222222-2222-2222-2222-222222222222"}, {}),
        ({}, {"resource_group": "rg-other", "nics": nic(OTHER_NETWORK)}, {}),
        ({}, {"nics": nic(OTHER_NETWORK)}, {}),
        ({}, {"nics": nic(subnet="data")}, {}),
        ({}, {"nics": ()}, {}),
        ({}, {"availability_set_id": SET}, {}),
        ({}, {"zones": ("2",)}, {}),
        ({}, {"facts": {"placementGroupId": "/ppg"}}, {}),
        ({}, {"disks": (disk("os", is_os=True), DATA)}, {}),
        ({"disks": (DATA,)}, {}, {"disks": {ids.key(DATA.id): DiskChoice(excluded=True)}}),
        ({}, CLASSIC, {}),
        (CLASSIC | {"cloud_service_id": "/one"}, {"cloud_service_id": "/two"}, {}),
        (CLASSIC, {}, {}),
        ({"nics": ()}, {}, {"group_id": resource("x", "rg")}),
        *(({"availability_set_id": SET}, {}, {name: value}) for name, value in OWN.items()),
    ],
)
def test_machines_that_differ_in_what_leads_elsewhere_have_targets_of_their_own(
    common: dict[str, Any], change: dict[str, Any], chosen: dict[str, Any]
) -> None:
    one, other = machine("a", **common), machine("b", **common | change)
    known = facts(one, other, zones=ZONES, networks={ids.key(each.id): each for each in (network(), network(OTHER_NETWORK))})
    wanted = choices(own(other, **chosen))
    together = Resolver(wanted, known)
    targets = [together.target(each) for each in (one, other)]
    assert targets == [Resolver(wanted, known).target(each) for each in (one, other)]
    assert targets[0] != targets[1]


def test_machines_that_are_alike_share_a_target() -> None:
    """Names, sizes and the disks' own choices lead nowhere else."""
    one, other = machine("a"), machine("b", size="Standard_D8s_v5", disks=(disk("os", is_os=True), disk("more")))
    typed = own(other, disks={ids.key(other.disks[1].id): DiskChoice(excluded=True, disk_type="Standard_LRS")}, target_name="c")
    resolve = Resolver(choices(typed), facts(one, other))
    assert resolve.target(one) is resolve.target(other)


def test_what_stands_against_machines_that_are_alike_is_said_of_each() -> None:
    """A cache account of the wrong kind, and a network that was never read."""
    arm_id = ids.resource(GROUP, "Microsoft.Storage/storageAccounts", "stcache")
    wrong = StorageAccount(id=arm_id, name="stcache", location="eastasia", sku="Standard_LRS", kind="StorageV2", shared_key=False)
    known = facts(machine("a"), machine("b"), accounts={ids.key(arm_id): wrong}, networks={})
    objections = compile_plan(choices(cache_account_id=arm_id), known).objections
    for words in ("does not allow shared keys", "its virtual network is not in the inventory"):
        assert [each.message[:2] for each in objections if words in each.message] == ["a:", "b:"]


def test_every_source_network_is_mapped_to_the_one_that_was_chosen_for_all() -> None:
    machines = [machine("a"), machine("b", nics=nic(OTHER_NETWORK)), machine("c", nics=nic(OTHER_NETWORK))]
    plan = compile_plan(choices(network_id=resource("Microsoft.Network/virtualNetworks", "vnet-dr")), facts(*machines))
    forth = {step.key: step.used_by for step in plan.resources if step.key.startswith("network_mapping:") and step.used_by}
    assert sorted(forth.values()) == [1, 2]
    assert {need for step in plan.protections for need in step.needs if need in forth} == set(forth)
