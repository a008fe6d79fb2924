"""Keeping history: what a sweep saw is written as frames, frames are counted and folded into days, days are thinned with age.

Counting and folding are one transaction that begins by deleting the frames it counts: whoever comes second finds them gone and
changes nothing, and a crash leaves them where they were. So every minute is counted once, and before anything of it is thinned.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Min

from replication import clock, rpo
from replication.domain import inventory as inv
from replication.domain.packing import MINUTES, SHARD, Observed, minutes_of_age, pack_frame, unpack_frame
from replication.domain.packing import Day as PackedDay
from replication.domain.safety import RPO_OLD
from replication.domain.series import HOLD
from replication.domain.states import ItemStatus, item_status
from replication.history import hold
from replication.models import HistoryDay, HistoryFrame, ProtectedItem, Vault
from replication.sync import counting

Readings = dict[int, list[tuple[datetime, Observed]]]  # item's row id -> what was seen of it, in the order of time

CLOSEST = timedelta(seconds=30)  # frames of a vault in which nothing turned good or bad are no closer than this
FOLD_AFTER = timedelta(minutes=30)
BITE = 500  # rows that one transaction thins
FRAMES = 400  # of a shard that one transaction folds
_LEFT = Observed(None, "", counts=False, unknown=False)


# --- a sweep ---------------------------------------------------------------------------------------------------------------


def record(vault: Vault, pks: Mapping[str, int], items: Mapping[str, inv.Item], now: datetime, *, moved: bool) -> None:
    """Keep what a complete reading saw; call inside its transaction. pks: row ids by key; moved: something turned good or bad."""
    newest = _newest(vault, now)
    if newest and (now <= newest or (not moved and now - newest < CLOSEST)):
        return
    seen = {pks[key]: observed(item, now) for key, item in items.items() if key in pks}
    shards: dict[int, list[tuple[int, Observed]]] = {shard: [] for shard in _shards(vault)}
    for pk, each in seen.items():
        shards.setdefault(pk // SHARD, []).append((pk, each))
    _write(vault, now, {shard: pack_frame(rows) for shard, rows in shards.items()})


def observed(item: inv.Item, now: datetime) -> Observed:
    """What counts of an item. An RPO that Azure has not computed for an hour says nothing (domain/safety.py)."""
    counts = item_status(item) in {ItemStatus.PROTECTED, ItemStatus.TESTING}
    old = item.rpo_at is not None and now - item.rpo_at > RPO_OLD
    return Observed(item.rpo, item.replication_health or "None", counts=counts, unknown=item.rpo is None or old)


def blind(vault: Vault, now: datetime) -> None:
    """The vault could not be read: once nobody knows any more, say so, that the ledger goes on counting while Azure is silent."""
    newest = _newest(vault, now)
    if newest is None or now - newest < hold():
        return
    latest = HistoryFrame.objects.filter(vault=vault, at=newest).values_list("shard", "data")
    _write(vault, now, {shard: pack_frame(_unread(bytes(data), shard)) for shard, data in latest})


def _unread(data: bytes, shard: int) -> Iterable[tuple[int, Observed]]:
    return ((pk, Observed(None, "", each.counts, unknown=True)) for pk, each in unpack_frame(data, shard))


def _newest(vault: Vault, now: datetime) -> datetime | None:
    """When the vault's newest frame was written. Frames of a clock that ran ahead are dropped, else nothing would be kept until then."""
    frames = HistoryFrame.objects.filter(vault=vault)
    newest: datetime | None = frames.aggregate(newest=Max("at"))["newest"]
    if newest and newest > now + HOLD:
        frames.filter(at__gt=now + HOLD).delete()
        return _newest(vault, now)
    return newest


def _shards(vault: Vault) -> list[int]:
    """Shards that have a frame: what is in none of this sweep's has left."""
    return list(HistoryFrame.objects.filter(vault=vault).order_by().values_list("shard", flat=True).distinct())


def _write(vault: Vault, now: datetime, frames: Mapping[int, bytes]) -> None:
    target = rpo.target(vault)
    HistoryFrame.objects.bulk_create(
        [HistoryFrame(vault=vault, shard=shard, at=now, target=target, data=data) for shard, data in frames.items()],
        batch_size=100,
        ignore_conflicts=True,
    )


# --- counting and folding ----------------------------------------------------------------------------------------------------


def keep(until: datetime) -> bool:
    """Fold what is due, then thin, until a time; whether all of it was done."""
    return _fold_due(until) and _thin(until)


def _fold_due(until: datetime) -> bool:
    now = clock.now()
    shards = HistoryFrame.objects.order_by().values("vault_id", "shard").annotate(first=Min("at"), last=Max("at"))
    due = shards.filter(first__lte=now - FOLD_AFTER).values_list("vault_id", "shard", "first", "last")
    for vault_id, shard, first, last in due:
        more = first < last
        while more:
            if clock.now() > until:
                return False
            more = fold(vault_id, shard)
    return True


def fold(vault_id: int, shard: int) -> bool:
    """Count and fold all frames of a shard but the newest; whether there may be more."""
    with transaction.atomic():
        counting.hold(vault_id)
        found = HistoryFrame.objects.filter(vault_id=vault_id, shard=shard, at__lte=clock.now()).order_by("at")
        frames = list(found[: FRAMES + 1])
        if len(frames) < 2:
            return False
        *done, tail = frames
        HistoryFrame.objects.filter(pk__in=[each.pk for each in done]).delete()
        readings = _readings(shard, frames)
        known = set(ProtectedItem.objects.filter(pk__in=list(readings)).values_list("pk", flat=True))
        readings = {pk: each for pk, each in readings.items() if pk in known}
        counting.count(vault_id, readings, tail.at, {each.at: each.target for each in frames}.__getitem__)
        _store_days(readings, tail.at)
    return len(done) == FRAMES


def _readings(shard: int, frames: Sequence[HistoryFrame]) -> Readings:
    """Readings of the frames but the last, which only says when the ones before ended."""
    found: Readings = defaultdict(list)
    present: set[int] = set()
    for frame in frames[:-1]:
        now = dict(unpack_frame(bytes(frame.data), shard))
        for pk, each in now.items():
            found[pk].append((frame.at, each))
        for pk in present - now.keys():
            found[pk].append((frame.at, _LEFT))
        present = set(now)
    return found


def _store_days(readings: Readings, end: datetime) -> None:
    """Add the readings to the items' days."""
    days = {at.date() for rows in readings.values() for at, _ in rows}
    days |= {day + timedelta(days=1) for day in days}  # a reading shortly before midnight speaks into the next day
    rows = HistoryDay.objects.filter(item__in=list(readings), day__in=days)
    series = {(row.item_id, row.day): PackedDay(row.minutes, bytes(row.data)) for row in rows}
    written, holds = set(), hold()
    for pk, seen in readings.items():
        for (at, each), until in zip(seen, [*(at for at, _ in seen[1:]), end], strict=True):
            for slot in _slots(at, min(until, at + holds)) if each.health else ():
                day = series.setdefault((pk, slot.date()), PackedDay(MINUTES[0]))
                day.put(slot.hour * 60 + slot.minute, each.rpo, each.health)
                written.add((pk, slot.date()))
    _write_days({key: series[key] for key in written})


def _slots(begun: datetime, ended: datetime) -> Iterable[datetime]:
    """A moment in each of the shortest slots that a time touches."""
    step = timedelta(minutes=MINUTES[0])
    yield begun
    at = begun.replace(minute=begun.minute // MINUTES[0] * MINUTES[0], second=0, microsecond=0) + step
    while at < ended:
        yield at
        at += step


def _write_days(series: Mapping[tuple[int, date], PackedDay]) -> None:
    HistoryDay.objects.bulk_create(
        [HistoryDay(item_id=pk, day=day, minutes=each.minutes, data=each.packed()) for (pk, day), each in series.items()],
        batch_size=BITE,
        update_conflicts=True,
        unique_fields=["item", "day"],
        update_fields=["minutes", "data"],
    )


# --- thinning ------------------------------------------------------------------------------------------------------------------


def _thin(until: datetime) -> bool:
    """Lengthen the slots of days that have come of age, and drop those past the time that history is kept."""
    today = clock.now().date()
    kept = today - timedelta(days=settings.HISTORY_DAYS)
    jobs = [(minutes, today - timedelta(days=days)) for minutes, days in ((MINUTES[0], 1), (MINUTES[1], 7))]
    for minutes, newest in jobs:
        while thin_some(minutes, newest):
            if clock.now() > until:
                return False
    while _drop_some(kept):
        if clock.now() > until:
            return False
    return True


def _drop_some(kept: date) -> int:
    old = HistoryDay.objects.order_by().filter(day__lt=kept).values_list("pk", flat=True)
    return HistoryDay.objects.filter(pk__in=list(old[:BITE])).delete()[0]


@transaction.atomic
def thin_some(minutes: int, newest: date) -> int:
    """Thin some days with slots so long that are older than `newest`; how many. Twice is once: a thinned day no longer matches."""
    today = clock.now().date()
    rows = list(HistoryDay.objects.filter(minutes=minutes, day__lt=newest).order_by("minutes", "day")[:BITE])
    thinned = {}
    for row in rows:
        longer = max(minutes_of_age((today - row.day).days), minutes)
        thinned[row.item_id, row.day] = PackedDay(row.minutes, bytes(row.data)).coarser(longer)
    _write_days(thinned)
    return len(rows)
