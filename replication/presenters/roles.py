"""What each role may do: the table of domain/roles.py, in words."""

from dataclasses import dataclass

from replication.domain.roles import Permission, Role, allowed, described


@dataclass(frozen=True, slots=True)
class PermissionRow:
    """One permission, and for each role whether it holds it."""

    words: str
    cells: list[tuple[Role, bool]]


def table() -> list[PermissionRow]:
    """Every permission there is, in the order of the domain."""
    return [PermissionRow(described(each), [(role, allowed(role, each)) for role in Role]) for each in Permission]
