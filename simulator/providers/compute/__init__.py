"""Microsoft.Compute: machines, their disks and sets, sizes and quotas."""

from simulator.providers.compute import availability, disks, extensions, machines, reports

TYPES = [*machines.TYPES, *extensions.TYPES, *disks.TYPES, *availability.TYPES, *reports.TYPES]
