"""What the wizard's pages cost at a thousand machines, in queries; and that a plan which is kept is never an old one."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from replication import clock, tasks
from replication.actions import compiled
from replication.domain import documents
from replication.domain import inventory as inv
from replication.models import (
    Connection,
    Draft,
    DraftPlan,
    DraftPlanPage,
    Machine,
    MachineBrief,
    Setting,
    Vault,
)
from replication.sync import inventory
from tests.domain import estate

from .conftest import more, store_machine
from .walk import choose, post, text

PAGES = {
    "source": "source/",
    "picker": "machines/",
    "filtered": "machines/?can=yes&os=Windows&sort=-size&zone=none",
    "search": "machines/?q=rg-erp&can=warn",
    "matrix": "machines/matrix/?can=yes",
    "target": "target/",
    "customize": "customize/",
    "checks": "checks/",
    "review": "review/",
    "review, page 2": "review/?page=2",
}


def test_a_thousand_chosen_machines_cost_the_queries_of_a_hundred(
    web: Client, ready: Draft, machines: list[Machine], queries: Callable[[Callable[[], Any]], int]
) -> None:
    def costs() -> dict[str, int]:
        addresses = {name: f"/replicate/{ready.pk}/{page}" for name, page in PAGES.items()}
        for name, address in addresses.items():  # menus and the plan are looked up once, and the checks are asked for
            assert web.get(address).status_code == 200, name
        return {name: queries(lambda address=address: web.get(address)) for name, address in addresses.items()}  # type: ignore[misc]

    more(machines[0], 100, ready)
    few = costs()
    assert max(few.values()) <= 30, few
    more(machines[0], 900, ready)
    assert costs() == few


def test_a_plan_counts_in_whatever_order_the_database_gives_the_choices_back(ready: Draft) -> None:
    """PostgreSQL has an order of keys of its own, so that what *Next* compiled of the saved draft would be compiled again."""
    ready.refresh_from_db()
    compiled.of(ready)
    ready.target = dict(reversed(ready.target.items())) | {"policy": dict(reversed(ready.target["policy"].items()))}
    ready.source = dict(reversed(ready.source.items())) | {"subscription_ids": tuple(ready.source["subscription_ids"])}
    assert compiled.kept(ready) is not None
    ready.target["retention"] = 1
    assert compiled.kept(ready) is None


@pytest.mark.parametrize("change", ["choice", "machine", "inventory", "setting"])
def test_a_plan_that_is_kept_counts_until_something_changes(
    web: Client, ready: Draft, machines: list[Machine], azure_connection: Connection, change: str
) -> None:
    address = f"/replicate/{ready.pk}/review/"
    web.get(address)
    kept = DraftPlan.objects.get(draft=ready).stamp
    web.get(address)
    assert DraftPlan.objects.get(draft=ready).stamp == kept
    if change == "choice":
        assert post(web, ready, "target", {"location": "southeastasia", "subscription_id": machines[0].subscription_id,
                                           "policy": "", "policy_name": "other", "retention_hours": "12",
                                           "app_consistent_minutes": "60"}).status_code == 302  # fmt: skip
    elif change == "machine":
        ready.machines.filter(machine=machines[1]).delete()
    elif change == "inventory":
        two = [estate.machine("erp-01"), estate.machine("erp-02", size="Standard_D8s_v5")]
        found = inventory.Found(vaults=[], machines=two, resources={})
        inventory._store(azure_connection, machines[0].subscription_id, found)
    else:
        Setting.objects.create(name="naming.resource_group", value="{name}-dr", changed_at=clock.now())
    page = text(web.get(address))
    assert DraftPlan.objects.get(draft=ready).stamp != kept
    assert ("erp-02" in page) is (change != "machine")
    assert ("rg-erp-dr" in page) is (change == "setting")


def test_a_plan_that_is_kept_says_what_the_compiled_one_says(ready: Draft) -> None:
    ready.refresh_from_db()
    made = compiled.of(ready, fresh=True)
    assert compiled.of(ready) == made
    assert [step.title for step in compiled.page(ready, made, 1)] == ["erp-01", "erp-02"]
    assert compiled.page(ready, made, 2) == []


def test_a_submit_does_not_believe_what_is_kept(web: Client, ready: Draft, machines: list[Machine]) -> None:
    """A row that was changed behind the stamp's back: the page shows the old plan, the press of the button starts nothing."""
    ready.refresh_from_db()
    made = compiled.of(ready)
    machine = machines[0]
    document = documents.to_json(estate.machine("erp-01", power=inv.Power.DEALLOCATED))
    Machine.objects.filter(pk=machine.pk).update(document=document)
    answer = web.post(reverse("replication:draft_enable", args=[ready.pk]), {"digest": made.digest})
    assert answer.status_code == 422
    assert compiled.of(ready).objections == 1  # the page that said so has compiled it anew


def test_a_closed_draft_keeps_no_plan(web: Client, ready: Draft) -> None:
    ready.refresh_from_db()
    compiled.of(ready)
    web.post(reverse("replication:draft_discard", args=[ready.pk]))
    assert not DraftPlan.objects.exists()
    assert not DraftPlanPage.objects.exists()


def test_what_a_closed_draft_was_given_again_is_tidied_with_the_rest(ready: Draft) -> None:
    """A look that overlapped the closing; an open draft keeps its own."""
    ready.refresh_from_db()
    compiled.of(ready)
    tasks.tidy()
    assert DraftPlan.objects.count() == DraftPlanPage.objects.count() == 1
    for state in (Draft.State.EXPIRED, Draft.State.DISCARDED, Draft.State.SUBMITTED):
        compiled.of(ready)
        Draft.objects.filter(pk=ready.pk).update(state=state)
        tasks.tidy()
        assert (DraftPlan.objects.count(), DraftPlanPage.objects.count()) == (0, 0), state


def test_the_target_page_shows_the_plan_that_is_kept(web: Client, ready: Draft, monkeypatch: pytest.MonkeyPatch) -> None:
    address = f"/replicate/{ready.pk}/target/"
    assert "rg-erp-asr" in text(web.get(address))
    monkeypatch.setattr("replication.domain.compiler.machines.plan", None)  # nothing can be compiled any more
    page = text(web.get(address))
    assert "rg-erp-asr" in page
    assert "replica managed disks: Premium SSD" in page


def test_what_pages_filter_by_is_kept_beside_the_machine(azure_connection: Connection, vault: Vault) -> None:
    row = store_machine(azure_connection, estate.machine("erp-01", power=inv.Power.DEALLOCATED, tags={"Owner": "Ada"}))
    brief = MachineBrief.objects.get(machine=row)
    assert (brief.tags, brief.disk_count) == ("\nowner:ada\n", row.disk_count)
    Machine.objects.filter(pk=row.pk).update(tags="\ntier:gold\n", codes="\nX\n")
    brief.refresh_from_db()
    assert (brief.tags, brief.codes) == ("\ntier:gold\n", "\nX\n")
    row.delete()
    assert not MachineBrief.objects.exists()


def test_a_tick_is_seen_at_once(web: Client, ready: Draft, machines: list[Machine], azure_connection: Connection) -> None:
    more = store_machine(azure_connection, estate.machine("erp-03"))
    assert "erp-03" not in text(web.get(f"/replicate/{ready.pk}/review/"))
    choose(web, ready, more)
    assert "erp-03" in text(web.get(f"/replicate/{ready.pk}/review/"))
