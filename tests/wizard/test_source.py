"""Source: several subscriptions, tags, zones, and the line that says what was found and which choice to change."""

import re
from dataclasses import replace

import pytest
from django.test import Client

from replication.domain.choices import SourceChoices
from replication.models import Connection, Draft, GrantScope, Machine, Person, Subscription, Vault
from tests.conftest import OTHER_SUBSCRIPTION, SUBSCRIPTION
from tests.domain import estate

from .conftest import store_machine
from .walk import SOURCE, post, started, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def draft(web: Client, vault: Vault, machines: list[Machine]) -> Draft:
    return started(web, vault)


@pytest.fixture
def elsewhere(azure_connection: Connection, admin: Person, draft: Draft) -> Machine:
    """A machine of a second subscription that the administrator's grant opens too."""
    Subscription.objects.get_or_create(
        connection=azure_connection, subscription_id=OTHER_SUBSCRIPTION,
        defaults={"name": "Branch", "state": "Enabled", "as_of": draft.created_at},
    )  # fmt: skip
    grant = admin.grants.get(vault=draft.vault)
    GrantScope.objects.get_or_create(grant=grant, side="source", subscription_id=OTHER_SUBSCRIPTION, resource_group="")
    machine = estate.machine("branch-01")
    there = machine.id.replace(SUBSCRIPTION, OTHER_SUBSCRIPTION)
    return store_machine(
        azure_connection, replace(machine, id=there, subscription_id=OTHER_SUBSCRIPTION, tags={"Env": "Prod"})
    )


def line(web: Client, draft: Draft, **chosen: object) -> str:
    """The line under the form."""
    page = text(post(web, draft, "source", SOURCE | {"do": "update"} | chosen))
    found = re.search(r'id="found"[^>]*>.*?<span>(.*?)</span>', page, re.DOTALL)
    assert found
    return found[1]


def test_a_new_draft_begins_with_what_there_is_no_choice_of(web: Client, draft: Draft) -> None:
    """One region and one subscription with machines, and the deployment model that nearly all machines have."""
    page = text(web.get(f"/replicate/{draft.pk}/source/"))
    assert re.search(r'value="ResourceManager"[^>]*checked', page)
    assert re.search(r'value="eastasia"\s+selected', page)
    assert "Found 3 machines, 2 can be replicated." in page


def test_where_there_are_two_regions_the_person_chooses(web: Client, draft: Draft, azure_connection: Connection) -> None:
    store_machine(azure_connection, replace(estate.machine("far-01"), location="japaneast"))
    page = text(web.get(f"/replicate/{draft.pk}/source/"))
    assert not re.search(r'value="(eastasia|japaneast)"\s+selected', page)
    assert re.search(r'value="ResourceManager"[^>]*checked', page)


def test_several_subscriptions_go_through_together(web: Client, draft: Draft, elsewhere: Machine) -> None:
    assert line(web, draft) == "Found 3 machines, 2 can be replicated."
    both = [SUBSCRIPTION, OTHER_SUBSCRIPTION]
    assert line(web, draft, subscription_ids=both) == "Found 4 machines, 3 can be replicated."
    assert post(web, draft, "source", SOURCE | {"subscription_ids": both}).status_code == 302
    draft.refresh_from_db()
    source = SourceChoices.from_json(draft.source)
    assert source is not None
    assert source.subscription_ids == tuple(both)


def test_tags_narrow_by_name_and_by_value(web: Client, draft: Draft, elsewhere: Machine) -> None:
    both = [SUBSCRIPTION, OTHER_SUBSCRIPTION]
    for tags, number in (("ENV", 1), ("env:PROD", 1), ("env:pro", 0), ("en", 0), ("env, owner", 0), (" , ", 4)):
        said = line(web, draft, subscription_ids=both, tags=tags)
        assert said.startswith(f"Found {number} machine" if number else "No machine fits. 4 machines would"), tags


def test_between_zones_only_zonal_machines_can_be_replicated(
    web: Client, draft: Draft, azure_connection: Connection
) -> None:
    said = line(web, draft, zonal="yes")
    assert said == (
        "Found 3 machines, 0 can be replicated. 2 machines can be replicated to another region: choose No under availability zones."
    )
    store_machine(azure_connection, estate.machine("zoned-01", zones=("2",)))
    assert line(web, draft, zonal="yes") == "Found 4 machines, 1 can be replicated."
    assert post(web, draft, "source", SOURCE | {"zonal": "yes"}).status_code == 302
    draft.refresh_from_db()
    assert draft.source["zonal"] is True
    web.post(f"/replicate/{draft.pk}/machines/selection/", {"select": "matching"})
    assert [row.machine.name for row in draft.machines.all()] == ["zoned-01"]


def test_the_line_names_the_choice_to_change(web: Client, draft: Draft) -> None:
    assert "have the other deployment model" in line(web, draft, model="Classic")
    assert line(web, draft, tags="nobody") == "No machine fits. 3 machines would without the filter: change the tags."
