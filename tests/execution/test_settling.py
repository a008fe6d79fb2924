"""What Azure takes only after protection: kept by the run, waited for at no cost, applied once, read back."""

from datetime import timedelta

import pytest

from replication import clock
from replication.domain import ids
from replication.domain.problems import When
from replication.execution import engine
from replication.models import AuditEntry, MachineClaim, ProtectedItem, Run, Vault
from tests.execution import build
from tests.execution.azure import MANY, Azure, Fault, World, error
from tests.execution.conftest import finish

pytestmark = pytest.mark.django_db


def planned(*names: str, plain: tuple[str, ...] = ()) -> list[build.Planned]:
    machines = [build.protection(name) for name in (*names, *plain)]
    return [*build.foundations(), *machines, *(build.settings(name) for name in names)]


def sync(azure: Azure) -> None:
    """What reading the vault does: items as they are, and the time."""
    vault = Vault.objects.get()
    for found in azure.protections(vault.arm_id):
        item_id = found.spec.id
        status = "protected" if azure.is_protected(item_id) else "copying"
        common = {"status": status, "as_of": clock.now(), "changed_at": clock.now()}
        once = {"first_seen_at": clock.now(), "document": {}, "vault": vault, "arm_id": item_id}
        key = {"connection": vault.connection, "key": f"{vault.key}/{ids.name(item_id).lower()}"}
        ProtectedItem.objects.update_or_create(**key, defaults=common, create_defaults=common | once)
    Vault.objects.update(as_of=clock.now())


def until_enabled(run: Run, azure: Azure) -> None:
    while run.state == Run.State.RUNNING:
        azure.world.at = max(engine.advance(run.pk, azure) or azure.world.at, azure.world.at)
        run.refresh_from_db()


def finish_synced(run: Run, azure: Azure, every: int = 300) -> Run:
    """Go on to the end, with the vault read every few minutes."""
    for _ in range(100):
        sync(azure)
        until = azure.world.at + timedelta(seconds=every)
        while azure.world.at < until:
            due_at = engine.advance(run.pk, azure)
            if due_at is None:
                run.refresh_from_db()
                return run
            azure.world.at = max(due_at, azure.world.at + timedelta(seconds=1))
    raise AssertionError(f"not over: {list(run.steps.values_list('key', 'state', 'due_at'))}")


def test_running_enabled_settled(azure: Azure) -> None:
    run = build.run("web", "db", planned=planned("web", plain=("db",)))
    until_enabled(run, azure)
    assert run.state == Run.State.ENABLED
    assert [claim.machine_key for claim in MachineClaim.objects.all()] == [run.steps.get(kind="settle").machine_key]
    assert not AuditEntry.objects.filter(action="run.ended").exists()
    finish_synced(run, azure)
    assert run.state == Run.State.SUCCEEDED
    step = run.steps.get(kind="settle")
    assert (step.outcome, step.making) == ("applied", None)
    item = build.protection("web").spec.id
    got = azure.settings[ids.key(item)]
    assert (got.name, got.interfaces[0].nic_id, got.interfaces[0].static_address) == ("web-dr", "guid-web", "10.0.0.9")
    assert azure.accepted[f"{ids.key(item)}#settings"] == 1
    assert set(azure.accepted.values()) == {1}
    assert not MachineClaim.objects.exists()
    assert AuditEntry.objects.get(action="run.ended").subject_count == 2


def test_waiting_for_protection_costs_nothing(azure: Azure, world: World) -> None:
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    before, begun = sum(azure.calls.values()), world.at
    while world.at - begun < timedelta(minutes=50):
        sync(azure)
        azure.calls["protections"] -= 1
        due_at = engine.advance(run.pk, azure)
        assert due_at
        assert due_at - world.at >= timedelta(seconds=60)
        world.at = due_at
    assert sum(azure.calls.values()) == before
    step = run.steps.get(kind="settle")
    assert (step.state, step.due_at, step.lease_until) == ("waiting", None, None)


def test_stored_items_that_are_ahead_cost_one_look(azure: Azure) -> None:
    """The snapshot says protected, Azure says not now (a test failover): the next snapshot decides again."""
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    sync(azure)
    ProtectedItem.objects.update(status="protected")
    before = azure.calls["read"]
    for _ in range(3):
        engine.advance(run.pk, azure)
        azure.world.forward(61)
    assert azure.calls["read"] == before + 1
    assert finish_synced(run, azure).state == Run.State.SUCCEEDED


def test_many_machines_are_settled_by_list(azure: Azure) -> None:
    run = build.run(*MANY, planned=planned(*MANY))
    finish_synced(run, azure)
    assert run.state == Run.State.SUCCEEDED
    machines = len(MANY)
    assert azure.calls["submit"] == 2 * machines + 10
    assert azure.calls["read"] <= 2 * 10
    assert set(azure.accepted.values()) == {1}


def test_asked_and_got_are_compared_by_field(azure: Azure) -> None:
    azure.deaf = True
    run = build.run("web", planned=planned("web"))
    finish_synced(run, azure)
    assert run.state == Run.State.PARTIAL
    problem = run.steps.get(kind="settle").problem
    assert "name: asked 'web-dr', got 'as-the-source'" in problem["message"]
    assert "interface web-nic static_address: asked '10.0.0.9', got ''" in problem["message"]
    assert run.steps.get(kind="protect").state == "succeeded"


def test_settings_that_are_there_are_not_asked_for(azure: Azure) -> None:
    spec = build.settings("web").spec
    azure.settings[ids.key(spec.id)] = spec
    run = build.run("web", planned=planned("web"))
    finish_synced(run, azure)
    assert run.steps.get(kind="settle").outcome == "unchanged"
    assert azure.accepted[f"{ids.key(spec.id)}#settings"] == 0


def test_a_machine_whose_replication_was_disabled_meanwhile(azure: Azure) -> None:
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    sync(azure)
    item = ids.key(build.protection("web").spec.id)
    azure.there.pop(item)
    azure.operations.clear()
    azure.world.forward(60)
    ProtectedItem.objects.update(gone_at=clock.now())
    Vault.objects.update(as_of=clock.now())
    finish(run, azure)
    assert (run.state, run.steps.get(kind="settle").problem["code"]) == (Run.State.PARTIAL, "NothingToChange")


@pytest.mark.parametrize("after", [True, False])
def test_an_answer_that_got_lost_is_looked_for(azure: Azure, after: bool) -> None:
    lost = error("Reset", When.NOW, status=0, acted=True)
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    azure.faults.append(Fault("submit", lost, about="/web", after=after))
    finish_synced(run, azure)
    assert run.state == Run.State.SUCCEEDED
    assert set(azure.accepted.values()) == {1}


def test_cancelling_a_run_that_is_enabled(azure: Azure) -> None:
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=clock.now())
    finish(run, azure)
    assert run.state == Run.State.CANCELLED
    assert list(run.steps.exclude(state="succeeded").values_list("kind", "state")) == [("settle", "cancelled")]
    assert not MachineClaim.objects.exists()


def test_a_paused_run_applies_nothing(azure: Azure) -> None:
    run = build.run("web", planned=planned("web"))
    until_enabled(run, azure)
    Run.objects.filter(pk=run.pk).update(paused_at=clock.now())
    azure.world.forward(azure.copying)
    sync(azure)
    for _ in range(3):
        engine.advance(run.pk, azure)
    assert not azure.settings
    Run.objects.filter(pk=run.pk).update(paused_at=None)
    assert finish_synced(run, azure).state == Run.State.SUCCEEDED


def test_without_an_enabled_machine_nothing_is_settled(azure: Azure) -> None:
    azure.gone.add("web")
    run = finish(build.run("web", planned=planned("web")), azure)
    assert run.state == Run.State.FAILED
    assert set(run.steps.filter(kind__in=("protect", "settle")).values_list("state", flat=True)) == {"failed"}
