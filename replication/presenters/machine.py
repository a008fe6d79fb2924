"""The page of a machine that nobody replicates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse

from replication.models import Machine
from replication.presenters.looks import region
from replication.presenters.wizard.machines import disks_of, said


@dataclass(frozen=True, slots=True)
class MachinePage:
    """What the page says. subscriptions: names by id."""

    machine: Machine
    names: Mapping[str, str]
    subscriptions: Mapping[str, str]

    @property
    def can(self) -> bool:
        """Whether it can be replicated, to another region or to another zone."""
        return self.machine.replicable or self.machine.replicable_zonally

    @property
    def only_zonal(self) -> bool:
        return self.machine.replicable_zonally and not self.machine.replicable

    @property
    def blocking(self) -> list[Mapping[str, Any]]:
        """What stands in the way of replicating it to another region (where only zones are left: to another zone)."""
        return self._said("block")

    @property
    def warnings(self) -> list[Mapping[str, Any]]:
        return self._said("warn")

    @property
    def remarks(self) -> list[Mapping[str, Any]]:
        return self._said("inform")

    def _said(self, effect: str) -> list[Mapping[str, Any]]:
        return said(self.machine, effect, zonal=self.only_zonal)

    @property
    def facts(self) -> list[tuple[str, str]]:
        """(term, text), without what is not known."""
        machine = self.machine
        rows = (
            ("Region", region(self.names, machine.location)),
            ("Zone", machine.zone),
            ("Resource group", machine.resource_group),
            ("Subscription", self.subscriptions.get(machine.subscription_id, machine.subscription_id)),
            ("Operating system", str(self._document("os_name") or machine.os_type)),
            ("Computer name", str(self._document("computer_name"))),
            ("Private address", ", ".join(self._addresses)),
            ("Network", machine.network_name),
            ("Size", machine.size),
            ("Disks", disks_of(machine) if machine.disk_count else ""),
            ("Power state", machine.power.capitalize()),
        )
        return [(term, text) for term, text in rows if text]

    def _document(self, name: str) -> Any:
        return (self.machine.document or {}).get(name) or ""

    @property
    def _addresses(self) -> list[str]:
        nics = self._document("nics") or ()
        return [str(nic["private_address"]) for nic in nics if nic.get("private_address")]

    @property
    def tags(self) -> list[str]:
        """name: value, as Azure writes them."""
        tags = self._document("tags") or {}
        return [f"{name}: {value}" if value else str(name) for name, value in tags.items()]

    @property
    def audit_url(self) -> str:
        """The audit history narrowed to the machine's name."""
        return f"{reverse('replication:audit')}?{urlencode({'subject': self.machine.name})}"
