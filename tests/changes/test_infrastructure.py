"""Policies and network mappings through their pages; cache storage as the sync counted it."""

from typing import Any

import pytest
from django.test import Client

from replication.actions.actor import Actor
from replication.domain import ids
from replication.domain.specs import NetworkSpec, SubnetSpec
from replication.gateway.port import Gateway
from replication.models import AuditEntry, ProtectedItem, Run, Vault
from replication.sync import inventory
from tests.changes.conftest import finished, read_again
from tests.changes.test_kinds import begun
from tests.changes.test_pages import hidden

GOLD = {"name": "gold", "retention_hours": 48, "app_consistent_minutes": 240, "multi_vm": "on"}


def through(web: Client, address: str, given: dict[str, Any], vault: Vault, gateway: Gateway) -> Run:
    """Form, review, run, and the reading after it."""
    started = web.post(address, hidden(web.post(address, given)))
    assert started.status_code == 302, started.content.decode()[:2000]
    run = finished(Run.objects.latest("number"), gateway)
    read_again(vault)
    vault.refresh_from_db()
    return run


def policies(vault: Vault) -> dict[str, int]:
    return {each["name"]: each["retention"] for each in vault.site["policies"]}


def test_a_policy_from_creation_to_deletion(vault: Vault, web: Client, gateway: Gateway) -> None:
    page = f"/vaults/{vault.pk}/policies/"
    assert through(web, f"{page}new/", GOLD, vault, gateway).state == "succeeded"
    assert policies(vault)["gold"] == 2880
    assert "48 h" in web.get(page).content.decode()
    assert through(web, f"{page}of/gold/", GOLD | {"retention_hours": 72}, vault, gateway).state == "succeeded"
    assert policies(vault)["gold"] == 72 * 60
    before = AuditEntry.objects.filter(action="run.policy").latest("sequence").before["gold"]
    assert before["Recovery point retention"] == "48 h"
    assert through(web, f"{page}of/gold/delete/", {}, vault, gateway).state == "succeeded"
    assert "gold" not in policies(vault)


def test_a_policy_in_use_is_not_deleted(vault: Vault, items: list[ProtectedItem], web: Client) -> None:
    name = items[0].policy_name
    page = f"/vaults/{vault.pk}/policies/"
    assert "3 machines" in web.get(page).content.decode()
    review = web.get(f"{page}of/{name}/delete/").content.decode()
    assert "3 machines use it" in review
    assert web.post(f"{page}of/{name}/delete/", {"digest": "x"}).status_code == 409
    assert not Run.objects.exists()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"retention_hours": 361}, "360"),
        ({"retention_hours": -1}, "0"),
        ({"app_consistent_minutes": 30}, "At least 60"),
        ({"retention_hours": 1, "app_consistent_minutes": 120}, "not be longer"),
        ({"name": "a/b"}, "a/b"),
        ({"name": "24-hour-retention-policy"}, "already"),
    ],
)
def test_bad_policies_change_nothing(vault: Vault, items: list[ProtectedItem], web: Client, given: Any, said: str) -> None:
    answer = web.post(f"/vaults/{vault.pk}/policies/new/", GOLD | given)
    assert (answer.status_code, said in answer.content.decode()) == (422, True)
    assert not Run.objects.exists()


def test_a_network_gets_a_target_and_loses_it(vault: Vault, web: Client, gateway: Gateway) -> None:
    page = f"/vaults/{vault.pk}/network-mappings/"
    first = web.get(page)
    assert "Not mapped" in first.content.decode()
    source = next(row.source_id for row in first.context["rows"] if row.source_location == "eastasia")
    target = next(row.source_id for row in first.context["rows"] if row.source_location == "southeastasia")
    same = web.post(f"{page}new/", {"source": source, "target": source})
    assert (same.status_code, "another region" in same.content.decode()) == (422, True)
    assert through(web, f"{page}new/", {"source": source, "target": target}, vault, gateway).state == "succeeded"
    made = vault.site["network_mappings"][0]
    name = made["name"]
    unchanged = web.post(f"{page}of/{name}/", {"source": made["primary_network_id"], "target": target})
    assert "nothing to do" in unchanged.content.decode()
    assert through(web, f"{page}of/{name}/delete/", {}, vault, gateway).state == "succeeded"
    assert vault.site["network_mappings"] == []


def test_cache_storage_shows_its_load(vault: Vault, items: list[ProtectedItem], web: Client) -> None:
    rows = web.get(f"/vaults/{vault.pk}/cache-storage/").context["rows"]
    assert sum(row.machines for row in rows) == 3
    assert all(row.known and row.location == "eastasia" for row in rows)


def test_a_mapping_gets_another_target(vault: Vault, web: Client, gateway: Gateway, actor: Actor) -> None:
    """From the form to Azure: the second network is made first, so that there is one to change to."""
    page = f"/vaults/{vault.pk}/network-mappings/"
    rows = web.get(page).context["rows"]
    source = next(row.source_id for row in rows if row.source_location == "eastasia")
    target = next(row.source_id for row in rows if row.source_location == "southeastasia")
    other = NetworkSpec(
        id=f"{target}-two", location="southeastasia", prefixes=("10.77.0.0/16",), subnets=(SubnetSpec(name="s", prefix="10.77.0.0/24"),)
    )
    assert finished(begun(vault, Run.Purpose.MAPPING, actor, other), gateway).state == "succeeded"
    inventory.read(vault.connection, gateway)
    assert through(web, f"{page}new/", {"source": source, "target": target}, vault, gateway).state == "succeeded"
    made = vault.site["network_mappings"][0]
    given = {"source": made["primary_network_id"], "target": other.id}
    run = through(web, f"{page}of/{made['name']}/", given, vault, gateway)
    assert run.state == "succeeded", list(run.steps.values_list("problem", flat=True))
    (changed,) = vault.site["network_mappings"]
    assert ids.same(changed["recovery_network_id"], other.id)
    asked, ended = AuditEntry.objects.filter(run_id=run.pk).order_by("sequence")
    assert (asked.action, asked.phase, ended.action, ended.outcome) == ("run.mapping", "asked", "run.ended", "ok")
    assert [*asked.before.values()] == [{"Target network": ids.name(target)}]
