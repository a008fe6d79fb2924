"""Storing a complete read over the rows of the read before: new and changed rows are written, vanished ones marked, the rest untouched."""

from collections.abc import Collection, Mapping
from datetime import datetime
from functools import cache
from typing import Any, TypeVar

from django.db.models import CharField, Model, QuerySet

from replication import finding

Row = TypeVar("Row", bound=Model)
Values = Mapping[str, Any]

BATCH = 500


def store(
    rows: QuerySet[Row],
    fresh: Mapping[str, Values],
    *,
    now: datetime,
    common: Values,
    unique: Collection[str],
    once: Values | None = None,
    searched: bool = False,
) -> set[str]:
    """Make `rows` say what was just read; the keys that were new, changed or gone.

    fresh: by key, every column but those of `common`; it must hold a digest, which decides whether a row is written. common: columns
    that all rows share (they pick the rows together with `key`). once: columns set when a row is made and then left. searched: rows are
    found by the words of their `search`, of which terms are kept (finding.py).
    """
    asked = ("key", "digest", "gone_at", *(["search"] if searched else []))
    known = {key: (digest, gone, *text) for key, digest, gone, *text in rows.order_by().values_list(*asked)}
    written = {key for key, values in fresh.items() if known.get(key, ())[:2] != (values["digest"], None)}
    shared = {**common, **(once or {}), "as_of": now, "gone_at": None}
    values = [{**fresh[key], **shared, "key": key} for key in sorted(written)]
    _write(rows, [fitted(rows.model, each) for each in values], unique, fixed={*common, *(once or {})})
    if searched:
        finding.follow(rows, {key: text for key, (_, _, text) in known.items()}, {key: fresh[key]["search"] for key in written})
    gone = {key for key, (_, gone_at, *_) in known.items() if gone_at is None and key not in fresh}
    for some in batches(sorted(gone)):
        rows.filter(key__in=some).update(gone_at=now)
    rows.filter(gone_at=None).update(as_of=now)
    return written | gone


def _write(rows: QuerySet[Row], values: list[dict[str, Any]], unique: Collection[str], fixed: Collection[str]) -> None:
    """One statement a batch for new and changed rows alike."""
    if not values:
        return
    changing = [name for name in values[0] if name not in fixed and name not in unique]
    rows.model._default_manager.bulk_create(
        [rows.model(**each) for each in values],
        batch_size=BATCH,
        update_conflicts=True,
        unique_fields=list(unique),
        update_fields=changing,
    )


@cache
def _widths(model: type[Model]) -> dict[str, int]:
    widths = {each.attname: each.max_length for each in model._meta.concrete_fields if isinstance(each, CharField)}
    return {name: width for name, width in widths.items() if width}


def fitted(model: type[Model], values: Values) -> dict[str, Any]:
    """Values with each text cut to what its column holds: a name longer than Azure allows must not cost the whole read."""
    widths = _widths(model)
    return {name: value[: widths[name]] if name in widths else value for name, value in values.items()}


def batches(keys: list[Any], size: int = BATCH) -> list[list[Any]]:
    """The keys in pieces that fit into one statement."""
    return [keys[start : start + size] for start in range(0, len(keys), size)]
