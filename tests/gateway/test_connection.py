"""Which Azure a process talks to, and as whom."""

from types import SimpleNamespace

import pytest

from replication.domain.problems import When
from replication.gateway.clients import forget_gateways, open_gateway
from replication.gateway.port import AzureError


def test_the_gateway_is_made_once(place):
    assert open_gateway(place) is open_gateway(place)


@pytest.mark.parametrize("other", [{"endpoint": "https://localhost:1"}, {"tenant_id": "t"}, {"client_id": "c"}])
def test_another_connection_is_refused(place, other):
    with pytest.raises(AzureError) as refused:
        open_gateway(SimpleNamespace(**vars(place) | other))
    assert (refused.value.problem.code, refused.value.problem.when) == ("AnotherConnection", When.NEVER)


def test_a_wrong_secret_is_told_as_what_it_is(place, monkeypatch):
    monkeypatch.setenv("AZURE_CLIENT_SECRET", "wrong")
    with pytest.raises(AzureError) as refused:
        open_gateway(place).subscriptions()
    assert refused.value.problem.code == "SignInFailed"
    assert refused.value.problem.when is When.NEVER


def test_a_proxy_of_the_machine_is_not_used_for_loopback(place, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)
    assert open_gateway(place).subscriptions()


def test_an_endpoint_that_is_not_there_is_unreachable_now(place, settings):
    settings.ARM_ENDPOINT = place.endpoint = "https://localhost:9"
    with pytest.raises(AzureError) as refused:
        open_gateway(place).subscriptions()
    problem = refused.value.problem
    assert (problem.code, problem.when, refused.value.acted) == ("Unreachable", When.NOW, False)


def test_a_ca_that_does_not_vouch_for_the_endpoint_is_not_overlooked(place, settings):
    settings.ARM_CA_BUNDLE = ""
    with pytest.raises(AzureError) as refused:
        open_gateway(place).subscriptions()
    assert refused.value.problem.code in {"Unreachable", "SignInFailed"}


@pytest.fixture(autouse=True)
def _forget():
    yield
    forget_gateways()
