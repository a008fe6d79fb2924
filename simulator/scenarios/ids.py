"""Ids, guids and moments that depend on nothing but a seed and a name: the same world comes out byte for byte."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import blake2b

_FIRST_DAY = datetime(2022, 1, 3, 6, 0, tzinfo=UTC)
_LAST_DAY = datetime(2026, 6, 1, tzinfo=UTC)


def guid(seed: object, *parts: object) -> str:
    """A guid of version 4 that is a pure function of its arguments."""
    digest = blake2b(repr((seed, *parts)).encode(), digest_size=16).hexdigest()
    return f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:]}"


def token(seed: object, *parts: object, length: int = 32) -> str:
    """Lower-case hexadecimal characters (at most 32), as Azure puts them into disk names and MAC addresses."""
    return blake2b(repr((seed, *parts)).encode(), digest_size=16).hexdigest()[:length]


def number(below: int, seed: object, *parts: object) -> int:
    """A whole number from 0 up to but not including `below`."""
    return int.from_bytes(blake2b(repr((seed, *parts)).encode(), digest_size=8).digest(), "big") % below


def moment(seed: object, *parts: object) -> datetime:
    """A moment between 2022 and the middle of 2026 at which something was created."""
    span = int((_LAST_DAY - _FIRST_DAY).total_seconds())
    ticks = number(span * 10**6, seed, "moment", *parts)
    return _FIRST_DAY + timedelta(microseconds=ticks)


def compute_time(when: datetime) -> str:
    """Seven decimals and a numeric offset, as Compute writes times."""
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}1+00:00"


def storage_time(when: datetime) -> str:
    """Seven decimals and a Z, as Storage and Recovery Services write times."""
    return f"{when:%Y-%m-%dT%H:%M:%S.%f}1Z"


def subscription_scope(subscription: str) -> str:
    return f"/subscriptions/{subscription}"


def group_id(subscription: str, group: str) -> str:
    return f"/subscriptions/{subscription}/resourceGroups/{group}"


def resource_id(subscription: str, group: str, kind: str, name: str) -> str:
    """`kind` is namespace and type, for example Microsoft.Compute/disks."""
    return f"/subscriptions/{subscription}/resourceGroups/{group}/providers/{kind}/{name}"


def name_of(arm_id: str) -> str:
    """The last segment of an ARM id."""
    return arm_id.rsplit("/", 1)[-1]
