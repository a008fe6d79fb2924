"""What a plan is expected to cost: figures one can reckon by hand."""

import pytest

from replication.domain import ids
from replication.domain.choices import MachineChoice
from replication.domain.compiler import compile_plan
from replication.domain.forecast import copy, forecast, sending, slow_after, throughput
from replication.domain.inventory import Machine
from replication.domain.plan import Plan

from .estate import choices, disk, facts, machine


def planned(*machines: Machine) -> Plan:
    return compile_plan(choices({each.id: MachineChoice() for each in machines}), facts(*machines))


def test_what_is_in_the_bucket_goes_at_once_and_the_rest_as_it_fills() -> None:
    assert sending(200, 0) == 0
    assert sending(1000, 0) == 80
    assert sending(1000, 200) == pytest.approx(240)
    assert sending(10_000, 0) == 980


def test_a_premium_disk_of_a_tebibyte_takes_six_and_a_half_hours() -> None:
    """pains-and-limits.md §4.4: 200 MB/s give 46 MB/s."""
    big = machine("big", disks=(disk("os", size_gib=128), disk("data", size_gib=1024)))
    assert copy(big) / 3600 == pytest.approx(6.6, abs=0.1)


def test_disks_of_a_machine_are_copied_side_by_side() -> None:
    assert copy(machine(disks=(disk("a"), disk("b")))) == copy(machine(disks=(disk("a"),)))
    assert copy(machine(disks=())) == 0


def test_an_unknown_kind_of_disk_counts_as_a_slow_one() -> None:
    assert throughput("Quantum_LRS", 128) == throughput("Standard_LRS", 128) == 60


def test_a_plan_costs_a_write_for_everything_new_and_every_machine() -> None:
    one, two = machine("a"), machine("b")
    plan = planned(one, two)
    told = forecast(plan, {ids.key(each.id): each for each in (one, two)}, 200)
    assert told.writes == sum(not step.reused for step in plan.resources) + 2
    assert told.accepted == pytest.approx(80, abs=10)  # the chain of foundations: mostly the fabrics
    assert told.enabled == told.accepted + 450
    assert told.protected == pytest.approx(told.enabled + copy(one) + 240)


def test_a_plan_without_machines_waits_for_no_copy() -> None:
    told = forecast(planned(), {}, 0)
    assert told.enabled == told.protected == told.accepted


def test_slow_is_half_as_long_again_as_the_middle() -> None:
    assert slow_after([400] * 4) is None
    assert slow_after([400, 400, 400, 500, 9000]) == 600
    assert slow_after([10] * 5) == 70
