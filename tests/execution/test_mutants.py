"""The tests are tested: an engine that lacks one of its safeguards must do harm, and the same looks must see it."""

from typing import Any

import pytest

from replication import queue
from replication.actions import audit
from replication.actions.actor import CONSOLE
from replication.execution import ending, engine, ledger, moves, overdue
from replication.models import AuditEntry, Run, Step
from tests.execution import build
from tests.execution.azure import Azure
from tests.execution.conftest import finish
from tests.execution.test_plug import Pulled, short

pytestmark = pytest.mark.django_db


def killed(run: Run, azure: Azure, room: Any, name: str) -> Run:
    """Let the worker die once, as it enters a function, and another finish."""

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, name, _dying)
        with pytest.raises(Pulled):
            finish(run, azure)
    azure.world.forward(151)
    return finish(run, azure)


def made_twice(azure: Azure) -> list[str]:
    return [key for key, times in azure.accepted.items() if times > 1]


@pytest.mark.parametrize("mutant", [False, True], ids=["sound", "unknown-is-absent"])
def test_the_unknown(azure: Azure, monkeypatch: pytest.MonkeyPatch, mutant: bool) -> None:
    if mutant:
        monkeypatch.setitem(moves.MOVES, "submitting", lambda step, azure: ledger.send_again(step, "Surely not taken."))
    azure.scale = 1  # a machine is invisible for longer than the lease
    machines = [each for each in short("web") if each.key.startswith("protect")]
    killed(build.run(planned=[build.Planned(each.key, each.spec) for each in machines]), azure, ledger, "accepted")
    assert bool(made_twice(azure)) is mutant


@pytest.mark.parametrize("mutant", [False, True], ids=["sound", "no-fence"])
def test_the_fence(azure: Azure, monkeypatch: pytest.MonkeyPatch, mutant: bool) -> None:
    """A second worker moves the run on while the first is in the middle of an exchange."""
    if mutant:
        monkeypatch.setattr(ledger, "claim", lambda step: True)
        monkeypatch.setattr(ledger, "_write", _unfenced)
    run, depth = build.run("web"), 0

    def meddle(verb: str) -> None:
        nonlocal depth
        if verb == "read" and depth < 1:
            depth += 1
            engine.advance(run.pk, azure)
            depth -= 1

    azure.before_call = meddle
    finish(run, azure)
    assert bool(made_twice(azure)) is mutant


def _unfenced(step: Step, *, only_if: Any = None, **changes: Any) -> bool:
    Step.objects.filter(pk=step.pk).update(**changes)
    for name, value in changes.items():
        setattr(step, name, value)
    return True


@pytest.mark.parametrize("mutant", [False, True], ids=["sound", "audit-after-commit"])
def test_the_entry(azure: Azure, monkeypatch: pytest.MonkeyPatch, mutant: bool) -> None:
    if mutant:
        monkeypatch.setattr(ending, "end", _commit_first)
    run = killed(build.run(planned=short("web")), azure, audit, "_append")
    assert run.state == Run.State.SUCCEEDED
    assert AuditEntry.objects.filter(run_id=run.pk).count() == (0 if mutant else 1)


def _commit_first(run: Run) -> None:
    ending._close(run, Run.State.SUCCEEDED)
    audit.record("run.ended", actor=CONSOLE, phase="ended", run_id=run.pk)


@pytest.mark.parametrize("mutant", [False, True], ids=["sound", "no-observe"])
def test_the_look_before(azure: Azure, monkeypatch: pytest.MonkeyPatch, mutant: bool) -> None:
    finish(build.run("web"), azure)
    if mutant:
        monkeypatch.setitem(
            moves.MOVES, "waiting", lambda step, azure: moves._send(step, moves.from_json(step.spec), azure)
        )
    finish(build.run("db"), azure)
    assert bool(made_twice(azure)) is mutant


@pytest.mark.parametrize("mutant", ["", "no-sweep", "trust-broker"], ids=lambda name: name or "sound")
def test_the_search_for_what_was_dropped(azure: Azure, monkeypatch: pytest.MonkeyPatch, mutant: str) -> None:
    """The worker dies, and the broker forgets what it was told."""
    messages: list[tuple[Any, ...]] = []
    monkeypatch.setattr(queue, "ring", lambda *what, after=0: messages.append(what))
    if mutant:
        monkeypatch.setattr(
            overdue, *{"no-sweep": ("ring", lambda: None), "trust-broker": ("_ring_runs", lambda: None)}[mutant]
        )
    run = build.run(planned=short("web"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ledger, "accepted", _dying)
        with pytest.raises(Pulled):
            engine.advance(run.pk, azure)
    messages.clear()
    for _ in range(60):
        azure.world.forward(60)
        overdue.ring()
        _work(messages, azure)
    run.refresh_from_db()
    assert (run.state == Run.State.SUCCEEDED) == (mutant == "")


def _dying(*_: Any, **__: Any) -> None:
    raise Pulled


def _work(messages: list[tuple[Any, ...]], azure: Azure) -> None:
    """A worker takes what the broker has."""
    waiting = [(run_id, *sent_for) for task, run_id, *sent_for in messages if task == "advance"]
    messages.clear()
    for run_id, *sent_for in waiting:
        if not sent_for or overdue.take(run_id, *sent_for):
            overdue.ring_in_time(run_id, engine.advance(run_id, azure))
