"""Verdicts in words: of a replicated item, of a machine without one, and of what a search found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zlib import crc32

from django.db.models import Q

from replication import clock, rpo
from replication.domain import safety
from replication.domain.safety import Judgement, Safety, Standing
from replication.domain.states import HEALTH, ItemStatus
from replication.markup import row_address
from replication.models import Machine, ProtectedItem

# What a verdict and a hit are made of.
OF_ITEM = (
    "name", "resource_group", "status", "protection_state", "health", "failover_health", "rpo", "rpo_at", "progress", "gone_at",
    "last_test_at", "vault_id",
)  # fmt: skip
OF_MACHINE = ("name", "resource_group", "location", "connection_id", "protected_in", "replicable", "verdicts")
TONES = {Safety.PROTECTED: "ok", Safety.AT_RISK: "warn", Safety.NOT_PROTECTED: "error", Safety.UNKNOWN: "none"}


def of_item(item: ProtectedItem) -> Judgement:
    """The verdict on an item; its vault must be at hand. What left Azure with its vault was last read when that was noticed."""
    as_of = item.gone_at if item.vault.gone_at else item.vault.as_of
    standing = Standing(
        as_of=as_of,
        status=item.status,
        target=rpo.target(item.vault),
        protection_state=item.protection_state,
        health=item.health,
        failover_health=item.failover_health or "None",
        rpo=item.rpo,
        rpo_at=item.rpo_at,
        progress=item.progress,
        gone_at=item.gone_at,
    )
    return safety.of_item(standing, clock.now())


def having(word: str) -> Q:
    """Items that Azure lists, with this verdict: the rule of `of_item` as a question to the database (tests/views hold both together)."""
    now = clock.now()
    live = Q(status__in=(ItemStatus.PROTECTED, ItemStatus.TESTING))
    old = Q(vault__as_of=None) | Q(vault__as_of__lt=now - safety.STALE) | Q(vault__gone_at__isnull=False)
    doubt = Q(rpo=None) | rpo.above() | Q(rpo_at__lt=now - safety.RPO_OLD) | Q(failover_health="Critical")
    risk = (live & Q(health__in=HEALTH) & (~Q(health="Normal") | doubt)) | Q(status=ItemStatus.FAILOVER_FAILED)
    known = Q(status__in=(ItemStatus.PROTECTED, ItemStatus.TESTING, ItemStatus.FAILOVER_FAILED, *safety.NO_COPY))
    found = {
        Safety.PROTECTED: live & Q(health="Normal") & ~doubt,
        Safety.AT_RISK: risk,
        Safety.NOT_PROTECTED: Q(status__in=safety.NO_COPY),
        Safety.UNKNOWN: old | ~known | (live & ~Q(health__in=HEALTH)),
    }
    return found[Safety(word)] & (Q() if word == Safety.UNKNOWN else ~old)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A machine that a search found, with its verdict."""

    name: str
    group: str
    place: str  # the vault that replicates it, or the region in which it stands
    judgement: Judgement
    as_of: datetime | None
    tested: datetime | None
    pk: int  # of its item, or its own where it has none
    replicated: bool  # it has an item
    exact: bool  # what was typed is its name, computer name or address, not a part of them

    @property
    def tone(self) -> str:
        return TONES[self.judgement.safety]

    @property
    def url(self) -> str:
        """Its item's page, or its own where it has none."""
        return row_address("item" if self.replicated else "machine", self.pk)

    @property
    def mark(self) -> str:
        """Of all that is said here: time alone changes a verdict, and a reading that finds nothing new changes when it was read."""
        said = self.name, self.group, self.place, self.judgement, self.as_of, self.tested
        return f"{crc32(repr(said).encode()):08x}"

    @property
    def poll(self) -> str:
        """What a page asks on which this verdict stands open."""
        address = row_address("item_live" if self.replicated else "machine", self.pk)
        return f"{address}?verdict={self.mark}"

    @property
    def word(self) -> str:
        return self.judgement.safety.label


def item_hit(item: ProtectedItem, exact: bool = False) -> Hit:
    """An item that was found; a machine that left Azure keeps its page."""
    return Hit(
        name=item.name,
        group=item.resource_group,
        place=item.vault.name,
        judgement=of_item(item),
        as_of=item.vault.as_of,
        tested=item.last_test_at,
        pk=item.pk,
        replicated=True,
        exact=exact,
    )


def machine_hit(machine: Machine, exact: bool, read: Mapping[int, datetime | None], names: Mapping[str, str]) -> Hit:
    """A machine without an item that the person may see. read: as `access.read_through` gives it."""
    as_of = read.get(machine.connection_id)
    judged = safety.of_machine(as_of, clock.now(), elsewhere=bool(machine.protected_in), why=_why(machine))
    place = names.get(machine.location, machine.location)
    return Hit(
        name=machine.name,
        group=machine.resource_group,
        place=place,
        judgement=judged,
        as_of=as_of,
        tested=None,
        pk=machine.pk,
        replicated=False,
        exact=exact,
    )


def _why(machine: Machine) -> str:
    """Whether it can be replicated; the first thing that stands in the way."""
    if machine.replicable:
        return "It can be replicated."
    first = next((each for each in machine.verdicts if each.get("effect") == "block"), None)
    return f"It cannot be replicated as it is: {first['message']}" if first else ""


def answer(hits: Sequence[Hit], total: int) -> Hit | None:
    """The one that was meant: the only one, or the only one that has exactly this name or address."""
    exact = [hit for hit in hits if hit.exact]
    return hits[0] if total == 1 and hits else exact[0] if len(exact) == 1 else None
