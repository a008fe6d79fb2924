"""Through the pages: what is offered, what the review shows, what starts, and what is refused without a trace."""

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from replication.domain import ids
from replication.gateway.clients import Clients
from replication.gateway.port import Gateway
from replication.models import AuditEntry, Machine, ProtectedItem, Run, Vault
from replication.sync import inventory
from tests.changes.conftest import finished, person, read_again


def hidden(page: Any) -> dict[str, list[str]]:
    """What the review's form sends again."""
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page.content.decode()):
        found.setdefault(name, []).append(value)
    found.pop("csrfmiddlewaretoken", None)
    return found


def fields(page: Any) -> dict[str, Any]:
    """The settings form as it is shown."""
    form = page.context["form"]
    return {name: form[name].value() or "" for name in form.fields}


def test_settings_go_from_form_over_review_to_azure(
    vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway
) -> None:
    address = f"/items/{items[0].pk}/change/"
    given = fields(web.get(address)) | {"name": "erp-dr-01", "disk_0": "StandardSSD_LRS"}
    review = web.post(address, given)
    text = review.content.decode()
    assert review.status_code == 200
    assert "erp-dr-01" in text
    assert "StandardSSD_LRS" in text
    assert not Run.objects.exists()
    started = web.post(address, hidden(review) | {"reason": "CHG-1"})
    run = Run.objects.get()
    assert started.status_code == 302
    assert started.url == f"/runs/{run.pk}/"
    assert finished(run, gateway).state == "succeeded"
    assert web.get(started.url).status_code == 200
    entry = AuditEntry.objects.get(action="run.update")
    assert (entry.reason, next(iter(entry.after.values()))["Target name"]) == ("CHG-1", "erp-dr-01")
    read_again(vault)
    assert fields(web.get(address))["name"] == "erp-dr-01"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"name": "a/b"}, "a/b"),
        ({"name": "x" * 80}, "64"),
        ({"size": "with blanks"}, "a size as Azure spells it"),
        ({"group_id": "/subscriptions/x/resourceGroups/theirs"}, "no longer offered"),
        ({"address_0": "10.300.0.1"}, "IPv4"),
    ],
)
def test_bad_settings_change_nothing(items: list[ProtectedItem], web: Client, given: dict[str, str], said: str) -> None:
    address = f"/items/{items[0].pk}/change/"
    answer = web.post(address, fields(web.get(address)) | given)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not Run.objects.exists()


def test_a_machine_does_not_leave_the_group_of_its_availability_set(items: list[ProtectedItem], web: Client) -> None:
    address = f"/items/{items[0].pk}/change/"
    group = fields(web.get(address))["group_id"]
    items[0].document["details"]["recoveryAvailabilitySet"] = f"{group}/providers/Microsoft.Compute/availabilitySets/avset-there"
    items[0].save()
    page = web.get(address)
    elsewhere = next(each for each, _ in page.context["form"].fields["group_id"].choices if ids.key(each) != ids.key(group))
    refused = web.post(address, fields(page) | {"group_id": elsewhere})
    assert refused.status_code == 422
    assert "avset-there lies in" in refused.content.decode()
    assert web.post(address, fields(page) | {"name": "erp-dr-01"}).status_code == 200
    assert not Run.objects.exists()


def test_unchanged_settings_start_nothing(items: list[ProtectedItem], web: Client) -> None:
    address = f"/items/{items[0].pk}/change/"
    answer = web.post(address, fields(web.get(address)), follow=True)
    assert "Nothing was changed" in answer.content.decode()


def test_a_review_that_is_no_longer_true_starts_nothing(items: list[ProtectedItem], web: Client) -> None:
    answer = web.post(f"/items/{items[0].pk}/act/resync/", {"digest": "of yesterday"})
    assert answer.status_code == 409
    assert "has changed since" in answer.content.decode()
    assert not Run.objects.exists()


def test_many_are_resynchronized(vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway) -> None:
    address = f"/vaults/{vault.pk}/items/act/resync/"
    assert all(each.name in web.get(address).content.decode() for each in items)
    assert web.post(address, {}).status_code == 422
    review = web.post(address, {"chosen": [items[0].pk, items[1].pk]})
    started = web.post(address, hidden(review))
    run = Run.objects.get()
    assert started.url == f"/runs/{run.pk}/"
    assert run.machine_count == 2
    busy = web.post(address, hidden(review))
    assert busy.status_code == 409
    assert "Another run is working" in busy.content.decode()
    assert finished(run, gateway).state == "succeeded"


def test_disabling_tells_what_stays_and_then_does_it(
    vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway
) -> None:
    address = f"/items/{items[0].pk}/act/disable/"
    review = web.get(address)
    text = review.content.decode()
    assert "What stays behind" in text
    assert "-asr" in text
    assert "Cache storage accounts" in text
    web.post(address, hidden(review) | {"reason": "retired"})
    run = finished(Run.objects.get(), gateway)
    assert run.state == "succeeded"
    page = web.get(f"/runs/{run.pk}/").content.decode()
    assert "Removed" in page
    assert "Disabling is not repeated unseen" in page
    refused = web.post(f"/runs/{run.pk}/retry/", follow=True)
    assert "not repeated unseen" in refused.content.decode()
    assert Run.objects.count() == 1


def test_other_roles_see_why_not(vault: Vault, items: list[ProtectedItem], web: Client) -> None:
    for role in ("operator", "helpdesk", "team_lead"):
        somebody = Client()
        somebody.force_login(person(vault, role))
        assert "Only administrators can change protected machines" in somebody.get(f"/items/{items[0].pk}/").content.decode()
        assert somebody.get(f"/items/{items[0].pk}/change/").status_code == 403
        assert somebody.post(f"/items/{items[0].pk}/act/disable/", {"digest": "x"}).status_code == 403
    assert not Run.objects.exists()


def test_the_page_offers_what_azure_takes(items: list[ProtectedItem], web: Client) -> None:
    text = web.get(f"/items/{items[0].pk}/").content.decode()
    assert "Azure reports no newer agent." in text
    assert "Azure keeps a machine&#x27;s policy" in text
    assert f"/items/{items[0].pk}/act/disable/" in text


def attach(vault: Vault, item: ProtectedItem) -> None:
    """A new data disk, by somebody else."""
    where = ids.parse(str(Machine.objects.get(key=item.machine_key).arm_id))
    assert where is not None
    machines = Clients(vault.connection.endpoint, settings.ARM_CA_BUNDLE).compute(where.subscription).virtual_machines
    machine = machines.get(where.group, where.names[0]).as_dict()
    profile = machine["properties"]["storageProfile"]
    lun = max((disk["lun"] for disk in profile["dataDisks"]), default=-1) + 1
    disk = {"lun": lun, "createOption": "Empty", "diskSizeGB": 32, "managedDisk": {"storageAccountType": "Premium_LRS"}}
    body = {"properties": {"storageProfile": {"dataDisks": [*profile["dataDisks"], disk]}}}
    machines.begin_update(where.group, where.names[0], body, polling_interval=0.05).result()


def test_an_added_disk_is_protected_or_dismissed(
    vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway
) -> None:
    for item in items[:2]:
        attach(vault, item)
    inventory.read(vault.connection, gateway)
    read_again(vault)
    for item, verb in ((items[0], "add_disks"), (items[1], "dismiss")):
        address = f"/items/{item.pk}/act/{verb}/"
        web.post(address, hidden(web.get(address)))
        run = finished(Run.objects.latest("number"), gateway)
        assert (run.purpose, run.state) == (verb, "succeeded")
    read_again(vault)
    for item, disks in ((items[0], 1), (items[1], 0)):
        before = len(item.document["details"]["protectedManagedDisks"])
        item.refresh_from_db()
        assert len(item.document["details"]["protectedManagedDisks"]) == before + disks
        assert not any(error["code"] == "153039" for error in item.document["errors"])
