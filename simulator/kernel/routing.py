"""From a path to a type and a verb: items, collections, actions on either, and the paths that have no provider."""

from __future__ import annotations

from dataclasses import dataclass

from simulator.kernel import errors, ids
from simulator.kernel.ids import Address
from simulator.kernel.registry import Action, Registry, ResourceType
from simulator.kernel.request import Request

PROVIDER_TYPE = "Microsoft.Resources/providers"


@dataclass(frozen=True)
class Route:
    """What a request is about: `id` is the item, the scope of a list, or what an action acts upon."""

    type: ResourceType
    verb: str
    id: str
    action: Action | None = None
    action_name: str = ""

    @property
    def mutates(self) -> bool:
        """Whether the request may change anything."""
        if self.action is not None:
            return self.action.mutates
        return self.verb not in ("GET", "HEAD", "LIST") and self.verb not in self.type.reads


def resolve(registry: Registry, request: Request) -> Route:
    """The route of a request. Raises the ArmError that Azure gives for what does not exist."""
    address = request.address
    if not address.types:
        return _provider(registry, request, address)
    kind = registry.find(address.type)
    if address.is_item:
        return _item(registry, request, address, kind)
    return _collection(registry, request, address, kind)


def _provider(registry: Registry, request: Request, address: Address) -> Route:
    """`/subscriptions/s/providers[/{namespace}]`."""
    kind = registry.find(PROVIDER_TYPE)
    if kind is None or request.method != "GET":
        raise errors.method_not_allowed(request.method)
    if not address.namespace:
        return Route(kind, "LIST", address.scope)
    return Route(kind, "GET", address.path)


def _item(registry: Registry, request: Request, address: Address, kind: ResourceType | None) -> Route:
    if kind is None:
        raise _unknown(registry, request, address)
    if not _has_verb(kind, request.method):
        raise errors.method_not_allowed(request.method)
    return Route(kind, request.method, address.path)


def _has_verb(kind: ResourceType, method: str) -> bool:
    generic = {"GET": kind.get, "HEAD": kind.get, "PUT": kind.put, "PATCH": kind.patch, "DELETE": kind.delete}
    return method in kind.overrides or bool(generic.get(method))


def _collection(registry: Registry, request: Request, address: Address, kind: ResourceType | None) -> Route:
    holder = address.path.rsplit("/", 1)[0] if len(address.types) > 1 else address.scope
    if kind is not None and request.method == "GET" and ("LIST" in kind.overrides or _listed(kind, address)):
        return Route(kind, "LIST", holder)
    if kind is not None and request.method in kind.overrides:
        return Route(kind, request.method, holder)
    return _action(registry, request, address, kind, holder)


def _listed(kind: ResourceType, address: Address) -> bool:
    """Whether the type is listed where it was asked for."""
    if not kind.get and "LIST" not in kind.overrides:
        return False
    at_subscription = len(address.types) == 1 and address.scope.count("/") == 2
    return ("subscription" if at_subscription and not _plain(kind) else "parent") in kind.listed_under


def _plain(kind: ResourceType) -> bool:
    """Groups and their like have the subscription as their parent."""
    return kind.namespace == "Microsoft.Resources" or kind.scope == "subscription"


def _action(registry: Registry, request: Request, address: Address, kind: ResourceType | None, holder: str) -> Route:
    name = address.types[-1]
    if len(address.types) == 1 and name.lower() in ("register", "unregister"):
        return _named(registry.find(PROVIDER_TYPE), request, name, f"{address.scope}/providers/{address.namespace}")
    owner_name = address.type.rsplit("/", 1)[0]
    owner = registry.find(owner_name) if len(address.types) > 1 else None
    if owner is None and kind is None:
        raise _unknown(registry, request, address)
    if owner is None or not _find_action(owner, name):
        if kind is not None:
            raise errors.method_not_allowed(request.method)
        raise _unknown(registry, request, address)
    return _named(owner, request, name, holder)


def _named(owner: ResourceType | None, request: Request, name: str, holder: str) -> Route:
    action = _find_action(owner, name) if owner is not None else None
    if owner is None or action is None or action.method != request.method:
        raise errors.method_not_allowed(request.method)
    return Route(owner, "POST" if action.method == "POST" else action.method, holder, action, name)


def _find_action(owner: ResourceType, name: str) -> Action | None:
    wanted = name.lower()
    return next((action for key, action in owner.actions.items() if key.lower() == wanted), None)


def _unknown(registry: Registry, request: Request, address: Address) -> errors.ArmError:
    namespace = registry.namespace(address.namespace)
    if namespace is None:
        return errors.invalid_namespace(address.namespace)
    return errors.invalid_type(namespace, request.api_version)


def permission(route: Route) -> str:
    """The documented action that a request needs: `Microsoft.Compute/virtualMachines/start/action`."""
    kind = route.type
    if route.action is not None:
        ending = "action" if route.action.method == "POST" else "read"
        given = route.action.permission or f"{_acted(kind)}/{route.action_name}/{ending}"
        return given.replace("{namespace}", ids.parse(route.id).namespace)
    if route.verb in kind.permissions:
        return kind.permissions[route.verb]
    ending = {"GET": "read", "HEAD": "read", "LIST": "read", "DELETE": "delete", "POST": "action"}.get(
        route.verb, "write"
    )
    return f"{_acted(kind)}/{ending}"


def _acted(kind: ResourceType) -> str:
    """ARM writes groups as `Microsoft.Resources/subscriptions/resourceGroups`."""
    if kind.name == ids.GROUP_TYPE:
        return "Microsoft.Resources/subscriptions/resourceGroups"
    return kind.name
