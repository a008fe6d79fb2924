"""Readings become buckets: peaks stay, the worst health stays, and nobody's time stays unknown."""

from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.domain.series import HOLD, Board, Reading, bucketed

# A busy machine is no fault of the arithmetic.
patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)
FIVE, HALF = timedelta(minutes=5), timedelta(minutes=30)


def minutes(count):
    return timedelta(minutes=count)


def test_a_reading_speaks_until_the_next_one_and_for_a_quarter_of_an_hour_at_most():
    readings = [Reading(NOON, 60, "Normal"), Reading(NOON + minutes(5), 90, "Normal"), Reading(NOON + minutes(40), 70, "Warning")]
    buckets = bucketed(readings, NOON, NOON + minutes(60), FIVE)
    assert [bucket.rpo for bucket in buckets] == [60, 90, 90, 90, None, None, None, None, 70, 70, 70, None]
    assert [bucket.known for bucket in buckets] == [bucket.rpo is not None for bucket in buckets]


def test_a_peak_and_the_worst_health_of_a_bucket_stay():
    readings = [Reading(NOON, 60, "Normal"), Reading(NOON + minutes(1), 9000, "Critical"), Reading(NOON + minutes(2), 70, "Normal")]
    (bucket,) = bucketed(readings, NOON, NOON + FIVE, FIVE)
    assert (bucket.rpo, bucket.health) == (9000, "Critical")


def test_health_without_a_figure_is_known_and_has_no_rpo():
    (bucket,) = bucketed([Reading(NOON, None, "None")], NOON, NOON + FIVE, FIVE)
    assert (bucket.known, bucket.rpo) == (True, None)


moments = st.lists(st.integers(0, 24 * 3600), unique=True, max_size=60).map(sorted)


@patient
@given(moments, st.integers(0, 3600))
def test_coarser_buckets_say_the_same_as_finer_ones_put_together(seconds, value):
    readings = [Reading(NOON + timedelta(seconds=each), (each * 7 + value) % 5000, "Normal") for each in seconds]
    end = NOON + timedelta(days=1)
    fine, coarse = (bucketed(readings, NOON, end, step) for step in (FIVE, HALF))
    board = Board(NOON, end, HALF)
    for bucket in fine:
        board.put(bucket.start, bucket.rpo, bucket.health)
    assert board.buckets() == coarse


@patient
@given(moments)
def test_a_bucket_is_known_only_where_somebody_read(seconds):
    readings = [Reading(NOON + timedelta(seconds=each), 60, "Normal") for each in seconds]
    for bucket in bucketed(readings, NOON, NOON + timedelta(days=1), FIVE):
        near = any(bucket.start - HOLD < each.at < bucket.start + FIVE for each in readings)
        assert bucket.known <= near
