"""What the gateway reads of the scenario, through list calls of the official SDKs."""

from collections import Counter
from dataclasses import replace

import pytest

from replication.domain import drift, ids
from replication.domain import inventory as inv
from replication.domain.documents import to_json
from replication.gateway.port import AzureError, Gateway

PRODUCTION = "Contoso Production"


@pytest.fixture
def production(gateway: Gateway) -> str:
    return next(each.id for each in gateway.subscriptions() if each.name == PRODUCTION)


@pytest.fixture
def machines(gateway: Gateway, production: str) -> dict[str, inv.Machine]:
    return {each.name: each for each in gateway.machines(production)}


def test_subscriptions_and_regions(gateway, production):
    assert {each.state for each in gateway.subscriptions()} == {"Enabled"}
    assert {each.name: each.paired for each in gateway.locations(production)}["eastasia"] == "southeastasia"


def test_vaults_say_where_they_are(gateway, production):
    assert [(each.name, each.location, each.resource_group) for each in gateway.vaults(production)] == [
        ("rsv-dr-sea", "southeastasia", "rg-dr-sea")
    ]


def test_machines_of_both_models_with_power_disks_and_interfaces(machines):
    assert Counter(each.model for each in machines.values()) == {inv.Model.RESOURCE_MANAGER: 60, inv.Model.CLASSIC: 3}
    assert machines["lab-off-01"].power in {inv.Power.STOPPED, inv.Power.DEALLOCATED}
    web = machines["crm-web-01"]
    assert (web.power, web.provisioning_state, web.os_type) == (inv.Power.RUNNING, "Succeeded", "Linux")
    assert web.disks[0].is_os
    assert web.disks[0].sku
    assert web.disks[0].size_gib
    assert web.network_id
    assert web.subnet_name
    assert ids.name(web.availability_set_id) == "avset-crm-web"


def test_unmanaged_disks_know_their_account(machines):
    disks = machines["legacy-app-01"].disks
    assert all(not disk.managed and disk.account_id and disk.sku for disk in disks)


def test_classic_machines_are_in_a_cloud_service(machines):
    classic = machines["cls-batch-01"]
    assert classic.cloud_service_id
    assert classic.power is inv.Power.DEALLOCATED
    assert classic.disks[0].id.startswith("https://")


def test_facts_for_the_rules(machines):
    assert machines["lab-arm-01"].facts["architecture"] == "Arm64"
    assert machines["lab-nvme-01"].facts["diskController"] == "NVMe"
    assert machines["stray-app-01"].facts["groupLocation"] != machines["stray-app-01"].location
    assert any(disk.facts.get("maxShares", 1) > 1 for disk in machines["lab-cluster-01"].disks)
    assert any(disk.facts.get("writeAccelerator") for disk in machines["lab-wacc-01"].disks)
    assert machines["lab-ephemeral-01"].disks[0].facts["ephemeral"]


def test_networks_accounts_and_sets(gateway, production):
    network = next(each for each in gateway.networks(production) if each.name == "vnet-hub-sea")
    assert network.prefixes == ("10.60.0.0/16",)
    assert ("snet-recovered", "10.60.1.0/24") in {(each.name, each.prefix) for each in network.subnets}
    kinds = {each.kind for each in gateway.accounts(production)}
    assert {"BlockBlobStorage", "StorageV2", "Classic"} <= kinds
    assert all(each.fault_domains >= 1 for each in gateway.availability_sets(production))


def test_an_unknown_subscription_is_refused_in_azures_words(gateway):
    with pytest.raises(AzureError) as refused:
        list(gateway.groups("99999999-9999-9999-9999-999999999999"))
    assert refused.value.status in {403, 404}
    assert refused.value.problem.code in {"SubscriptionNotFound", "AuthorizationFailed"}


def test_a_classic_network_is_a_network_with_subnets(gateway, production, machines):
    network = next(each for each in gateway.networks(production) if "ClassicNetwork" in each.id)
    assert ids.same(machines["cls-web-01"].network_id, network.id)
    assert machines["cls-web-01"].subnet_name in {each.name for each in network.subnets}


@pytest.mark.parametrize("names", [["crm-web-01", "lab-off-01", "cls-batch-01"], None], ids=["few", "all"])
def test_machines_tell_themselves_how_they_stand(gateway, machines, names):
    """As the inventory has them, whether asked for one by one or by list; who is gone is left out."""
    wanted = [machines[name] for name in names or machines]
    gone = f"{machines['crm-web-01'].id}-gone"
    standing = {each.name: each for each in gateway.standing([each.id for each in wanted] + [gone])}
    assert set(standing) == {each.name for each in wanted}
    for each in wanted:
        now = standing[each.name]
        assert (now.location, now.power, now.provisioning_state) == (each.location, each.power, each.provisioning_state)
        assert [disk.id for disk in now.disks] == [disk.id for disk in each.disks]
        assert drift.as_it_stands(each, now) == each
        assert drift.stands_as_known(to_json(each), now)
        assert not drift.stands_as_known(to_json(each), replace(now, power=inv.Power.STOPPING))
        assert not drift.stands_as_known(to_json(each), replace(now, disks=()))
