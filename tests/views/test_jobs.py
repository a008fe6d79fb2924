"""Site Recovery jobs as the list shows them."""

from collections.abc import Callable
from typing import Any

from django.urls import reverse

from replication.models import Person, Vault
from tests.views import rows
from tests.views.conftest import SignedIn


def test_jobs_name_the_run_that_asked_for_them(
    signed_in: SignedIn, vault: Vault, admin: Person, queries: Callable[[Callable[[], Any]], int]
) -> None:
    run = rows.run(vault, admin, machines=1)
    asked = rows.job(vault, "erp")
    run.steps.filter(key="protect:vm-0000").update(azure_job_id=asked.arm_id.upper())
    rows.job(vault, "other")
    browser, address = signed_in(admin), reverse("replication:jobs", args=[vault.pk])
    shown = browser.get(address).content.decode()
    of_run = reverse("replication:run", args=[run.pk])
    assert f'<a href="{of_run}">Run {run.number}, Admin</a>' in shown
    assert shown.count("Not by this console") == 1
    few = queries(lambda: browser.get(address))
    for number in range(20):
        job = rows.job(vault, f"more-{number}")
        rows.run(vault, admin, machines=1).steps.filter(key="protect:vm-0000").update(azure_job_id=job.arm_id)
    assert queries(lambda: browser.get(address)) == few
