"""Each kind of change against the simulator: asked for, done, read back; and refused by the step itself when it must be."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command

from replication import clock
from replication.actions import changes, itemchanges, restored
from replication.actions.actor import Actor
from replication.actions.changes import Wanted, plan_of_change, start
from replication.domain import ids
from replication.domain.changes import (
    AgentSpec,
    DisableSpec,
    DiskTypes,
    MappingRemovalSpec,
    PolicyChangeSpec,
    PolicyRemovalSpec,
    ResyncSpec,
    UpdateSpec,
)
from replication.domain.specs import NetworkMappingSpec, PolicySpec, Spec
from replication.execution import engine
from replication.gateway.clients import Clients
from replication.gateway.port import Gateway
from replication.models import AuditEntry, ProtectedItem, Resource, Run, Vault
from tests.changes.conftest import finished, read_again

Purpose = Run.Purpose


def begun(vault: Vault, purpose: Purpose, actor: Actor, *specs: Spec) -> Run:
    wanted = [Wanted(title=f"{each.kind} {ids.name(each.id)}", spec=each, before={}, after={"kind": each.kind}) for each in specs]
    return start(vault, purpose, wanted, digest=plan_of_change(vault, wanted).digest, actor=actor)


def about(item: ProtectedItem) -> dict[str, Any]:
    return {"id": item.arm_id, "machine_id": item.document["machine_id"], "machine_name": item.name}


def outcomes(run: Run) -> list[tuple[str, str]]:
    return list(run.steps.values_list("state", "outcome"))


def test_settings_are_changed_and_read_back(vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor) -> None:
    item = items[0]
    disk = item.document["details"]["protectedManagedDisks"][0]["diskId"]
    wanted = UpdateSpec(**about(item), name="moved-dr", disks=(DiskTypes(disk_id=disk, target_type="StandardSSD_LRS"),))
    run = finished(begun(vault, Purpose.UPDATE, actor, wanted), gateway)
    assert (run.state, run.machine_count, outcomes(run)) == ("succeeded", 1, [("succeeded", "applied")])
    read_again(vault)
    item.refresh_from_db()
    assert item.document["details"]["recoveryAzureVMName"] == "moved-dr"
    again = finished(begun(vault, Purpose.UPDATE, actor, wanted), gateway)
    assert outcomes(again) == [("succeeded", "unchanged")]
    actions = list(AuditEntry.objects.filter(run_id=run.pk).values_list("action", "subject_count"))
    assert sorted(actions) == [("run.ended", 1), ("run.update", 1)]


@pytest.mark.parametrize("spec", [ResyncSpec, AgentSpec])
def test_acts_are_done_once(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor, spec: Any, azure: Any
) -> None:
    purpose = {ResyncSpec: Purpose.RESYNC, AgentSpec: Purpose.UPDATE_AGENT}[spec]
    run = finished(begun(vault, purpose, actor, *(spec(**about(item)) for item in items)), gateway)
    assert outcomes(run) == [("succeeded", "done")] * 3
    posted = [each for each in azure.control("GET", "log?verb=POST&type=*/replicationProtectedItems") if each["status"] < 400]
    assert len(posted) == 3


def test_disabling_removes_the_item(vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor) -> None:
    wanted = DisableSpec(**about(items[0]), identity=items[0].document["correlation_id"])
    run = finished(begun(vault, Purpose.DISABLE, actor, wanted), gateway)
    assert outcomes(run) == [("succeeded", "removed")]
    read_again(vault)
    assert vault.items.filter(gone_at=None).count() == 2


def test_an_expired_one_is_refused_by_the_step(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor, azure: Any
) -> None:
    run = begun(vault, Purpose.DISABLE, actor, DisableSpec(**about(items[0])))
    Run.objects.filter(pk=run.pk).update(created_at=clock.now() - timedelta(minutes=61))
    assert refusal(finished(run, gateway)) == "Expired"
    assert untouched(azure)


def test_a_moved_one_is_refused_by_the_step(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor, azure: Any
) -> None:
    wanted = DisableSpec(**about(items[0]))
    elsewhere = replace(wanted, id=wanted.id.replace("eastasia", "southeastasia"))
    assert elsewhere.id != wanted.id
    assert refusal(finished(begun(vault, Purpose.DISABLE, actor, elsewhere), gateway)) == "ItemMoved"
    other = replace(wanted, machine_id=items[1].document["machine_id"], machine_name=items[1].name)
    assert refusal(finished(begun(vault, Purpose.DISABLE, actor, other), gateway)) == "AnotherMachine"
    anew = replace(wanted, identity="0" * 8)
    assert refusal(finished(begun(vault, Purpose.DISABLE, actor, anew), gateway)) == "AnotherProtection"
    assert untouched(azure)


def refusal(run: Run) -> str:
    assert run.state == "failed"
    problem = run.steps.get().problem
    assert problem is not None
    return str(problem["code"])


def untouched(azure: Any) -> bool:
    return not azure.control("GET", "log?verb=POST&type=*/replicationProtectedItems")


def test_policies_are_made_changed_and_removed(vault: Vault, gateway: Gateway, actor: Actor) -> None:
    where = f"{vault.arm_id}/replicationPolicies/gold"
    make = PolicySpec(id=where, retention=2880, app_consistent=240)
    assert outcomes(finished(begun(vault, Purpose.POLICY, actor, make), gateway)) == [("succeeded", "created")]
    change = PolicyChangeSpec(id=where, retention=1440, app_consistent=0)
    assert outcomes(finished(begun(vault, Purpose.POLICY, actor, change), gateway)) == [("succeeded", "applied")]
    gone = PolicyRemovalSpec(id=where)
    assert outcomes(finished(begun(vault, Purpose.POLICY, actor, gone), gateway)) == [("succeeded", "removed")]
    assert outcomes(finished(begun(vault, Purpose.POLICY, actor, gone), gateway)) == [("succeeded", "unchanged")]
    assert refusal(finished(begun(vault, Purpose.POLICY, actor, change), gateway)) == "NothingToChange"


def test_mappings_are_made_and_removed(vault: Vault, gateway: Gateway, actor: Actor) -> None:
    fabrics = {each["location"]: each["id"] for each in vault.site["fabrics"]}
    networks = dict(Resource.objects.filter(kind="virtual_network").values_list("location", "arm_id"))
    make = NetworkMappingSpec(
        id=f"{fabrics['eastasia']}/replicationNetworks/azureNetwork/replicationNetworkMappings/m",
        recovery_fabric_name=ids.name(fabrics["southeastasia"]),
        primary_network_id=networks["eastasia"],
        recovery_network_id=networks["southeastasia"],
    )
    assert outcomes(finished(begun(vault, Purpose.MAPPING, actor, make), gateway)) == [("succeeded", "created")]
    run = finished(begun(vault, Purpose.MAPPING, actor, MappingRemovalSpec(id=make.id)), gateway)
    assert outcomes(run) == [("succeeded", "removed")]


def test_only_what_was_reviewed_is_started(vault: Vault, items: list[ProtectedItem], actor: Actor) -> None:
    wanted = [Wanted(title="x", spec=ResyncSpec(**about(items[0])), before={}, after={})]
    with pytest.raises(changes.Changed):
        start(vault, Purpose.RESYNC, wanted, digest="another", actor=actor)
    with pytest.raises(changes.Nothing):
        start(vault, Purpose.RESYNC, [], digest="", actor=actor)
    assert not Run.objects.exists()


def test_many_are_disabled_only_with_their_number_typed(
    vault: Vault, items: list[ProtectedItem], actor: Actor, monkeypatch: Any
) -> None:
    monkeypatch.setattr(changes, "TYPED_ABOVE", 2)
    wanted = [Wanted(title=each.name, spec=DisableSpec(**about(each)), before={}, after={}) for each in items]
    digest = plan_of_change(vault, wanted).digest
    for typed in (None, 2, 30):
        with pytest.raises(changes.Uncounted):
            start(vault, Purpose.DISABLE, wanted, digest=digest, actor=actor, count=typed)
    assert start(vault, Purpose.DISABLE, wanted, digest=digest, actor=actor, count=3).machine_count == 3


def fail_over(vault: Vault, item: ProtectedItem, *, commit: bool) -> None:
    """By somebody else, through the SDK."""
    where = ids.parse(item.arm_id)
    assert where is not None
    group = clients_of(vault).site_recovery(where.subscription).replication_protected_items
    path = (where.group, *where.names)
    body = {
        "properties": {
            "failoverDirection": "PrimaryToRecovery",
            "sourceSiteOperations": "NotRequired",
            "providerSpecificDetails": {"instanceType": "A2A"},
        }
    }
    group.begin_unplanned_failover(*path, body, polling_interval=0.05).result()
    if commit:
        group.begin_failover_commit(*path, polling_interval=0.05).result()


def clients_of(vault: Vault) -> Clients:
    return Clients(vault.connection.endpoint, django_settings.ARM_CA_BUNDLE)


@pytest.mark.parametrize("commit", [False, True])
def test_a_failed_over_one_is_refused_by_the_step(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor, azure: Any, commit: bool
) -> None:
    """Asked for while it was protected; then somebody fails it over before the step begins."""
    run = begun(vault, Purpose.DISABLE, actor, DisableSpec(**about(items[0])))
    fail_over(vault, items[0], commit=commit)
    assert refusal(finished(run, gateway)) == "FailedOver"
    removed = azure.control("GET", "log?verb=POST&type=*/replicationProtectedItems&action=remove")
    assert not [each for each in removed if each["action"] == "remove"]
    read_again(vault)
    items[0].refresh_from_db()
    assert itemchanges.judged([items[0]], Purpose.DISABLE).wanted == []


def test_in_a_restored_database_it_waits_for_a_person(
    vault: Vault, items: list[ProtectedItem], gateway: Gateway, actor: Actor, azure: Any, settings: Any, tmp_path: Path
) -> None:
    settings.AUDIT_MARK = str(tmp_path / "mark.json")
    restored.remember()
    known = (tmp_path / "mark.json").read_text()
    assert not restored.suspected()
    sequence = json.loads(known)["sequence"]
    (tmp_path / "mark.json").write_text(json.dumps({"sequence": sequence + 1000, "hash": "of a later day"}))
    run = begun(vault, Purpose.DISABLE, actor, DisableSpec(**about(items[0])))
    engine.advance(run.pk, gateway, seconds=1)
    step = run.steps.get()
    assert (step.state, step.problem["code"]) == ("waiting", "DatabaseRestored")
    restored.remember()  # the beat does not wave it through
    assert restored.suspected()
    assert untouched(azure)
    call_command("confirm_restore", by="Ada", reason="looked")
    assert AuditEntry.objects.get(action="database.restored").actor_name == "Ada (command line)"
    run.steps.update(due_at=clock.now())
    assert finished(run, gateway).state == "succeeded"
