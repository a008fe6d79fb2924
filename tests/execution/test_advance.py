"""How a run goes, in the ordinary case and in every case that Azure's answers make."""

from datetime import timedelta

import pytest
from django.db.models import Count, Q

from replication import tasks
from replication.domain import ids
from replication.domain.problems import Problem, When
from replication.domain.specs import Found, GroupSpec, Spec
from replication.execution import engine
from replication.gateway.port import read_refused
from replication.models import AuditEntry, Connection, MachineClaim, Notice, Run, Step, Vault
from tests.execution import build
from tests.execution.azure import MANY, Azure, Fault, World, error
from tests.execution.conftest import finish

pytestmark = pytest.mark.django_db


def states(run: Run) -> dict[str, int]:
    return dict(run.steps.values_list("state").annotate(n=Count("id")).order_by())


def step(run: Run, key: str) -> Step:
    return run.steps.get(Q(key=key) | Q(key__startswith=f"{key}:"))


def only_once(azure: Azure) -> bool:
    return set(azure.accepted.values()) == {1}


def test_a_run_makes_everything_once_and_ends_with_one_entry(azure: Azure) -> None:
    run = finish(build.run("web", "db", "app"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert states(run) == {"succeeded": 13}
    assert only_once(azure)
    assert len(azure.accepted) == 13
    assert set(run.steps.values_list("outcome", flat=True)) == {"created"}
    assert not MachineClaim.objects.exists()
    entry = AuditEntry.objects.get(action="run.ended")
    assert (entry.phase, entry.outcome, entry.run_id, entry.subject_count) == ("ended", "ok", run.pk, 3)
    assert entry.detail["machines"] == {"succeeded": 3}


def test_it_takes_hardly_longer_than_azure(azure: Azure, world: World) -> None:
    azure.scale, begun = 1, world.at
    finish(build.run("web"), azure)
    chain = 70 + 1 + 2 + 425
    assert world.at - begun < timedelta(seconds=chain * 1.3)


def test_waiting_is_free(azure: Azure) -> None:
    """One sweep of the jobs looks at all machines together."""
    finish(build.run("web", "db", "app", "batch"), azure)
    assert azure.calls["jobs"] < 25
    assert azure.calls["protections"] == 1  # before the first write
    assert azure.calls["job"] == 0


def test_many_machines_cost_a_few_lists(azure: Azure) -> None:
    run = finish(build.run(*MANY), azure)
    machines = len(MANY)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)
    assert azure.calls["submit"] == machines + 10
    assert azure.calls["protections"] < 5
    assert azure.calls["read"] <= 2 * 10  # the foundations: observed, and read back


def test_what_is_there_as_specified_is_reused(azure: Azure) -> None:
    first = finish(build.run("web"), azure)
    second = finish(build.run("db"), azure)
    assert first.state == second.state == Run.State.SUCCEEDED
    assert only_once(azure)
    assert second.steps.filter(outcome="reused").count() == 10


def test_what_is_different_stops_those_that_need_it(azure: Azure) -> None:
    group = GroupSpec(id=build.TARGET, location="japaneast")
    azure.there[build.TARGET.lower()] = Found(spec=group)
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.FAILED
    assert "location: asked 'southeastasia', got 'japaneast'" in step(run, "group").problem["message"]
    assert step(run, "protect").state == "skipped"
    assert "group" in step(run, "network").problem["message"]
    assert step(run, "mapping").state == "succeeded"
    assert azure.accepted[build.TARGET.lower()] == 0


def test_what_is_broken_is_not_put_over(azure: Azure) -> None:
    spec = build.protection("web").spec
    azure.there[spec.id.lower()] = Found(spec=spec, state="broken", state_text="InitialReplicationFailed")
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.PARTIAL
    assert "InitialReplicationFailed" in run.steps.get(state="failed").problem["message"]
    assert azure.accepted[spec.id.lower()] == 0


def test_two_runs_make_a_new_thing_once(azure: Azure) -> None:
    one, other = build.run("web"), build.run("db")
    for _ in range(200):
        times = [at for at in (engine.advance(one.pk, azure), engine.advance(other.pk, azure)) if at]
        if not times:
            break
        azure.world.at = max(min(times), azure.world.at)
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.state == other.state == Run.State.SUCCEEDED
    assert only_once(azure)


def test_an_operation_of_somebody_else_is_adopted(azure: Azure) -> None:
    planned = next(each for each in build.foundations() if each.key == "network")
    azure.submit(planned.spec, request_id="of another program")
    run = finish(build.run(planned=[build.Planned("network", planned.spec)]), azure)
    assert run.state == Run.State.SUCCEEDED
    assert step(run, "network").outcome == "adopted"
    assert only_once(azure)


@pytest.mark.parametrize("when", [When.NOW, When.LATER])
def test_a_refusal_that_passes_delays_only(azure: Azure, when: When) -> None:
    azure.faults.append(Fault("submit", error("AnotherOperationInProgress", when, status=409), times=4))
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)


def test_retry_after_is_kept(azure: Azure, world: World) -> None:
    azure.faults.append(Fault("submit", error("TooMany", When.LATER, status=429, retry_after=40), about="fabrics/east"))
    run = build.run(planned=[each for each in build.foundations() if each.key == "fabric:east"])
    engine.advance(run.pk, azure)
    assert (step(run, "fabric").due_at - world.at).total_seconds() == 40
    assert finish(run, azure).state == Run.State.SUCCEEDED


@pytest.mark.parametrize("verb", ["read", "submit"])
def test_after_a_429_no_step_asks_before_the_time(azure: Azure, world: World, verb: str) -> None:
    """Whoever was refused, and whether a read or a write was: asking early renews the wait."""
    azure.faults.append(Fault(verb, error("TooMany", When.LATER, status=429, retry_after=40)))
    run = build.run("web", "db")
    engine.advance(run.pk, azure)
    world.forward(39)
    engine.advance(run.pk, azure)
    assert azure.calls["read"] == 1, "the other foundations were due as well"
    assert finish(run, azure).state == Run.State.SUCCEEDED


def test_many_machines_are_left_alone_while_azure_wants_no_reads(azure: Azure, world: World) -> None:
    """Taken up and put back one by one, each would have a past, and be read by itself when Azure has just said that it is too much."""
    finish(build.run(planned=build.foundations()), azure)
    run = build.run(*MANY, planned=[build.protection(name) for name in MANY])
    subscription = ids.subscription(build.VAULT_ID)
    read_refused.send(Connection, connection=run.connection, subscription=subscription, seconds=17)
    before, begun = azure.calls["read"], world.at
    for _ in range(3):
        due_at = engine.advance(run.pk, azure)
    assert due_at is not None
    assert 16 < (due_at - begun).total_seconds() < 18
    assert set(run.steps.values_list("attempt", flat=True)) == {0}
    assert finish(run, azure).state == Run.State.SUCCEEDED
    assert azure.calls["read"] == before


def test_a_refusal_for_good_fails_with_azures_words(azure: Azure) -> None:
    azure.faults.append(Fault("submit", error("PolicyForbids", When.NEVER, status=403), about="/web"))
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.PARTIAL
    assert run.steps.get(state="failed").problem["code"] == "PolicyForbids"
    entry = AuditEntry.objects.get(action="run.ended")
    assert entry.outcome == "partial"
    assert entry.detail["failures"][0]["code"] == "PolicyForbids"
    failed, ended = Notice.objects.order_by("id")  # each once, of this run
    assert (failed.kind, failed.count, failed.subjects, failed.run_id) == ("enable_failed", 1, [["web", None]], run.pk)
    assert (ended.kind, ended.run_id) == ("run_ended", run.pk)
    assert "1 of 2 machines" in ended.detail


def test_a_passing_fault_that_stays_ends(azure: Azure) -> None:
    azure.faults.append(Fault("submit", error("Unavailable", When.NOW), about="/web", times=1000))
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.FAILED
    assert azure.accepted[build.protection("web").spec.id.lower()] == 0


def test_being_locked_out_for_an_hour_ends(azure: Azure, world: World) -> None:
    begun = world.at
    azure.faults.append(Fault("submit", error("ScopeLocked", When.LATER), about="/web", times=10_000))
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.FAILED
    assert timedelta(hours=1) < world.at - begun < timedelta(hours=1, minutes=10)


@pytest.mark.parametrize("about", ["shop-asr", "/cache1", "fabrics/east", "/web"])
@pytest.mark.parametrize("after", [True, False])
def test_an_answer_that_got_lost_is_looked_for(azure: Azure, about: str, after: bool) -> None:
    """A 5xx or a reset, before or after Azure acted: never a second request for what was taken."""
    azure.faults.append(Fault("submit", error("Reset", When.NOW, status=0, acted=True), about=about, after=after))
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)


def test_an_answer_that_makes_no_sense_is_looked_for(azure: Azure) -> None:
    azure.faults.append(Fault("submit", ValueError("no integer"), about="/web", after=True))
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)


@pytest.mark.parametrize("verb", ["read", "poll", "jobs", "job", "machines"])
def test_looks_that_fail_only_delay(azure: Azure, verb: str) -> None:
    azure.faults.append(Fault(verb, error("Unavailable", When.NOW), times=3))
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)


def test_a_lost_operation_is_followed_by_what_it_makes(azure: Azure) -> None:
    azure.lost = True
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)


def test_a_result_that_shows_late_after_an_outage_is_waited_for(
    azure: Azure, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """How long ago the request left proves nothing: nobody looked meanwhile."""
    run = build.run("web")
    engine.advance(run.pk, azure)
    assert run.steps.get(kind="storage_account").state == "running"
    world.forward(24 * 3600)
    read, unseen = azure.read, iter([True, True, True])
    monkeypatch.setattr(
        azure, "read", lambda spec: None if spec.kind == "storage_account" and next(unseen, False) else read(spec)
    )
    assert finish(run, azure).state == Run.State.SUCCEEDED
    assert only_once(azure)


@pytest.mark.parametrize("away", ["before the first look", "after the first look"])
def test_what_was_wrong_before_does_not_make_a_result_missing(
    azure: Azure, world: World, monkeypatch: pytest.MonkeyPatch, away: str
) -> None:
    """Polls failed for long, or the worker died between two looks: neither is a look that says that nothing is there."""
    run = build.run("web")
    engine.advance(run.pk, azure)
    network = run.steps.get(kind="virtual_network")
    azure.faults.append(Fault("poll", error("ServerError", When.NOW, status=500), times=1))
    world.forward(5)
    engine.advance(run.pk, azure)
    network.refresh_from_db()
    assert (network.state, network.problem and network.problem["code"]) == ("running", "ServerError")
    if away == "before the first look":
        world.forward(3600)
    read, unseen = azure.read, iter([True, True])

    def hidden(spec: Spec) -> Found | None:
        if spec.kind == "virtual_network" and next(unseen, False):
            if away == "after the first look":
                world.forward(3600)
            return None
        return read(spec)

    monkeypatch.setattr(azure, "read", hidden)
    assert finish(run, azure).state == Run.State.SUCCEEDED


def test_a_result_that_never_shows_fails_in_the_end(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    run, read = build.run("web"), azure.read
    monkeypatch.setattr(azure, "read", lambda spec: None if spec.kind == "storage_account" else read(spec))
    finish(run, azure)
    problem = run.steps.get(kind="storage_account").problem
    assert problem is not None
    assert problem["code"] == "NotThere"
    assert only_once(azure)


def test_an_operation_that_fails_tells_why(azure: Azure) -> None:
    azure.failing["/web"] = Problem(
        code="150097", message="No quota.", causes="Too many cores.", action="Ask for more."
    )
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.PARTIAL
    problem = run.steps.get(state="failed").problem
    assert (problem["code"], problem["causes"], problem["action"]) == ("150097", "Too many cores.", "Ask for more.")


def test_a_warning_is_a_success_and_is_kept(azure: Azure) -> None:
    azure.warnings["Fabrics/east"] = Problem(code="151207", message="Finished with warnings.")
    run = finish(build.run("web"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert step(run, "fabric:east").problem["code"] == "151207"


def test_asked_and_got_are_compared_even_after_success(azure: Azure) -> None:
    planned = build.protection("web")
    run = build.run("web")
    azure.there.clear()
    finish_until_protecting(run, azure)
    wrong = {**planned.spec.to_json(), "recovery_group_id": build.GROUP}
    from replication.domain.spec_table import from_json

    azure.there[planned.spec.id.lower()] = Found(spec=from_json(wrong))
    finish(run, azure)
    assert "recovery_group_id" in step(run, "protect").problem["message"]


def finish_until_protecting(run: Run, azure: Azure) -> None:
    while step(run, "protect").state != "running":
        azure.world.at = max(engine.advance(run.pk, azure), azure.world.at)


def test_cancelling_drains_and_lists_what_exists(azure: Azure, world: World) -> None:
    run = build.run("web", "db")
    engine.advance(run.pk, azure)
    Run.objects.filter(pk=run.pk).update(cancel_requested_at=world.at)
    finish(run, azure)
    assert run.state == Run.State.CANCELLED
    assert step(run, "fabric:east").outcome == "created"
    assert run.steps.filter(state="cancelled").exists()
    assert not run.steps.filter(state__in=["waiting", "submitting", "running"]).exists()
    assert AuditEntry.objects.get(action="run.ended").outcome == "cancelled"
    assert not MachineClaim.objects.exists()


def test_a_machine_that_is_gone_is_set_aside(azure: Azure) -> None:
    azure.gone.add("db")
    run = finish(build.run("web", "db"), azure)
    assert run.state == Run.State.PARTIAL
    assert run.steps.get(state="failed").problem["code"] == "SourceMachineGone"
    assert run.checked_at


def test_every_change_is_an_event_and_a_new_version(azure: Azure) -> None:
    run = finish(build.run("web"), azure)
    texts = list(step(run, "protect").events.values_list("text", flat=True))
    assert texts == ["Asking Azure to make it.", "Azure took the request.", "Created."]
    assert run.version > 30
    assert Vault.objects.get().due_at is not None


def test_no_second_worker_gets_a_claimed_step(azure: Azure) -> None:
    """At every exchange another worker advances the same run, as far as it can."""
    run = build.run("web", "db")
    depth = 0

    def meddle(verb: str) -> None:
        nonlocal depth
        if depth < 2:
            depth += 1
            engine.advance(run.pk, azure)
            depth -= 1

    azure.before_call = meddle
    finish(run, azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)
    assert AuditEntry.objects.filter(action="run.ended").count() == 1


def test_writes_are_paced(azure: Azure, world: World, settings) -> None:
    settings.SITE_RECOVERY_WRITES_A_MINUTE = 6
    begun = world.at
    run = finish(build.run("web", "db", "app", "batch"), azure)
    assert run.state == Run.State.SUCCEEDED
    assert only_once(azure)
    assert world.at - begun > timedelta(seconds=40)


def test_a_run_of_another_connection_is_left_alone(azure: Azure) -> None:
    run = build.run("web")
    tasks.advance(str(run.pk))  # the environment of tests describes another endpoint than the run's
    run.refresh_from_db()
    assert run.state == Run.State.RUNNING
    assert states(run) == {"waiting": 11}
    assert run.due_at
    assert run.due_at > azure.world.at
