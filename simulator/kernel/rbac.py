"""Role assignments, enforced for principals that the scenario says so of: each operation demands its documented action."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from simulator.kernel import errors, ids, roles
from simulator.kernel.routing import Route, permission
from simulator.kernel.world import Principal, World

ASSIGNMENTS = "Microsoft.Authorization/roleAssignments"
DEFINITIONS = "Microsoft.Authorization/roleDefinitions"
DENIALS = "Microsoft.Authorization/denyAssignments"
EVERYONE = "00000000-0000-0000-0000-000000000000"  # as deny assignments name all principals


def check(world: World, principal: Principal, route: Route) -> None:
    """Raises ArmError 403 AuthorizationFailed, naming action and scope, when no assignment gives the action."""
    if not principal.enforce:
        return
    action = permission(route)
    if action and not allowed(world, principal, action, route.id):
        raise errors.authorization_failed(principal.client_id, principal.object_id, action, route.id)
    denial = denied(world, principal, action, route.id) if action else None
    if denial is not None:
        raise errors.denied_by_assignment(principal.client_id, principal.object_id, action, route.id, denial)


def allowed(world: World, principal: Principal, action: str, scope: str) -> bool:
    """Whether any assignment at or above a scope gives an action and does not take it back."""
    return any(_gives(rule, action) for rule in rules_at(world, principal, scope))


def rules_at(world: World, principal: Principal, scope: str) -> list[dict[str, Any]]:
    """The permission rules (`actions`, `notActions`) that a principal has at a scope."""
    wanted = scope.lower() + "/"
    found: list[dict[str, Any]] = []
    for assignment in world.store.select(ASSIGNMENTS, ids.subscription_of(scope)):
        properties = assignment.properties
        above = str(properties.get("scope") or ids.parent_of(assignment.id)).lower().rstrip("/") + "/"
        if str(properties.get("principalId", "")).lower() == principal.object_id.lower() and wanted.startswith(above):
            found += permissions_of(world, str(properties.get("roleDefinitionId", "")))
    return found


def denied(world: World, principal: Principal, action: str, scope: str) -> tuple[str, str, str] | None:
    """Name, id and scope of a deny assignment that takes an action from a principal; roles do not help against it."""
    for found in world.store.select(DENIALS, ids.subscription_of(scope)):
        at, properties = ids.parent_of(found.id), found.properties
        here = scope.lower() == at.lower()
        below = not properties.get("doNotApplyToChildScopes") and scope.lower().startswith(f"{at.lower()}/")
        taken = any(_gives(rule, action) for rule in properties.get("permissions") or [])
        if taken and (here or below) and _names(properties, principal):
            return str(properties.get("denyAssignmentName", found.name)), found.id, at
    return None


def _names(properties: dict[str, Any], principal: Principal) -> bool:
    def objects(name: str) -> set[str]:
        return {str(entry.get("id", "")).lower() for entry in properties.get(name) or []}

    me = principal.object_id.lower()
    return bool(objects("principals") & {me, EVERYONE}) and me not in objects("excludePrincipals")


def sees(world: World, principal: Principal, subscription: str) -> bool:
    """Whether a subscription is listed for a principal: it has a role anywhere in it."""
    if not principal.enforce:
        return True
    assignments = world.store.select(ASSIGNMENTS, subscription)
    mine = principal.object_id.lower()
    return any(str(found.properties.get("principalId", "")).lower() == mine for found in assignments)


def permissions_of(world: World, definition_id: str) -> list[dict[str, Any]]:
    """The rules of a built-in or custom role."""
    guid = definition_id.rsplit("/", 1)[-1].lower()
    builtin = roles.BY_ID.get(guid)
    if builtin is not None:
        return [{"actions": list(builtin.actions), "notActions": list(builtin.not_actions)}]
    custom = world.store.get(definition_id)
    return list(custom.properties.get("permissions", [])) if custom else []


def _gives(rule: dict[str, Any], action: str) -> bool:
    matches = any(_pattern(pattern).fullmatch(action) for pattern in rule.get("actions") or [])
    return matches and not any(_pattern(pattern).fullmatch(action) for pattern in rule.get("notActions") or [])


@lru_cache(maxsize=2_000)
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(re.escape(text).replace(r"\*", ".*"), re.IGNORECASE)
