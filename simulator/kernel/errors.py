"""Azure's refusals: one exception, and one function per refusal with its exact code and message (simulator.md §2.7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


class ArmError(Exception):
    """A request refused as Azure refuses it: HTTP status, code, message, and what else the body or headers carry."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: list[dict[str, Any]] | None = None,
        headers: dict[str, str] | None = None,
        gateway: bool = False,
        unmodelled: bool = False,
        body: Any = None,
    ) -> None:
        """`gateway`: ARM itself said it, not a provider. `body`: replaces the usual envelope. `unmodelled`: logged so."""
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code, self.message = status, code, message
        self.target, self.details, self.headers = target, details, dict(headers or {})
        self.gateway, self.unmodelled, self._body = gateway, unmodelled, body

    def body(self) -> Any:
        """The JSON body: `{"error": {"code", "message"[, "target", "details"]}}`."""
        if self._body is not None:
            return self._body
        error: dict[str, Any] = {"code": self.code, "message": self.message}
        if self.target is not None:
            error["target"] = self.target
        if self.details is not None:
            error["details"] = self.details
        return {"error": error}


# --- said by ARM itself -----------------------------------------------------------------------------------------------


def missing_api_version() -> ArmError:
    """No `api-version` in the query."""
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return ArmError(400, "MissingApiVersionParameter", message, gateway=True)


def invalid_api_version(version: str, supported: Iterable[str]) -> ArmError:
    """An api-version that ARM's own types do not have."""
    listed = ",".join(supported)
    message = f"The api-version '{version}' is invalid. The supported versions are '{listed}'."
    return ArmError(400, "InvalidApiVersionParameter", message, gateway=True)


def no_registered_provider(
    type_name: str, version: str, location: str, versions: Iterable[str], locations: Iterable[str]
) -> ArmError:
    """An api-version (or a location) that a provider's type does not have."""
    message = (
        f"No registered resource provider found for location '{location}' and API version '{version}' for type "
        f"'{type_name}'. The supported api-versions are '{', '.join(versions)}'. The supported locations are "
        f"'{', '.join(locations)}'."
    )
    return ArmError(400, "NoRegisteredProviderFound", message, gateway=True)


def invalid_namespace(namespace: str) -> ArmError:
    """A provider namespace that does not exist, or that is not modelled here."""
    message = f"The resource namespace '{namespace}' is invalid."
    return ArmError(404, "InvalidResourceNamespace", message, gateway=True, unmodelled=True)


def invalid_type(namespace: str, version: str) -> ArmError:
    """A type that its namespace does not have, or that is not modelled here."""
    message = f"The resource type could not be found in the namespace '{namespace}' for api version '{version}'."
    return ArmError(404, "InvalidResourceType", message, gateway=True, unmodelled=True)


def method_not_allowed(method: str) -> ArmError:
    """A verb that the type does not have. The text is ASP.NET's; that ARM passes it on so is *assumed*."""
    message = f"The requested resource does not support http method '{method}'."
    return ArmError(405, "HttpMethodNotAllowed", message, unmodelled=True)


def resource_not_found(type_name: str, name: str, group: str) -> ArmError:
    """A resource that does not exist, as ARM itself says it."""
    message = (
        f"The Resource '{type_name}/{name}' under resource group '{group}' was not found. "
        "For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message, gateway=True)


def group_not_found(group: str) -> ArmError:
    """A resource group that does not exist."""
    return ArmError(404, "ResourceGroupNotFound", f"Resource group '{group}' could not be found.", gateway=True)


def subscription_not_found(subscription: str) -> ArmError:
    """A subscription that does not exist (or that the caller may not know of)."""
    message = f"The subscription '{subscription}' could not be found."
    return ArmError(404, "SubscriptionNotFound", message, gateway=True)


def parent_not_found(type_name: str, parent: str) -> ArmError:
    """A child resource whose parent is missing."""
    message = (
        f"Failed to perform 'write' on resource(s) of type '{type_name}', because the parent resource '{parent}' "
        "could not be found."
    )
    return ArmError(404, "ParentResourceNotFound", message, gateway=True)


def not_registered(namespace: str) -> ArmError:
    """The subscription has not registered the namespace; the Python SDK then registers it by itself."""
    message = (
        f"The subscription is not registered to use namespace '{namespace}'. "
        "See https://aka.ms/rps-not-found for how to register subscriptions."
    )
    return ArmError(409, "MissingSubscriptionRegistration", message, gateway=True)


def location_conflict(name: str, group: str, existing: str, asked: str) -> ArmError:
    """A PUT that would move a resource."""
    message = (
        f"The resource '{name}' already exists in location '{existing}' in resource group '{group}'. A resource with the "
        f"same name cannot be created in location '{asked}'. Please select a new resource name."
    )
    return ArmError(409, "InvalidResourceLocation", message, gateway=True)


def location_required() -> ArmError:
    """A tracked resource without a location."""
    return ArmError(400, "LocationRequired", "The location property is required for this definition.", gateway=True)


def location_not_available(type_name: str, location: str, locations: Iterable[str]) -> ArmError:
    """A region that the subscription cannot use for this type."""
    message = (
        f"The provided location '{location}' is not available for resource type '{type_name}'. List of available regions "
        f"for the resource type is '{','.join(locations)}'."
    )
    return ArmError(400, "LocationNotAvailableForResourceType", message, gateway=True)


def group_location_not_available(location: str, locations: Iterable[str]) -> ArmError:
    """A resource group in a region that does not exist."""
    message = (
        f"The provided location '{location}' is not available for resource group. List of available regions is "
        f"'{','.join(locations)}'."
    )
    return ArmError(400, "LocationNotAvailableForResourceGroup", message, gateway=True)


def group_being_deleted(group: str) -> ArmError:
    """A write into a group that is being deleted."""
    message = f"The resource group '{group}' is in deprovisioning state and cannot perform this operation."
    return ArmError(409, "ResourceGroupBeingDeleted", message, gateway=True)


def read_only_subscription(subscription: str) -> ArmError:
    """A write into a disabled or warned subscription; reads and deletions go on (learn.microsoft.com, *Azure subscription states*)."""
    message = (
        f"The subscription '{subscription}' is disabled and therefore marked as read only. You cannot perform any write "
        "actions on this subscription until it is re-enabled."
    )
    return ArmError(409, "ReadOnlyDisabledSubscription", message, gateway=True)


def locked(scope: str, verb: str, locks: Iterable[str]) -> ArmError:
    """A write or delete that a management lock forbids; `verb` is "write" or "delete"."""
    message = (
        f"The scope '{scope}' cannot perform {verb} operation because following scope(s) are locked: "
        f"'{', '.join(locks)}'. Please remove the lock and try again."
    )
    return ArmError(409, "ScopeLocked", message, gateway=True)


def invalid_content(reason: str) -> ArmError:
    """A body that is not JSON, or not an object."""
    message = f"The request content was invalid and could not be deserialized: '{reason}'."
    return ArmError(400, "InvalidRequestContent", message, gateway=True)


def invalid_format() -> ArmError:
    """A body that is missing where one is needed."""
    return ArmError(400, "InvalidRequestFormat", "Cannot parse the request.")


def content_too_large(limit: int) -> ArmError:
    """A body above ARM's cap of 4 MB."""
    message = f"The request content size exceeds the maximum size of {limit} bytes."
    return ArmError(413, "RequestContentTooLarge", message, gateway=True)


def unsupported_media_type(content_type: str) -> ArmError:
    """A body that is not said to be JSON."""
    message = f"The content media type '{content_type}' is not supported. Only 'application/json' is supported."
    return ArmError(415, "UnsupportedMediaType", message, gateway=True)


def invalid_name(name: str, kind: str, pattern: str) -> ArmError:
    """A resource name that ARM's or the provider's rule forbids."""
    message = f"The provided {kind} name '{name}' has these invalid characters or length: it must match '{pattern}'."
    return ArmError(400, "InvalidResourceName", message)


def invalid_group_name(name: str) -> ArmError:
    """A resource group name with a forbidden character, too long, or ending with a dot."""
    message = (
        f"The provided resource group name '{name}' has these invalid characters: ''. The name can only be a letter, "
        "digit, '-', '.', '(', ')' or '_' and cannot end with '.'. It can be at most 90 characters."
    )
    return ArmError(400, "InvalidResourceGroupName" if name else "InvalidParameter", message, gateway=True)


def invalid_property(name: str, value: object) -> ArmError:
    """A property of a wrong type or value."""
    message = f"The value '{value}' of parameter '{name}' is invalid."
    return ArmError(400, "InvalidParameter", message, target=name)


def missing_property(name: str) -> ArmError:
    """A required property that is not there (Compute's words)."""
    return ArmError(400, "InvalidParameter", f"Required parameter '{name}' is missing (null).", target=name)


def mismatched_state(asked: object, actual: object) -> ArmError:
    """A client that sends a provisioningState of its own (simulator.md §2.1)."""
    message = f"The provisioningState '{asked}' in the request differs from the resource's '{actual}'."
    return ArmError(400, "InvalidProvisioningState", message)


def precondition_failed(detail: str) -> ArmError:
    """If-Match or If-None-Match that does not hold (simulator.md §2.5)."""
    return ArmError(412, "PreconditionFailed", detail)


# --- said by identity and permission ----------------------------------------------------------------------------------


def authentication_failed(tenant: str, code: str, message: str, *, missing: bool = False) -> ArmError:
    """401 with the challenge that several tools read the tenant id out of (simulator.md §2.3)."""
    description = "The authentication failed because of missing 'Authorization' header." if missing else message
    challenge = (
        f'Bearer authorization_uri="https://login.windows.net/{tenant}", error="invalid_token", '
        f'error_description="{description}"'
    )
    return ArmError(401, code, message, headers={"WWW-Authenticate": challenge}, gateway=True)


def authorization_failed(app_id: str, object_id: str, action: str, scope: str) -> ArmError:
    """403: no role assignment gives the action at the scope."""
    message = (
        f"The client '{app_id}' with object id '{object_id}' does not have authorization to perform action '{action}' "
        f"over scope '{scope}' or the scope is invalid. If access was recently granted, please refresh your credentials."
    )
    return ArmError(403, "AuthorizationFailed", message, gateway=True)


def linked_authorization_failed(app: str, who: str, own: str, scope: str, action: str, linked: str) -> ArmError:
    """403: the request is allowed, but names a thing on which the caller lacks an action (words: public threads)."""
    message = (
        f"The client '{app}' with object id '{who}' has permission to perform action '{own}' on scope '{scope}'; however, "
        f"it does not have permission to perform action(s) '{action}' on the linked scope(s) '{linked}' (respectively) or "
        "the linked scope(s) are invalid."
    )
    return ArmError(403, "LinkedAuthorizationFailed", message, gateway=True)


def denied_by_assignment(app: str, who: str, action: str, scope: str, denial: tuple[str, str, str]) -> ArmError:
    """403: a role gives the action and a deny assignment (name, id, scope) takes it (*assumed*: the words are from memory)."""
    name, denial_id, at = denial
    message = (
        f"The client '{app}' with object id '{who}' has permission to perform action '{action}' on scope '{scope}'; "
        f"however, the access is denied because of the deny assignment with name '{name}' and Id '{denial_id}' at scope '{at}'."
    )
    return ArmError(403, "DenyAssignmentAuthorizationFailed", message, gateway=True)


def requests_throttled(kind: str, subscription: str, actor: str, seconds: int) -> ArmError:
    """429 of ARM's own token buckets; `seconds` until one token (simulator.md §2.6)."""
    message = (
        f"Number of '{kind}' requests for subscription '{subscription}' actor '{actor}' exceeded. Please try again after "
        f"'{seconds}' seconds after additional tokens are available. Refer to https://aka.ms/arm-throttling for "
        "additional information."
    )
    headers = {"Retry-After": str(seconds)}
    return ArmError(429, "SubscriptionRequestsThrottled", message, headers=headers, gateway=True)


# --- said by providers ------------------------------------------------------------------------------------------------


def another_operation(uri: str) -> ArmError:
    """Network: one write at a time per virtual network (simulator.md §2.5)."""
    message = (
        "Another operation on this or dependent resource is in progress. To retrieve status of the operation use uri: "
        f"{uri}."
    )
    return ArmError(409, "AnotherOperationInProgress", message, details=[])


def provider_not_found(name: str, status: int = 404, code: str = "NotFound") -> ArmError:
    """A provider's own words for a missing nested resource (variant in simulator.md §2.7)."""
    message = f"Can not perform requested operation on nested resource. Parent resource '{name}' not found."
    return ArmError(status, code, message)
