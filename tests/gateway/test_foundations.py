"""Submit, poll and read back what the target needs, with the real clients."""

import time

import pytest

from replication.domain import ids
from replication.domain.problems import When
from replication.domain.specs import AvailabilitySetSpec, GroupSpec, NetworkSpec, StorageSpec, SubnetSpec
from replication.gateway.port import AzureError, Gateway

HERE = "southeastasia"


@pytest.fixture
def subscription(gateway: Gateway) -> str:
    return next(each.id for each in gateway.subscriptions() if each.name == "Contoso Production")


@pytest.fixture
def group(gateway: Gateway, subscription: str) -> GroupSpec:
    spec = GroupSpec(id=ids.group(subscription, "rg-made-asr"), location=HERE)
    made(gateway, spec)
    return spec


def made(gateway, spec, request_id="11111111-2222-3333-4444-555555555555"):
    """Submit the spec and look until it is over; the last look."""
    submitted = gateway.submit(spec, request_id=request_id)
    return over(gateway, submitted)


def over(gateway, submitted):
    """Look until the operation is over."""
    deadline = time.monotonic() + 20
    while not submitted.done:
        progress = gateway.poll(submitted.handle)
        if progress.state != "running":
            return progress
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return None


def specs(group):
    def within(type_, name):
        return ids.resource(group.id, type_, name)

    return {
        "network": NetworkSpec(
            id=within("Microsoft.Network/virtualNetworks", "vnet-made-asr"),
            location=HERE,
            prefixes=("10.9.0.0/16",),
            subnets=(SubnetSpec(name="a", prefix="10.9.1.0/24"), SubnetSpec(name="b", prefix="10.9.2.0/24")),
        ),
        "account": StorageSpec(
            id=within("Microsoft.Storage/storageAccounts", "stmadebythetest01"), location=HERE, sku="Standard_LRS"
        ),
        "set": AvailabilitySetSpec(
            id=within("Microsoft.Compute/availabilitySets", "avset-made-asr"),
            location=HERE,
            fault_domains=2,
            update_domains=5,
            aligned=True,
        ),
    }


def test_a_group_is_made_at_once_and_read_back(gateway, group):
    found = gateway.read(group)
    assert (found.state, group.differences(found.spec)) == ("ready", [])


@pytest.mark.parametrize("which", ["network", "account", "set"])
def test_what_is_made_is_read_back_as_specified(gateway, group, which):
    spec = specs(group)[which]
    assert gateway.read(spec) is None
    progress = made(gateway, spec)
    assert progress is None or progress.state == "succeeded"
    found = gateway.read(spec)
    assert (found.state, spec.differences(found.spec)) == ("ready", [])


def test_the_client_request_id_goes_out(gateway, group, simulator):
    spec = specs(group)["network"]
    made(gateway, spec, request_id="99999999-aaaa-bbbb-cccc-dddddddddddd")
    written = [each["client"] for each in simulator.control("GET", "log") if each["verb"] == "PUT"]
    assert "99999999-aaaa-bbbb-cccc-dddddddddddd" in written


def test_a_storage_account_is_closed_to_the_public_but_has_keys(gateway, group, subscription):
    spec = specs(group)["account"]
    made(gateway, spec)
    account = next(each for each in gateway.accounts(subscription) if ids.same(each.id, spec.id))
    assert (account.kind, account.shared_key) == ("StorageV2", True)


def test_a_difference_is_named(gateway, group):
    spec = GroupSpec(id=group.id, location="westeurope")
    found = gateway.read(spec)
    assert [each.field for each in spec.differences(found.spec)] == ["location"]


def test_a_conflict_is_never_and_has_advice(gateway, group):
    with pytest.raises(AzureError) as refused:
        gateway.submit(GroupSpec(id=group.id, location="westeurope"), request_id="r")
    problem = refused.value.problem
    assert (refused.value.status, problem.when, refused.value.acted) == (409, When.NEVER, False)
    assert problem.message
    assert problem.causes
    assert problem.action


def test_a_resource_in_no_group_is_refused_and_nothing_is_there(gateway, subscription):
    missing = GroupSpec(id=ids.group(subscription, "rg-nowhere"), location=HERE)
    assert gateway.read(missing) is None
    with pytest.raises(AzureError) as refused:
        gateway.submit(specs(missing)["network"], request_id="r")
    assert (refused.value.status, refused.value.problem.code) == (404, "ResourceGroupNotFound")


def test_a_handle_of_another_host_is_refused_before_the_token_leaves(gateway):
    with pytest.raises(AzureError) as refused:
        gateway.poll({"status": "https://example.org/operations/1"})
    assert (refused.value.problem.code, refused.value.problem.when) == ("OtherHost", When.NEVER)
