"""History through its own doors: frames are counted once and before anything is thinned, gaps stay gaps, reading costs stay flat."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from replication import clock, history, ledger
from replication.domain.packing import Day, Observed
from replication.models import Breach, HistoryDay, HistoryFrame, LedgerMonth, MaintenanceWindow
from replication.sync import counting
from replication.sync import history as keeping
from tests.views import rows

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 10, 0, 0, tzinfo=UTC)
GOOD = Observed(120, "Normal", counts=True, unknown=False)
BAD = Observed(3600, "Critical", counts=True, unknown=False)
OFF = Observed(None, "Normal", counts=False, unknown=True)


def minutes(count):
    return timedelta(minutes=count)


def at(moment):
    return clock.injected(lambda: moment)


@pytest.fixture
def item(vault: Any) -> Any:
    return rows.item(vault, "erp")


def sweeps(vault, item, states, step=5, begin=BEGIN):
    """One frame every few minutes; None is a sweep that did not happen."""
    for number, state in enumerate(states):
        if state is not None:
            rows.seen(vault, begin + minutes(step * number), {item: state})


def fold(vault, item, moment):
    with at(moment):
        while keeping.fold(vault.pk, item.pk // 512):
            pass


def month_of(item):
    found = LedgerMonth.objects.get(item=item)
    return tuple(getattr(found, name) / 60 for name in ("within", "out", "excused", "unknown"))


def test_minutes_out_of_target_and_gaps_are_counted_as_they_were(vault, item):
    sweeps(vault, item, [GOOD] * 6 + [BAD] * 4 + [None] * 12 + [GOOD] * 3)
    fold(vault, item, BEGIN + minutes(200))
    # 30 good, then bad from 30 to 45 and a quarter of an hour more; unknown until the next reading at 110; good until 120
    assert month_of(item) == (40, 30, 0, 50)
    breach = Breach.objects.get(item=item)
    assert (breach.begun_at, breach.ended_at, breach.worst, breach.open) == (BEGIN + minutes(30), BEGIN + minutes(60), 3600, False)


def test_counting_in_bites_and_twice_at_once_counts_the_same(vault, item, monkeypatch):
    monkeypatch.setattr(keeping, "FRAMES", 3)
    sweeps(vault, item, [GOOD] * 6 + [BAD] * 8 + [GOOD] * 2)
    for part in (20, 35, 36, 61, 400):
        fold(vault, item, BEGIN + minutes(part))
        fold(vault, item, BEGIN + minutes(part))
    assert month_of(item) == (35, 40, 0, 0)
    assert [(each.begun_at, each.ended_at) for each in Breach.objects.all()] == [(BEGIN + minutes(30), BEGIN + minutes(70))]
    assert HistoryFrame.objects.count() == 1  # the newest: how long it holds is not known yet


def test_a_crash_while_counting_leaves_the_frames_and_counts_nothing(vault, item, monkeypatch):
    sweeps(vault, item, [GOOD] * 4)
    monkeypatch.setattr(keeping, "_store_days", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        fold(vault, item, BEGIN + minutes(60))
    assert (HistoryFrame.objects.count(), LedgerMonth.objects.count()) == (4, 0)
    monkeypatch.undo()
    fold(vault, item, BEGIN + minutes(60))
    assert month_of(item) == (15, 0, 0, 0)


def test_what_is_not_protected_yet_is_not_counted(vault, item):
    sweeps(vault, item, [OFF] * 4 + [GOOD] * 3)
    fold(vault, item, BEGIN + minutes(60))
    assert month_of(item) == (10, 0, 0, 0)


def test_an_item_that_left_is_not_unknown_afterwards(vault, item):
    other = rows.item(vault, "crm")
    for number in range(12):
        rows.seen(vault, BEGIN + minutes(5 * number), {other: GOOD} | ({item: GOOD} if number < 6 else {}))
    fold(vault, item, BEGIN + minutes(120))
    assert month_of(item) == (30, 0, 0, 0)
    assert month_of(other) == (55, 0, 0, 0)


def test_the_series_says_the_same_before_and_after_folding(vault, item):
    sweeps(vault, item, [GOOD] * 6 + [BAD] * 4 + [None] * 12 + [GOOD] * 3)
    end = BEGIN + minutes(123)
    with at(end):
        before = history.series(item, "24h").buckets
        fold(vault, item, end)
        assert history.series(item, "24h").buckets == before
    known = [bucket for bucket in before if bucket.known]
    assert [bucket.rpo for bucket in known] == [120] * 6 + [3600] * 6 + [120] * 3
    assert {bucket.health for bucket in before if not bucket.known} == {""}


def test_days_grow_coarser_with_age_and_peaks_and_the_ledger_stay(vault, item):
    sweeps(vault, item, [GOOD] * 6 + [BAD] + [GOOD] * 5)
    fold(vault, item, BEGIN + minutes(60))
    counted = month_of(item)
    for age, expected in ((0, 5), (1, 5), (2, 30), (7, 30), (8, 60), (89, 60)):
        with at(BEGIN + timedelta(days=age)):
            assert keeping._thin(clock.now() + minutes(1))
        day = HistoryDay.objects.get(item=item)
        assert day.minutes == expected
        assert max(rpo for _, rpo, _ in Day(day.minutes, bytes(day.data))) == 3600
    with at(BEGIN + timedelta(days=40)):
        assert max(bucket.rpo or 0 for bucket in history.series(item, "90d").buckets) == 3600
    with at(BEGIN + timedelta(days=91)):
        keeping._thin(clock.now() + minutes(1))
    assert not HistoryDay.objects.exists()
    assert month_of(item) == counted == (50, 5, 0, 0)


def test_thinning_stops_when_its_time_is_over_and_goes_on_later(vault, item, monkeypatch):
    monkeypatch.setattr(keeping, "BITE", 2)
    for number in range(7):
        HistoryDay.objects.create(item=item, day=date(2026, 11, 1 + number), minutes=5, data=Day(5).packed())
    with at(BEGIN + timedelta(days=4)):
        assert not keeping._thin(clock.now() - minutes(1))
        assert HistoryDay.objects.filter(minutes=5).count() == 5
        assert keeping._thin(clock.now() + minutes(1))
    assert not HistoryDay.objects.filter(minutes=5).exists()


def test_a_silent_vault_is_counted_as_unknown_while_it_is_silent(vault, item):
    sweeps(vault, item, [GOOD] * 3)
    for number in range(3, 40):
        with at(BEGIN + minutes(5 * number)):
            keeping.blind(vault, clock.now())
    fold(vault, item, BEGIN + minutes(200))
    within, out, excused, unknown = month_of(item)
    assert (within, out, excused) == (25, 0, 0)  # the last reading at 10 speaks until 25
    assert unknown >= 150
    assert HistoryFrame.objects.count() == 1


def test_frames_of_a_clock_that_ran_ahead_do_not_stop_history(vault, item):
    rows.seen(vault, BEGIN, {item: GOOD})
    rows.seen(vault, BEGIN + timedelta(days=400), {item: BAD})
    with at(BEGIN + minutes(5)):
        keeping.record(vault, {}, {}, clock.now(), moved=False)
    assert list(HistoryFrame.objects.values_list("at", flat=True)) == [BEGIN, BEGIN + minutes(5)]
    with at(BEGIN + minutes(1)):  # and one that is behind writes nothing over what is there
        keeping.record(vault, {}, {}, clock.now(), moved=True)
    assert HistoryFrame.objects.count() == 2


@pytest.mark.parametrize(
    ("scope", "subject", "excused"),
    [("vault", "", 20), ("machine", "{key}", 20), ("machine", "another", 0), ("tag", "env:prod", 20), ("tag", "env:test", 0)],
)
def test_windows_excuse_before_and_after_the_minutes_were_counted(vault, item, admin, scope, subject, excused):
    machine = rows.machine(vault, "erp")
    machine.tags = "\nenv:prod\nowner:finance\n"
    machine.save()
    given = {
        "vault": vault, "scope": scope, "subject": subject.format(key=item.key), "begins_at": BEGIN + minutes(40),
        "ends_at": BEGIN + minutes(60), "reason": "CHG-1", "created_by": admin, "created_at": BEGIN,
    }  # fmt: skip
    sweeps(vault, item, [GOOD] * 6 + [BAD] * 10)
    window = MaintenanceWindow.objects.create(**given)
    fold(vault, item, BEGIN + minutes(75))
    assert month_of(item) == (30, 45, excused, 0)
    assert LedgerMonth.objects.get().tags == machine.tags
    window.delete()
    ledger.recount(vault, BEGIN + minutes(40), BEGIN + minutes(60))
    assert month_of(item)[2] == 0
    MaintenanceWindow.objects.create(**given)
    ledger.recount(vault, BEGIN + minutes(40), BEGIN + minutes(60))
    assert month_of(item)[2] == excused


def test_a_series_costs_two_queries_however_much_is_kept(vault, item, queries):
    sweeps(vault, item, [GOOD] * 30)
    for number in range(80):
        HistoryDay.objects.create(item=item, day=date(2026, 8, 10) + timedelta(days=number), minutes=60, data=Day(60).packed())
    with at(BEGIN + minutes(160)):
        assert queries(lambda: history.series(item, "90d")) == 2


def test_courses_of_many_items_cost_two_queries_and_say_what_each_series_says(vault, item, queries):
    other = rows.item(vault, "crm")
    for number in range(36):
        seen = {item: BAD if 6 <= number < 12 else GOOD} | ({other: GOOD} if number >= 18 else {})
        rows.seen(vault, BEGIN + minutes(5 * number), seen)
    fold(vault, item, BEGIN + minutes(60))
    rows.seen(vault, BEGIN + minutes(180), {item: BAD, other: GOOD})
    with at(BEGIN + minutes(190)):
        found = history.courses([item, other])
        assert queries(lambda: history.courses([item, other])) == queries(lambda: history.courses([item])) == 2
        assert history.courses([]) == {}
        for each in (item, other):
            fine = {bucket.start: bucket.rpo for bucket in history.series(each, "24h").buckets}
            for bucket in found[each.pk]:
                within = [fine.get(bucket.start + minutes(5 * number)) for number in range(6)]
                assert bucket.rpo == max((value for value in within if value is not None), default=None), bucket.start
    assert [bucket.rpo for bucket in found[item.pk] if bucket.known] == [120, 3600, 120, 120, 120, 120, 3600]
    assert [bucket.rpo for bucket in found[other.pk] if bucket.known] == [120] * 4


def test_counting_costs_the_same_number_of_queries_for_one_item_and_for_many(vault, item, queries):
    sweeps(vault, item, [GOOD, BAD, GOOD])
    with at(BEGIN + minutes(60)):
        one = queries(lambda: keeping.fold(vault.pk, item.pk // 512))
        many = {rows.item(vault, f"vm-{number}"): BAD for number in range(40)}
        for number in range(15, 18):
            rows.seen(vault, BEGIN + minutes(5 * number), many | {item: GOOD})
    with at(BEGIN + minutes(120)):
        assert queries(lambda: keeping.fold(vault.pk, item.pk // 512)) <= one + 2
    assert counting.hold is ledger.hold
