"""What every page's shell shows."""

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from portal.middleware import request_id
from replication import access
from replication.domain.roles import ROLE_PERMISSIONS, Permission, Role
from replication.models import Person


def shell(request: HttpRequest) -> dict[str, Any]:
    """Request id; for a signed-in person the role's name and what they may do in at least one vault, and how much is unread."""
    common: dict[str, Any] = {"request_id": request_id.get()}
    person = getattr(request, "user", None)
    if not isinstance(person, Person):
        return common
    held = SimpleLazyObject(lambda: held_roles(request, person))
    return common | {
        "role_label": SimpleLazyObject(lambda: label(set(held.values()))),
        "unread": SimpleLazyObject(lambda: access.unread(person)),
        "permissions": SimpleLazyObject(lambda: permissions(set(held.values()))),
    }


def held_roles(request: HttpRequest, person: Person) -> dict[int, Role]:
    """The person's roles by vault, read once a request."""
    if not hasattr(request, "held_roles"):
        request.held_roles = access.roles(person)  # type: ignore[attr-defined]
    return request.held_roles  # type: ignore[attr-defined, no-any-return]


def label(roles: set[Role]) -> str:
    """The most powerful role by name; "No role yet" for an account without a grant."""
    return next((role.label for role in Role if role in roles), "No role yet")


def permissions(roles: set[Role]) -> frozenset[Permission]:
    """Everything that one of the roles allows."""
    return frozenset().union(*(ROLE_PERMISSIONS[role] for role in roles))
