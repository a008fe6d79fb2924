"""The plan compiler against the article's rules."""

from dataclasses import replace

import pytest

from replication.domain import ids
from replication.domain.choices import MachineChoice, PolicyChoice
from replication.domain.compiler import compile_plan
from replication.domain.inventory import (
    AvailabilitySet,
    Container,
    ContainerMapping,
    Fabric,
    NetworkMapping,
    Policy,
    Power,
    ResourceGroup,
    Site,
)
from replication.domain.plan import Plan, PlannedStep, parse
from replication.domain.specs import NetworkSpec, PolicySpec, ProtectSpec, StorageSpec

from .estate import GROUP, NETWORK, SET, SUB, VAULT, account, choices, disk, facts, machine, network


def named(plan: Plan, title: str) -> list[PlannedStep]:
    return [step for step in plan.steps if step.title == title]


def only(plan: Plan, kind: str) -> PlannedStep:
    (step,) = (step for step in plan.steps if step.spec.kind == kind)
    return step


def protection(plan: Plan) -> ProtectSpec:
    spec = plan.protections[0].spec
    assert isinstance(spec, ProtectSpec)
    return spec


def test_the_articles_defaults() -> None:
    plan = compile_plan(choices(), facts(machine(availability_set_id=SET)))
    assert plan.objections == ()
    group, vnet, avset, policy = (only(plan, k) for k in ("resource_group", "virtual_network", "availability_set", "policy"))
    assert [step.name for step in (group, vnet, avset)] == ["rg-erp-asr", "vnet-erp-asr", "avset-erp-asr"]
    assert {step.location for step in (group, vnet, avset)} == {"southeastasia"}
    assert isinstance(policy.spec, PolicySpec)
    assert (policy.name, policy.spec.retention, policy.spec.app_consistent) == ("24-hour-retention-policy", 1440, 60)
    (cache,) = named(plan, "Cache storage account")
    assert cache.location == "eastasia"
    assert ids.group_name(cache.spec.id) == "rg-dr"  # the vault's own group
    assert not any(step.reused for step in plan.steps)


def test_a_new_network_is_identical_to_its_source() -> None:
    spec = only(compile_plan(choices(), facts(machine())), "virtual_network").spec
    assert isinstance(spec, NetworkSpec)
    assert spec.prefixes == ("10.0.0.0/16",)
    assert [(subnet.name, subnet.prefix) for subnet in spec.subnets] == [("app", "10.0.0.0/24"), ("data", "10.0.1.0/24")]


def test_both_fabrics_containers_and_mappings_both_ways() -> None:
    plan = compile_plan(choices(), facts(machine()))
    kinds = [step.spec.kind for step in plan.steps]
    for kind in ("fabric", "container", "container_mapping", "network_mapping"):
        assert kinds.count(kind) == 2, kind


def test_every_need_is_planned_and_comes_no_later() -> None:
    plan = compile_plan(choices(), facts(machine("a", availability_set_id=SET), machine("b")))
    stages = {step.key: step.stage for step in plan.steps}
    for step in plan.steps:
        assert all(stages[need] <= step.stage for need in step.needs), step.key


def test_what_exists_is_reused() -> None:
    group = ResourceGroup(id=ids.group(SUB, "RG-ERP-asr"), name="RG-ERP-asr", location="southeastasia")
    there = network(f"{group.id}/providers/Microsoft.Network/virtualNetworks/vnet-erp-asr", "southeastasia", "zeta", "alpha")
    policy = Policy(id="/p/24-hour-retention-policy", name="24-hour-retention-policy", retention=60, app_consistent=0)
    plan = compile_plan(
        choices(),
        facts(
            machine(),
            groups={ids.key(group.id): group},
            networks={ids.key(NETWORK): network(), ids.key(there.id): there},
            site=Site(policies=(policy,)),
        ),
    )
    assert only(plan, "resource_group").reused
    assert only(plan, "virtual_network").reused
    assert only(plan, "policy").reused
    assert protection(plan).recovery_group_id == group.id  # as Azure writes it
    assert protection(plan).subnet_name == "alpha"  # none has the source's name: the first by alphabet


def test_one_fabric_a_region_found_by_region_not_by_name() -> None:
    fabric = Fabric(id=f"{VAULT.id}/replicationFabrics/made-by-hand", name="made-by-hand", location="East Asia")
    container = Container(id=f"{fabric.id}/replicationProtectionContainers/c", name="c", fabric_id=fabric.id.upper())
    plan = compile_plan(choices(), facts(machine(), site=Site(fabrics=(fabric,), containers=(container,))))
    by_key = {step.key: step for step in plan.steps}
    assert by_key["fabric:eastasia"].reused
    assert by_key["container:eastasia"].spec.id == container.id
    assert protection(plan).id.startswith(container.id)


def test_a_container_mapping_is_recognised_by_what_it_maps() -> None:
    plan = compile_plan(choices(), facts(machine()))
    by_key = {step.key: step.spec for step in plan.steps}
    mapping = ContainerMapping(
        id="/made/by/somebody",
        name="x",
        container_id=by_key["container:eastasia"].id,
        target_container_id=by_key["container:southeastasia"].id.upper(),
        policy_id=by_key["policy"].id,
    )
    again = compile_plan(choices(), facts(machine(), site=Site(container_mappings=(mapping,))))
    assert {step.key: step for step in again.steps}["container_mapping:eastasia"].spec.id == "/made/by/somebody"


def test_a_mapped_network_is_the_default() -> None:
    other = network(ids.resource(ids.group(SUB, "rg-net"), "Microsoft.Network/virtualNetworks", "vnet-dr"), "southeastasia")
    mapping = NetworkMapping(id="/m", name="m", primary_network_id=NETWORK.lower(), recovery_network_id=other.id.lower())
    known = facts(
        machine(), networks={ids.key(NETWORK): network(), ids.key(other.id): other}, site=Site(network_mappings=(mapping,))
    )
    assert protection(compile_plan(choices(), known)).network_id == other.id


def test_machines_of_two_groups_on_one_network_share_its_target() -> None:
    second = replace(machine("erp-02"), id=machine("erp-02").id.replace("rg-erp", "rg-two"), resource_group="rg-two")
    plan = compile_plan(choices(), facts(machine(), second))
    assert only(plan, "virtual_network").used_by == 2
    assert {step.name for step in plan.steps if step.spec.kind == "resource_group"} == {"rg-erp-asr", "rg-two-asr"}


def test_customising_one_machine_leaves_the_others() -> None:
    one, two = machine("erp-01"), machine("erp-02")
    own = {one.id: MachineChoice(group_id=ids.group(SUB, "rg-own"), disk_type="StandardSSD_LRS", subnet_name="data")}
    plan = compile_plan(choices(own), facts(one, two))
    first, second = (step.spec for step in plan.protections)
    assert isinstance(first, ProtectSpec)
    assert isinstance(second, ProtectSpec)
    assert (ids.name(first.recovery_group_id), first.subnet_name) == ("rg-own", "data")
    assert {(disk.replica_type, disk.target_type) for disk in first.managed_disks} == {("StandardSSD_LRS", "Premium_LRS")}
    assert ids.name(second.recovery_group_id) == "rg-erp-asr"
    assert {disk.target_type for disk in second.managed_disks} == {"Premium_LRS"}


def test_only_machines_in_a_set_get_one() -> None:
    chosen = ids.resource(ids.group(SUB, "rg-erp-asr"), "Microsoft.Compute/availabilitySets", "mine")
    plan = compile_plan(choices(availability_set_id=chosen), facts(machine("in", availability_set_id=SET), machine("out")))
    sets = {step.title: getattr(step.spec, "availability_set_id", "") for step in plan.protections}
    assert sets == {"in": chosen, "out": ""}


def test_a_set_that_exists_must_lie_in_the_machines_target_group() -> None:
    """A new one is made there; the group may be changed after the set was chosen."""
    chosen = ids.resource(ids.group(SUB, "rg-erp-asr"), "Microsoft.Compute/availabilitySets", "mine")
    there = AvailabilitySet(id=chosen, name="mine", location="southeastasia", fault_domains=2, update_domains=5, aligned=True)
    known = facts(machine("in", availability_set_id=SET), machine("out"))
    for group, sets, refused in (("rg-erp-asr", {}, 0), ("rg-own", {}, 0), ("rg-ERP-asr", {ids.key(chosen): there}, 0),
                                 ("rg-own", {ids.key(chosen): there}, 1)):  # fmt: skip
        made = choices(availability_set_id=chosen, group_id=ids.group(SUB, group))
        plan = compile_plan(made, replace(known, sets=known.sets | sets))
        found = [each.message for each in plan.objections if each.field == "availability_set_id"]
        said = "in: Azure wants a machine and its availability set in one resource group; mine lies in rg-erp-asr, not in rg-own."
        assert found == [said] * refused, (group, sets)


def test_unmanaged_disks_mirror_their_account() -> None:
    source = account("erpstore")
    blob = disk("https://erpstore.blob.core.windows.net/vhds/os.vhd", managed=False, is_os=True, account_id=source.id)
    plan = compile_plan(choices(), facts(machine(disks=(blob,)), accounts={ids.key(source.id): source}))
    (target,) = named(plan, "Target storage account")
    assert isinstance(target.spec, StorageSpec)
    assert (target.name, target.spec.sku, target.location) == ("erpstoreasr", "Premium_LRS", "southeastasia")
    assert protection(plan).unmanaged_disks[0].target_account_id == target.spec.id
    assert target.key in plan.protections[0].needs


@pytest.mark.parametrize(("hours", "objections"), [(72, 0), (73, 1)])
def test_unmanaged_disks_keep_points_for_three_days_at_most(hours: int, objections: int) -> None:
    source = account("erpstore")
    blob = disk("https://erpstore.blob.core.windows.net/vhds/os.vhd", managed=False, is_os=True, account_id=source.id)
    known = facts(machine("old", disks=(blob,)), machine("new"), accounts={ids.key(source.id): source})
    plan = compile_plan(choices(policy=PolicyChoice(retention_hours=hours)), known)
    assert len([each for each in plan.objections if "72 hours" in each.message]) == objections


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"power": Power.DEALLOCATED}, "deallocated"),
        ({"provisioning_state": "Failed"}, "Failed"),
        ({"location": "japaneast"}, "does not belong to the source"),
    ],
)
def test_machines_that_cannot_be_replicated_are_objected_to(change: dict[str, object], sentence: str) -> None:
    plan = compile_plan(choices(), facts(machine(**change)))
    assert any(sentence in objection.message for objection in plan.objections)


def test_a_machine_replicated_elsewhere_is_objected_to() -> None:
    one = machine()
    plan = compile_plan(choices(), facts(one, protected={ids.key(one.id): "rsv-other"}))
    assert "Already replicated in rsv-other." in plan.objections[0].message


def test_target_in_the_source_region_is_refused() -> None:
    assert compile_plan(choices(location="eastasia"), facts(machine())).objections
    in_source = {"group_id": GROUP}
    assert any("source location" in o.message for o in compile_plan(choices(**in_source), facts(machine())).objections)


def test_the_digest_is_of_the_intent() -> None:
    plan = compile_plan(choices(), facts(machine()))
    made = {ids.key(step.spec.id): "run 1" for step in plan.resources}
    after = compile_plan(choices(), facts(machine(), made=made))
    assert all(step.reused for step in after.resources)
    assert after.digest == plan.digest  # our own writes change no intent
    other_policy = compile_plan(choices(policy=PolicyChoice(retention_hours=48)), facts(machine()))
    assert other_policy.digest != plan.digest
    assert compile_plan(choices(), facts(machine("erp-02"))).digest != plan.digest


def test_a_stored_plan_is_the_plan() -> None:
    plan = compile_plan(choices(), facts(machine(availability_set_id=SET), machine("b")))
    assert parse(plan.canonical()).steps == plan.steps
    assert parse(plan.canonical()).digest == plan.digest
    assert parse(plan.canonical()).canonical() == plan.canonical()
