"""What decides where among Azure's hosts a machine is placed, which keys its disks have, and who updates its agent."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.problems import Problem
from replication.domain.specs import (
    AutomationAccountSpec,
    CapacityGroupSpec,
    EncryptionSetSpec,
    Found,
    PlacementGroupSpec,
    Spec,
)
from replication.gateway.arm import Json, location, text
from replication.gateway.clients import Clients
from replication.gateway.kinds import Kind, Method, by_provisioning
from replication.gateway.listing import pages
from replication.gateway.port import AzureError

# No SDK of the console's speaks to Microsoft.Automation: its accounts go by their whole id through the generic client.
AUTOMATION, AUTOMATION_VERSION = "Microsoft.Automation/automationAccounts", "2023-11-01"


def placement_groups(clients: Clients, subscription_id: str) -> Iterator[inv.PlacementGroup]:
    for each in pages(clients.compute(subscription_id).proximity_placement_groups.list_by_subscription):
        yield inv.PlacementGroup(**_tracked(each))


def capacity_groups(clients: Clients, subscription_id: str) -> Iterator[inv.CapacityGroup]:
    for each in pages(clients.compute(subscription_id).capacity_reservation_groups.list_by_subscription):
        yield inv.CapacityGroup(**_tracked(each), zones=tuple(each.get("zones") or ()))


def encryption_sets(clients: Clients, subscription_id: str) -> Iterator[inv.EncryptionSet]:
    for each in pages(clients.compute(subscription_id).disk_encryption_sets.list):
        yield inv.EncryptionSet(**_tracked(each))


def automation_accounts(clients: Clients, subscription_id: str) -> Iterator[inv.AutomationAccount]:
    """None where the provider was never registered."""
    listing = clients.resources(subscription_id).resources.list
    try:
        for each in pages(listing, filter=f"resourceType eq '{AUTOMATION}'"):
            yield inv.AutomationAccount(**_tracked(each))
    except AzureError as error:
        if error.status not in {404, 409}:
            raise


def _tracked(body: Json) -> dict[str, str]:
    return {"id": text(body, "id"), "name": text(body, "name"), "location": location(text(body, "location"))}


# -- as steps ---------------------------------------------------------------------------------------------------------------


def _placement_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    groups = clients.compute(subscription_id).proximity_placement_groups
    return groups.get, groups.create_or_update


def _placement_body(spec: PlacementGroupSpec) -> Json:
    return {"location": spec.location, "properties": {"proximityPlacementGroupType": "Standard"}}


def _found(make: Callable[..., Spec], spec: Spec, body: Json) -> Found:
    return by_provisioning(make(id=spec.id, location=location(text(body, "location"))), body)


def _capacity_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    return clients.compute(subscription_id).capacity_reservation_groups.get, _never


def _encryption_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    return clients.compute(subscription_id).disk_encryption_sets.get, _never


def _automation_methods(clients: Clients, subscription_id: str) -> tuple[Method, Method]:
    resources = clients.resources(subscription_id).resources

    def get(group: str, name: str) -> Any:
        arm_id = ids.resource(ids.group(subscription_id, group), AUTOMATION, name)
        return resources.get_by_id(arm_id, api_version=AUTOMATION_VERSION)

    return get, _never


def _never(group: str, name: str, *_: Any, **__: Any) -> Any:
    """What must exist beforehand is never made by the console: nothing is sent."""
    raise AzureError(
        Problem(
            code="NotThere",
            message=f"{name} is not in the resource group {group} any more.",
            causes="It was deleted or moved after the plan was reviewed. The console uses such a resource, and never makes one.",
            action="Make it again in Azure, or choose another one in a new draft.",
        ),
        status=404,
    )


def _no_body(_: Spec) -> Json:
    return {}


KINDS: dict[str, Kind[Any]] = {
    PlacementGroupSpec.kind: Kind(
        methods=_placement_methods, body=_placement_body, found=partial(_found, PlacementGroupSpec), waits=False
    ),
    CapacityGroupSpec.kind: Kind(
        methods=_capacity_methods, body=_no_body, found=partial(_found, CapacityGroupSpec), waits=False
    ),
    EncryptionSetSpec.kind: Kind(
        methods=_encryption_methods, body=_no_body, found=partial(_found, EncryptionSetSpec), waits=False
    ),
    AutomationAccountSpec.kind: Kind(
        methods=_automation_methods, body=_no_body, found=partial(_found, AutomationAccountSpec), waits=False
    ),
}
