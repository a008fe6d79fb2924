"""What each namespace is, beyond the kernel: one module per namespace, each with a list `TYPES`."""

MODULES: tuple[str, ...] = (
    "simulator.providers.resources",
    "simulator.providers.authorization",
    "simulator.providers.policy",
    "simulator.providers.links",
    "simulator.providers.insights",
    "simulator.providers.compute",
    "simulator.providers.network",
    "simulator.providers.storage",
    "simulator.providers.automation",
    "simulator.providers.classic",
    "simulator.providers.recoveryservices",
    "simulator.site_recovery",
)
