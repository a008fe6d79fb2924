"""Before the first write: what the plan rests on is read again, by list."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.documents import to_json
from replication.domain.problems import When
from replication.domain.specs import Found, PolicySpec, ProtectSpec
from replication.execution import engine
from replication.models import AuditEntry, Machine, ProtectedItem, Run, Vault
from tests.execution import build
from tests.execution.azure import MANY, Azure, Fault, disk, error, machine
from tests.execution.conftest import finish

pytestmark = pytest.mark.django_db
LISTS = ("groups", "networks", "accounts", "availability_sets", "site", "standing", "protections")


def again(azure: Azure, *names: str) -> Run:
    """A run of a plan that reuses what an earlier one made."""
    finish(build.run("batch"), azure)
    azure.calls.clear()
    azure.accepted.clear()
    return build.run(*names, planned=build.reused(build.foundations()) + [build.protection(name) for name in names])


def the(azure: Azure, part: str) -> str:
    return next(key for key in azure.there if part in key)


def test_what_is_as_it_was_costs_lists_only(azure: Azure) -> None:
    run = again(azure, "web")
    reads = {}
    azure.before_call = lambda verb: reads.update({verb: reads.get(verb, 0) + 1}) if not_yet_checked(run) else None
    finish(run, azure)
    assert run.state == Run.State.SUCCEEDED
    assert run.checked_at
    assert set(reads) == {"groups", "networks", "accounts", "site", "standing", "protections"}
    assert set(reads.values()) == {1}


def not_yet_checked(run: Run) -> bool:
    return Run.objects.get(pk=run.pk).checked_at is None


def test_the_check_costs_the_same_for_many(azure: Azure) -> None:
    run = again(azure, *MANY)
    engine.advance(run.pk, azure, seconds=0)
    assert sum(azure.calls[each] for each in LISTS) <= len(LISTS) + 1  # the items once more, to enable by list


def test_an_edited_policy_stops_the_run(azure: Azure) -> None:
    run = again(azure, "web")
    key = the(azure, "replicationpolicies")
    spec = azure.there[key].spec
    assert isinstance(spec, PolicySpec)
    azure.there[key] = Found(spec=replace(spec, retention=60))
    finish(run, azure)
    assert run.state == Run.State.FAILED
    assert not azure.accepted
    step = run.steps.get(state="failed")
    assert (step.key, step.problem["code"]) == ("policy", "PlanDrifted")
    assert "retention: asked 1440, got 60" in step.problem["message"]
    assert set(run.steps.exclude(key="policy").values_list("state", flat=True)) == {"skipped"}
    entry = AuditEntry.objects.get(action="run.ended", run_id=run.pk)
    assert "retention: asked 1440, got 60" in entry.detail["failures"][0]["message"]


@pytest.mark.parametrize("part", ["replicationnetworkmappings", "cache1", "shop-asr/providers"])
def test_a_reused_thing_that_is_gone_stops_the_run(azure: Azure, part: str) -> None:
    run = again(azure, "web")
    key = the(azure, part)
    azure.operations = {name: each for name, each in azure.operations.items() if ids.key(each.spec.id) != key}
    azure.there.pop(key)
    finish(run, azure)
    assert run.state == Run.State.FAILED
    assert not azure.accepted
    assert "not there any more" in run.steps.get(state="failed").problem["message"]


def test_a_list_that_lags_behind_blames_nobody(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    run = again(azure, "web")
    monkeypatch.setattr(azure, "groups", lambda subscription_id: iter(()))
    assert finish(run, azure).state == Run.State.SUCCEEDED


def test_what_has_appeared_as_specified_is_no_difference(azure: Azure) -> None:
    finish(build.run("batch"), azure)
    run = finish(build.run("web"), azure)  # its plan says that all is new
    assert run.state == Run.State.SUCCEEDED
    assert run.steps.filter(outcome="reused").count() == 10


def stopped(found: inv.Machine) -> inv.Machine:
    return replace(found, power=inv.Power.DEALLOCATED)


def moved(found: inv.Machine) -> inv.Machine:
    return replace(found, location="japaneast")


def with_a_disk(found: inv.Machine) -> inv.Machine:
    return replace(found, disks=(*found.disks, disk("db-data")))


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        (stopped, "NotRunning", "deallocated"),
        (moved, "SourceMachineMoved", "japaneast"),
        (with_a_disk, "SourceDisksChanged", "db-data attached since"),
    ],
)
def test_a_machine_that_has_changed_is_set_aside(
    azure: Azure, change: Callable[[inv.Machine], inv.Machine], code: str, said: str
) -> None:
    azure.changed["db"] = change(machine("db"))
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.PARTIAL
    problem = run.steps.get(state="failed").problem
    assert problem["code"] == code
    assert said in problem["message"]
    assert azure.accepted[ids.key(build.protection("db").spec.id)] == 0


def test_machines_that_stand_as_the_inventory_knows_them_go_on(azure: Azure) -> None:
    run = build.run("web", "db")
    for each in map(machine, ("web", "db")):
        document = to_json(each)
        Machine.objects.create(
            connection=run.connection,
            key=ids.key(each.id),
            arm_id=each.id,
            document=document,
            replicable=True,
            as_of=run.created_at,
        )
    azure.changed["db"] = stopped(machine("db"))
    finish(run, azure)
    assert (run.state, run.steps.get(state="failed").problem["code"]) == (Run.State.PARTIAL, "NotRunning")


def test_a_machine_that_is_replicated_under_another_name_is_set_aside(azure: Azure) -> None:
    spec = build.protection("db").spec
    assert isinstance(spec, ProtectSpec)
    other = replace(spec, id=f"{spec.id}-by-hand")
    azure.there[ids.key(other.id)] = Found(spec=other)
    run = finish(build.run("web", "db"), azure)
    assert (run.state, run.steps.get(state="failed").problem["code"]) == (Run.State.PARTIAL, "AlreadyProtected")


def test_a_machine_that_another_vault_replicates_is_set_aside(azure: Azure) -> None:
    run = build.run("web", "db")
    first = Vault.objects.get()
    other = Vault.objects.create(connection=first.connection, key="/other", arm_id="/other", name="vault-b")
    common: dict[str, Any] = dict.fromkeys(("first_seen_at", "changed_at", "as_of"), run.created_at)
    machine_key = run.steps.get(spec__machine_name="db").machine_key
    ProtectedItem.objects.create(
        connection=first.connection, vault=other, key="/other/db", machine_key=machine_key, document={}, **common
    )
    finish(run, azure)
    assert "vault-b" in run.steps.get(state="failed").problem["message"]


def test_a_machine_that_this_plans_item_replicates_is_left_to_its_step(azure: Azure) -> None:
    spec = build.protection("db").spec
    azure.there[ids.key(spec.id)] = Found(spec=spec)
    azure.changed["db"] = stopped(machine("db"))
    assert finish(build.run("web", "db"), azure).state == Run.State.SUCCEEDED


def test_a_power_state_that_azure_does_not_tell_is_no_drift(azure: Azure) -> None:
    azure.changed["db"] = replace(machine("db"), power=inv.Power.UNKNOWN)
    assert finish(build.run("web", "db"), azure).state == Run.State.SUCCEEDED


@pytest.mark.parametrize("verb", ["groups", "site", "protections"])
def test_what_cannot_be_read_just_now_is_read_again(azure: Azure, verb: str) -> None:
    run = again(azure, "web")
    azure.faults.append(Fault(verb, error("Unavailable", When.NOW), times=3))
    assert finish(run, azure).state == Run.State.SUCCEEDED
    assert azure.calls[verb] >= 4
