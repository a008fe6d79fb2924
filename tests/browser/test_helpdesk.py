"""Helpdesk's answer in ten seconds: from the sign-in to the verdict in at most two actions, by whatever is known of the machine.

The rows are planted as workers store them, so that each verdict and each state can be had at once; the web server is the real one.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from replication import clock, finding
from replication.domain.states import HEALTH, ITEM
from replication.models import Connection, Machine, Person, Vault
from tests.browser import gestures
from tests.browser.visitor import NARROW, WIDE
from tests.views import rows

pytestmark = pytest.mark.usefixtures("estate")
PASSWORD = "helpdesk-password-1"


@pytest.fixture
def estate(transactional_db: None, vault: Vault, helpdesk: Person, settings: Any) -> None:
    """A machine for each verdict, one for each state and health, and names that nobody expects."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    helpdesk.set_password(PASSWORD)
    helpdesk.save()
    Vault.objects.update(as_of=clock.now())
    for name, columns in {"well": {}, "slow": {"rpo": 7200}}.items():
        _machine(_item(vault, name, **columns))
    rows.machine(vault, "bare")
    old = Vault.objects.create(
        connection=_another(vault), key="old", arm_id="/old", name="rsv-old", subscription_id=vault.subscription_id,
        resource_group="rg-dr", location="southeastasia", as_of=clock.now() - timedelta(hours=3),
    )  # fmt: skip
    grant = helpdesk.grants.get()
    grant.pk, grant.vault = None, old
    grant.save()
    _item(old, "stale")
    for status in ITEM:
        _item(vault, f"state-{status}", status=status.value, protection_state="Levitating")
    for health in HEALTH:
        _item(vault, f"health-{health.lower()}", health=health)
    for name in ("n" * 300, "שרת-🦊-הנהלה"):
        _item(vault, name)


def _another(vault: Vault) -> Connection:
    return Connection.objects.create(name="Fabrikam", endpoint="https://localhost:2", tenant_id="u", client_id="d", locations=[])


def _item(vault: Vault, name: str, **columns: Any) -> Any:
    return rows.item(vault, name, **{"rpo": 240, "rpo_at": clock.now(), "search": name.lower()} | columns)


def _machine(item: Any) -> None:
    machine = rows.machine(item.vault, item.name)
    words = f"{item.name} {item.name}-host rg-erp linux 10.9.8.{machine.pk} owner:{item.name}"
    Machine.objects.filter(pk=machine.pk).update(search=words, protected_in=item.key)
    finding.write(Machine, [(machine.pk, words)])


def signed_in(page: Page) -> None:
    """By the keyboard alone."""
    page.goto("/sign-in/")
    page.get_by_label("User name").focus()
    page.keyboard.type("helpdesk")
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("search", name="Everything")).to_be_visible()


@pytest.mark.parametrize(
    "options", [{"size": WIDE}, {"size": NARROW, "java_script_enabled": False}], ids=["desk", "phone without script"]
)
def test_the_verdict_is_one_search_away_from_the_sign_in(come: Any, options: dict[str, Any]) -> None:
    visitor = come(**options)
    page = visitor.page
    signed_in(page)
    address = Machine.objects.get(name="well").search.split()[4]
    asked = {
        "well": "well: Protected.", f"{address}": "well: Protected.", "owner:slow": "slow: At risk.", "bare": "bare: Not protected.",
        "stale": "stale: Unknown.",
    }  # fmt: skip
    for text, verdict in asked.items():
        box = page.locator("#global-search")
        box.fill(text)
        box.press("Enter")  # the one action
        expect(page.locator(".verdict .said")).to_have_text(verdict)
    expect(page.locator(".verdict")).to_contain_text("Last known: Protected.")
    expect(page.locator(".verdict")).to_contain_text("Last test failover")
    visitor.picture(f"verdict-{options['size'][0]}")
    page.locator("#global-search").fill("bare")
    page.locator("#global-search").press("Enter")
    page.get_by_role("link", name="See why").click()  # the second
    expect(page.get_by_role("heading", level=1)).to_have_text("bare")
    expect(page.get_by_role("heading", name="The machine")).to_be_visible()


def test_every_state_and_health_is_said_in_words_and_nothing_overflows(come: Any) -> None:
    visitor = come()
    page = visitor.page
    signed_in(page)
    page.goto("/items/?size=200")
    table = page.get_by_role("region", name="Replicated items table")
    for look in (*ITEM.values(), *HEALTH.values()):
        if look.label != "Other":
            expect(table.get_by_text(look.label).first).to_be_visible()
    expect(table.get_by_text("Levitating").first).to_be_visible()
    expect(page.get_by_text("שרת-🦊-הנהלה")).to_be_visible()
    for address in ("/items/?size=200", "/search/?q=state", "/overview/"):
        page.goto(address)
        visitor.look(f"helpdesk-{address.strip('/').partition('/')[0]}")
        assert visitor.overflow() == 0, address


def test_a_dashboard_follows_what_is_read_and_the_focus_stays(come: Any) -> None:
    visitor = come()
    page = visitor.page
    signed_in(page)
    page.goto("/overview/")
    link = page.locator("#overview-cards a[href$='status=protected']")
    before = int(link.inner_text())
    link.focus()
    vault = Vault.objects.get(name="rsv-dr")
    _item(vault, "arrived")
    Vault.objects.filter(pk=vault.pk).update(version=vault.version + 1, summary={})
    gestures.come_back(page)
    expect(link).to_have_text(str(before + 1))
    expect(link).to_be_focused()
