"""Azure Policy: which assignment would deny what the run makes, as far as a rule can be judged from outside.

A rule's `if` is a tree of conditions over fields of the resource. Of what will be asked for, type, name, region, SKU and (no) tags are
known; any other field, alias or function makes a condition unknown, and an unknown rule is told, not judged.
"""

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from replication.domain import ids, regions
from replication.domain.checks import asks
from replication.domain.checks.asks import Ask, Known
from replication.domain.checks.batch import Batch
from replication.domain.checks.findings import OWNER, Finding, place, some
from replication.domain.eligibility import Effect
from replication.domain.plan import PlannedStep

Maybe = bool | None  # None: cannot be told


def _subscriptions(batch: Batch) -> list[str]:
    return sorted({ids.subscription(step.spec.id).lower() for step in batch.written} | batch.target_subscriptions)


def questions(batch: Batch, known: Known) -> Iterator[Ask[object]]:
    """The assignments of every subscription in which something is made."""
    yield from map(asks.policies, _subscriptions(batch))


def judge(batch: Batch, known: Known) -> Iterator[Finding]:
    """An assignment that denies something blocks; one that may, because it cannot be judged, is told."""
    for subscription in _subscriptions(batch):
        for policy in known.get(asks.policies(subscription)):
            yield from _policy(policy, list(_made(batch, subscription)))


def _policy(policy: asks.Policy, made: list[dict[str, Any]]) -> Iterator[Finding]:
    here = [thing for thing in made if _applies(policy, thing)]
    effect = _effect(policy)
    if not here or effect in {
        "audit",
        "auditifnotexists",
        "deployifnotexists",
        "append",
        "modify",
        "disabled",
        "manual",
    }:
        return
    verdicts = [(thing, _holds(_if(policy), thing, policy.parameters)) for thing in here]
    denied = [thing["name"] for thing, verdict in verdicts if verdict]
    unsure = [thing["name"] for thing, verdict in verdicts if verdict is None]
    if denied and effect == "deny":
        yield _said(policy, Effect.BLOCK, "PolicyDenies", f"forbids {some(denied)}")
    elif denied or unsure:
        yield _said(
            policy,
            Effect.INFORM,
            "PolicyNotJudged",
            f"may concern {some(denied or unsure)}; the console cannot judge its rule",
        )


def _effect(policy: asks.Policy) -> str:
    """deny, audit …; '' when it cannot be told."""
    then = (policy.rule or {}).get("then")
    found = _value(then.get("effect") if isinstance(then, dict) else "", policy.parameters)
    return found.lower() if isinstance(found, str) else ""


def _if(policy: asks.Policy) -> Any:
    return (policy.rule or {}).get("if")


def _applies(policy: asks.Policy, thing: Mapping[str, Any]) -> bool:
    """In the assignment's scope, outside its exclusions; mode Indexed looks only at what has a region and tags, so not at groups."""
    key = f"{ids.key(thing['id'])}/"
    inside = not policy.scope.lower().startswith("/subscriptions/") or key.startswith(f"{ids.key(policy.scope)}/")
    excluded = any(key.startswith(f"{ids.key(scope)}/") for scope in policy.not_scopes)
    return inside and not excluded and not (policy.mode.lower() == "indexed" and thing["type"].lower() == _GROUP)


_GROUP = "microsoft.resources/subscriptions/resourcegroups"


def _made(batch: Batch, subscription: str) -> Iterator[dict[str, Any]]:
    """What will be made in a subscription: the plan's new resources now, the machines of a failover then."""
    for step in batch.written:
        if ids.subscription(step.spec.id).lower() == subscription:
            yield _thing(step)
    for each in batch.placed:
        if each.target_subscription == subscription and each.spec.recovery_group_id:
            arm_id = ids.resource(each.spec.recovery_group_id, "Microsoft.Compute/virtualMachines", each.machine.name)
            yield {
                "id": arm_id,
                "name": each.machine.name,
                "type": "Microsoft.Compute/virtualMachines",
                "location": batch.plan.target_location,
                "tags": each.machine.tags,  # copied (portal-behaviour.md §4 row 59)
                "microsoft.compute/virtualmachines/sku.name": each.size,
                "microsoft.compute/virtualmachines/hardwareprofile.vmsize": each.size,
            }


def _thing(step: PlannedStep) -> dict[str, Any]:
    parts = ids.parse(step.spec.id)
    kind = (
        f"{parts.provider}/{'/'.join(parts.types)}"
        if parts and parts.types
        else "Microsoft.Resources/subscriptions/resourceGroups"
    )
    thing: dict[str, Any] = {
        "id": step.spec.id,
        "name": step.name,
        "type": kind,
        "location": getattr(step.spec, "location", ""),
        "tags": {},
    }
    if sku := getattr(step.spec, "sku", ""):
        thing[f"{kind.lower()}/sku.name"] = sku
        thing["kind"] = getattr(step.spec, "account_kind", "")
    return thing


# -- the rule's tree, in three values -----------------------------------------------------------------------------------------


def _holds(node: Any, thing: Mapping[str, Any], parameters: Mapping[str, Any]) -> Maybe:
    if not isinstance(node, dict):
        return None
    if isinstance(node.get("allOf"), list):
        return _all([_holds(each, thing, parameters) for each in node["allOf"]])
    if isinstance(node.get("anyOf"), list):
        return _not(_all([_not(_holds(each, thing, parameters)) for each in node["anyOf"]]))
    if "not" in node:
        return _not(_holds(node["not"], thing, parameters))
    return _condition(node, thing, parameters)


def _all(values: list[Maybe]) -> Maybe:
    return False if False in values else None if None in values else True


def _not(value: Maybe) -> Maybe:
    return None if value is None else not value


def _condition(node: Mapping[str, Any], thing: Mapping[str, Any], parameters: Mapping[str, Any]) -> Maybe:
    known, got = _field(_value(node.get("field"), parameters), thing)
    if not known:
        return None
    for word, test in _TESTS.items():
        if word in node:
            wanted = _value(node[word], parameters)
            return None if wanted is _UNKNOWN else test(got, wanted)
    return None


_UNKNOWN = object()
_PARAMETER = re.compile(r"\[parameters\('([^']+)'\)\]")
_TAG_BY_PARAMETER = re.compile(r"\[concat\('tags\[', ?parameters\('([^']+)'\), ?'\]'\)\]")


def _value(text: Any, parameters: Mapping[str, Any]) -> Any:
    """A literal as it is; a parameter's value; the name of a tag that a parameter gives; else unknown."""
    if not isinstance(text, str) or not text.startswith("[") or text.startswith("[["):
        return text
    if found := _PARAMETER.fullmatch(text):
        return parameters.get(found[1], _UNKNOWN)
    if found := _TAG_BY_PARAMETER.fullmatch(text):
        return f"tags[{parameters[found[1]]}]" if found[1] in parameters else _UNKNOWN
    return _UNKNOWN


def _field(name: Any, thing: Mapping[str, Any]) -> tuple[bool, Any]:
    """(whether it is known, its value; None when there is none)."""
    if not isinstance(name, str):
        return False, None
    lower = name.lower()
    if lower.startswith("tags"):
        tags = {key.lower(): value for key, value in thing["tags"].items()}
        wanted = lower.removeprefix("tags").strip(".[]'")
        return bool(wanted), tags.get(wanted)
    fields = {key.lower(): value for key, value in thing.items()}
    if lower in fields:
        return True, fields[lower]
    # An alias of another type is absent on this one; one of its own type has a value that we do not know.
    return "/" in lower and not lower.startswith(thing["type"].lower()), None


def _text(value: Any) -> str:
    return regions.normal(value) if isinstance(value, str) else str(value).lower()


def _in(got: Any, wanted: Any) -> Maybe:
    return got is not None and _text(got) in [_text(each) for each in wanted] if isinstance(wanted, list) else None


def _like(got: Any, wanted: Any) -> Maybe:
    return got is not None and fnmatchcase(str(got).lower(), str(wanted).lower())


def _exists(got: Any, wanted: Any) -> Maybe:
    return (got is not None) == (str(wanted).lower() == "true")


_TESTS: dict[str, Any] = {
    "equals": lambda got, wanted: got is not None and _text(got) == _text(wanted),
    "notEquals": lambda got, wanted: got is None or _text(got) != _text(wanted),
    "in": _in,
    "notIn": lambda got, wanted: _not(_in(got, wanted)),
    "like": _like,
    "notLike": lambda got, wanted: _not(_like(got, wanted)),
    "exists": _exists,
}


def _said(policy: asks.Policy, effect: Effect, code: str, words: str) -> Finding:
    return Finding(
        code=code,
        effect=effect,
        message=f"The policy {policy.definition or policy.name}, assigned at {place(policy.scope)}, {words}.",
        about=f"{policy.name} {policy.definition}".strip(),
        causes="An Azure Policy assignment with the effect deny refuses resources that do not keep its rule (RequestDisallowedByPolicy).",
        action="Choose target settings that the policy allows, or ask for an exemption for the target resource group.",
        fixed_by=OWNER,
        lines=(f"Assignment: {policy.name}", f"Scope: {policy.scope}"),
        request=_exemption(policy) if effect is Effect.BLOCK else "",
    )


def _exemption(policy: asks.Policy) -> str:
    what = f"{policy.name} ({policy.definition}) at {policy.scope}"
    return f"Please exempt the disaster recovery target from the policy assignment\n  {what}.\n"
