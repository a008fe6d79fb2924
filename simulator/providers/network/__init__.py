"""Microsoft.Network, as far as the wizard, pre-flight and failover read and write it."""

from simulator.providers.network import edges, interfaces, networks

TYPES = [*networks.TYPES, *interfaces.TYPES, *edges.TYPES]
