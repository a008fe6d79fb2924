"""What a vault's Site Recovery has set up: policies, network mappings, cache accounts, as last read."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from replication.domain import caches, ids
from replication.domain import inventory as inv
from replication.domain.documents import from_json
from replication.models import Resource, Vault


def site_of(vault: Vault) -> inv.Site:
    """Everything set up in the vault, as last read."""
    return from_json(inv.Site, vault.site or {})


@dataclass(frozen=True, slots=True)
class PolicyRow:
    """A policy with what uses it: machines, and the container mappings that name it."""

    policy: inv.Policy
    machines: int
    mappings: int

    @property
    def retention_text(self) -> str:
        minutes = self.policy.retention
        return f"{minutes // 60:,} h" if minutes % 60 == 0 else f"{minutes:,} min"

    @property
    def app_text(self) -> str:
        return f"every {self.policy.app_consistent} min" if self.policy.app_consistent else "none"

    @property
    def why_not_delete(self) -> str:
        """'' when nothing uses it."""
        if self.machines:
            return f"{self.machines:,} machine{'s use' if self.machines != 1 else ' uses'} it."
        if self.mappings:
            return f"{self.mappings} container mapping{'s name' if self.mappings != 1 else ' names'} it."
        return ""


def policies(vault: Vault) -> list[PolicyRow]:
    """By name; one query at any number of machines."""
    site = site_of(vault)
    counted = vault.items.filter(gone_at=None).values("policy_name").annotate(n=Count("pk")).order_by()
    used = {row["policy_name"].lower(): row["n"] for row in counted}
    named = [ids.key(each.policy_id) for each in site.container_mappings]
    return [
        PolicyRow(each, used.get(each.name.lower(), 0), named.count(ids.key(each.id)))
        for each in sorted(site.policies, key=lambda policy: policy.name.lower())
    ]


@dataclass(frozen=True, slots=True)
class MappingRow:
    """A mapping, or with mapping None a network that has none yet. Networks that the inventory does not know have only a name."""

    source: str
    source_location: str
    mapping: inv.NetworkMapping | None = None
    source_id: str = ""

    @property
    def target(self) -> str:
        return ids.name(self.mapping.recovery_network_id) if self.mapping else ""


def mappings(vault: Vault, sources: Any) -> list[MappingRow]:
    """Networks without a mapping first, then the mappings, both by name. sources: resources that the role opens as source."""
    site = site_of(vault)
    locations = {each.location for each in site.fabrics}
    mapped = {ids.key(each.primary_network_id) for each in site.network_mappings}
    rows = networks(sources, locations)
    known = {ids.key(arm_id): (name, location) for arm_id, name, location in rows}
    bare = [MappingRow(name, place, source_id=arm_id) for arm_id, name, place in rows if ids.key(arm_id) not in mapped]
    made = [_mapping_row(each, known) for each in site.network_mappings]
    return bare + sorted(made, key=lambda row: row.source.lower())


def networks(rows: Any, locations: set[str]) -> list[tuple[str, str, str]]:
    """(id, name, region) of the networks in regions in which the vault is set up, by name."""
    found = rows.filter(kind=Resource.Kind.NETWORK, location__in=locations)
    return list(found.order_by("name", "pk").values_list("arm_id", "name", "location"))


def _mapping_row(mapping: inv.NetworkMapping, known: Mapping[str, tuple[str, str]]) -> MappingRow:
    name, location = known.get(ids.key(mapping.primary_network_id), (ids.name(mapping.primary_network_id), ""))
    return MappingRow(name, location, mapping, mapping.primary_network_id)


@dataclass(frozen=True, slots=True)
class CacheRow:
    """A cache account: what goes through it, and what the inventory knows of it."""

    name: str
    location: str
    sku: str
    machines: int
    disks: int
    waiting_mb: float
    known: bool

    @property
    def remark(self) -> str:
        """What is wrong with it, in a sentence."""
        if not self.known:
            return "Not in the inventory: it was removed, or your role does not open it."
        if self.machines > caches.MACHINES_COMFORTABLE:
            return f"More than {caches.MACHINES_COMFORTABLE} machines share it: spread new ones over others."
        return ""


def cache_rows(vault: Vault, resources: Any) -> list[CacheRow]:
    """The accounts that the vault's machines write their changes to, the busiest first. Two queries at any number of machines."""
    loads: Mapping[str, Mapping[str, Any]] = vault.caches or {}
    found = resources.filter(kind=Resource.Kind.ACCOUNT, key__in=list(loads)).values_list("key", "location", "document")
    known = {key: (location, str((document or {}).get("sku") or "")) for key, location, document in found}
    rows = [
        CacheRow(
            ids.name(load["id"]), *known.get(key, ("", "")), load["machines"], load["disks"], load["waiting_mb"], key in known
        )
        for key, load in loads.items()
    ]
    return sorted(rows, key=lambda row: (-row.machines, row.name))
