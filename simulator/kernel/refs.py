"""References from one resource to another: found, or refused in the words of the provider that noticed."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors, ids
from simulator.kernel.call import Call
from simulator.kernel.store import Resource


def reference(call: Call, value: Any, wanted: str) -> Resource | None:
    """The resource that `{"id": ...}` names; None when nothing is named. Raises ArmError 400 when it does not exist."""
    if value is None:
        return None
    target = value.get("id") if isinstance(value, dict) else None
    if not isinstance(target, str) or not target:
        raise errors.ArmError(
            400, "LinkedInvalidPropertyId", f"Property id '{target}' is invalid. Expect fully qualified resource Id."
        )
    if ids.type_of(target).lower() != wanted.lower():
        message = f"Property id '{target}' at path 'id' is invalid. Expected a resource of type '{wanted}'."
        raise errors.ArmError(400, "LinkedInvalidPropertyId", message)
    found = call.world.visible(target)
    if found is None:
        raise not_found(target, call.id)
    return found


def not_found(target: str, holder: str) -> errors.ArmError:
    """What Network and Compute say of a reference that leads nowhere."""
    message = (
        f"Resource {target} referenced by resource {holder} was not found. Please make sure that the referenced resource "
        "exists, and that both resources are in the same region."
    )
    return errors.ArmError(400, "InvalidResourceReference", message, details=[])


def same_region(call: Call, resource: Resource | None, location: str) -> None:
    """Both ends of a reference must be in one region (the same error and words as when it is missing)."""
    if resource is not None and resource.location and resource.location != ids.normalize_location(location):
        raise not_found(resource.id, call.id)


def dig(document: Any, *path: str) -> Any:
    """A value deep in a JSON document, None when any part on the way is missing or of another type."""
    for name in path:
        document = document.get(name) if isinstance(document, dict) else None
    return document


def objects(value: Any) -> list[dict[str, Any]]:
    """The objects of what should be a list of objects."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
