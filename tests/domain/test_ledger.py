"""The ledger's arithmetic: no second is lost, none is counted twice, and what nobody read is unknown."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.domain.ledger import Budget, State, Window, by_month, covered, joined, pieces, tally, union
from replication.domain.packing import SHARD, Day, Observed, find_in_frame, pack_frame, unpack_frame
from replication.domain.series import HOLD

# A busy machine is no fault of the arithmetic.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
BERLIN = ZoneInfo("Europe/Berlin")
BEGIN = datetime(2026, 10, 24, tzinfo=UTC)  # the clocks of Berlin go back in the night after
END = BEGIN + timedelta(days=14)  # and a month ends

seen = st.builds(
    Observed,
    st.none() | st.integers(0, 9000),
    st.sampled_from(["", "None", "Normal", "Warning", "Critical", "Other"]),
    counts=st.booleans(),
    unknown=st.booleans(),
)
moments = st.integers(0, 14 * 86400).map(lambda seconds: BEGIN + timedelta(seconds=seconds))
readings = st.lists(st.tuples(moments, seen), min_size=1, max_size=12, unique_by=lambda each: each[0]).map(
    lambda rows: sorted(rows, key=lambda each: each[0])
)
windows = st.lists(st.builds(Window, moments, moments), max_size=4)


def steady(_):
    """The target, in seconds, of a time in which nobody changes it."""
    return 1800


def total(months):
    rows = months.values()
    return tuple(round(sum(getattr(row, name) for row in rows), 3) for name in ("within", "out", "excused", "unknown"))


@patient
@given(readings)
def test_pieces_cover_the_time_without_holes_and_no_reading_speaks_too_long(rows):
    found = list(pieces(rows, END, steady))
    times = [(each.begun, each.ended) for each in found]
    assert not times or (times[0][0], times[-1][1]) == (rows[0][0], END)
    assert all(one[1] == other[0] for one, other in pairwise(times))
    assert all(each.length <= HOLD for each in found if each.state in {State.WITHIN, State.OUT})


@patient
@given(readings, windows, st.sampled_from([UTC, BERLIN, ZoneInfo("Asia/Kathmandu"), ZoneInfo("America/Sao_Paulo")]))
def test_months_and_windows_split_time_and_change_none_of_it(rows, excusing, zone):
    found = list(joined(pieces(rows, END, steady)))
    months = tally(found, union(excusing), zone)
    within, out, excused, unknown = total(months)
    counted = sum((each.length.total_seconds() for each in found if each.state is not State.OFF), 0.0)
    assert within + out + unknown == pytest.approx(counted, abs=0.01)
    assert 0 <= excused <= out
    assert total(tally(found, [], zone))[:2] == (within, out)
    everything = tally(found, [Window(BEGIN, END)], zone)
    assert total(everything)[2] == total(everything)[1]


@patient
@given(readings, st.integers(0, 11))
def test_counting_in_two_steps_counts_the_same(rows, cut):
    """Frames are counted as they come; the last of one step is the first of the next."""
    at = min(cut, len(rows) - 1)
    first, second = rows[: at + 1], rows[at:]
    whole = tally(pieces(rows, END, steady), [], BERLIN)
    parts = [tally(pieces(first[:-1], first[-1][0], steady), [], BERLIN), tally(pieces(second, END, steady), [], BERLIN)]
    joint = {month: [part[month] for part in parts if month in part] for month in {*parts[0], *parts[1]}}
    assert set(joint) == set(whole)
    for month, each in joint.items():
        for name in ("within", "out", "unknown"):
            assert sum(getattr(part, name) for part in each) == pytest.approx(getattr(whole[month], name), abs=0.01)
        assert max((part.worst for part in each if part.worst is not None), default=None) == whole[month].worst


@patient
@given(windows, moments, moments)
def test_a_moment_is_excused_once_however_many_windows_say_so(excusing, one, other):
    begun, ended = min(one, other), max(one, other)
    once = covered(begun, ended, union(excusing))
    assert once == covered(begun, ended, union([*excusing, *excusing]))
    assert timedelta(0) <= once <= ended - begun


def test_an_hour_that_the_clock_shows_twice_is_two_hours():
    night = datetime(2026, 10, 25, 0, 0, tzinfo=UTC)  # 02:00 in Berlin, and an hour later 02:00 again
    rows = [(night + timedelta(minutes=10 * n), Observed(3600, "Critical", counts=True, unknown=False)) for n in range(12)]
    (month,) = tally(pieces(rows, night + timedelta(hours=2), steady), [], BERLIN).values()
    assert (month.out, month.unknown, month.worst) == (7200, 0, 3600)


def test_a_month_begins_at_midnight_of_the_consoles_clock():
    begun, ended = datetime(2026, 10, 31, 22, tzinfo=UTC), datetime(2026, 11, 1, 2, tzinfo=UTC)
    parts = [(month.month, (end - start).total_seconds() / 3600) for month, start, end in by_month(begun, ended, BERLIN)]
    assert parts == [(10, 1), (11, 3)]


def test_what_was_last_seen_good_is_not_good_for_ever():
    rows = [(BEGIN, Observed(60, "Normal", counts=True, unknown=False))]
    (month,) = tally(pieces(rows, BEGIN + timedelta(days=1), steady), [], UTC).values()
    assert (month.within, month.unknown) == (900, 86400 - 900)


def test_each_reading_is_judged_by_the_target_that_held_then():
    """An RPO of 40 minutes over an hour, of which the target is 30 minutes for the first half and 60 for the second."""
    middle, end = BEGIN + timedelta(minutes=30), BEGIN + timedelta(hours=1)
    rows = [(BEGIN + timedelta(minutes=5 * n), Observed(2400, "Normal", counts=True, unknown=False)) for n in range(12)]
    found = list(joined(pieces(rows, end, lambda at: 1800 if at < middle else 3600)))
    assert [(each.begun, each.ended, each.state, each.target) for each in found] == [
        (BEGIN, middle, State.OUT, 1800), (middle, end, State.WITHIN, 3600),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("within", "out", "excused", "left", "attained"),
    [(86400, 0, 0, 432, 1.0), (85968, 432, 0, 0, 0.995), (80000, 6400, 6400, 432, 1.0), (0, 0, 0, 0, None)],
)
def test_a_budget_is_of_the_time_that_is_known(within, out, excused, left, attained):
    budget = Budget(within, out, excused, 0.995)
    assert budget.left == pytest.approx(left)
    assert budget.attained == (None if attained is None else pytest.approx(attained))


# --- packing -----------------------------------------------------------------------------------------------------------------


@patient
@given(st.dictionaries(st.integers(7 * SHARD, 8 * SHARD - 1), seen, max_size=20))
def test_a_frame_says_what_was_seen(rows):
    data = pack_frame(rows.items())
    assert dict(unpack_frame(data, 7)) == rows
    for pk in [*rows, 7 * SHARD, 8 * SHARD - 1]:
        assert find_in_frame(data, pk) == rows.get(pk)


slots = st.lists(st.tuples(st.integers(0, 1439), st.none() | st.integers(0, 10**6), st.sampled_from(["Normal", "Critical"])), max_size=20)


@patient
@given(slots)
def test_thinning_a_day_keeps_its_peaks_and_its_gaps(rows):
    day = Day(5)
    for minute, rpo, health in rows:
        day.put(minute, rpo, health)
    direct = Day(60)
    for minute, rpo, health in rows:
        direct.put(minute, rpo, health)
    thinned = Day(60, day.coarser(30).coarser(60).packed())
    assert list(thinned) == list(direct)
    assert {minute for minute, _, _ in thinned} == {minute // 60 * 60 for minute, _, _ in rows}


def test_history_of_a_later_version_is_not_misread():
    with pytest.raises(ValueError, match="encoded as 9"):
        Day(5, b"\x09" + bytes(10))
