"""What must hold, whatever was killed: looked up in the console's tables and in the simulator's log, by nobody who took part."""

from collections import Counter
from typing import Any

from django.db import connection

from replication.actions import audit
from replication.domain import ids
from replication.domain.changes import DisableSpec
from replication.execution.ledger import LIVE, RUNNING_RUNS
from replication.models import AuditEntry, MachineClaim, ProtectedItem, Reading, Run, Step, StepEvent, Vault
from tests.chaos import gestures
from tests.chaos.house import House
from tests.chaos.scenarios import Scenario

# The report's columns: what was made twice, what was forgotten, what the audit lacks, what ended otherwise than it must, and manners.
COLUMNS = ("duplicates", "lost", "audit holes", "wrong end states", "broken rules")

Harm = dict[str, list[str]]


# --- while it runs --------------------------------------------------------------------------------------------------------


def events() -> int:
    """What has happened to all steps so far."""
    return StepEvent.objects.count()


def all_ended() -> bool:
    """Whether there are runs, and none that goes on."""
    return Run.objects.exists() and not Run.objects.filter(state__in=RUNNING_RUNS).exists()


def settled() -> bool:
    """Whether what follows a run has been done as well: the vault was read, and nobody waits for an answer."""
    last = Run.objects.order_by("-ended_at").values_list("ended_at", flat=True).first()
    vault = Vault.objects.get()
    answered = not Reading.objects.filter(answered_at=None).exists()
    return bool(
        answered and last and vault.as_of and vault.as_of > last and vault.problem is None and not vault.lease_until
    )


def readings() -> list[Any]:
    """What changes while somebody reads what follows a run."""
    vaults = Vault.objects.values_list("as_of", "lease_until", "version")
    return [*vaults, *Reading.objects.order_by("pk").values_list("pk", "attempt", "answered_at")]


def gestures_seen(verb: str) -> int:
    """How often the audit says that a verb was done."""
    return AuditEntry.objects.filter(action=gestures.VERBS[verb][1]).count()


def close_connections() -> None:
    """PostgreSQL ends everybody's session."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


# --- afterwards -----------------------------------------------------------------------------------------------------------


def harm(
    house: House, scenario: Scenario, *, ended: bool, settled: bool, may_fail: bool, struck_at: float | None = None
) -> Harm:
    """What is wrong, by column; {} when nothing is. struck_at: when a process was broken, in seconds since 1970."""
    found = {
        "duplicates": _duplicates(house),
        "lost": _lost(house, ended),
        "audit holes": _holes(),
        "wrong end states": _ends(scenario, may_fail) + ([] if settled or not ended else [_unsettled()]),
        "broken rules": _rules(house, struck_at),
    }
    return {column: told for column, told in found.items() if told}


def _duplicates(house: House) -> list[str]:
    """Things that Azure was asked for again although it had taken the first request and did not end it badly.

    Azure often refuses the second request, which does not make sending it right: it is counted either way.
    """
    operations = house.azure.control("GET", "operations")
    failed = {each["id"] for each in operations if each["outcome"] in {"Failed", "Canceled"}}
    taken: set[tuple[str, str]] = set()
    told = []
    for each in house.azure.control("GET", "log?mutating=true") or []:
        what = (each["verb"], each["id"])
        if what in taken:
            told.append(f"{ids.name(each['id'])} asked for again, {each['status']} {each['effect']}: {each['id']}")
        elif each["effect"] not in {"rejected", "noop", ""} and each["operation"] not in failed:
            taken.add(what)
    rule = house.azure.control("GET", "invariants")["rules"]["one-accepted-mutation"]
    return told + [each["what"] for each in rule]


def _lost(house: House, ended: bool) -> list[str]:
    """Runs and steps without an end, machines that are neither there nor explained, what is held for nobody."""
    told = (
        []
        if ended
        else [f"run {run} goes on: {_open_steps(run)}" for run in Run.objects.filter(state__in=RUNNING_RUNS)]
    )
    told += [f"{step.key} is {step.state} in an ended run" for step in _steps_of_ended_runs().filter(state__in=LIVE)]
    removed = _machines(DisableSpec.kind)
    for step in _steps_of_ended_runs():
        gone = step.machine_key in removed
        if step.state == "succeeded" and house.is_there(step.spec["id"]) == gone:
            told.append(f"{step.key} succeeded, and is {'still' if gone else 'not'} there")
        if step.state not in {"succeeded", *LIVE} and not (step.problem or {}).get("message"):
            told.append(f"{step.key} is {step.state} without a reason")
    if ended:
        told += [f"{claim.machine_key} is claimed" for claim in MachineClaim.objects.all()]
        told += [f"{step.key} still holds its making" for step in Step.objects.exclude(making=None)]
        told += [f"{step.key} still has a lease" for step in Step.objects.exclude(lease_until=None)]
    return told + _machines_without_step()


def _machines(kind: str) -> set[str]:
    """Machines for which a step of the kind succeeded."""
    return set(Step.objects.filter(kind=kind, state="succeeded").values_list("machine_key", flat=True))


def _steps_of_ended_runs() -> Any:
    return Step.objects.exclude(run__state__in=RUNNING_RUNS)


def _machines_without_step() -> list[str]:
    """A run has all its machines, or was never begun."""
    return [
        f"run {run} has {steps} of {run.machine_count} machines"
        for run in Run.objects.all()
        if (steps := run.steps.exclude(machine_key="").values("machine_key").distinct().count()) != run.machine_count
    ]


def _open_steps(run: Run) -> list[Any]:
    columns = ("key", "state", "attempt", "tries", "problem__code", "problem__message")
    return list(run.steps.filter(state__in=LIVE).values_list(*columns)[:6])


def _holes() -> list[str]:
    """The chain holds; each run was asked for once and ended once."""
    told = [f"the chain is broken at {link}"] if (link := audit.broken_link()) is not None else []
    for run in Run.objects.all():
        phases = Counter(AuditEntry.objects.filter(run_id=run.pk).exclude(phase="done").values_list("phase", flat=True))
        wanted = Counter({"asked": 1} if run.state in RUNNING_RUNS else {"asked": 1, "ended": 1})
        if phases != wanted:
            told.append(f"run {run}: {dict(phases)}")
        outcome = AuditEntry.objects.filter(run_id=run.pk, phase="ended").values_list("outcome", flat=True).first()
        if outcome and outcome != {"succeeded": "ok"}.get(run.state, run.state):
            told.append(f"run {run} is {run.state}, and the audit says {outcome}")
    return told


def _ends(scenario: Scenario, may_fail: bool) -> list[str]:
    """Runs that ended otherwise than their scenario must."""
    runs = list(Run.objects.order_by("number"))
    ends = tuple(run.state for run in runs)
    told = (
        []
        if ends == scenario.ends or (may_fail and _explained(runs))
        else [f"{ends}, not {scenario.ends}: {_problems()}"]
    )
    return told + _items()


def _explained(runs: list[Run]) -> bool:
    return all(run.state not in RUNNING_RUNS for run in runs)


def _problems() -> list[Any]:
    return list(Step.objects.filter(state="failed").values_list("key", "problem__code", "problem__message")[:4])


def _items() -> list[str]:
    """What the console shows as replicated is what its runs have made."""
    if not settled():
        return []
    made, removed = _machines("protect"), _machines(DisableSpec.kind)
    shown = set(ProtectedItem.objects.filter(gone_at=None).values_list("machine_key", flat=True))
    told = [f"{ids.name(key)} is replicated and not shown" for key in made - removed - shown]
    return told + [f"{ids.name(key)} is not replicated and shown" for key in removed & shown]


def _unsettled() -> str:
    vault = Vault.objects.get()
    open_ = list(Reading.objects.filter(answered_at=None).values_list("kind", "attempt"))
    return f"the vault was not read again: as of {vault.as_of}, problem {vault.problem}, lease {vault.lease_until}, readings {open_}"


# Seconds: what one process sends while another is being told of a 429, and has not yet told the rest.
ON_ITS_WAY = 0.5


def _rules(house: House, struck_at: float | None) -> list[str]:
    """Other manners that the simulator watches."""
    rules = house.azure.control("GET", "invariants")["rules"]
    rules["throttle-respected"] = [each for each in rules["throttle-respected"] if _was_known(house, each, struck_at)]
    return [
        f"{rule}: {each['what']} ({each['verb']} {each['id']})"
        for rule, broken in rules.items()
        for each in broken[:3]
        if rule != "one-accepted-mutation"
    ]


def _was_known(house: House, violation: dict[str, Any], struck_at: float | None) -> bool:
    """Whether anybody who is alive could have heard of the 429: what a process had heard and not yet written dies with it."""
    if violation["after"] < ON_ITS_WAY:
        return False
    seq = violation["seqs"][0]
    heard = house.azure.control("GET", f"log?seq={seq}")[0]["real"]
    return struck_at is None or not 0 <= struck_at - heard < 2 * ON_ITS_WAY
