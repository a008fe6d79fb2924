"""The life of an Azure-to-Azure protected item, as one table.

Everything that depends on where an item stands (what the service shows, what it accepts, what an accepted operation leads
to) is read from the three tables below and from nowhere else.

Sources: site-recovery-protocol.md §3.3 (what each phase shows) and §5 (what follows what). Rows marked *assumed* were not
recorded from the real service and have their line in docs/simulator-assumptions.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class State(StrEnum):
    """Where a protected item stands. The values are ours; what goes over the wire is in :data:`SHOWN`."""

    ABSENT = "Absent"
    ENABLING = "Enabling"
    ENABLE_FAILED = "EnableFailed"
    COPYING = "InitialReplication"
    AWAITING_POINT = "AwaitingFirstPoint"
    PROTECTED = "Protected"
    TESTING = "TestFailoverRunning"
    TEST_WAITING = "TestFailoverWaiting"
    CLEANING_UP = "TestFailoverCleanup"
    FAILING_OVER = "FailoverRunning"
    FAILOVER_FAILED = "FailoverFailed"
    COMMIT_PENDING = "CommitPending"
    CHANGING_POINT = "ChangingPoint"
    COMMITTING = "Committing"
    COMMITTED = "Committed"
    SWITCHING = "Switching"
    DISABLING = "Disabling"


class Operation(StrEnum):
    """What a client may ask of an item; the values are the names used in errors and logs."""

    ENABLE = "EnableProtection"
    TEST_FAILOVER = "TestFailover"
    TEST_CLEANUP = "TestFailoverCleanup"
    FAILOVER = "UnplannedFailover"
    CHANGE_POINT = "ChangePit"
    COMMIT = "Commit"
    SWITCH = "SwitchProtection"
    DISABLE = "DisableProtection"
    PURGE = "Purge"
    UPDATE = "UpdateProtectedItem"
    ADD_DISKS = "AddDisks"
    REMOVE_DISKS = "RemoveDisks"
    RESYNC = "RepairReplication"
    RESOLVE_HEALTH = "ResolveHealthErrors"
    UPDATE_AGENT = "UpdateMobilityService"


@dataclass(frozen=True)
class Shown:
    """What an item in a state says of itself (site-recovery-protocol.md §3.3, the table of phases).

    ``allowed`` is ``allowedOperations`` in the order of the recordings, which is not alphabetical.
    """

    protection_state: str
    protection_description: str
    vm_state: str
    vm_description: str
    allowed: tuple[str, ...] = ()
    active_location: str = "Primary"
    replicates: bool = False
    """Recovery points and RPO move on."""
    settled: bool = False
    """No operation is running: the state lasts until somebody asks for something (or the copy ends)."""


_ENABLING = ("UnprotectedStatesBegin", "Enabling protection")
_PROTECTED = ("Protected", "Protected")
_PENDING = ("UnplannedFailoverCommitPendingStatesBegin", "Failover completed")
_COMMITTED = ("UnplannedFailoverCommitted", "Failover committed")
_FAILED = ("UnplannedFailoverFailed", "Failover failed")

SHOWN: dict[State, Shown] = {
    # phase 0: not recorded, *assumed*
    State.ENABLING: Shown(*_ENABLING, *_ENABLING, allowed=("DisableProtection",)),
    # *assumed*: a machine whose agent could not be installed leaves an item that can only be disabled
    State.ENABLE_FAILED: Shown(
        "EnableProtectionFailed", "Enabling protection failed", *_ENABLING, allowed=("DisableProtection",), settled=True
    ),
    # phases 1 and 2
    State.COPYING: Shown(
        "InitialReplicationInProgress",
        "Initial replication is in progress",
        *_ENABLING,
        allowed=("DisableProtection",),
        settled=True,
    ),
    # phase 3
    State.AWAITING_POINT: Shown(
        "InitialReplicationRecoveryCompletionPending",
        "Waiting for first recovery point",
        *_ENABLING,
        allowed=("DisableProtection",),
        settled=True,
    ),
    # phases 4, 6 and 11
    State.PROTECTED: Shown(
        *_PROTECTED,
        *_PROTECTED,
        allowed=("UnplannedFailover", "DisableProtection", "TestFailover"),
        replicates=True,
        settled=True,
    ),
    State.TESTING: Shown(*_PROTECTED, *_PROTECTED, replicates=True),  # *assumed*
    # phase 5
    State.TEST_WAITING: Shown(
        *_PROTECTED, *_PROTECTED, allowed=("DisableProtection", "TestFailoverCleanup"), replicates=True, settled=True
    ),
    State.CLEANING_UP: Shown(*_PROTECTED, *_PROTECTED, replicates=True),  # *assumed*
    State.FAILING_OVER: Shown(*_PROTECTED, *_PROTECTED),  # *assumed*
    # phase F: the name is documented, the allowed operations are *assumed*
    State.FAILOVER_FAILED: Shown(*_FAILED, *_FAILED, allowed=("UnplannedFailover", "DisableProtection"), settled=True),
    # phase 7
    State.COMMIT_PENDING: Shown(
        *_PENDING,
        *_PENDING,
        allowed=("CompleteMigration", "Commit", "DisableProtection", "ChangePit"),
        active_location="Recovery",
        settled=True,
    ),
    State.CHANGING_POINT: Shown(*_PENDING, *_PENDING, active_location="Recovery"),  # *assumed*
    State.COMMITTING: Shown(*_PENDING, *_PENDING, active_location="Recovery"),  # *assumed*
    # phase 8
    State.COMMITTED: Shown(
        *_COMMITTED,
        *_COMMITTED,
        allowed=("CompleteMigration", "DisableProtection", "SwitchProtection"),
        active_location="Recovery",
        settled=True,
    ),
    State.SWITCHING: Shown(*_COMMITTED, *_COMMITTED, active_location="Recovery"),  # phase 9, *assumed*
    # *assumed*: an item that is being disabled keeps showing where it stood; only the operations go (see `shown`)
    State.DISABLING: Shown(*_PROTECTED, *_PROTECTED),
}


@dataclass(frozen=True)
class Move:
    """What an accepted operation does to the state: while it runs, when it succeeds, when it fails."""

    running: State
    done: State
    failed: State


_S, _O = State, Operation

# fmt: off
_ROWS: tuple[tuple[State, Operation, State, State, State], ...] = (
    # from                 operation              while it runs       succeeded            failed
    (_S.ABSENT,            _O.ENABLE,             _S.ENABLING,        _S.COPYING,          _S.ABSENT),

    (_S.PROTECTED,         _O.TEST_FAILOVER,      _S.TESTING,         _S.TEST_WAITING,     _S.PROTECTED),
    (_S.TEST_WAITING,      _O.TEST_CLEANUP,       _S.CLEANING_UP,     _S.PROTECTED,        _S.TEST_WAITING),

    (_S.PROTECTED,         _O.FAILOVER,           _S.FAILING_OVER,    _S.COMMIT_PENDING,   _S.FAILOVER_FAILED),
    (_S.FAILOVER_FAILED,   _O.FAILOVER,           _S.FAILING_OVER,    _S.COMMIT_PENDING,   _S.FAILOVER_FAILED),  # assumed
    (_S.COMMIT_PENDING,    _O.CHANGE_POINT,       _S.CHANGING_POINT,  _S.COMMIT_PENDING,   _S.COMMIT_PENDING),
    (_S.COMMIT_PENDING,    _O.COMMIT,             _S.COMMITTING,      _S.COMMITTED,        _S.COMMIT_PENDING),
    # the reversed item starts in the other container, same name (§3.3 phase 10)
    (_S.COMMITTED,         _O.SWITCH,             _S.SWITCHING,       _S.COPYING,          _S.COMMITTED),

    (_S.PROTECTED,         _O.UPDATE,             _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
    (_S.PROTECTED,         _O.ADD_DISKS,          _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
    (_S.PROTECTED,         _O.REMOVE_DISKS,       _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
    (_S.PROTECTED,         _O.RESYNC,             _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
    (_S.PROTECTED,         _O.RESOLVE_HEALTH,     _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
    (_S.PROTECTED,         _O.UPDATE_AGENT,       _S.PROTECTED,       _S.PROTECTED,        _S.PROTECTED),
)
# fmt: on

_DISABLED_FROM = (
    _S.ENABLING,  # assumed: the running enable is cancelled
    _S.ENABLE_FAILED,  # assumed
    _S.COPYING,
    _S.AWAITING_POINT,
    _S.PROTECTED,
    _S.TEST_WAITING,
    _S.FAILOVER_FAILED,  # assumed
    _S.COMMIT_PENDING,
    _S.COMMITTED,
)

MOVES: dict[tuple[State, Operation], Move] = {
    **{(start, operation): Move(running, done, failed) for start, operation, running, done, failed in _ROWS},
    **{(start, _O.DISABLE): Move(_S.DISABLING, _S.ABSENT, start) for start in _DISABLED_FROM},
    # a purge is forced: it works from everywhere, running operations included (partly assumed, §5)
    **{(start, _O.PURGE): Move(start, _S.ABSENT, start) for start in _S if start is not _S.ABSENT},
}

AUTOMATIC: tuple[tuple[State, State, str], ...] = (
    (_S.COPYING, _S.AWAITING_POINT, "the disks are copied"),
    (_S.AWAITING_POINT, _S.PROTECTED, "the first recovery point exists"),
)

INTERRUPTING = frozenset({_O.DISABLE, _O.PURGE})
"""Operations that do not wait for one that is running where the table has a row for them."""


def move(state: State, operation: Operation) -> Move | None:
    """What ``operation`` leads to from ``state``; None when the service refuses it there."""
    return MOVES.get((state, operation))


def accepted(state: State) -> frozenset[Operation]:
    """Every operation that an item in ``state`` takes."""
    return frozenset(operation for start, operation in MOVES if start is state)


def shown(state: State, before: State | None = None) -> Shown:
    """What an item says of itself. ``before`` is where it stood when the running operation began (for a disable)."""
    if state is State.DISABLING and before not in (None, State.DISABLING):
        base = SHOWN[before]
        return Shown(
            base.protection_state,
            base.protection_description,
            base.vm_state,
            base.vm_description,
            active_location=base.active_location,
        )
    return SHOWN[state]
