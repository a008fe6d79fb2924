"""Name, size and interface of the future machine, with the real clients: refused before protection, applied and read back after it."""

import time

from replication.domain import ids
from replication.domain.specs import InterfaceSpec, SettleSpec
from replication.gateway.port import Gateway
from tests.gateway.estate import make, world_of


def until_ready(gateway: Gateway, spec: SettleSpec) -> SettleSpec:
    """The settings as they are, once Azure takes others."""
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline:
        found = gateway.read(spec)
        if found and found.state == "ready":
            assert isinstance(found.spec, SettleSpec)
            return found.spec
        time.sleep(0.2)
    raise AssertionError(f"not ready: {found}")


def test_settings_are_applied_to_a_protected_machine(gateway: Gateway) -> None:
    world = world_of(gateway, "crm-db-01")
    for spec in world.foundations:
        make(gateway, spec)
    nic = InterfaceSpec(
        source_nic_id=world.machine.nics[0].id.upper(),
        subnet_name=world.machine.subnet_name,
        static_address="10.77.1.9",
    )
    settings = SettleSpec(
        id=world.protect.id, machine_id=world.machine.id, machine_name=world.machine.name, name="crm-db-dr",
        size="Standard_D4s_v5", network_id=world.network.id, interfaces=(nic,),
    )  # fmt: skip
    assert gateway.read(settings) is None
    make(gateway, world.protect)
    early = gateway.read(settings)
    assert (early.state, bool(settings.differences(early.spec))) == ("unfinished", True)

    got = until_ready(gateway, settings)
    assert settings.interface(nic.source_nic_id)
    submitted = gateway.submit(settings.addressed(got), request_id="5e771e00-0000-0000-0000-000000000001")
    assert "/replicationJobs/" in submitted.job_id
    while gateway.poll(submitted.handle).state == "running":
        time.sleep(0.1)
    assert gateway.poll(submitted.handle).state == "succeeded"
    after = gateway.read(settings)
    assert settings.differences(after.spec) == []
    assert gateway.job(submitted.job_id).activity_id.startswith("5e771e00-0000-0000-0000-000000000001")
    listed = next(each for each in gateway.protections(world.vault.id) if ids.same(each.spec.id, world.protect.id))
    assert listed.facts["settled"].spec.name == "crm-db-dr"
