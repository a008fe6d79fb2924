"""Classic (service management) resources, retired in Azure: read here, and made by failover (README: classic machines)."""

from __future__ import annotations

from simulator.kernel.registry import ResourceType, Write
from simulator.providers import versions


def _type(name: str, served: tuple[str, ...], put: Write | None = None) -> ResourceType:
    """Readable and deletable; nobody makes new ones, but for the cloud service that a machine is recovered into (*assumed*: 201)."""
    return ResourceType(name=name, versions=served, put=put, delete=Write(deleted=200))


TYPES: list[ResourceType] = [
    _type("Microsoft.ClassicCompute/virtualMachines", versions.CLASSIC_COMPUTE),
    _type("Microsoft.ClassicCompute/domainNames", versions.CLASSIC_COMPUTE, put=Write()),
    _type("Microsoft.ClassicStorage/storageAccounts", versions.CLASSIC_STORAGE),
    _type("Microsoft.ClassicNetwork/virtualNetworks", versions.CLASSIC_NETWORK),
]
