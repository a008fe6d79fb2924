"""The page of one item: what it says in words, its views, and what it is told by Azure that nobody expects."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse

from replication import clock
from replication.domain import inventory as inv
from replication.domain.packing import Observed
from replication.domain.states import HEALTH, ITEM
from replication.models import Event, HealthIssue, Person, ProtectedItem, RecoveryPoint, Vault
from replication.views.item import TABS
from tests.views import rows
from tests.views.conftest import SignedIn

GIB = 1024**3


def page_of(signed_in: SignedIn, person: Person, found: ProtectedItem, tab: str = "", query: str = "") -> str:
    name = f"replication:item_{tab}" if tab else "replication:item"
    answer = signed_in(person).get(reverse(name, args=[found.pk]) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def with_details(found: ProtectedItem, **details: Any) -> ProtectedItem:
    found.document["details"] = details
    found.save(update_fields=["document"])
    return found


@pytest.mark.parametrize("status", [status for status in ITEM if status != "other"])
def test_every_state_and_health_is_said_in_words(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, status: str
) -> None:
    for health in HEALTH:
        shown = page_of(signed_in, helpdesk, rows.item(vault, f"vm-{health}", status=status, health=health))
        assert ITEM[status].label in shown  # type: ignore[index]
        assert HEALTH[health].label in shown


def test_a_state_and_a_health_never_seen_are_shown_as_azure_words_them(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    odd = rows.item(vault, "odd", status="other", protection_state="Levitating <b>", health="Purple")
    shown = page_of(signed_in, helpdesk, odd)
    assert "Levitating &lt;b&gt;" in shown
    assert "Purple" in shown


def test_the_first_copy_in_words(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    Vault.objects.update(as_of=clock.now())
    found = rows.item(vault, "new", status="copying", progress=64)
    with_details(found, protectedManagedDisks=[{"diskName": "d", "diskCapacityInBytes": 100 * GIB}])
    rows.job(vault, "new", scenario="EnableDr", started_at=clock.now() - timedelta(minutes=64))
    shown = page_of(signed_in, helpdesk, found)
    assert "the first copy is 64 % done, 64 GiB of 100 GiB, about 36 min left. RPO starts when it is complete." in shown


def test_an_issue_is_explained_with_who_can_fix_it_and_what_was_said_of_it(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    error = inv.HealthError(code="153007", severity="Critical", message="Azure's text", causes="Churn", action="Act")
    unknown = inv.HealthError(code="424242", severity="Odd", message="Never heard")
    found = rows.item(vault, "erp", health="Critical", errors=[unknown, error])
    rows.issue(vault, "x", found, acknowledged_at=clock.now(), acknowledged_by=helpdesk, note="Ticket 7")
    shown = page_of(signed_in, helpdesk, found)
    said = ("No crash-consistent recovery point for an hour", "Machine owner", "Azure&#x27;s text", "Churn", "Ticket 7", "Never heard")
    for words in (*said, "not in", "Code: 153007", "Verdict: Unknown", "Item: "):
        assert words in shown, words
    assert shown.index("153007") < shown.index("424242")
    assert reverse("replication:issue", args=[HealthIssue.objects.get().pk]) in shown


def test_each_view_has_an_address_and_opens_with_hostile_details(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    found = rows.item(vault, "erp")
    for details in (
        {},
        {"protectedManagedDisks": [None, "x", {"diskCapacityInBytes": "big", "diskState": "Odd"}], "vmNics": [{"ipConfigs": None}]},
        {"unprotectedDisks": [{}], "vmNics": [{}, 7]},
    ):
        with_details(found, **details)
        for tab in TABS:
            page_of(signed_in, helpdesk, found, tab, "?page=zzz&span=never")


def test_what_the_views_show(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = with_details(
        rows.item(vault, "erp"),
        protectedManagedDisks=[{"diskName": "os", "diskState": "Protected", "diskCapacityInBytes": 127 * GIB}],
        unprotectedDisks=[{"diskLunId": 3}],
        vmNics=[{
            "sourceNicArmId": "/n/nic-1", "vMNetworkName": "vnet", "recoveryVMNetworkId": "/v/vnet-asr",
            "ipConfigs": [{"isPrimary": True, "subnetName": "app", "recoverySubnetName": "app-dr", "recoveryStaticIPAddress": "10.1.0.9"}],
        }],
    )  # fmt: skip
    Event.objects.create(vault=vault, key="e", item_key=found.key, at=rows.NOON, severity="Critical", message="It broke")
    RecoveryPoint.objects.create(item=found, arm_id="/p", at=rows.NOON, kind="ApplicationConsistent")
    rows.job(vault, "erp", title="Test failover")
    expected = {
        "disks": ["os", "127 GiB", "Disk at LUN 3", "Not protected"],
        "network": ["nic-1", "vnet / app", "vnet-asr / app-dr / 10.1.0.9"],
        "events": ["It broke", "Critical"],
        "recovery-points": ["App-consistent"],
        "jobs": ["Test failover"],
        "record": ["No run of this console"],
        "": ["It broke", "Replication path"],
    }
    for tab, words in expected.items():
        shown = page_of(signed_in, helpdesk, found, tab)
        for word in words:
            assert word in shown, (tab, word)


def test_the_chart_says_what_is_unknown(signed_in: SignedIn, vault: Vault, helpdesk: Person) -> None:
    found = rows.item(vault, "erp", rpo=300)
    rows.seen(vault, clock.now() - timedelta(minutes=30), {found: Observed(300, "Normal", counts=True, unknown=False)})
    for span in ("1h", "24h", "7d", "90d"):
        shown = page_of(signed_in, helpdesk, found, query=f"?span={span}")
        assert "A gap is not a good time." in shown
        assert "unknown" in shown


def test_a_machine_that_left_leads_to_where_it_is_replicated_now(
    signed_in: SignedIn, vault: Vault, helpdesk: Person
) -> None:
    left = rows.item(vault, "erp", gone_at=clock.now())
    assert "replicated again" not in page_of(signed_in, helpdesk, left)
    now = rows.item(vault, "erp", key="elsewhere")
    assert reverse("replication:item", args=[now.pk]) in page_of(signed_in, helpdesk, left)


@pytest.mark.parametrize("tab", TABS)
def test_each_view_costs_the_same_at_any_size(
    signed_in: SignedIn, vault: Vault, helpdesk: Person, queries: Callable[[Callable[[], Any]], int], tab: str
) -> None:
    found, browser = rows.item(vault, "erp"), signed_in(helpdesk)
    address = reverse(f"replication:item_{tab}" if tab else "replication:item", args=[found.pk])

    def fill(start: int, count: int) -> None:
        for n in range(start, start + count):
            Event.objects.create(vault=vault, key=f"e{n}", item_key=found.key, at=rows.NOON, message="m")
            RecoveryPoint.objects.create(item=found, arm_id=f"/p{n}", at=rows.NOON, kind="CrashConsistent")
            rows.job(vault, "erp", key=f"job-{n}")

    fill(0, 2)
    browser.get(address)
    few = queries(lambda: browser.get(address))
    fill(2, 60)
    assert queries(lambda: browser.get(address)) == few
    assert few <= 16, few
