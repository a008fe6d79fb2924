"""A week with planted outages, stepped: the simulator's clock stands, ours follows it, and both go on from sweep to sweep.

Minutes, turns and notices must be what was planted: exactly where that lies on the grid of sweeps, within one sweep where it does not.
"""

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from replication import clock, history, rpo
from replication.actions.actor import CONSOLE, Actor
from replication.actions.connections import configure
from replication.actions.windows import create as set_window
from replication.gateway.clients import forget_gateways, open_gateway
from replication.models import Breach, Grant, LedgerMonth, Notice, Person, ProtectedItem, Vault
from replication.sync import history as keeping
from replication.sync import inventory, vaults
from tests import simulated
from tests.gateway.estate import make, world_of

pytestmark = pytest.mark.django_db
SWEEP = timedelta(hours=3)
WEEK = timedelta(days=7)
# Site Recovery says how old the newest point is, plus a minute: this long after the machine stopped it is a second over the target.
OVER_AFTER = timedelta(minutes=30 - 1, seconds=1)
CRITICAL_AFTER = timedelta(hours=1)  # event 153007: no crash-consistent point in an hour (portal-behaviour.md §6)


class Week:
    """The world of one machine, and its calendar."""

    def __init__(self, simulator: simulated.Simulator, gateway: Any) -> None:
        self.simulator = simulator
        self.estate = world_of(gateway, "crm-db-01")
        self.now = datetime.now(UTC)
        self.planned: list[tuple[datetime, Any]] = []

    def settle(self, gateway: Any, vault: Vault) -> None:
        """Protect the machine with short durations, then stop time on a whole hour."""
        self.simulator.control("PUT", "settings", {"durations": 0.0001})
        for spec in (*self.estate.foundations, self.estate.protect):
            make(gateway, spec)
        deadline = time.monotonic() + 60
        while not ProtectedItem.objects.filter(vault=vault, protection_state="Protected").exists():
            assert time.monotonic() < deadline
            vaults.sync(vault.pk)
        frozen = self.simulator.control("POST", "clock", {"freeze": True})["seconds"]
        self.now = datetime.fromtimestamp((frozen // 3600 + 2) * 3600, UTC)
        self.simulator.control("POST", "clock", {"advance": self.now.timestamp() - frozen})

    def at(self, moment: datetime, act: Any) -> None:
        self.planned.append((moment, act))

    def stop(self, moment: datetime) -> None:
        self.at(moment, lambda: self._stalled(moment.timestamp()))

    def start(self, moment: datetime) -> None:
        self.at(moment, lambda: self._stalled(None))

    def _stalled(self, since: float | None) -> None:
        self.simulator.control("PATCH", "resource", {"id": self.estate.machine.id, "_sim": {"stalled_since": since}})

    def move_to(self, moment: datetime) -> None:
        """Let time go on to a moment, doing on the way what is planned."""
        for when, act in sorted((each for each in self.planned if each[0] <= moment), key=lambda each: each[0]):
            self._advance(when)
            act()
        self.planned = [each for each in self.planned if each[0] > moment]
        self._advance(moment)

    def _advance(self, moment: datetime) -> None:
        if moment > self.now:
            self.simulator.control("POST", "clock", {"advance": (moment - self.now).total_seconds()})
            self.now = moment


@pytest.fixture
def week(db: None, monkeypatch: Any, settings: Any) -> Any:
    settings.SYNC_INTERVAL_IDLE = SWEEP.total_seconds()
    with simulated.running("--scenario", "contoso", "--durations", "0.001", "--pace", "fast") as simulator:
        for name, value in simulator.environment.items():
            monkeypatch.setenv(name, value)
        settings.ARM_ENDPOINT, settings.ARM_CA_BUNDLE = simulator.endpoint, simulator.ca
        settings.AZURE_TENANT_ID, settings.AZURE_CLIENT_ID = simulator.tenant, simulator.client_id
        forget_gateways()
        connection = configure(
            endpoint=simulator.endpoint, tenant_id=simulator.tenant, client_id=simulator.client_id, name="Contoso", actor=CONSOLE
        )
        gateway = open_gateway(connection)
        inventory.read(connection, gateway)
        made = Week(simulator, gateway)
        vault = Vault.objects.get(name="rsv-dr-sea")
        made.settle(gateway, vault)
        with clock.injected(lambda: made.now):
            yield made, vault
    forget_gateways()


def sweep(vault: Vault) -> None:
    """What a worker does when the vault is due, with a token of this hour; and what the beat does with history."""
    forget_gateways()
    vaults.sync(vault.pk)
    keeping.keep(clock.now() + timedelta(minutes=1))


def hours(seconds: float) -> float:
    return round(seconds / 3600, 3)


def test_a_week_is_told_as_it_was_planted(week: Any) -> None:
    world, vault = week
    person = Person.objects.create_user("admin")
    Grant.objects.create(person=person, vault=vault, role="administrator", granted_at=clock.now())
    keeping.HistoryFrame.objects.all().delete()  # what was seen while the machine was being protected belongs to no week
    begin = world.now

    def grid(number: int) -> datetime:
        return begin + SWEEP * number

    # Tuesday: over its target exactly from one sweep on, and back exactly at another
    world.stop(grid(9) - OVER_AFTER)
    world.start(grid(14))
    # Thursday: both ends between two sweeps
    off_grid = (grid(20) + timedelta(minutes=41), grid(24) + timedelta(minutes=95))
    world.stop(off_grid[0] - OVER_AFTER)
    world.start(off_grid[1])
    # Friday: Azure refuses to be read for twelve hours
    refusal = {"verb": "LIST", "type": "*/replicationProtectedItems", "do": "status", "status": 403, "code": "AuthorizationFailed"}
    world.at(grid(33) - timedelta(minutes=1), lambda: world.simulator.control("PUT", "faults", [refusal]))
    world.at(grid(36) + timedelta(minutes=1), lambda: world.simulator.control("DELETE", "faults"))
    # Sunday: an outage inside a maintenance window
    actor = Actor(person=person, name="Admin", role="administrator")
    set_window(vault, "vault", "", grid(45), grid(50), "CHG-1", actor=actor)
    world.stop(grid(46) - OVER_AFTER)
    world.start(grid(48))

    last = WEEK // SWEEP
    for number in range(last + 1):
        world.move_to(grid(number))
        sweep(vault)

    item = ProtectedItem.objects.get(vault=vault)
    silent = grid(37) - grid(32) - history.hold()  # the last reading speaks for four and a half hours
    months = list(LedgerMonth.objects.filter(item=item))
    out, excused, unknown, within = (sum(getattr(row, name) for row in months) for name in ("out", "excused", "unknown", "within"))
    planned = {"on": SWEEP * 5, "off": off_grid[1] - off_grid[0], "excused": SWEEP * 2}

    breaches = list(Breach.objects.filter(item=item).order_by("begun_at"))
    assert [(each.begun_at, each.ended_at) for each in (breaches[0], breaches[2])] == [(grid(9), grid(14)), (grid(46), grid(48))]
    for seen, planted in zip((breaches[1].begun_at, breaches[1].ended_at), off_grid, strict=True):
        assert timedelta(0) <= seen - planted < SWEEP
    assert len(breaches) == 3
    assert abs(hours(out) - hours(sum(planned.values(), timedelta()).total_seconds())) < hours(SWEEP.total_seconds())
    assert hours(excused) == hours(planned["excused"].total_seconds())
    assert hours(unknown) == hours(silent.total_seconds())
    assert hours(within + out + unknown) == hours(WEEK.total_seconds())

    critical = [each - OVER_AFTER + CRITICAL_AFTER for each in (grid(9), off_grid[0])]
    assert sorted((notice.at, str(notice.kind)) for notice in Notice.objects.all()) == sorted(
        [
            (grid(9), "rpo_over"),
            (first_sweep(critical[0], begin), "item_critical"),
            (grid(14), "item_recovered"),
            (grid(14), "rpo_back"),
            (first_sweep(off_grid[0], begin), "rpo_over"),
            (first_sweep(critical[1], begin), "item_critical"),
            (first_sweep(off_grid[1], begin), "item_recovered"),
            (first_sweep(off_grid[1], begin), "rpo_back"),
            (grid(33), "vault_silent"),
            (grid(37), "vault_back"),
        ]
    )

    chart = history.series(item, "7d").buckets
    for bucket in chart:
        lost = grid(32) + history.hold() <= bucket.start < grid(37)
        assert bucket.known is not lost or bucket.start < begin, bucket
        inside = any(each.begun_at <= bucket.start < each.ended_at for each in breaches)
        assert not inside or (bucket.rpo or 0) > rpo.target()


def first_sweep(moment: datetime, begin: datetime) -> datetime:
    """The sweep that sees what is so from a moment on."""
    return begin + SWEEP * -((begin - moment) // SWEEP)

