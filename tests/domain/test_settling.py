"""What Azure takes only after protection: how it is planned, and how asked and got are compared."""

from dataclasses import replace

import pytest

from replication.domain import ids
from replication.domain.choices import MachineChoice
from replication.domain.compiler import compile_plan
from replication.domain.plan import Plan, parse
from replication.domain.settling import address_refusal
from replication.domain.spec_table import from_json
from replication.domain.specs import InterfaceSpec, SettleSpec

from .estate import choices, facts, machine

NAMED = MachineChoice(target_name="erp-dr", target_size="Standard_D4s_v5", static_address="10.0.0.9")


def plan(*named: str, **changes: MachineChoice) -> Plan:
    machines = [machine(name) for name in (*named, *changes)]
    own = {each.id: changes[each.name] for each in machines if each.name in changes}
    return compile_plan(choices(own), facts(*machines))


def spec(of: Plan) -> SettleSpec:
    found = of.settlements[0].spec
    assert isinstance(found, SettleSpec)
    return found


def test_only_machines_that_ask_for_it_have_such_a_step() -> None:
    made = plan("plain", erp=NAMED)
    (step,) = made.settlements
    assert step.needs == (next(each.key for each in made.protections if each.title == "erp"),)
    assert step not in made.resources
    assert made.objections == ()
    assert spec(made).id == next(each.spec.id for each in made.protections if each.title == "erp")
    assert spec(made).interfaces[0].subnet_name == "app"
    assert ids.name(spec(made).network_id) == "vnet-erp-asr"


def test_the_settings_are_of_the_intent_and_survive_storing() -> None:
    made = plan(erp=NAMED)
    assert made.digest != plan(erp=replace(NAMED, target_size="Standard_D8s_v5")).digest
    assert parse(made.canonical()).settlements == made.settlements
    assert from_json(spec(made).to_json()) == spec(made)


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("target_name", "has spaces", "has spaces"),
        ("target_name", "a-name-too-long-for-windows", "Windows"),
        ("target_size", "<huge>", "Standard_D4s_v5"),
        ("static_address", "10.9.9.9", "does not lie in the target subnet, 10.0.0.0/24"),
        ("static_address", "ten", "no IPv4 address"),
    ],
)
def test_what_azure_would_not_take_is_objected_to(field: str, value: str, said: str) -> None:
    (objection,) = plan(erp=MachineChoice(**{field: value})).objections
    assert (objection.page, objection.field) == ("customize", field)
    assert said in objection.message


def test_two_machines_cannot_have_one_name_or_address() -> None:
    same = MachineChoice(target_name="one", static_address="10.0.0.9")
    assert [each.message for each in plan(a=same, b=same).objections] == [
        "b: one is asked for a, too.",
        "b: 10.0.0.9 is asked for a, too.",
    ]


@pytest.mark.parametrize("address", ["10.0.0.0", "10.0.0.3", "10.0.0.255"])
def test_azure_keeps_some_addresses(address: str) -> None:
    assert "for itself" in address_refusal(address, "10.0.0.0/24")


# --- asked and got --------------------------------------------------------------------------------------------------------------

NIC = "/subscriptions/S/resourceGroups/rg/providers/Microsoft.Network/networkInterfaces/nic-1"
ASKED = SettleSpec(
    id="/i", machine_id="/m", machine_name="erp", name="erp-dr", network_id="/n",
    interfaces=(InterfaceSpec(source_nic_id=NIC, subnet_name="app", static_address="10.0.0.9"),),
)  # fmt: skip
THERE = InterfaceSpec(
    source_nic_id=NIC.lower(), subnet_name="App", static_address="10.0.0.9", nic_id="guid", configuration="ipconfig1"
)
GOT = replace(ASKED, name="ERP-DR", size="Standard_B1s", network_id="/N", interfaces=(THERE,))


def test_interfaces_are_matched_by_their_source_without_case() -> None:
    assert ASKED.differences(GOT) == []


def test_a_difference_names_interface_and_field() -> None:
    got = replace(GOT, name="erp", interfaces=(replace(THERE, static_address=""),))
    assert [each.field for each in ASKED.differences(got)] == ["name", "interface nic-1 static_address"]
    assert [each.got for each in ASKED.differences(replace(GOT, interfaces=()))] == [None]


def test_azures_own_keys_are_added_and_other_interfaces_go_out_as_they_are() -> None:
    other = InterfaceSpec(source_nic_id="/other", subnet_name="data", nic_id="guid-2", configuration="c")
    bare = replace(THERE, static_address="")
    sent = ASKED.addressed(replace(GOT, interfaces=(bare, other)))
    assert [(each.nic_id, each.configuration, each.static_address) for each in sent.interfaces] == [
        ("guid", "ipconfig1", "10.0.0.9"),
        ("guid-2", "c", ""),
    ]
    assert replace(ASKED, interfaces=()).addressed(GOT).interfaces == ()
