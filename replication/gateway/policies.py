"""Policy assignments of a subscription with the rules of their definitions; initiatives are taken apart."""

from collections.abc import Callable, Iterator
from typing import Any

from replication.domain.checks.asks import Policy
from replication.gateway.arm import Json, dig, rows, text
from replication.gateway.port import AzureError

VERSION = "2023-04-01"
MOST = 100  # definitions read for one subscription; rules beyond stay unread, and are told as such


def assigned(
    subscription: str, lists: Callable[[str], Iterator[Json]], get: Callable[[str], Json]
) -> tuple[Policy, ...]:
    """Every assignment that applies in the subscription (those of management groups above it included) and is enforced."""
    address = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/policyAssignments?api-version={VERSION}"
    definitions = _Definitions(get)
    return tuple(policy for each in lists(address) if _enforced(each) for policy in _policies(each, definitions))


def _enforced(assignment: Json) -> bool:
    return text(assignment, "properties", "enforcementMode") != "DoNotEnforce"


class _Definitions:
    """Reads each definition once; None where it cannot be read."""

    def __init__(self, get: Callable[[str], Json]) -> None:
        self._get, self._known = get, dict[str, Json | None]()

    def read(self, arm_id: str) -> Json | None:
        key = arm_id.lower()
        if key not in self._known:
            self._known[key] = self._ask(arm_id) if len(self._known) < MOST else None
        return self._known[key]

    def _ask(self, arm_id: str) -> Json | None:
        try:
            return self._get(f"{arm_id}?api-version={VERSION}")
        except AzureError:
            return None


def _policies(assignment: Json, definitions: _Definitions) -> Iterator[Policy]:
    arm_id = text(assignment, "properties", "policyDefinitionId")
    given = {name: dig(value, "value") for name, value in (dig(assignment, "properties", "parameters") or {}).items()}
    if "/policysetdefinitions/" not in arm_id.lower():
        yield _policy(assignment, arm_id, definitions.read(arm_id), given)
        return
    whole = definitions.read(arm_id)
    if whole is None:
        yield _policy(assignment, arm_id, None, given)
        return
    every = _with_defaults(whole, given)
    for member in rows(whole, "properties", "policyDefinitions"):
        inner = text(member, "policyDefinitionId")
        own = {name: _resolved(dig(value, "value"), every) for name, value in (member.get("parameters") or {}).items()}
        yield _policy(assignment, inner, definitions.read(inner), own)


def _resolved(value: Any, outer: dict[str, Any]) -> Any:
    """An initiative hands its own parameters on: "[parameters('allowed')]"."""
    if isinstance(value, str) and value.startswith("[parameters('") and value.endswith("')]"):
        return outer.get(value[len("[parameters('") : -len("')]")], value)
    return value


def _with_defaults(definition: Json | None, given: dict[str, Any]) -> dict[str, Any]:
    declared = dig(definition, "properties", "parameters") or {}
    return {
        name: dig(value, "defaultValue") for name, value in declared.items() if "defaultValue" in (value or {})
    } | given


def _policy(assignment: Json, arm_id: str, definition: Json | None, given: dict[str, Any]) -> Policy:
    rule = dig(definition, "properties", "policyRule")
    not_scopes = dig(assignment, "properties", "notScopes") or ()
    return Policy(
        name=text(assignment, "properties", "displayName") or text(assignment, "name"),
        scope=text(assignment, "properties", "scope")
        or text(assignment, "id").split("/providers/Microsoft.Authorization/")[0],
        not_scopes=tuple(str(each) for each in not_scopes),
        definition=text(definition, "properties", "displayName") or arm_id.rsplit("/", 1)[-1],
        rule=rule if isinstance(rule, dict) else None,
        parameters=_with_defaults(definition, given),
        mode=text(definition, "properties", "mode") or "Indexed",
    )
