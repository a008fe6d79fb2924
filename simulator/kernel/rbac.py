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


def check(world: World, principal: Principal, route: Route) -> None:
    """Raises ArmError 403 AuthorizationFailed, naming action and scope, when no assignment gives the action."""
    if not principal.enforce:
        return
    action = permission(route)
    if action and not allowed(world, principal, action, route.id):
        raise errors.authorization_failed(principal.client_id, principal.object_id, action, route.id)


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
