"""Where something can be killed or broken: lines between two effects, faults of Azure, and what the console stands on.

Everything is found, nothing is listed by hand but what a fault may do: lines come out of the source's syntax tree, fault kinds out of the
simulator's table. The same sources and seed give the same points in the same order.
"""

import ast
import random
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.chaos.scenarios import SCENARIOS

ROOT = f"{Path(__file__).resolve().parent.parent.parent}/"
FILES = (
    "replication/execution/*.py",
    "replication/actions/runs.py",
    "replication/actions/audit.py",
    "replication/sync/*.py",
)
WATCHED = frozenset(
    str(path.relative_to(ROOT)) for pattern in FILES for path in sorted(Path(ROOT).glob(pattern)) if path.stat().st_size
)

# What leaves the process: rows, messages, requests to Azure.
ROWS = {"update", "create", "bulk_create", "bulk_update", "save", "delete", "get_or_create", "update_or_create"}
BELLS = {"ring", "send_task", "on_commit", "gesture", "record", "atomic"}
AZURE = {"azure", "gateway", "_gateway"}


@dataclass(frozen=True)
class Point:
    """One thing that is done to one run. `where`: whose line it is (a worker's, or that of a verb's process)."""

    name: str
    kind: str  # kill | pause | disconnect | fault | infrastructure
    scenario: str = "smooth"
    where: str = "worker"
    file: str = ""
    line: int = 0
    nth: int = 1
    act: str = ""  # infrastructure: what is done; at the nth event
    faults: tuple[dict[str, Any], ...] = ()
    halfborn: str = "hidden"
    may_fail: bool = False  # Azure itself refuses for good: the run may end with the failure explained
    pool: str = "solo"
    mutant: str = ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> "Point":
        return cls(**data | {"faults": tuple(data["faults"])})


# --- lines ------------------------------------------------------------------------------------------------------------


@dataclass
class _Function:
    file: str
    node: ast.FunctionDef
    calls: set[str] = field(default_factory=set)
    acts: bool = False


def lines() -> list[tuple[str, int]]:
    """(file, line) of every statement from which an effect leaves, directly or through what it calls, and of the one after it.

    What stands between those leaves nothing behind: dying there is dying at the next of them.
    """
    functions = [function for file in sorted(WATCHED) for function in _functions(file)]
    acting = {function.node.name for function in functions if function.acts}
    while more := {each.node.name for each in functions if each.calls & acting} - acting:
        acting |= more
    return sorted({
        (function.file, line)
        for function in functions
        if function.node.name in acting
        for line in _between(function.node, acting)
    })  # fmt: skip


def _functions(file: str) -> Iterator[_Function]:
    for node in ast.walk(ast.parse(Path(ROOT, file).read_text())):
        if isinstance(node, ast.FunctionDef):
            found = _Function(file, node)
            for call in (each for each in ast.walk(node) if isinstance(each, ast.Call)):
                found.calls.add(_name(call.func)[0])
                found.acts |= _acts(call, set())
            yield found


def _name(function: ast.expr) -> tuple[str, str]:
    """`azure.read` -> ("read", "azure"); `self._gateway.read` -> ("read", "_gateway")."""
    if isinstance(function, ast.Name):
        return function.id, ""
    if isinstance(function, ast.Attribute):
        return function.attr, _name(function.value)[0]
    return "", ""


def _between(function: ast.FunctionDef, acting: set[str]) -> Iterator[int]:
    """First lines of the statements that act, and of those that come after one."""
    after = False
    for node in sorted(_statements(function), key=lambda each: each.lineno):
        acts = any(_acts(call, acting) for call in _own_calls(node))
        if acts or after:
            yield node.lineno
        after = acts


def _statements(function: ast.FunctionDef) -> Iterator[ast.stmt]:
    for node in ast.walk(function):
        if isinstance(node, ast.stmt) and node is not function and not _is_text(node) and not isinstance(node, ast.Try):
            yield node


def _own_calls(node: ast.stmt) -> Iterator[ast.Call]:
    """Calls of a statement itself: of a compound one, those in its head."""
    open_: list[ast.AST] = [child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.stmt)]
    while open_:
        child = open_.pop()
        if isinstance(child, ast.Call):
            yield child
        open_ += ast.iter_child_nodes(child)


def _acts(call: ast.Call, acting: set[str]) -> bool:
    name, owner = _name(call.func)
    return name in ROWS | BELLS | acting or owner in AZURE


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def kills(reached: dict[str, dict[str, int]], seed: int) -> Iterator[Point]:
    """Every line at its first passing, a fifth of those passed more often at a later one too; a few as a pause or a broken connection.

    reached: "scenario/where" -> "file:line" -> passings, as counted in the undisturbed runs.
    """
    choose = random.Random(f"kills {seed}")
    for file, line in lines():
        key = f"{file}:{line}"
        places = sorted((place for place, counted in reached.items() if key in counted), key=_rank)
        if not places:
            continue
        passings = {place: reached[place][key] for place in places}
        yield _kill("kill", key, places[0], 1, choose)
        if passings[places[0]] > 1 and choose.random() < 0.2:
            yield _kill("kill", key, places[0], choose.randint(2, passings[places[0]]), choose)
        if len(places) > 1 and choose.random() < 0.15:
            yield _kill("kill", key, choose.choice(places[1:]), 1, choose)
        worked = [place for place in places if place.endswith("/worker")]
        if worked and choose.random() < 0.1:
            yield _kill("disconnect", key, worked[0], choose.randint(1, passings[worked[0]]), choose)
        if worked and file.startswith("replication/execution/") and choose.random() < 0.12 and key not in _window():
            yield _kill("pause", key, worked[0], choose.randint(1, passings[worked[0]]), choose)


def _rank(place: str) -> tuple[int, str]:
    """Simple scenarios first; in whichever order they were counted."""
    scenario = place.partition("/")[0]
    return (list(SCENARIOS).index(scenario), place)


def _kill(kind: str, key: str, place: str, nth: int, choose: random.Random) -> Point:
    file, _, line = key.rpartition(":")
    scenario, where = place.split("/")
    name = f"{kind} {file.removeprefix('replication/')}:{line}#{nth} {place}"
    pool = choose.choice(("solo", "prefork")) if kind != "pause" else "prefork"
    return Point(name, kind, scenario, where, file, int(line), nth, pool=pool)


def _window() -> set[str]:
    """The line between the last look at the lease and the request itself: who sleeps there for longer than a lease and
    an operation's longest time sends late. No client can rule that out without Azure's help; docs/chaos.md says so."""
    source = Path(ROOT, "replication/execution/moves.py").read_text().splitlines()
    return {f"replication/execution/moves.py:{n}" for n, text in enumerate(source, 1) if "azure.submit(" in text}


def never_reached(reached: dict[str, dict[str, int]]) -> list[str]:
    """Lines that no undisturbed or rough run passes: the torture says nothing of them."""
    passed = {key for counted in reached.values() for key in counted}
    return [key for file, line in lines() if (key := f"{file}:{line}") not in passed]


# --- Azure --------------------------------------------------------------------------------------------------------------

TARGETS = {
    "group": ("PUT", "microsoft.resources/resourcegroups"),
    "network": ("PUT", "*/virtualnetworks"),
    "account": ("PUT", "*/storageaccounts"),
    "fabric": ("PUT", "*/replicationfabrics"),
    "container": ("PUT", "*/replicationprotectioncontainers"),
    "policy": ("PUT", "*/replicationpolicies"),
    "mapping": ("PUT", "*/replicationprotectioncontainermappings"),
    "network-mapping": ("PUT", "*/replicationnetworkmappings"),
    "item": ("PUT", "*/replicationprotecteditems"),
    "look at account": ("GET", "*/storageaccounts"),
    "look at fabric": ("GET", "*/replicationfabrics"),
    "look at item": ("GET", "*/replicationprotecteditems"),
    "poll": ("POLL", "*"),
    "jobs": ("LIST", "*/replicationjobs"),
    "job": ("GET", "*/replicationjobs"),
    "machine": ("GET", "*/virtualmachines"),
    "machines": ("LIST", "*/virtualmachines"),
}
WRITES = [name for name, (verb, _) in TARGETS.items() if verb == "PUT"]
ANSWERS: tuple[dict[str, Any], ...] = (
    {"do": "status", "status": 429, "retry_after": 2},
    {"do": "status", "status": 429},
    {"do": "status", "status": 500},
    {"do": "status", "status": 503, "retry_after": 1},
    {"do": "status", "status": 504},
    {"do": "reset"},
    {"do": "truncate"},
    {"do": "slow", "seconds": 4},
    {"do": "expired"},
)
# What happens to an operation, or to what is seen of its result: after the request was taken, by its nature.
OPERATIONS: tuple[dict[str, Any], ...] = (
    {"do": "operation", "outcome": "Failed", "code": "InternalError"},
    {"do": "operation", "outcome": "Canceled"},
    {"do": "lost"},
    {"do": "flapping"},
    {"do": "late", "reads": 1},
    {"do": "skew", "seconds": 900},
)
ALWAYS = ("account", "fabric", "item", "poll")  # one kind of request for each way in which Azure works
SHOWS_LATE = ("group", "network", "account")  # the simulator shows Site Recovery's things always at their time
STUCK = ("group", "policy", "container")  # their longest times are short, so that giving up can be waited for


def faults(seed: int) -> Iterator[Point]:
    """Every kind of fault before and after Azure acted; half-born resources hidden or shown. The seed leaves out half of those on
    kinds of requests that are like others."""
    choose = random.Random(f"faults {seed}")
    for target in TARGETS:
        for answer in ANSWERS:
            for when in _whens(target, answer):
                if target in ALWAYS or choose.random() < 0.5:
                    yield _fault(target, answer | {"when": when}, choose)
        if target in WRITES:
            for bent in OPERATIONS:
                if (target in ALWAYS or choose.random() < 0.5) and (bent["do"] != "late" or target in SHOWS_LATE):
                    yield _fault(target, bent, choose)
        if target in STUCK:
            yield _fault(target, {"do": "stuck"}, choose)


def _whens(target: str, answer: dict[str, Any]) -> tuple[str, ...]:
    """A refusal is before Azure acts, and a read that is refused afterwards is the same as before."""
    if target not in WRITES or answer.get("status") == 429 or answer["do"] == "expired":
        return ("before",)
    return ("before", "after")


def _fault(target: str, fault: dict[str, Any], choose: random.Random) -> Point:
    verb, kind = TARGETS[target]
    nth = choose.choice((1, 1, 2))
    halfborn = choose.choice(("hidden", "shown"))
    line = {"verb": verb, "type": kind, "nth": nth} | fault
    told = " ".join(str(value) for value in fault.values())
    name = f"fault {target}: {told} #{nth} {halfborn}"
    never = fault["do"] in {"operation", "stuck"}
    return Point(
        name,
        "fault",
        faults=(line,),
        halfborn=halfborn,
        nth=nth,
        may_fail=never,
        pool=choose.choice(("solo", "prefork")),
    )


# --- what the console stands on -----------------------------------------------------------------------------------------------

ACTS = ("kill beat", "lose broker", "kill workers", "kill everything", "restart broker", "lose rings")
MOMENTS = (0, 2, 6, 12, 20, 30)  # events of the run


def infrastructure(seed: int) -> Iterator[Point]:
    """Beat, broker and workers, each at several moments of a run."""
    choose = random.Random(f"infrastructure {seed}")
    for act in ACTS:
        for moment in MOMENTS:
            scenario = choose.choice(("smooth", "rough", "pair"))
            name = f"{act} at event {moment} {scenario}"
            yield Point(name, "infrastructure", scenario, nth=moment, act=act, pool=choose.choice(("solo", "prefork")))


def every(reached: dict[str, dict[str, int]], seed: int) -> list[Point]:
    """All points, in an order that the seed decides; kinds are mixed, so that any slice has some of each."""
    found: list[Point] = [*kills(reached, seed), *faults(seed), *infrastructure(seed)]
    random.Random(seed).shuffle(found)
    return found


def some(points: Iterable[Point], count: int) -> list[Point]:
    """So many of them, kinds in turn."""
    rooms: dict[str, list[Point]] = {}
    for point in points:
        rooms.setdefault(point.kind, []).append(point)
    taken: list[Point] = []
    while len(taken) < count and any(rooms.values()):
        taken += [room.pop(0) for room in rooms.values() if room]
    return taken[:count]
