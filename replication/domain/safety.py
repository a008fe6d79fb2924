"""Is this machine safe? The one rule that turns what was read into one of four words, and says why.

| what was read                                                   | verdict       |
|-----------------------------------------------------------------|---------------|
| nothing within the last 15 minutes                              | Unknown       |
| a state or health word that this console has never met          | Unknown       |
| no replicated item, or one that left Azure                      | Not protected |
| protection being enabled, first copy running, no first point    | Not protected |
| failed over, committed or not: nothing is replicated from there | Not protected |
| failover failed                                                 | At risk       |
| protected; health Critical, Warning or not given                | At risk       |
| protected; a failover would not succeed as configured           | At risk       |
| protected; RPO never computed, not for an hour, or over target  | At risk       |
| protected and none of these                                     | Protected     |

A missing test failover makes nobody unsafe: it is shown beside the verdict (portal-behaviour.md §2.3). The target is a setting
(replication/rpo.py). *Assumed*: the hour after which an RPO says nothing any more (event 153007).
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from replication.domain.states import HEALTH, ITEM, ItemStatus
from replication.domain.words import duration

STALE = timedelta(minutes=15)
RPO_OLD = timedelta(minutes=60)


class Safety(StrEnum):
    PROTECTED = "protected"
    AT_RISK = "at_risk"
    NOT_PROTECTED = "not_protected"
    UNKNOWN = "unknown"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What was last read of a replicated item. Times aware; rpo and target in seconds; as_of: when the vault was last read completely."""

    as_of: datetime | None
    status: str
    target: int  # of its RPO
    protection_state: str = ""  # Azure's own word, shown when ours has none
    health: str = "None"
    failover_health: str = "None"
    rpo: int | None = None
    rpo_at: datetime | None = None
    progress: int | None = None
    gone_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """The verdict, why in one sentence, and for Unknown what was last known ('' when nothing was)."""

    safety: Safety
    why: str
    before: str = ""


def of_item(seen: Standing, now: datetime) -> Judgement:
    """The verdict on a machine that has, or had, a replicated item."""
    known = _gone(seen) if seen.gone_at else _of_status(seen, now)
    return known if fresh(seen.as_of, now) else _too_old(seen.as_of, now, known)


def of_machine(as_of: datetime | None, now: datetime, *, elsewhere: bool = False, why: str = "") -> Judgement:
    """The verdict on a machine without an item that one may see.

    as_of: the oldest reading of all vaults that could hold it; elsewhere: a vault that the person has no role in replicates it;
    why: what stands in the way of replicating it, in a sentence.
    """
    if elsewhere:
        return Judgement(Safety.UNKNOWN, "It is replicated in a vault in which you have no role.")
    known = Judgement(Safety.NOT_PROTECTED, _sentence("No vault replicates it.", why))
    return known if fresh(as_of, now) else _too_old(as_of, now, known)


def fresh(as_of: datetime | None, now: datetime) -> bool:
    """Whether what was read then still counts; a reader's clock that runs ahead is no reason for doubt."""
    return as_of is not None and now - as_of <= STALE


def _too_old(as_of: datetime | None, now: datetime, known: Judgement) -> Judgement:
    if as_of is None:
        return Judgement(Safety.UNKNOWN, "Azure has not been read yet.")
    why = f"Azure was last read {duration((now - as_of).total_seconds())} ago."
    return Judgement(Safety.UNKNOWN, why, before=f"{known.safety.label}. {known.why}".strip())


def _gone(seen: Standing) -> Judgement:
    at = f"{seen.gone_at:%d %b %Y %H:%M} UTC" if seen.gone_at else ""
    return Judgement(Safety.NOT_PROTECTED, f"Azure has not listed its replicated item since {at}.")


def _of_status(seen: Standing, now: datetime) -> Judgement:
    if seen.status in {ItemStatus.PROTECTED, ItemStatus.TESTING}:
        return _of_protected(seen, now)
    if seen.status in _WHY:
        safety = Safety.AT_RISK if seen.status == ItemStatus.FAILOVER_FAILED else Safety.NOT_PROTECTED
        return Judgement(safety, _sentence(_done(seen), _WHY[ItemStatus(seen.status)]))
    word = seen.protection_state or seen.status
    return Judgement(Safety.UNKNOWN, f"Azure calls its state “{word}”, which this console does not know.")


_WHY: dict[ItemStatus, str] = {
    ItemStatus.ENABLING: "There is no recovery point yet.",
    ItemStatus.COPYING: "There is no recovery point before the first copy is complete.",
    ItemStatus.FINISHING: "The first copy is done; there is no recovery point yet.",
    ItemStatus.FAILED_OVER: "It runs in the recovery region and is not replicated from there. Commit, then re-protect it.",
    ItemStatus.COMMITTED: "It runs in the recovery region and is not replicated from there until it is re-protected.",
    ItemStatus.FAILOVER_FAILED: "The last failover failed.",
}


NO_COPY = frozenset(_WHY) - {ItemStatus.FAILOVER_FAILED}  # states in which nothing can be recovered: Not protected


def _done(seen: Standing) -> str:
    label = ITEM[ItemStatus(seen.status)].label
    return f"{label}, {seen.progress} % done." if seen.progress is not None else f"{label}."


def _of_protected(seen: Standing, now: datetime) -> Judgement:
    if seen.health not in HEALTH:
        return Judgement(Safety.UNKNOWN, f"Azure calls its health “{seen.health}”, which this console does not know.")
    why = _risk(seen, now)
    if why:
        return Judgement(Safety.AT_RISK, why)
    return Judgement(Safety.PROTECTED, f"RPO {duration(seen.rpo or 0)}, target {duration(seen.target)}.")


def _risk(seen: Standing, now: datetime) -> str:
    """The gravest of what speaks against it; '' when nothing does."""
    if seen.health == "Critical":
        return "Replication is critical: it is stuck, or slower than the machine changes."
    if seen.rpo is None:
        return "Azure has not computed an RPO yet."
    if seen.rpo_at and now - seen.rpo_at > RPO_OLD:
        return f"Azure last computed its RPO {duration((now - seen.rpo_at).total_seconds())} ago."
    if seen.rpo > seen.target:
        return f"RPO {duration(seen.rpo)} is above the target of {duration(seen.target)}."
    if seen.health == "Warning":
        return "Azure reports something that may affect replication."
    if seen.health == "None":
        return "Azure gives no health for it."
    return "A failover would not succeed as it is configured." if seen.failover_health == "Critical" else ""


def _sentence(*parts: str) -> str:
    return " ".join(filter(None, parts))
