"""A draft as a file, JSON or CSV: what *Download* writes and *Upload* reads again. Pure; what is read is believed in nothing.

JSON: the compiled plan for people and programs, and under `draft` the choices, which alone are read. CSV: a row "*" with what is chosen
for all machines, then a row a machine; a cell that is empty says nothing.
"""

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from replication.domain import ids, naming
from replication.domain.choices import (
    Choices,
    DiskChoice,
    MachineChoice,
    Placement,
    PolicyChoice,
    SourceChoices,
    TargetChoices,
)
from replication.domain.inventory import Model

LARGEST = 5 * 1024 * 1024  # bytes
MOST = 10_000  # machines
LONGEST = 600  # characters of a value

PLACED = tuple(each.name for each in fields(Placement))
OWN = (*PLACED, "target_name", "target_size", "static_address")
_SOURCE = ("location", "subscription_ids", "model", "groups", "tags", "zonal")
_POLICY = tuple(each.name for each in fields(PolicyChoice))
_TARGET = ("location", "subscription_id", "agent_updates", "automation_account_id")
ALL = "*"
COLUMNS = (
    "machine", "machine_id", *OWN, "disks", *(f"source_{name}" for name in _SOURCE), *(f"target_{name}_for_all" for name in _TARGET),
    *(f"policy_{name}" for name in _POLICY), "digest",
)  # fmt: skip


class Unreadable(ValueError):
    """The file cannot be a plan's; the message says why, in a sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFile:
    """What a file says. digest: of the plan that it was written with, '' when it does not tell."""

    source: SourceChoices
    target: TargetChoices
    machines: dict[str, MachineChoice] = field(default_factory=dict)  # machine id as it stands there
    digest: str = ""


# --- writing -------------------------------------------------------------------------------------------------------------


def to_json(choices: Choices, names: Mapping[str, str]) -> dict[str, Any]:
    """The `draft` of a JSON file. names: machine id -> name."""
    machines = [
        {"id": key, "name": names.get(key, ""), "choices": choice.to_json()} for key, choice in choices.machines.items()
    ]
    return {"source": choices.source.to_json(), "target": choices.target.to_json(), "machines": machines}


def to_rows(choices: Choices, names: Mapping[str, str], digest: str) -> Iterable[list[str]]:
    """The rows of a CSV file, head first."""
    yield list(COLUMNS)
    target, policy, source = choices.target.to_json(), choices.target.policy, choices.source.to_json()
    every = {"machine": ALL, "digest": digest}
    every |= {name: _cell(target[name]) for name in PLACED}
    every |= {f"source_{name}": _cell(source.get(name, "")) for name in _SOURCE}
    every |= {f"target_{name}_for_all": _cell(target[name]) for name in _TARGET}
    every |= {f"policy_{name}": _cell(getattr(policy, name)) for name in _POLICY}
    yield [every.get(name, "") for name in COLUMNS]
    for key, choice in choices.machines.items():
        said = choice.to_json()
        row = {"machine": names.get(key, ""), "machine_id": key} | {name: _cell(said.get(name, "")) for name in OWN}
        row["disks"] = json.dumps(said["disks"], sort_keys=True) if said.get("disks") else ""
        yield [row.get(name, "") for name in COLUMNS]


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "|".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


# --- reading -------------------------------------------------------------------------------------------------------------


def read(content: bytes) -> PlanFile:
    """What the file says. Unreadable when it is no plan, too large, or holds what cannot be."""
    if len(content) > LARGEST:
        raise Unreadable(f"The file is larger than {LARGEST // 1024 // 1024} MiB, which no plan is.")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Unreadable("The file is no text in UTF-8, as plans are.") from None
    if "\x00" in text:
        raise Unreadable("The file holds null characters, as no plan does.")
    data = _json(text) if text.lstrip().startswith(("{", "[")) else _csv(text)
    return _file(data)


def _json(text: str) -> dict[str, Any]:
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise Unreadable("The file begins like JSON, and is not complete or not right.") from None
    draft = data.get("draft") if isinstance(data, dict) else None
    if not isinstance(draft, dict):
        raise Unreadable("The file has no part “draft”: it is not the plan that the console lets you download.")
    return draft | {"digest": data.get("digest", "")}


def _csv(text: str) -> dict[str, Any]:
    try:
        rows = list(csv.DictReader(io.StringIO(text), strict=True))
    except csv.Error:
        raise Unreadable("The file is neither JSON nor a table with commas.") from None
    rows = [{name: _plain(value) for name, value in row.items() if isinstance(name, str)} for row in rows]
    if not rows or "machine_id" not in rows[0]:
        raise Unreadable("The file has no column “machine_id”: it is not the plan that the console lets you download.")
    every = [row for row in rows if row.get("machine") == ALL]
    if len(every) != 1:
        raise Unreadable(f"One row must have “{ALL}” as its machine, with what is chosen for all; there are {len(every)}.")
    return _of_rows(every[0], [row for row in rows if row is not every[0]])


def _plain(value: Any) -> str:
    """A cell without the apostrophe that keeps spreadsheets from calculating."""
    text = value if isinstance(value, str) else ""
    return text[1:] if text[:1] == "'" and text[1:2] in {"=", "+", "-", "@"} else text


def _of_rows(every: dict[str, str], machines: list[dict[str, str]]) -> dict[str, Any]:
    source: dict[str, Any] = {name: every.get(f"source_{name}", "") for name in _SOURCE}
    lists = ("subscription_ids", "groups", "tags")
    source |= {name: [each for each in source[name].split("|") if each] for name in lists}
    source["zonal"] = source["zonal"] == "yes"
    policy: dict[str, Any] = {name: every.get(f"policy_{name}", "") for name in _POLICY}
    policy |= {name: _number(policy[name]) for name in ("retention_hours", "app_consistent_minutes")}
    policy["multi_vm"] = policy["multi_vm"] == "yes"
    target = {name: every.get(f"target_{name}_for_all", "") for name in _TARGET}
    target |= {name: every.get(name, "") for name in PLACED}
    own = [
        {"id": row["machine_id"], "choices": {name: row.get(name, "") for name in OWN} | _disks(row)}
        for row in machines
        if row["machine_id"]
    ]
    return {"source": source, "target": target | {"policy": policy}, "machines": own, "digest": every.get("digest", "")}


def _number(text: str) -> Any:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 7 else text


def _disks(row: dict[str, str]) -> dict[str, Any]:
    if not row.get("disks"):
        return {}
    try:
        return {"disks": json.loads(row["disks"])}
    except (ValueError, RecursionError):
        raise Unreadable(f"The disks of {row['machine_id'][:200]} are not written as they were downloaded.") from None


def _file(data: dict[str, Any]) -> PlanFile:
    machines = _list(data.get("machines"), "machines")
    if len(machines) > MOST:
        raise Unreadable(f"The file has {len(machines):,} machines; {MOST:,} is the most.")
    found: dict[str, MachineChoice] = {}
    seen: set[str] = set()
    for each in machines:
        entry = _dict(each, "each machine")
        key = _text(entry.get("id"), "the id of a machine")
        if not key or ids.key(key) in seen:
            raise Unreadable(f"The machine {key[:200] or '(without an id)'} is there twice, or has no id.")
        seen.add(ids.key(key))
        found[key] = _machine(_dict(entry.get("choices", {}), f"the choices of {key[:200]}"), key)
    digest = _text(data.get("digest", ""), "the digest")
    source, target = _source(_dict(data.get("source"), "source")), _target(_dict(data.get("target"), "target"))
    return PlanFile(source=source, target=target, machines=found, digest=digest)


def _source(data: dict[str, Any]) -> SourceChoices:
    model = _text(data.get("model"), "the deployment model")
    if model not in set(Model):
        raise Unreadable(f"“{model[:60]}” is no deployment model.")
    subscriptions = _texts(data.get("subscription_ids"), "the source subscriptions")
    location = _text(data.get("location"), "the source location")
    if not subscriptions or not location:
        raise Unreadable("The file names no source location or no source subscription.")
    return SourceChoices(
        location=location,
        subscription_ids=subscriptions,
        model=Model(model),
        groups=_texts(data.get("groups", []), "the groups"),
        tags=_texts(data.get("tags", []), "the tags"),
        zonal=data.get("zonal") is True,
    )


def _target(data: dict[str, Any]) -> TargetChoices:
    said: dict[str, Any] = {name: _text(data.get(name, ""), name) for name in (*_TARGET, *PLACED)}
    if not said["location"] or not said["subscription_id"]:
        raise Unreadable("The file names no target location or no target subscription.")
    _one_of(said["agent_updates"], ("", "service", "manual"), "agent updates")
    _one_of(said["churn"], ("", "Normal", "High"), "churn")
    return TargetChoices(**said, policy=_policy(_dict(data.get("policy", {}), "policy")))


def _policy(data: dict[str, Any]) -> PolicyChoice:
    """Within what the page takes; the plan judges the rest."""
    name, arm_id = (_text(data.get(each, ""), "the policy") for each in ("name", "id"))
    retention = _whole(data.get("retention_hours"), 15 * 24, "retention")
    every = _whole(data.get("app_consistent_minutes"), 720, "app-consistent frequency")
    if not arm_id and (refusal := naming.RULES["policy"].refusal(name)):
        raise Unreadable(f"The policy's name: {refusal}")
    return PolicyChoice(
        id=arm_id, name=name, retention_hours=retention, app_consistent_minutes=every, multi_vm=data.get("multi_vm") is True
    )  # fmt: skip


def _whole(value: Any, most: int, what: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
        raise Unreadable(f"The policy's {what} is no whole number from 0 to {most}.")
    return value


def _machine(data: dict[str, Any], key: str) -> MachineChoice:
    said: dict[str, Any] = {name: _text(data.get(name, ""), f"{name} of {key[:200]}") for name in OWN}
    _one_of(said["churn"], ("", "Normal", "High"), f"churn of {key[:200]}")
    disks = _dict(data.get("disks", {}), f"the disks of {key[:200]}")
    if len(disks) > 100:
        raise Unreadable(f"{key[:200]} has more disks than a machine can have.")
    return MachineChoice(**said, disks={_text(name, "a disk"): _disk(each, key) for name, each in disks.items()})


def _disk(data: Any, key: str) -> DiskChoice:
    entry = _dict(data, f"a disk of {key[:200]}")
    texts = {
        name: _text(entry.get(name, ""), f"a disk of {key[:200]}")
        for name in ("disk_type", "failover_type", "encryption_set_id")
    }
    return DiskChoice(excluded=entry.get("excluded") is True, **texts)


def _dict(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unreadable(f"In the file, {what} is missing or not as it was downloaded.")
    return value


def _list(value: Any, what: str) -> list[Any]:
    if not isinstance(value, list):
        raise Unreadable(f"In the file, {what} is missing or not as it was downloaded.")
    return value


def _text(value: Any, what: str) -> str:
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        raise Unreadable(f"In the file, {what} is not a text of at most {LONGEST} characters in one line.")
    return value


def _texts(value: Any, what: str) -> tuple[str, ...]:
    return tuple(_text(each, what) for each in _list(value, what)[:1000])


def _one_of(value: str, allowed: Iterable[str], what: str) -> None:
    if value not in allowed:
        raise Unreadable(f"“{value[:60]}” is not known for {what}.")
