"""Every page of the console: who opens it in the tests, and how it is reached from what the story left behind."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import URLPattern
from playwright.sync_api import Page, expect

from replication.urls import session_urls, urlpatterns
from replication.views import wizard

# What is no page of its own: actions, fragments, downloads, redirects.
NOT_PAGES = re.compile(
    r"(_refresh|_live|view_save|view_delete|issue_acknowledge|issue_withdraw|_preview|_export|run_[a-z_]+|_points|_active|_end|_chain|_bundle|_lines|_verify|grant_choose|draft_(start|selection|ask|name|download|download_csv|names|create_targets|enable|discard|take_over|share|reopen|checks_again|checks_acknowledge))$"
    r"|^(logout|theme|reading|home|draft|notification|notifications_read|entra_start|entra_callback|(vault_)?setting_section)$"
    r"|^(group_remove|person_unlock|person_factor_reset|second_factor_off|approval_(approve|refuse|withdraw)|webhook_(test|renew|delete))$"
)
# What only somebody in the middle of something sees: looked at by that test in that module.
ON_THE_WAY = {
    "login_code": "test_account",
    "second_factor": "test_account",
    "recovery_codes": "test_account",
    "approval": "test_approvals",
}

# Who, and where: an address, in which `{vault}` and the others are what stands in the story's own addresses, and steps from there:
# a link by its name, `grid` for the first link in a table, `!` and a name for a button, `./` and an address below this one.
PAGES = {
    "login": ("", "/sign-in/"),
    "password_change": ("admin", "/password/"),
    "vaults": ("admin", "/vaults/"),
    "overview": ("admin", "{vault}"),
    "all_items": ("helpdesk", "/items/"),
    "items": ("operator", "{vault}items/"),
    "item": ("lead", "{item}"),
    "all_overview": ("helpdesk", "/overview/"),
    "coverage": ("helpdesk", "/coverage/"),
    "machine": ("admin", "/coverage/?protected=no > grid"),
    "leftovers": ("lead", "/leftovers/"),
    "all_issues": ("helpdesk", "/issues/"),
    "issues": ("operator", "{vault}issues/"),
    "issue": ("helpdesk", "{vault}issues/ > grid"),
    "codes": ("helpdesk", "/codes/"),
    "item_recovery-points": ("helpdesk", "{item}recovery-points/"),
    "item_disks": ("helpdesk", "{item}disks/"),
    "item_network": ("helpdesk", "{item}network/"),
    "item_events": ("helpdesk", "{item}events/"),
    "item_jobs": ("helpdesk", "{item}jobs/"),
    "item_record": ("lead", "{item}record/"),
    "all_runs": ("operator", "/runs/"),
    "runs": ("helpdesk", "{vault}runs/"),
    "run": ("operator", "{run}"),
    "step": ("operator", "{run} > Step details"),
    "jobs": ("operator", "{vault}jobs/"),
    "job": ("operator", "{vault}jobs/ > grid"),
    "audit": ("helpdesk", "/audit/"),
    "audit_entry": ("admin", "/audit/ > grid"),
    "people": ("admin", "/people/"),
    "person_create": ("admin", "/people/new/"),
    "person": ("admin", "/people/ > grid"),
    "grant": ("admin", "/people/4/grant/{vault_pk}/"),
    "search": ("admin", "/search/?q=crm"),
    "drafts": ("admin", "/drafts/?state=open"),
    "draft_upload": ("admin", "{vault}replicate/upload/"),
    "draft_source": ("admin", "{draft}source/"),
    "draft_machines": ("admin", "{draft}machines/"),
    "draft_paste": ("admin", "{draft}paste/"),
    "draft_matrix": ("admin", "{draft}machines/matrix/"),
    "draft_why": ("admin", "{draft}machines/ > grid"),
    "draft_target": ("admin", "{draft}target/"),
    "draft_customize": ("admin", "{draft}customize/"),
    "draft_machine": ("admin", "{draft}customize/ > grid"),
    "draft_review": ("admin", "{draft}review/"),
    "groups": ("admin", "/people/groups/"),
    "group_create": ("admin", "/people/groups/{vault_pk}/new/"),
    "roles": ("helpdesk", "/people/roles/"),
    "access_review": ("lead", "/people/review/"),
    "person_password": ("admin", "/people/ > second > Set a new password"),
    "account": ("helpdesk", "/account/"),
    "approvals": ("lead", "/approvals/"),
    "settings": ("admin", "/settings/"),
    "vault_settings": ("admin", "{vault}settings/"),
    "audit_report": ("lead", "/audit/ > !Printable report"),
    "item_change": ("admin", "{item}change/"),
    "item_act": ("admin", "{item}act/disable/"),
    "items_act": ("admin", "{vault}items/act/disable/"),
    "job_control": ("operator", "{vault}jobs/ > grid > ./cancel/"),
    "policies": ("helpdesk", "{vault}policies/"),
    "policy_create": ("admin", "{vault}policies/ > Create policy"),
    "policy_edit": ("admin", "{vault}policies/ > Edit"),
    "policy_delete": ("admin", "{vault}policies/of/{policy}/delete/"),
    "network_mappings": ("helpdesk", "{vault}network-mappings/"),
    "mapping_create": ("admin", "{vault}network-mappings/ > Add mapping"),
    "mapping_change": ("admin", "{vault}network-mappings/ > Change"),
    "mapping_delete": ("admin", "{vault}network-mappings/ > Delete"),
    "cache_storage": ("helpdesk", "{vault}cache-storage/"),
    "all_ledger": ("lead", "/ledger/"),
    "ledger": ("helpdesk", "{vault}ledger/"),
    "ledger_item": ("helpdesk", "{item}ledger/"),
    "all_report": ("lead", "/ledger/report/"),
    "report": ("lead", "{vault}ledger/report/"),
    "windows": ("admin", "{vault}windows/"),
    "window_create": ("admin", "{vault}windows/new/"),
    "window": ("admin", "{vault}windows/ > grid"),
    "notifications": ("admin", "/notifications/"),
    "notice_rules": ("helpdesk", "/notifications/rules/"),
    "vault_notice_rules": ("lead", "{vault}notifications/rules/"),
    "webhooks": ("admin", "{vault}webhooks/"),
    "webhook_create": ("admin", "{vault}webhooks/new/"),
    "webhook": ("admin", "{vault}webhooks/ > grid"),
    "draft_checks": ("admin", "{draft}checks/"),
}


def names() -> Iterator[str]:
    """Names of all addresses of the console."""
    patterns = [*session_urls, *urlpatterns, *wizard.urlpatterns]
    return (str(pattern.name) for pattern in patterns if isinstance(pattern, URLPattern))


@dataclass(frozen=True)
class Places:
    """What stands for the names in braces."""

    vault: str
    run: str
    item: str
    draft: str
    policy: str

    @property
    def vault_pk(self) -> str:
        return self.vault.rstrip("/").rpartition("/")[2]


def open_page(page: Page, way: str, places: Places) -> None:
    """Go there, step by step."""
    address, *steps = way.split(" > ")
    page.goto(address.format(vault_pk=places.vault_pk, **vars(places)))
    for step in steps:
        _step(page, step)
    expect(page.get_by_role("heading", level=1, include_hidden=True)).to_have_count(1)


def _step(page: Page, step: str) -> None:
    left = page.url
    if step.startswith("./"):
        page.goto(left + step.removeprefix("./"))
    elif step == "grid":
        page.locator("tbody a").first.click()
    elif step.startswith("!"):
        page.get_by_role("button", name=step.removeprefix("!"), exact=True).first.click()
    else:
        page.get_by_role("link", name=step).first.click()
    page.wait_for_url(lambda url: url != left)
