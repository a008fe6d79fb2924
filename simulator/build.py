"""Puts a world together: the kernel, every provider's types, a scenario, a clock."""

from __future__ import annotations

import gc
import importlib
from typing import Any

from simulator import providers
from simulator.kernel import scenario
from simulator.kernel.clock import Clock
from simulator.kernel.registry import Registry
from simulator.kernel.world import Settings, World
from simulator.providers import regions


def new_registry() -> Registry:
    """Every type that any provider module names in its `TYPES`."""
    registry = Registry()
    for name in providers.MODULES:
        for kind in importlib.import_module(name).TYPES:
            registry.add(kind)
    return registry


def new_world(settings: Settings | None = None, clock: Clock | None = None) -> World:
    """An empty world that knows all types and all regions."""
    return World(new_registry(), settings, clock, regions.NAMES)


def load(world: World, document: dict[str, Any]) -> int:
    """Load a scenario document; the number of resources.

    The garbage collector stands still meanwhile: nothing of a scenario is garbage, and looking through hundreds of
    thousands of new objects again and again would take longer than making them.
    """
    gc.disable()
    try:
        return scenario.load(world, document)
    finally:
        gc.enable()
        gc.freeze()
