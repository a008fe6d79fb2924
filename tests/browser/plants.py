"""What people set up by hand beside the story: a colleague, a policy, a maintenance window, a webhook, a group's role."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from playwright.sync_api import Page, expect

from tests.browser import gestures

SECOND, PASSWORD = "second", "a-second-administrator"
POLICY = "unused-policy"
MINUTES = "%Y-%m-%dT%H:%M"


def all_of_them(page: Page, vault: str) -> str:
    """One of each, by the administrator; answers the name of a policy that nothing uses."""
    second_administrator(page)
    policy(page, vault)
    window(page, vault)
    webhook(page, vault)
    group(page)
    return POLICY


def account(page: Page, name: str) -> None:
    """An account without a role."""
    page.goto("/people/new/")
    page.get_by_label("User name").fill(name)
    page.get_by_label("Initial password").fill(PASSWORD)
    gestures.press(page, "Create account", re.compile(r"/people/\d+/$"))


def second_administrator(page: Page) -> None:
    """An account and a role for a colleague, unless they are there."""
    page.goto("/people/")
    if page.get_by_role("link", name=SECOND).count():
        return
    account(page, SECOND)
    page.get_by_label("In vault").select_option(label=gestures.VAULT)
    gestures.press(page, "Continue", re.compile(r"/grant/\d+/$"))
    page.get_by_label("Role").select_option(label="Administrator")
    for side in ("Usable as source", "Usable as target"):
        page.get_by_label(side).select_option(label=gestures.SUBSCRIPTION)
    gestures.press(page, "Grant role", re.compile(r"/people/\d+/$"))


def policy(page: Page, vault: str, name: str = POLICY) -> None:
    """A policy by its form, its review and its run."""
    page.goto(f"{vault}policies/new/")
    page.locator("main").get_by_label("Name").fill(name)
    page.get_by_label("Recovery point retention").fill("48")
    page.get_by_label("App-consistent snapshot").fill("240")
    page.get_by_role("button", name="Review", exact=True).click()
    page.locator("form .button.primary").click()
    page.wait_for_url("**/runs/**")
    gestures.watch_to_the_end(page)


def window(page: Page, vault: str) -> None:
    """A maintenance window of a vault, far enough ahead to excuse nothing of today."""
    page.goto(f"{vault}windows/new/")
    begins = datetime.now() + timedelta(days=7)
    page.get_by_label("Begins").fill(begins.strftime(MINUTES))
    page.get_by_label("Ends").fill((begins + timedelta(hours=2)).strftime(MINUTES))
    page.get_by_label("Reason").fill("CHG-4711")
    gestures.press(page, "Set window", "**/windows/")


def webhook(page: Page, vault: str) -> None:
    """A receiver that is switched off, so that nothing is sent to it."""
    page.goto(f"{vault}webhooks/new/")
    page.locator("main").get_by_label("Name").fill("Operations channel")
    page.locator("main").get_by_label("Address").fill("https://hooks.contoso.example/replication")
    page.get_by_label("Switched on").uncheck()
    for box in page.get_by_role("group", name="Sends").get_by_role("checkbox").all():
        box.check()
    page.get_by_role("button", name="Add webhook", exact=True).click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Add webhook")


def group(page: Page) -> None:
    """A role for a group of Microsoft Entra ID."""
    page.goto("/people/groups/")
    page.get_by_role("link", name=f"In {gestures.VAULT}", exact=True).click()
    page.locator("main").get_by_label("Group").fill("11111111-2222-3333-4444-555555555555")
    page.locator("main").get_by_label("Name").fill("DR helpdesk")
    page.get_by_label("Role").select_option(label="Helpdesk")
    gestures.press(page, "Give the role", "**/groups/")
