"""An estate under construction: documents collected in order, and addresses handed out of its subnets."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from typing import Any

from . import blocks, ids
from .machines import Machine, documents

Document = dict[str, Any]


class Network:
    """A virtual network whose subnets hand out their addresses from the fourth on, as Azure does."""

    def __init__(self, arm_id: str, location: str, subnets: Mapping[str, str]) -> None:
        self.id, self.location, self.subnets = arm_id, location, dict(subnets)
        self._base = {name: int(IPv4Network(prefix.split(",")[0]).network_address) for name, prefix in subnets.items()}
        self._given = dict.fromkeys(subnets, 3)

    def subnet(self, name: str) -> str:
        """ARM id of a subnet."""
        return f"{self.id}/subnets/{name}"

    def next_ip(self, subnet: str) -> str:
        """The next free IPv4 address of a subnet, dotted."""
        self._given[subnet] += 1
        value = self._base[subnet] + self._given[subnet]
        return f"{value >> 24}.{value >> 16 & 255}.{value >> 8 & 255}.{value & 255}"


class Estate:
    """Collects a scenario. Everything added is a plain document; nothing is checked here (the tests do)."""

    def __init__(self, name: str, seed: object) -> None:
        self.name, self.seed = name, seed
        self.tenant = ids.guid(seed, "tenant")
        self.documents: list[Document] = []
        self.extra: Document = {}
        self._subscriptions: list[Document] = []
        self._principals: list[Document] = []

    def subscription(self, key: str, title: str, state: str = "Enabled") -> str:
        """A new subscription; answers its guid."""
        guid = ids.guid(self.seed, "subscription", key)
        self._subscriptions.append(blocks.subscription(guid, title, state))
        return guid

    def add(self, *documents: Document) -> None:
        self.documents.extend(documents)

    def network(
        self,
        subscription: str,
        group: str,
        name: str,
        location: str,
        prefix: str,
        subnets: Mapping[str, str],
        nsgs: Mapping[str, str] | None = None,
    ) -> Network:
        """A virtual network, added and handed back for its addresses."""
        arm_id = ids.resource_id(subscription, group, "Microsoft.Network/virtualNetworks", name)
        self.add(blocks.network(arm_id, location, [prefix], subnets, seed=self.seed, nsgs=nsgs))
        return Network(arm_id, location, subnets)

    def machines(self, machines: Iterable[Machine]) -> None:
        for machine in machines:
            self.documents.extend(documents(machine))

    def principal(
        self, name: str, secret: str, role: str = "", scopes: Iterable[str] = (), *, enforce: bool
    ) -> Document:
        """Someone who may sign in, with a built-in role at some scopes."""
        entry = blocks.principal(self.seed, name, secret, enforce=enforce)
        self._principals.append(entry)
        for scope in scopes:
            self.add(blocks.role_assignment(self.seed, scope, role, entry["objectId"]))
        return entry

    def usual_principals(self) -> None:
        """`portal` may change everything, `reader` may read, `stranger` has no rights at all."""
        scopes = [ids.subscription_scope(entry["subscriptionId"]) for entry in self._subscriptions]
        self.principal("portal", "portal-secret", blocks.CONTRIBUTOR, scopes, enforce=True)
        self.principal("reader", "reader-secret", blocks.READER, scopes, enforce=True)
        self.principal("stranger", "stranger-secret", enforce=True)

    def scenario(self) -> Document:
        """The scenario document that `simulator.kernel` describes."""
        return {
            "name": self.name,
            "seed": self.seed,
            "tenant": self.tenant,
            "subscriptions": self._subscriptions,
            "principals": self._principals,
            "resources": self.documents,
            "names_taken": [],
        } | self.extra


def as_bytes(scenario: Document) -> bytes:
    """A scenario as canonical JSON, to write to a file or to compare."""
    return json.dumps(scenario, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
