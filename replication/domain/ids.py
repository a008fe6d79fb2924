"""Azure Resource Manager ids: taken apart, put together, compared.

ARM compares paths without case and returns whatever case a client wrote last (simulator.md §2.1); Site Recovery returns
`/Subscriptions/` and lower-cased disk ids (site-recovery-protocol.md §6 no. 9). So ids are stored as they came, and compared
and looked up only by `key`.
"""

from dataclasses import dataclass


def key(arm_id: str) -> str:
    """The form under which an id is compared and stored in unique columns."""
    return arm_id.strip().rstrip("/").lower()


def same(one: str, other: str) -> bool:
    """Whether two ids name the same resource."""
    return key(one) == key(other)


@dataclass(frozen=True, slots=True)
class Parts:
    """What an id says. `types` and `names` run in parallel: ('vaults', 'replicationFabrics'), ('v1', 'f1')."""

    subscription: str
    group: str
    provider: str
    types: tuple[str, ...]
    names: tuple[str, ...]


def parse(arm_id: str) -> Parts | None:
    """The parts of an id, or None when the text is not an id of a subscription, a group or a resource."""
    words = arm_id.strip().strip("/").split("/")
    if len(words) < 2 or words[0].lower() != "subscriptions" or not all(words):
        return None
    subscription, rest, group = words[1], words[2:], ""
    if len(rest) >= 2 and rest[0].lower() == "resourcegroups":
        group, rest = rest[1], rest[2:]
    if not rest:
        return Parts(subscription, group, "", (), ())
    if len(rest) < 4 or rest[0].lower() != "providers" or len(rest) % 2:
        return None
    return Parts(subscription, group, rest[1], tuple(rest[2::2]), tuple(rest[3::2]))


def name(arm_id: str) -> str:
    """The last segment: the resource's own name."""
    return arm_id.rstrip("/").rsplit("/", 1)[-1]


def subscription(arm_id: str) -> str:
    """The subscription's GUID, or ''."""
    parts = parse(arm_id)
    return parts.subscription if parts else ""


def group_name(arm_id: str) -> str:
    """The resource group's name, or ''."""
    parts = parse(arm_id)
    return parts.group if parts else ""


def group(subscription_id: str, name: str) -> str:
    """The id of a resource group."""
    return f"/subscriptions/{subscription_id}/resourceGroups/{name}"


def resource(group_id: str, type_: str, name: str) -> str:
    """The id of a resource: `resource(group_id, "Microsoft.Network/virtualNetworks", "vnet-a")`."""
    return f"{group_id}/providers/{type_}/{name}"


def group_of(arm_id: str) -> str:
    """The id of the group that a resource lies in."""
    parts = parse(arm_id)
    return group(parts.subscription, parts.group) if parts else ""
