"""Microsoft.Authorization: permissions, role definitions and assignments, locks, policy assignments."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids, rbac, roles, verbs
from simulator.kernel.call import Call
from simulator.kernel.locks import LOCKS
from simulator.kernel.rbac import ASSIGNMENTS, DEFINITIONS
from simulator.kernel.registry import ResourceType, Write
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import versions

_EVERYTHING = [{"actions": ["*"], "notActions": [], "dataActions": [], "notDataActions": []}]


def _permissions(call: Call) -> Response:
    """What the caller may do at a scope: one entry per role that applies."""
    if not call.principal.enforce:
        return verbs.page_of(call, _EVERYTHING)
    rules = rbac.rules_at(call.world, call.principal, call.id)
    return verbs.page_of(call, [{**rule, "dataActions": [], "notDataActions": []} for rule in rules])


# --- at and below a scope ---------------------------------------------------------------------------------------------


def _within(call: Call) -> list[Resource]:
    """Stored resources of the type at a scope, above it (they apply to it) and below it."""
    scope = call.id.lower().rstrip("/") + "/"
    found = call.world.store.select(call.type.name, ids.subscription_of(call.id))
    return [entry for entry in found if _touches(ids.parent_of(entry.id).lower() + "/", scope)]


def _touches(holder: str, scope: str) -> bool:
    return holder.startswith(scope) or scope.startswith(holder)


def _list_locks(call: Call) -> Response:
    """Locks at a scope and below it; those above are not listed."""
    scope = call.id.lower().rstrip("/") + "/"
    found = [lock for lock in _within(call) if (ids.parent_of(lock.id).lower() + "/").startswith(scope)]
    return verbs.page_of(call, [call.world.body(lock) for lock in found])


def _list_assignments(call: Call) -> Response:
    """`$filter=atScope()`, `principalId eq '...'` or `assignedTo('...')`, as documented."""
    text = call.request.query.get("$filter", "")
    wanted = text.split("'")[1].lower() if "'" in text else ""
    found = _within(call)
    if "atscope()" in text.lower():
        scope = call.id.lower().rstrip("/") + "/"
        found = [entry for entry in found if scope.startswith(ids.parent_of(entry.id).lower() + "/")]
    if wanted:
        found = [entry for entry in found if str(entry.properties.get("principalId", "")).lower() == wanted]
    return verbs.page_of(call, [call.world.body(entry) for entry in found])


def _list_denials(call: Call) -> Response:
    """Deny assignments at a scope, above it and below it; nobody but Azure itself makes them, so scenarios bring them."""
    return verbs.page_of(call, [_denial(call.world, entry) for entry in _within(call)])


def _denial(world: World, entry: Resource) -> dict[str, Any]:
    body = world.body(entry)
    return body | {"properties": {**body["properties"], "scope": ids.parent_of(entry.id)}}


# --- locks ------------------------------------------------------------------------------------------------------------


def _validate_lock(call: Call) -> None:
    level = (call.body.get("properties") or {}).get("level")
    if level not in ("CanNotDelete", "ReadOnly"):
        message = f"The lock level '{level}' is invalid. The supported levels are 'CanNotDelete, ReadOnly'."
        raise errors.ArmError(400, "InvalidLockLevel", message, gateway=True)


def _missing_lock(call: Call) -> Exception:
    message = f"The lock '{call.address.name}' could not be found."
    return errors.ArmError(404, "LockNotFound", message, gateway=True)


# --- role assignments and definitions ---------------------------------------------------------------------------------


def _validate_assignment(call: Call) -> None:
    properties = call.body.get("properties") or {}
    definition = properties.get("roleDefinitionId")
    if not isinstance(definition, str) or not isinstance(properties.get("principalId"), str):
        raise errors.ArmError(400, "BadRequestFormat", "The request was incorrectly formatted.", gateway=True)
    if not rbac.permissions_of(call.world, definition):
        message = f"The specified role definition with ID '{definition.rsplit('/', 1)[-1]}' does not exist."
        raise errors.ArmError(404, "RoleDefinitionDoesNotExist", message, gateway=True)
    for other in call.world.store.direct(ASSIGNMENTS, ids.parent_of(call.id)):
        same = all(
            str(other.properties.get(name)).lower() == str(properties[name]).lower()
            for name in ("principalId", "roleDefinitionId")
        )
        if same and other.key != call.id.lower():
            raise errors.ArmError(409, "RoleAssignmentExists", "The role assignment already exists.", gateway=True)


def _prepare_assignment(call: Call, document: dict[str, Any]) -> None:
    properties = document["properties"]
    properties["scope"] = ids.parent_of(call.id)
    properties.setdefault("principalType", "ServicePrincipal")
    properties.setdefault("createdOn", call.world.iso_now())
    properties.setdefault("updatedOn", call.world.iso_now())


def _delete_assignment(call: Call) -> Response:
    """200 with the deleted assignment, 204 when there was none."""
    existing = call.world.store.get(call.id)
    if existing is None:
        return Response(204)
    body = call.world.body(existing)
    call.effect = "deleted"
    call.world.remove(existing)
    return Response(200, body)


def _definition(scope: str, role: roles.Role) -> dict[str, Any]:
    return {
        "id": f"{scope}/providers/{DEFINITIONS}/{role.guid}",
        "name": role.guid,
        "type": DEFINITIONS,
        "properties": {
            "roleName": role.name,
            "type": "BuiltInRole",
            "description": role.description,
            "assignableScopes": ["/"],
            "permissions": [
                {
                    "actions": list(role.actions),
                    "notActions": list(role.not_actions),
                    "dataActions": [],
                    "notDataActions": [],
                }
            ],
            "createdOn": "2015-02-02T21:55:09.8806423Z",
            "updatedOn": "2023-11-27T14:42:55.6418530Z",
            "createdBy": None,
            "updatedBy": None,
        },
    }


def _list_definitions(call: Call) -> Response:
    text = call.request.query.get("$filter", "")
    wanted = text.split("'")[1].lower() if "rolename eq '" in text.lower() else ""
    subscription = ids.subscription_of(call.id)
    builtin = [_definition(subscription, role) for role in roles.BUILTIN]
    custom = [call.world.body(found) for found in call.world.store.select(DEFINITIONS, subscription)]
    shown = [
        found for found in builtin + custom if not wanted or found["properties"].get("roleName", "").lower() == wanted
    ]
    return verbs.page_of(call, shown)


def _get_definition(call: Call) -> Response:
    role = roles.BY_ID.get(call.address.name.lower())
    if role is not None:
        return Response(200, _definition(ids.subscription_of(call.id), role))
    return call.respond(call.need())


def _missing_definition(call: Call) -> Exception:
    message = f"The specified role definition with ID '{call.address.name}' does not exist."
    return errors.ArmError(404, "RoleDefinitionDoesNotExist", message, gateway=True)


def _render_proxy(world: World, resource: Resource, body: dict[str, Any]) -> None:
    body.pop("location", None)


_PROXY: dict[str, Any] = {"versions": versions.AUTHORIZATION, "tracked": False, "has_state": False, "scope": "any"}

TYPES: list[ResourceType] = [
    ResourceType(
        name="Microsoft.Authorization/permissions",
        get=False,
        overrides={"LIST": _permissions},
        permissions={"LIST": ""},
        **_PROXY,
    ),
    ResourceType(
        name=LOCKS,
        put=Write(created=201, replaced=200),
        delete=Write(deleted=200),
        validate=_validate_lock,
        missing=_missing_lock,
        overrides={"LIST": _list_locks},
        render=_render_proxy,
        **_PROXY,
    ),
    ResourceType(
        name=ASSIGNMENTS,
        put=Write(created=201, replaced=201),
        delete=Write(deleted=200),
        validate=_validate_assignment,
        prepare=_prepare_assignment,
        overrides={"LIST": _list_assignments, "DELETE": _delete_assignment},
        **_PROXY,
    ),
    ResourceType(
        name=DEFINITIONS,
        missing=_missing_definition,
        overrides={"LIST": _list_definitions, "GET": _get_definition},
        **_PROXY,
    ),
    ResourceType(name=rbac.DENIALS, overrides={"LIST": _list_denials}, **_PROXY),
]
