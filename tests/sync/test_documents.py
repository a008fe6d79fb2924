"""Domain dataclasses survive the way into a JSON column and back."""

import json
from datetime import UTC, datetime

from replication.domain import documents
from replication.domain import inventory as inv

MACHINE = inv.Machine(
    id="/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/virtualMachines/vm-a",
    name="vm-a",
    subscription_id="s",
    resource_group="g",
    location="eastasia",
    model=inv.Model.RESOURCE_MANAGER,
    power=inv.Power.RUNNING,
    provisioning_state="Succeeded",
    zones=("1", "2"),
    disks=(inv.Disk(id="/d", name="d", managed=True, is_os=True, size_gib=127, facts={"maxShares": 2}),),
    nics=(inv.Nic(id="/n", name="n", primary=True, subnet_id="/v/subnets/default"),),
    tags={"env": "prod"},
)


def through_json(value):
    return documents.from_json(type(value), json.loads(json.dumps(documents.to_json(value))))


def test_a_machine_comes_back_equal():
    assert through_json(MACHINE) == MACHINE


def test_times_enums_and_none_come_back():
    error = inv.HealthError(code="1", severity="Warning", message="m", created_at=datetime(2026, 1, 2, tzinfo=UTC))
    job = inv.Job(
        id="/j", name="j", scenario="EnableDr", title="Enable", state="Failed", state_text="Failed", errors=(error,),
        tasks=(inv.JobTask(name="t", title="T", state="Failed", started_at=datetime(2026, 1, 1, tzinfo=UTC)),),
    )  # fmt: skip
    assert through_json(job) == job


def test_a_site_comes_back():
    site = inv.Site(fabrics=(inv.Fabric(id="/f", name="f", location="eastasia"),))
    assert through_json(site) == site


def test_fields_of_another_version_do_no_harm():
    data = documents.to_json(MACHINE) | {"unheard_of": 1}
    del data["tags"]
    read = documents.from_json(inv.Machine, data)
    assert (read.tags, read.name) == ({}, "vm-a")


def test_the_digest_ignores_the_order_of_keys():
    assert documents.digest({"a": 1, "b": 2}) == documents.digest({"b": 2, "a": 1})
    assert documents.digest({"a": 1}) != documents.digest({"a": 2})
