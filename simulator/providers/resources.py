"""Microsoft.Resources: tenants, subscriptions, locations, resource groups, provider registration, resource lists, tags."""

from __future__ import annotations

import re
from typing import Any

from simulator.kernel import errors, ids, rbac, verbs
from simulator.kernel.agenda import effect
from simulator.kernel.call import Call
from simulator.kernel.clock import iso
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Action, ResourceType, Style, Write
from simulator.kernel.request import Response
from simulator.kernel.store import Resource
from simulator.kernel.world import World
from simulator.providers import regions, versions

_ALL = frozenset({"parent", "subscription"})


# --- tenants, subscriptions, locations --------------------------------------------------------------------------------


def _list_tenants(call: Call) -> Response:
    tenant = call.world.tenant
    document = {
        "id": f"/tenants/{tenant}",
        "tenantId": tenant,
        "countryCode": "SG",
        "displayName": "Contoso",
        "domains": ["contoso.onmicrosoft.com"],
        "tenantCategory": "Home",
        "defaultDomain": "contoso.onmicrosoft.com",
        "tenantType": "AAD",
    }
    return verbs.page_of(call, [document])


def _render_subscription(world: World, resource: Resource, body: dict[str, Any]) -> None:
    for name in ("name", "type", "properties"):
        body.pop(name, None)
    body.setdefault("authorizationSource", "RoleBased")
    body.setdefault("managedByTenants", [])
    body.setdefault(
        "subscriptionPolicies",
        {"locationPlacementId": "Public_2014-09-01", "quotaId": "PayAsYouGo_2014-09-01", "spendingLimit": "Off"},
    )


def _list_subscriptions(call: Call) -> Response:
    """Those in which the caller has any role."""
    keys = call.world.store.keys(ids.SUBSCRIPTION_TYPE, "")
    return verbs.page(call, [key for key in keys if rbac.sees(call.world, call.principal, key)])


def _missing_subscription(call: Call) -> Exception:
    return errors.subscription_not_found(call.address.name)


def _list_locations(call: Call) -> Response:
    known = call.world.locations or regions.NAMES
    documents = [_location(call.id, regions.BY_NAME[name], known) for name in known if name in regions.BY_NAME]
    return verbs.page_of(call, documents)


def _location(subscription: str, region: regions.Region, known: tuple[str, ...]) -> dict[str, Any]:
    metadata: dict[str, Any] = {
        "regionType": "Physical",
        "regionCategory": "Recommended" if region.zones else "Other",
        "geography": region.geography,
        "geographyGroup": region.geography_group,
    }
    if region.pair:
        metadata["pairedRegion"] = [{"name": region.pair, "id": f"{subscription}/locations/{region.pair}"}]
    document: dict[str, Any] = {
        "id": f"{subscription}/locations/{region.name}",
        "name": region.name,
        "type": "Region",
        "displayName": region.display,
        "regionalDisplayName": f"({region.geography_group}) {region.display}",
        "metadata": metadata,
    }
    if region.zones:
        document["availabilityZoneMappings"] = [
            {"logicalZone": str(zone), "physicalZone": f"{region.name}-az{zone}"} for zone in (1, 2, 3)
        ]
    return document


# --- resource groups --------------------------------------------------------------------------------------------------

_GROUP_NAME = re.compile(r"[-\w.()]{0,89}[-\w()]")


def _missing_group(call: Call) -> Exception:
    return errors.group_not_found(call.address.name)


def _put_group(call: Call) -> Response:
    """PUT takes location and tags; anything else is refused, a new location too."""
    if not _GROUP_NAME.fullmatch(call.address.name):
        raise errors.invalid_group_name(call.address.name)
    location = call.request.document().get("location")
    known = call.world.locations
    if isinstance(location, str) and known and ids.normalize_location(location) not in known:
        raise errors.group_location_not_available(location, known)
    if not location and call.resource is None:
        raise errors.location_required()
    _check_move(call, location)
    return verbs.put(call)


def _prepare_group(call: Call, document: dict[str, Any]) -> None:
    existing = call.world.store.get(call.id)
    location = document.get("location") or (existing.location if existing else "")
    document["location"] = ids.normalize_location(str(location))


def _check_move(call: Call, asked: Any) -> None:
    """A group never moves, and says so in words of its own."""
    existing = call.world.store.get(call.id)
    if existing is not None and isinstance(asked, str) and asked and ids.normalize_location(asked) != existing.location:
        message = (
            f"Invalid resource group location '{asked}'. The Resource group already exists in location "
            f"'{existing.location}'."
        )
        raise errors.ArmError(409, "InvalidResourceGroupLocation", message, gateway=True)


def _delete_group(call: Call) -> Response:
    """202 + Location; the members go at the end, one after the other (*assumed*: all at the same moment)."""
    group = call.world.store.get(call.id)
    if group is None:
        raise errors.group_not_found(call.address.name)
    group.properties["provisioningState"] = "Deleting"
    call.effect = "deleted"
    steps = 1 + min(4, len(call.world.store.children(group.id)))
    seconds = steps * call.world.duration("group.delete.each", group.id)
    return call.start(duration=seconds, style=Style.LOCATION, effect="group.gone", target=group)


@effect("group.gone")
def _group_gone(world: World, operation: Operation) -> None:
    group = world.store.get(operation.target)
    if group is None:
        return
    stuck = _undeletable(world, group)
    if stuck:
        group.properties["provisioningState"] = "Succeeded"
        operation.fail("ResourceGroupDeletionBlocked", f"Deletion of resource group '{group.name}' failed: {stuck}")
        return
    world.remove(group)


def _undeletable(world: World, group: Resource) -> str:
    """Why some member refuses to go (a vault that is not empty), or ""."""
    for member in world.store.children(group.id):
        reason = member.sim.get("undeletable")
        if reason:
            return f"Resource '{member.id}': {reason}"
    return ""


# --- providers --------------------------------------------------------------------------------------------------------


def _provider_document(call: Call, namespace: str) -> dict[str, Any]:
    world, subscription = call.world, call.address.subscription
    states = world.registrations.get(subscription.lower(), {})
    known = [regions.display_name(name) for name in world.locations or regions.NAMES]
    kinds = [
        {
            "resourceType": kind.short,
            "locations": known,
            "apiVersions": list(kind.versions),
            "defaultApiVersion": kind.versions[0],
            "capabilities": "SupportsTags, SupportsLocation" if kind.tracked else "None",
        }
        for kind in world.registry.types(namespace)
    ]
    return {
        "id": f"/subscriptions/{subscription}/providers/{namespace}",
        "namespace": namespace,
        "registrationPolicy": "RegistrationRequired",
        "registrationState": states.get(namespace.lower(), "Registered"),
        "resourceTypes": kinds,
    }


def _namespace(call: Call) -> str:
    found = call.world.registry.namespace(call.address.namespace)
    if found is None:
        raise errors.invalid_namespace(call.address.namespace)
    return found


def _get_provider(call: Call) -> Response:
    return Response(200, _provider_document(call, _namespace(call)))


def _list_providers(call: Call) -> Response:
    return verbs.page_of(call, [_provider_document(call, name) for name in call.world.registry.namespaces()])


def _register(call: Call) -> Response:
    namespace, world = _namespace(call), call.world
    states = world.registrations.setdefault(call.address.subscription.lower(), {})
    if states.get(namespace.lower(), "Registered") == "NotRegistered":
        states[namespace.lower()] = "Registering"
        due = world.now() + world.duration("provider.register", call.id)
        world.agenda.add(due, "provider.registered", call.address.subscription, {"namespace": namespace.lower()})
    return Response(200, _provider_document(call, namespace))


def _unregister(call: Call) -> Response:
    namespace = _namespace(call)
    call.world.registrations.setdefault(call.address.subscription.lower(), {})[namespace.lower()] = "NotRegistered"
    return Response(200, _provider_document(call, namespace))


@effect("provider.registered")
def _registered(world: World, entry: Any) -> None:
    world.registrations.setdefault(entry.target.lower(), {})[entry.args["namespace"]] = "Registered"


# --- resource lists and tags ------------------------------------------------------------------------------------------

#: Members of a resource as `GET …/resources` shows them: no properties.
_GENERIC = ("id", "name", "type", "location", "tags", "kind", "sku", "managedBy", "identity", "plan", "zones")
_CLAUSE = re.compile(r"\s*(?P<name>[\w/]+)\s+(?P<operator>eq|ne)\s+'(?P<value>(?:[^']|'')*)'\s*", re.IGNORECASE)
_SUBSTRING = re.compile(r"\s*substringof\('(?P<value>[^']*)',\s*(?P<name>\w+)\)\s*", re.IGNORECASE)


def _list_resources(call: Call) -> Response:
    """All tracked resources of a subscription or group, with the filter grammar that ARM documents."""
    accept = _filter(call.request.query.get("$filter", ""))
    expand = call.request.query.get("$expand", "")
    found = (resource for resource in _tracked(call) if accept(resource))
    return verbs.page_of(call, [_generic(call.world, resource, expand) for resource in found])


def _tracked(call: Call) -> list[Resource]:
    world, scope = call.world, call.id
    groups = [world.store.get(scope)] if call.address.group else world.store.select(ids.GROUP_TYPE, scope)
    members = [member for group in groups if group is not None for member in world.store.descendants(group.id)]
    return [member for member in members if world.shown(member) and _is_tracked(world, member)]


def _is_tracked(world: World, resource: Resource) -> bool:
    kind = world.registry.find(resource.type)
    return kind is None or (kind.tracked and bool(resource.document.get("location")))


def _generic(world: World, resource: Resource, expand: str) -> dict[str, Any]:
    body = {"id": resource.id, "name": _relative_name(resource), "type": resource.type, **resource.document}
    shown = {name: body[name] for name in _GENERIC if name in body}
    extra = {
        "createdTime": iso(resource.created),
        "changedTime": iso(resource.changed),
        "provisioningState": resource.document.get("properties", {}).get("provisioningState", "Succeeded"),
    }
    return shown | {name: value for name, value in extra.items() if name.lower() in expand.lower()}


def _relative_name(resource: Resource) -> str:
    """Children are called `parent/child` in generic lists."""
    return "/".join(ids.parse(resource.id).names)


def _filter(text: str) -> Any:
    if not text.strip():
        return lambda _resource: True
    tests = [_clause(clause) for clause in re.split(r"\s+and\s+", text, flags=re.IGNORECASE)]
    return lambda resource: all(test(resource) for test in tests)


def _clause(text: str) -> Any:
    found = _CLAUSE.fullmatch(text)
    if found is None:
        part = _SUBSTRING.fullmatch(text)
        if part is None:
            raise errors.ArmError(
                400, "InvalidFilterInQueryString", f"Invalid $filter '{text}' in query string.", gateway=True
            )
        return lambda resource: part["value"].lower() in resource.name.lower()
    name, value, equal = (
        found["name"].lower(),
        found["value"].replace("''", "'").lower(),
        found["operator"].lower() == "eq",
    )
    if name not in _FIELDS:
        message = f"Invalid $filter '{text}' in query string: '{found['name']}' cannot be filtered by."
        raise errors.ArmError(400, "InvalidFilterInQueryString", message, gateway=True)
    return lambda resource: (value in _FIELDS[name](resource)) == equal


_FIELDS: dict[str, Any] = {
    "resourcetype": lambda resource: (resource.type.lower(),),
    "location": lambda resource: (resource.location,),
    "name": lambda resource: (resource.name.lower(),),
    "resourcegroup": lambda resource: (resource.group.lower(),),
    "tagname": lambda resource: tuple(name.lower() for name in resource.document.get("tags") or {}),
    "tagvalue": lambda resource: tuple(value.lower() for value in (resource.document.get("tags") or {}).values()),
    "plan/publisher": lambda resource: (str((resource.document.get("plan") or {}).get("publisher", "")).lower(),),
}


def _list_tag_names(call: Call) -> Response:
    counts: dict[str, dict[str, int]] = {}
    for resource in _tracked(call):
        for name, value in (resource.document.get("tags") or {}).items():
            counts.setdefault(name, {}).setdefault(value, 0)
            counts[name][value] += 1
    return verbs.page_of(call, [_tag(call.id, name, values) for name, values in sorted(counts.items())])


def _tag(subscription: str, name: str, values: dict[str, int]) -> dict[str, Any]:
    def count(number: int) -> dict[str, Any]:
        return {"type": "Total", "value": number}

    place = f"{subscription}/tagNames/{name}"
    listed = [
        {"id": f"{place}/tagValues/{value}", "tagValue": value, "count": count(number)}
        for value, number in sorted(values.items())
    ]
    return {"id": place, "tagName": name, "count": count(sum(values.values())), "values": listed}


# --- the table --------------------------------------------------------------------------------------------------------


def _type(name: str, **more: Any) -> ResourceType:
    given: dict[str, Any] = {"versions": versions.RESOURCES, "tracked": False, "has_state": False, "get": False, **more}
    return ResourceType(name=f"Microsoft.Resources/{name}", **given)


TYPES: list[ResourceType] = [
    _type("tenants", overrides={"LIST": _list_tenants}, permissions={"LIST": ""}),
    _type(
        "subscriptions",
        get=True,
        missing=_missing_subscription,
        render=_render_subscription,
        overrides={"LIST": _list_subscriptions},
        permissions={"LIST": ""},
    ),
    _type(
        "locations",
        overrides={"LIST": _list_locations},
        permissions={"LIST": "Microsoft.Resources/subscriptions/locations/read"},
    ),
    _type(
        "resourceGroups",
        get=True,
        has_state=True,
        put=Write(created=201, replaced=200),
        patch=Write(replaced=200),
        delete=Write(deleted=202),
        listed_under=_ALL,
        missing=_missing_group,
        prepare=_prepare_group,
        overrides={"PUT": _put_group, "DELETE": _delete_group},
    ),
    _type(
        "providers",
        overrides={"GET": _get_provider, "LIST": _list_providers},
        actions={
            "register": Action(_register, permission="{namespace}/register/action"),
            "unregister": Action(_unregister, permission="{namespace}/unregister/action"),
        },
    ),
    _type(
        "resources",
        overrides={"LIST": _list_resources},
        permissions={"LIST": "Microsoft.Resources/subscriptions/resources/read"},
    ),
    _type(
        "resourceGroups/resources",
        overrides={"LIST": _list_resources},
        permissions={"LIST": "Microsoft.Resources/subscriptions/resourceGroups/resources/read"},
    ),
    _type(
        "tagNames",
        overrides={"LIST": _list_tag_names},
        permissions={"LIST": "Microsoft.Resources/subscriptions/tagNames/read"},
    ),
]
