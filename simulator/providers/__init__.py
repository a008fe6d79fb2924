"""What each namespace is, beyond the kernel: one module per namespace, each with a list `TYPES`."""

MODULES: tuple[str, ...] = (
    "simulator.providers.resources",
    "simulator.providers.compute",
    "simulator.providers.recoveryservices",
)
