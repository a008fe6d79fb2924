"""Runs: the list, one run live and light, its steps, cancel and retry."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.urls import reverse

from replication import clock
from replication.models import Pace, Person, ProtectedItem, Run, Turn, Vault
from tests.views import rows
from tests.views.conftest import SignedIn

PROBLEM = {
    "code": "151066", "message": "The agent does not answer.", "causes": "The machine is off.", "action": "Start it.",
    "severity": "error", "when": "never", "retry_after": 0,
}  # fmt: skip


def _page(run: Run, query: str = "") -> str:
    return reverse("replication:run", args=[run.pk]) + query


def test_a_run_shows_stages_marks_and_azures_words(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin)
    run.steps.filter(kind="resource_group").update(state="succeeded", outcome="created")
    run.steps.filter(kind="fabric").update(state="succeeded", outcome="reused")
    run.steps.filter(title="vm-0000").update(state="failed", problem=PROBLEM)
    shown = signed_in(admin).get(_page(run)).content.decode()
    for said in ("Target resource group rg-erp-asr", "Created", "Reused", "Southeast Asia", "1 of 2 machines failed."):
        assert said in shown
    for said in ("The agent does not answer.", "The machine is off.", "Start it.", "151066"):
        assert said in shown
    assert "3 of 4 steps" in shown


def test_machines_of_one_kind(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin)
    run.steps.filter(title="vm-0000").update(state="failed", problem=PROBLEM)
    shown = signed_in(admin).get(_page(run, "?machines=failed")).content.decode()
    assert "vm-0000" in shown
    assert "vm-0001" not in shown


def test_a_thousand_machines_stay_light(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    browser, small, large = signed_in(admin), rows.run(vault, admin, machines=60), rows.run(vault, admin, machines=1000)
    browser.get(_page(small))
    few = queries(lambda: browser.get(_page(small)))
    assert queries(lambda: browser.get(_page(large))) == few <= 20
    answer = browser.get(_page(large))
    assert answer.content.decode().count('class="name"') == 25
    assert len(answer.content) < 100_000
    assert "vm-0999" in browser.get(_page(large, "?page=40")).content.decode()


def test_a_finished_first_copy_is_told_beside_the_machine(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin, machines=1)
    run.steps.filter(kind="protect").update(state="succeeded", outcome="created")
    rows.item(vault, "vm-0000", status="copying", progress=64)
    shown = signed_in(admin).get(_page(run)).content.decode()
    assert 'value="64"' in shown
    assert "Initial replication" in shown


def test_a_run_is_polled_by_version_until_it_ends(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    run, browser = rows.run(vault, admin, version=4), signed_in(admin)
    live = reverse("replication:run_live", args=[run.pk])
    same = browser.get(live + "?since=4")
    assert (same.status_code, same["Poll-Interval"]) == (204, "2")
    assert queries(lambda: browser.get(live + "?since=4")) == 3  # session, account, run
    moved = browser.get(live + "?since=3")
    assert moved.status_code == 200
    assert b'id="run-commands" class="command-group" hx-swap-oob="true"' in moved.content
    Run.objects.update(state="succeeded")
    last = browser.get(live + "?since=4")
    assert (last.status_code, b"data-poll=" in last.content) == (286, False)


def test_a_step_has_a_page_with_all_its_events(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin)
    step = run.steps.get(kind="fabric")
    for text in ("Nothing there", "Sent", "Read back"):
        rows.event(step, text)
    browser = signed_in(admin)
    assert b"3 events" in browser.get(_page(run)).content
    shown = browser.get(reverse("replication:step", args=[run.pk, step.pk])).content
    assert all(text in shown for text in (b"Nothing there", b"Sent", b"Read back", b"asr-a2a-eastasia"))
    other = rows.run(vault, admin)
    assert browser.get(reverse("replication:step", args=[other.pk, step.pk])).status_code == 404


def test_retry_is_offered_when_the_run_has_ended_with_something_undone(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    run, browser = rows.run(vault, admin), signed_in(admin)
    assert b"Available when the run has ended." in browser.get(_page(run)).content
    Run.objects.update(state="partial")
    shown = browser.get(_page(run)).content.decode()
    assert f'action="{reverse("replication:run_retry", args=[run.pk])}"' in shown
    run.steps.update(state="succeeded")
    assert b"Everything in this run succeeded." in browser.get(_page(run)).content


def test_runs_are_found_by_number_machine_and_state(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    first, second = rows.run(vault, admin, machines=1), rows.run(vault, admin, machines=5, state="partial")
    browser, address = signed_in(admin), reverse("replication:all_runs")
    assert _page(first) in browser.get(address + "?q=run+1").content.decode()
    assert _page(second) not in browser.get(address + "?q=run+1").content.decode()
    assert _page(first) not in browser.get(address + "?q=vm-0004").content.decode()
    assert _page(second) in browser.get(address + "?q=vm-0004").content.decode()
    assert _page(second) in browser.get(address + "?state=failures").content.decode()
    assert _page(first) not in browser.get(address + "?state=failures").content.decode()


def test_settings_after_protection_are_told_beside_their_machine(
    signed_in: SignedIn, vault: Vault, admin: Person
) -> None:
    run = rows.run(vault, admin, state="enabled")
    run.steps.filter(kind="protect").update(state="succeeded", outcome="created")
    rows.settings(run, "vm-0000")
    browser = signed_in(admin)
    shown = browser.get(_page(run)).content.decode()
    for said in ("Replication is enabled.", "Settings after protection", "applied once it is protected"):
        assert said in shown
    run.steps.filter(kind="settle").update(state="failed", problem=PROBLEM | {"message": "size: asked 'A', got 'B'"})
    shown = browser.get(_page(run, "?machines=failed")).content.decode()
    for said in ("The settings of 1 machine were not applied.", "not applied", "vm-0000", "size: asked"):
        assert said in shown
    assert "vm-0001" not in shown


def test_three_clocks_a_machine_and_who_is_slow(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run = rows.run(vault, admin, machines=7)
    begun = clock.now() - timedelta(hours=2)
    machines = run.steps.filter(kind="protect")
    machines.update(state="succeeded", outcome="created", claimed_at=begun, ended_at=begun + timedelta(minutes=8))
    for step in machines:
        rows.item(vault, step.title, copied_at=begun + timedelta(minutes=40))
    ProtectedItem.objects.filter(name="vm-0000").update(status="copying", copied_at=None)
    machines.filter(title="vm-0001").update(state="running", ended_at=None)
    shown = signed_in(admin).get(_page(run)).content.decode()
    assert shown.count("enabled after 8 min, first copy after another 32 min") == 5
    assert shown.count("The first copy takes longer than for its peers.") == 1
    assert shown.count("Enabling takes longer than for its peers.") == 1


def test_the_budget_is_told_while_the_run_goes_on(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    run, now = rows.run(vault, admin), rows.NOON.timestamp()
    assert "left this minute" not in signed_in(admin).get(_page(run)).content.decode()
    Pace.objects.create(name="arm:1:s", depth=190, rate=10, full_at=now, minute=now // 60, minute_spent=212)
    Turn.objects.create(run=run, bucket="arm:1:s", given=212)
    with clock.injected(lambda: rows.NOON):
        shown = signed_in(admin).get(_page(run)).content.decode()
        assert "212 spent and 790 left this minute; Azure has refused none for their number." in shown
        Pace.objects.update(refused=3)
        assert "Azure has refused 3 for their number (429)." in signed_in(admin).get(_page(run)).content.decode()
    Run.objects.filter(pk=run.pk).update(state="succeeded")
    assert "left this minute" not in signed_in(admin).get(_page(run)).content.decode()
