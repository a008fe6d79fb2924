"""What the gateway makes of everything that can go wrong on the wire; how often each request really arrived."""

import time

import pytest

from replication.domain import ids
from replication.domain.problems import When
from replication.domain.specs import GroupSpec, StorageSpec
from replication.gateway.clients import open_gateway
from replication.gateway.port import AzureError, Gateway


@pytest.fixture
def subscription(gateway: Gateway) -> str:
    return next(each.id for each in gateway.subscriptions() if each.name == "Contoso Production")


@pytest.fixture
def group(subscription: str) -> GroupSpec:
    return GroupSpec(id=ids.group(subscription, "rg-of-a-fault"), location="southeastasia")


@pytest.fixture
def plan(simulator):
    """Load a plan of faults, and begin the log anew."""

    def load(*lines):
        simulator.control("DELETE", "log")
        simulator.control("PUT", "faults", list(lines))

    yield load
    simulator.control("DELETE", "faults")


def arrived(simulator, method):
    return [each for each in simulator.control("GET", "log") or [] if each["verb"] == method]


def refused(call, *arguments, **options):
    with pytest.raises(AzureError) as error:
        call(*arguments, **options)
    return error.value


WRITES = [
    # fault, status, when, acted
    ({"do": "status", "status": 500, "code": "InternalServerError"}, 500, When.NOW, True),
    ({"do": "status", "status": 503, "code": "ServiceUnavailable", "when": "after"}, 503, When.NOW, True),
    (
        {"do": "status", "status": 429, "code": "SubscriptionRequestsThrottled", "retry_after": 7},
        429,
        When.LATER,
        False,
    ),
    ({"do": "status", "status": 429, "code": "TooManyRequests"}, 429, When.LATER, False),
    ({"do": "status", "status": 403, "code": "AuthorizationFailed"}, 403, When.NEVER, False),
    ({"do": "status", "status": 409, "code": "AnotherOperationInProgress"}, 409, When.LATER, False),
    ({"do": "status", "status": 409, "code": "ScopeLocked"}, 409, When.NEVER, False),
    ({"do": "reset"}, None, When.NOW, True),
    ({"do": "reset", "when": "after"}, None, When.NOW, True),
    ({"do": "expired"}, 401, When.NOW, False),
]


@pytest.mark.parametrize(("fault", "status", "when", "acted"), WRITES)
def test_a_write_is_sent_once_and_its_trouble_is_named(gateway, group, simulator, plan, fault, status, when, acted):
    plan({"verb": "PUT", "nth": 1} | fault)
    error = refused(gateway.submit, group, request_id="r")
    assert (error.problem.when, error.acted) == (when, acted)
    assert status in {None, error.status}
    assert error.problem.retry_after == fault.get("retry_after", 0)
    assert error.problem.message
    assert len(arrived(simulator, "PUT")) == 1


def test_a_read_is_sent_again_once_after_a_passing_fault(gateway, subscription, simulator, plan):
    plan({"verb": "LIST", "nth": 1, "do": "status", "status": 503, "code": "ServiceUnavailable"})
    assert list(gateway.groups(subscription))
    assert len(arrived(simulator, "LIST")) == 2


def test_a_read_that_should_wait_long_is_given_back(gateway, subscription, plan):
    plan({"verb": "LIST", "nth": 1, "do": "status", "status": 429, "code": "TooManyRequests", "retry_after": 60})
    error = refused(lambda: list(gateway.groups(subscription)))
    assert (error.problem.when, error.problem.retry_after) == (When.LATER, 60)


def test_half_a_list_is_no_list(gateway, subscription, plan):
    plan({"verb": "LIST", "do": "truncate"})
    error = refused(lambda: list(gateway.groups(subscription)))
    assert (error.problem.when, error.acted) == (When.NOW, False)


def test_half_an_answer_to_a_write_may_have_acted(gateway, group, plan):
    plan({"verb": "PUT", "nth": 1, "do": "truncate", "when": "after"})
    error = refused(gateway.submit, group, request_id="r")
    assert (error.problem.when, error.acted) == (When.NOW, True)
    assert gateway.read(group) is not None


def test_a_refused_token_is_replaced_before_the_next_exchange(place, simulator, subscription):
    open_gateway(place).subscriptions()
    simulator.control("POST", "tokens/revoke")
    time.sleep(1.1)  # a token says when it was issued in whole seconds
    assert refused(open_gateway(place).subscriptions).status == 401
    assert open_gateway(place).subscriptions()


# -- operations ---------------------------------------------------------------------------------------------------------


def account(gateway, group):
    gateway.submit(group, request_id="g")
    name = ids.resource(group.id, "Microsoft.Storage/storageAccounts", "stofafault01")
    return StorageSpec(id=name, location=group.location, sku="Standard_LRS")


def looked(gateway, submitted):
    """Look until the operation no longer runs."""
    progress = gateway.poll(submitted.handle)
    while progress.state == "running":
        progress = gateway.poll(submitted.handle)
    return progress


@pytest.mark.parametrize("outcome", ["Failed", "Canceled"])
def test_an_operation_that_fails_says_why(gateway, group, plan, outcome):
    spec = account(gateway, group)
    plan({"verb": "PUT", "nth": 1, "do": "operation", "outcome": outcome, "code": "Broken", "message": "It broke."})
    progress = looked(gateway, gateway.submit(spec, request_id="r"))
    assert progress.state == "failed"
    assert progress.problem.message


def test_a_lost_operation_is_lost(gateway, group, plan):
    spec = account(gateway, group)
    plan({"verb": "PUT", "nth": 1, "do": "lost"})
    assert looked(gateway, gateway.submit(spec, request_id="r")).state == "lost"


def test_a_state_that_cannot_be_read_says_nothing_about_the_operation(gateway, group, plan):
    spec = account(gateway, group)
    submitted = gateway.submit(spec, request_id="r")
    plan({"verb": "POLL", "do": "status", "status": 500, "code": "InternalServerError"})
    assert refused(gateway.poll, submitted.handle).problem.when is When.NOW
