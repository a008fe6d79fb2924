"""Pull the plug at every line of the engine, start again, and look what came of it.

The points are the lines that a whole run passes, each at its first passing and at one more chosen by a seed. A pulled plug is an exception
that nothing catches: what was not committed is gone, as after SIGKILL. Then the leases lapse and another worker goes on.
"""

import linecache
import os
import random
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from django.db import transaction

from replication import clock, execution
from replication.actions import audit
from replication.domain.problems import When
from replication.execution import engine, ledger
from replication.models import AuditEntry, MachineClaim, Run, Step
from tests.execution import build
from tests.execution.azure import Azure, Fault, World, error
from tests.execution.conftest import finish

pytestmark = pytest.mark.django_db

HERE = str(Path(execution.__file__).parent)
Point = tuple[str, int]
KEPT = {"group", "cache", "fabric:east"}


class Pulled(BaseException):
    """The plug."""


def short(*names: str) -> list[build.Planned]:
    """One thing made at once, one hidden while it is made, one with a job, and the machines."""
    some = [each for each in build.foundations() if each.key in KEPT]
    return some + [build.Planned(each.key, each.spec, tuple(KEPT)) for each in map(build.protection, names)]


class Tracer:
    """Counts the passings of each line, and pulls the plug at the wanted one."""

    def __init__(self, point: Point | None = None, passing: int = 0) -> None:
        self.seen: Counter[Point] = Counter()
        self.wanted, self.passing = point, passing

    def __call__(self, frame: FrameType, event: str, _: Any) -> Callable[..., Any] | None:
        if not frame.f_code.co_filename.startswith(HERE):
            return None
        if event == "line":
            point = (Path(frame.f_code.co_filename).name, frame.f_lineno)
            self.seen[point] += 1
            if point == self.wanted and self.seen[point] == self.passing:
                raise Pulled(f"{point[0]}:{point[1]}")
        return self

    def __enter__(self) -> "Tracer":
        sys.settrace(self)
        return self

    def __exit__(self, *_: object) -> None:
        sys.settrace(None)


def a_run(tracer: Tracer, prepare: Callable[[Azure], None], planned: list[build.Planned]) -> tuple[Run, Azure]:
    """A run from beginning to end, with the plug pulled by the tracer; only the first worker is traced."""
    world = World()
    with clock.injected(world):
        azure = Azure(world, build.VAULT_ID, scale=0.05)
        prepare(azure)
        run = build.run(planned=planned)
        try:
            with tracer:
                finish(run, azure)
        except Pulled:
            world.forward(151)
        return finish(run, azure), azure


def smooth(azure: Azure) -> None:
    pass


def rough(azure: Azure) -> None:
    """Answers that get lost before and after, a refusal, a machine that is gone."""
    azure.faults += [
        Fault("submit", error("Reset", When.NOW, status=0, acted=True), about="/web", after=True),
        Fault("submit", error("Reset", When.NOW, status=0, acted=True), about="fabrics/east"),
        Fault("submit", error("AnotherOperation", When.LATER, status=409), about="cache1"),
        Fault("submit", error("Busy", When.LATER, status=429, retry_after=7), about="shop-asr"),
    ]
    azure.gone.add("db")


SHARDS = 20  # of the points; one of them by default, all with PLUG=all


@pytest.mark.parametrize("shard", range(SHARDS) if os.environ.get("PLUG") == "all" else [7])
@pytest.mark.parametrize(("prepare", "machines"), [(smooth, ("web",)), (rough, ("web", "db"))], ids=["smooth", "rough"])
def test_every_line(prepare: Callable[[Azure], None], machines: tuple[str, ...], shard: int, settings: Any) -> None:
    settings.LONGEST_FACTOR = 0.1
    planned = short(*machines)
    reference = Tracer()
    with undone():
        run, _ = a_run(reference, prepare, planned)
        expected = ends(run)
    wrong = [
        told
        for point in list(points(reference))[shard::SHARDS]
        if (told := pulled(Tracer(*point), prepare, planned, expected))
    ]
    assert len(reference.seen) > 200
    assert not wrong


def points(reference: Tracer) -> Iterator[tuple[Point, int]]:
    """Every line at its first passing, and one in four at a later one."""
    choose = random.Random(17)
    for point, passings in sorted(reference.seen.items()):
        if _is_with(*point):
            continue  # leaving the block would be cut off as well, which no death of a process does to a transaction
        yield point, 1
        if passings > 1 and choose.random() < 0.25:
            yield point, choose.randint(2, passings)


def _is_with(file: str, line: int) -> bool:
    return linecache.getline(f"{HERE}/{file}", line).lstrip().startswith("with ")


@contextmanager
def undone() -> Iterator[None]:
    """Each run begins with an empty database."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def ends(run: Run) -> list[Any]:
    return sorted(run.steps.values_list("key", "state"))


def pulled(tracer: Tracer, prepare: Callable[[Azure], None], planned: list[build.Planned], expected: list[Any]) -> str:
    """What is wrong after the plug was pulled at the tracer's point; '' when nothing is."""
    told = []
    with undone():
        run, azure = a_run(tracer, prepare, planned)
        if duplicates := [key for key, times in azure.accepted.items() if times > 1]:
            told.append(f"made twice: {duplicates}")
        if ends(run) != expected:
            told.append(f"ended otherwise: {list(run.steps.values_list('key', 'state', 'problem'))}")
        if AuditEntry.objects.filter(run_id=run.pk, action="run.ended").count() != 1:
            told.append("not exactly one entry")
        if MachineClaim.objects.exists() or Step.objects.exclude(making=None).exists():
            told.append("something is still held")
    return f"{tracer.wanted} passing {tracer.passing}: {told}" if told else ""


def test_the_chain_holds_after_a_plug_in_the_last_transaction(azure: Azure) -> None:
    run = build.run(planned=short("web"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audit, "_append", _pull)
        with pytest.raises(Pulled):
            finish(run, azure)
    run.refresh_from_db()
    assert run.state == Run.State.RUNNING
    assert MachineClaim.objects.filter(run=run).exists()
    engine.advance(run.pk, azure)
    assert AuditEntry.objects.filter(run_id=run.pk).count() == 1
    assert audit.broken_link() is None


def _pull(*_: object) -> None:
    raise Pulled


def test_who_dies_in_the_claim_of_a_sweep_leaves_it_due(azure: Azure, monkeypatch: pytest.MonkeyPatch) -> None:
    azure.scale = 1
    run = build.run(planned=[build.Planned(each.key, each.spec) for each in map(build.protection, ["web"])])
    engine.advance(run.pk, azure)
    azure.world.forward(1)
    before = run.steps.get().due_at
    assert before <= azure.world.at
    monkeypatch.setattr(ledger, "look_again_together", _pull)
    with pytest.raises(Pulled):
        engine.advance(run.pk, azure)
    assert run.steps.get().due_at == before
