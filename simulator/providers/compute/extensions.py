"""Microsoft.Compute/virtualMachines/extensions."""

from __future__ import annotations

from typing import Any

from simulator.kernel import errors
from simulator.kernel.call import Call
from simulator.kernel.registry import ResourceType, Style, Write
from simulator.providers import versions
from simulator.providers.compute.views import EXTENSIONS


def _validate(call: Call) -> None:
    properties = call.body.get("properties") or {}
    for name in ("publisher", "type", "typeHandlerVersion"):
        if not isinstance(properties.get(name), str):
            raise errors.missing_property(f"properties.{name}")
    machine = call.world.visible(call.id.rsplit("/", 2)[0])
    if machine is not None and machine.sim.get("power") not in (None, "running", "starting"):
        message = f"Cannot modify extensions in the VM when the VM is not running. VM '{machine.name}'."
        raise errors.ArmError(409, "OperationNotAllowed", message)


def _prepare(call: Call, document: dict[str, Any]) -> None:
    document["properties"].pop("protectedSettings", None)
    document["properties"].setdefault("autoUpgradeMinorVersion", False)


TYPES: list[ResourceType] = [
    ResourceType(
        name=EXTENSIONS,
        versions=versions.COMPUTE,
        put=Write(created=201, replaced=200, style=Style.PROVISIONING, duration="extension.write"),
        patch=Write(replaced=200, style=Style.PROVISIONING, duration="extension.write"),
        delete=Write(deleted=202, style=Style.ARM, duration="extension.write"),
        listed_under=frozenset({"parent"}),
        validate=_validate,
        prepare=_prepare,
        throttle="compute",
    ),
]
