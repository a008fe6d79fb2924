"""Microsoft.Network, as far as the wizard, pre-flight and failover read and write it."""

from simulator.providers.network import edges, interfaces, members, networks, usages

TYPES = [*networks.TYPES, *interfaces.TYPES, *edges.TYPES, *members.TYPES, *usages.TYPES]
