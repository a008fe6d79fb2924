"""Site Recovery jobs in a browser: one is cancelled while it runs, one that failed is restarted, by an operator; helpdesk
sees why it cannot.

Web server and simulator are real; what workers do is done in the test, so that a job can be met while it runs.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import expect

from replication.execution import engine
from replication.gateway.port import Gateway
from replication.models import AuditEntry, Job, ProtectedItem, Run, Vault
from tests.browser import gestures
from tests.browser.visitor import Visitor
from tests.changes.conftest import (  # noqa: F401  fixtures
    azure,
    finished,
    gateway,
    items,
    person,
    protected_process,
    read_again,
    vault,
)

Come = Callable[..., Visitor]
REASON = "INC-0815"


def resynchronize(visitor: Visitor, item: ProtectedItem) -> Run:
    """Asked for on the item's page; workers have not begun."""
    page = visitor.page
    page.goto(f"/items/{item.pk}/act/resync/")
    page.locator("main form .button.primary, main form .button.danger").click()
    page.wait_for_url("**/runs/**")
    return Run.objects.latest("number")


def control(visitor: Visitor, job: Job, verb: str) -> Run:
    """From the job's page by its command and the review to the run."""
    page = visitor.page
    page.goto(f"/vaults/{job.vault_id}/jobs/")
    gestures.row(page, job.target_name).filter(has_text=STATES[job.state]).get_by_role("link").first.click()
    page.get_by_role("link", name=f"{verb} job").click()
    page.get_by_label("Reason or ticket").fill(REASON)
    visitor.look(f"job-{verb.lower()}")
    assert visitor.overflow() == 0
    page.locator("main form .button.primary, main form .button.danger").click()
    page.wait_for_url("**/runs/**")
    return Run.objects.get(purpose="job")


STATES = {"InProgress": "In progress", "Failed": "Failed"}


def test_a_running_job_is_cancelled(come: Come, vault: Vault, items: list[ProtectedItem], gateway: Gateway, azure: Any) -> None:  # noqa: F811
    azure.control("PUT", "settings", {"durations": 1})
    engine.advance(resynchronize(come(person(vault, "administrator")), items[0]).pk, gateway, seconds=1)
    azure.control("POST", "clock", {"advance": 5})
    read_again(vault)
    job = vault.jobs.get(state="InProgress")
    helpdesk = come(person(vault, "helpdesk")).page
    helpdesk.goto(f"/vaults/{vault.pk}/jobs/{job.pk}/")
    expect(helpdesk.get_by_role("button", name="Cancel job")).to_have_attribute("aria-disabled", "true")
    expect(helpdesk.get_by_text("Only administrators and operators can cancel").first).to_be_attached()
    operator = come(person(vault, "operator"))
    assert finished(control(operator, job, "Cancel"), gateway).state == "succeeded"
    read_again(vault)
    page = operator.page
    page.goto(f"/vaults/{vault.pk}/jobs/{job.pk}/")
    expect(page.locator(".essentials")).to_contain_text("Cancelled")
    expect(page.get_by_role("button", name="Cancel job")).to_have_attribute("aria-disabled", "true")
    assert AuditEntry.objects.get(action="run.job").reason == REASON


def test_a_failed_job_is_restarted(come: Come, vault: Vault, items: list[ProtectedItem], gateway: Gateway, azure: Any) -> None:  # noqa: F811
    azure.control("PUT", "faults", [{"verb": "POST", "type": "*/replicationProtectedItems", "nth": 1, "do": "operation"}])
    assert finished(resynchronize(come(person(vault, "administrator")), items[0]), gateway).state == "failed"
    read_again(vault)
    job, before = vault.jobs.get(state="Failed"), vault.jobs.count()
    operator = come(person(vault, "operator"))
    assert finished(control(operator, job, "Restart"), gateway).state == "succeeded"
    read_again(vault)
    page = operator.page
    page.goto(f"/vaults/{vault.pk}/jobs/")
    expect(page.locator("tbody tr")).to_have_count(before + 1)
    page.goto(f"/vaults/{vault.pk}/jobs/{job.pk}/")
    expect(page.get_by_text("of Operator: ")).to_be_visible()  # the run stands on the job's page
