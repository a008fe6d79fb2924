"""How machines stand just now, from what they say themselves: there or gone, where, running or not, with which disks.

A run asks this before its first write, about machines that the inventory knows in full. It takes two lists of the subscription instead of
the dozen around them; a few machines are read one by one, as their subscription may hold ten thousand.
"""

from collections.abc import Collection, Iterator

from replication.domain import ids
from replication.domain import inventory as inv
from replication.domain.drift import FEW
from replication.gateway.arm import Json, dig, location, plain, rows, text
from replication.gateway.classic import classic_body, classic_machine_of
from replication.gateway.clients import Clients
from replication.gateway.errors import translated
from replication.gateway.listing import pages
from replication.gateway.machines import power_of
from replication.gateway.port import AzureError

_CLASSIC = "microsoft.classiccompute"


def standing(clients: Clients, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
    """The machines among these that are there, without what only the lists around them tell."""
    for subscription_id in sorted({ids.subscription(each).lower() for each in machine_ids}):
        mine = [each for each in machine_ids if ids.subscription(each).lower() == subscription_id]
        yield from _of_subscription(clients, subscription_id, mine)


def _of_subscription(clients: Clients, subscription_id: str, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
    older = [each for each in machine_ids if _CLASSIC in each.lower()]
    for each in older:
        body = classic_body(clients.resources(subscription_id).resources, each)
        if body:
            yield classic_machine_of(body, subscription_id)
    rest = set(machine_ids).difference(older)
    if 0 < len(rest) <= FEW:
        yield from _one_by_one(clients, subscription_id, rest)
    elif rest:
        yield from _by_list(clients, subscription_id)


def _one_by_one(clients: Clients, subscription_id: str, machine_ids: Collection[str]) -> Iterator[inv.Machine]:
    get = clients.compute(subscription_id).virtual_machines.get
    for each in sorted(machine_ids):
        try:
            with translated():
                body = plain(get(ids.group_name(each), ids.name(each), expand="instanceView"))
        except AzureError as error:
            if error.status != 404:
                raise
        else:
            yield _machine_of(body, dig(body, "properties", "instanceView") or {})


def _by_list(clients: Clients, subscription_id: str) -> Iterator[inv.Machine]:
    """Power states come only when asked for alone."""
    listing = clients.compute(subscription_id).virtual_machines.list_all
    states = {ids.key(text(each, "id")): each for each in pages(listing, status_only="true")}
    for each in pages(listing):
        yield _machine_of(each, dig(states.get(ids.key(text(each, "id"))), "properties", "instanceView") or {})


def _machine_of(body: Json, view: Json) -> inv.Machine:
    arm_id = text(body, "id")
    return inv.Machine(
        id=arm_id,
        name=text(body, "name"),
        subscription_id=ids.subscription(arm_id),
        resource_group=ids.group_name(arm_id),
        location=location(text(body, "location")),
        model=inv.Model.RESOURCE_MANAGER,
        power=power_of(view),
        provisioning_state=text(body, "properties", "provisioningState"),
        disks=tuple(_disks(dig(body, "properties", "storageProfile") or {})),
    )


def _disks(storage: Json) -> Iterator[inv.Disk]:
    for body in filter(None, [storage.get("osDisk"), *rows(storage, "dataDisks")]):
        managed = text(body, "managedDisk", "id")
        yield inv.Disk(
            id=managed or text(body, "vhd", "uri"),
            name=text(body, "name"),
            managed=bool(managed),
            is_os=body is storage.get("osDisk"),
            size_gib=body.get("diskSizeGB"),
        )
