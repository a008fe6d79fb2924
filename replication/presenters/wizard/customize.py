"""*Customize*: the lists of what exists in the target location."""

from collections.abc import Mapping
from typing import Any

from replication import access
from replication.domain import ids
from replication.domain import regions as rules
from replication.domain.choices import SourceChoices, TargetChoices
from replication.domain.compiler import Resolver
from replication.domain.inventory import Machine as DomainMachine
from replication.domain.inventory import Model
from replication.domain.plan import Facts
from replication.forms.wizard import DISK_TYPES, Options, listed
from replication.models import Draft, Person


def _classic(arm_id: str) -> bool:
    """Whether the id is of a classic resource (Microsoft.ClassicNetwork, Microsoft.ClassicStorage)."""
    return "/microsoft.classic" in ids.key(arm_id)


class Targets:
    """The lists of *Customize*: what exists in the target location and what the person's grants open there."""

    def __init__(
        self, draft: Draft, person: Person, target: TargetChoices, facts: Facts, source: SourceChoices
    ) -> None:
        self.target, self.source, self.facts = target, source, facts
        classic = source.model is Model.CLASSIC  # a classic machine is recovered into classic resources only
        opened = access.targets(person, draft.vault).filter(subscription_id__iexact=target.subscription_id)
        rows = [
            row
            for row in opened.values_list("kind", "arm_id", "location")
            if row[0] == "resource_group" or _classic(row[1]) == classic
        ]
        in_place = rules.normal(target.location)
        self.ids = {
            kind: [arm_id for k, arm_id, location in rows if k == kind and rules.normal(location) == in_place]
            for kind in ("virtual_network", "storage_account", "availability_set")
        }
        # A group may lie in any region but the source's (portal-behaviour.md §1.2).
        self.groups = [i for k, i, where in rows if k == "resource_group" and rules.normal(where) != source.location]
        caches = access.sources(person, draft.vault).filter(
            kind="storage_account", location=source.location, subscription_id__in=source.subscription_ids
        )
        self.caches = [
            row.arm_id
            for row in caches
            if not _classic(row.arm_id)
            and str(row.document.get("sku", "")).startswith("Standard")
            and row.document.get("shared_key", True)
        ]

    def every(self) -> dict[str, Options]:
        """For all machines: each list begins with the rule in words."""
        target, cache = self.target, Resolver(_none(self.source, self.target), self.facts).cache_id()
        known = ids.key(cache) in self.facts.accounts
        return {
            "group_id": listed("By the rule: <source group>-asr", self.groups, target.group_id),
            "network_id": listed(
                "By the rule: mapped network, or <source network>-asr", self.ids["virtual_network"], target.network_id
            ),
            "availability_set_id": [
                *listed("By the rule: <source set>-asr", self.ids["availability_set"], target.availability_set_id),
                ("none", "None: single instances"),
            ],
            "cache_account_id": listed(
                f"By the rule: {'' if known else '(new) '}{ids.name(cache)}", self.caches, target.cache_account_id
            ),
            "storage_account_id": listed(
                "By the rule: <source account>asr", self.ids["storage_account"], target.storage_account_id
            ),
        }

    def machine(self, machine: DomainMachine, resolver: Resolver, network_id: str) -> dict[str, Options]:
        """For one machine: only what applies to it; the first entry says what it gets without an override."""
        own, default = resolver.own(machine), _without_override(resolver, machine)
        known = {ids.key(each) for each in self.groups}
        options: dict[str, Options] = {
            "group_id": listed(_rule(default.group_id, known), self.groups, own.group_id),
            "cache_account_id": listed(_rule(default.cache_id, self.facts.accounts), self.caches, own.cache_account_id),
        }
        if machine.model is Model.RESOURCE_MANAGER:
            options["network_id"] = listed(
                _rule(default.network_id, self.facts.networks), self.ids["virtual_network"], own.network_id
            )
            subnets = self._subnets(network_id, machine)
            options["subnet_name"] = [("", default.subnet_name or "By the rule"), *((name, name) for name in subnets)]
        if machine.availability_set_id:
            listed_sets = listed(
                _rule(default.set_id, self.facts.sets), self.ids["availability_set"], own.availability_set_id
            )
            options["availability_set_id"] = [*listed_sets, ("none", "None: single instance")]
        if any(disk.managed for disk in machine.disks):
            options["disk_type"] = DISK_TYPES
        if any(not disk.managed for disk in machine.disks):
            options["storage_account_id"] = listed("By the rule", self.ids["storage_account"], own.storage_account_id)
        return options

    def _subnets(self, network_id: str, machine: DomainMachine) -> list[str]:
        network = self.facts.networks.get(ids.key(network_id)) or self.facts.networks.get(ids.key(machine.network_id))
        return sorted(subnet.name for subnet in network.subnets) if network else []


def _none(source: SourceChoices, target: TargetChoices) -> Any:
    from replication.domain.choices import Choices

    return Choices(source=source, target=target, machines={})


def _without_override(resolver: Resolver, machine: DomainMachine) -> Any:
    plain = Resolver(_none(resolver.choices.source, resolver.choices.target), resolver.facts)
    return plain.target(machine)


def _rule(arm_id: str, known: Mapping[str, Any] | set[str]) -> str:
    if not arm_id:
        return "None"
    return ids.name(arm_id) if ids.key(arm_id) in known else f"(new) {ids.name(arm_id)}"
