"""ARM ids and paths: parsed without regard to case, blanks or double slashes; written with the case that was given.

An address is `{scope}/providers/{Namespace}/{type}/{name}/{type}/{name}...`, where the scope is the tenant (""), a
subscription, a resource group or another resource (extension resources, such as locks). Subscriptions and groups are
resources too: of the types `Microsoft.Resources/subscriptions` and `Microsoft.Resources/resourceGroups`.
"""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from functools import lru_cache

SUBSCRIPTION_TYPE = "Microsoft.Resources/subscriptions"
GROUP_TYPE = "Microsoft.Resources/resourceGroups"
#: The digit that says "variant 1" in a version 4 GUID, for each digit it replaces.
_VARIANT = {digit: "89ab"[int(digit, 16) % 4] for digit in "0123456789abcdef"}


@dataclass(frozen=True, slots=True)
class Address:
    """One parsed path. `types` has one more part than `names` when the path names a collection or an action."""

    path: str
    subscription: str
    group: str
    scope: str
    namespace: str
    types: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def type(self) -> str:
        """`Microsoft.Compute/virtualMachines/extensions`, in the case of the path."""
        return "/".join((self.namespace, *self.types))

    @property
    def is_item(self) -> bool:
        """Whether one resource is addressed, rather than a collection (or an action)."""
        return len(self.types) == len(self.names)

    @property
    def name(self) -> str:
        """The last name, or "" for a collection directly under the scope."""
        return self.names[-1] if self.names else ""

    @property
    def key(self) -> str:
        """The path, lower-cased: what the store is keyed by."""
        return self.path.lower()


@lru_cache(maxsize=50_000)
def parse(path: str) -> Address:
    """Parse an ARM path. Never fails: a path that is none has an empty namespace and no types."""
    parts = [part for part in path.split("/") if part]
    lowered = [part.lower() for part in parts]
    subscription = parts[1] if len(parts) > 1 and lowered[0] == "subscriptions" else ""
    group = parts[3] if len(parts) > 3 and subscription and lowered[2] == "resourcegroups" else ""
    clean = "/" + "/".join(parts)
    if "providers" in lowered:
        cut = len(lowered) - 1 - lowered[::-1].index("providers")
        return _provider_address(clean, subscription, group, parts, cut)
    return _plain_address(clean, subscription, group, parts)


def _provider_address(clean: str, subscription: str, group: str, parts: list[str], cut: int) -> Address:
    scope = "/" + "/".join(parts[:cut]) if cut else ""
    rest = parts[cut + 1 :]
    namespace, segments = (rest[0], rest[1:]) if rest else ("", [])
    return Address(clean, subscription, group, scope, namespace, tuple(segments[0::2]), tuple(segments[1::2]))


def _plain_address(clean: str, subscription: str, group: str, parts: list[str]) -> Address:
    """Paths without a provider: `/subscriptions/s`, `/subscriptions/s/resourceGroups/g/resources` and the like.

    A group's own id says `resourceGroups` however the client wrote it: recorded from azure-cli, which writes
    `resourcegroups` and is answered with `/subscriptions/{s}/resourceGroups/{g}`.
    """
    if group:
        clean = "/".join(("", *parts[:2], "resourceGroups", *parts[3:]))
        scope, types, names = "/".join(("", *parts[:2])), ["resourceGroups", *parts[4:5]], [group, *parts[5:6]]
    elif len(parts) > 2 and subscription:
        scope, types, names = "/".join(("", *parts[:2])), parts[2::2], parts[3::2]
    else:
        scope, types, names = "", parts[0::2], parts[1::2]
    return Address(clean, subscription, group, scope, "Microsoft.Resources", tuple(types), tuple(names))


def type_of(resource_id: str) -> str:
    """The ARM type of the resource that an id names, in the case of the id."""
    return parse(resource_id).type


def parent_of(resource_id: str) -> str:
    """The id of what holds a resource: the parent resource, the group, the subscription, or the extended resource."""
    address = parse(resource_id)
    if len(address.types) > 1 and address.namespace != "Microsoft.Resources":
        return address.path.rsplit("/", 2)[0]
    return address.scope


def subscription_of(resource_id: str) -> str:
    """`/subscriptions/{s}` of an id, in the case of the id, or ""."""
    subscription = parse(resource_id).subscription
    return f"/subscriptions/{subscription}" if subscription else ""


def group_of(resource_id: str) -> str:
    """The id of the resource group of an id, or ""."""
    address = parse(resource_id)
    return f"/subscriptions/{address.subscription}/resourceGroups/{address.group}" if address.group else ""


def guid(*parts: object) -> str:
    """A GUID that depends on its parts and nothing else: the same seed and requests give the same ids."""
    text = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=16).hexdigest()
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-{_VARIANT[text[16]]}{text[17:20]}-{text[20:]}"


def generator(*parts: object) -> random.Random:
    """A random generator that depends on its parts only, not on the order in which anybody asks."""
    digest = hashlib.blake2b("\x1f".join(map(str, parts)).encode(), digest_size=8).digest()
    return random.Random(int.from_bytes(digest))  # noqa: S311  # nosec B311 - jitter, not a secret


def normalize_location(location: str) -> str:
    """ "East Asia" and "eastasia" are the same place (simulator.md §2.1)."""
    return location.replace(" ", "").lower()
