"""Signing in with Microsoft Entra ID in a real browser, against a real OpenID provider on this machine."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import requests

from replication.models import GroupRole, Person, Vault
from tests.views.rows import NOON

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

TENANT, CLAIMS = "t-1", {"tid": "t-1", "oid": "o-1", "name": "Grace Hopper", "preferred_username": "grace@contoso.example"}


class Provider:
    """A provider that can be told who is in which group, and that can be down."""

    def __init__(self, url: str) -> None:
        self.url = url

    def says(self, *groups: str) -> None:
        requests.put(f"{self.url}/users/grace", json=CLAIMS | {"groups": list(groups)}, timeout=5).raise_for_status()


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import oidc_provider_mock
    with oidc_provider_mock.run_server_in_thread() as server:
        yield Provider(f"http://localhost:{server.server_port}")


@pytest.fixture
def page(browser: Browser, live_server: Any, provider: Provider, vault: Vault, settings: Any) -> Iterator[Page]:
    """A browser before the sign-in page of a console that knows the provider; at its end, nothing on our pages was objected to."""
    settings.ENTRA_TENANT_ID, settings.ENTRA_CLIENT_ID, settings.ENTRA_CLIENT_SECRET = TENANT, "console", "s" * 20
    settings.ENTRA_ISSUER = provider.url
    for group, role in (("g-admins", "administrator"), ("g-helpdesk", "helpdesk")):
        GroupRole.objects.create(group=group, vault=vault, role=role, made_at=NOON)
    context = browser.new_context(base_url=live_server.url)
    context.set_default_timeout(20_000)
    hosts = {urlsplit(live_server.url).netloc, urlsplit(provider.url).netloc}
    context.route(lambda url: urlsplit(url).netloc not in hosts, lambda route: route.abort())
    complaints: list[str] = []
    opened = context.new_page()
    ours = urlsplit(live_server.url).netloc
    opened.on("console", lambda line: complaints.append(line.text) if line.type == "error" and ours in opened.url else None)
    yield opened
    context.close()
    assert [each for each in complaints if "Content Security Policy" in each] == []


def sign_in(page: Page) -> None:
    page.goto("/sign-in/")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    page.get_by_placeholder("sub").first.fill("grace")
    page.get_by_role("button", name="Authorize").click()


def role(page: Page) -> str:
    return page.locator(".account summary small").inner_text()


def sign_out(page: Page) -> None:
    page.locator(".account summary").click()
    page.get_by_role("button", name="Sign out").click()


@pytest.mark.django_db(transaction=True)
def test_in_by_a_group_another_role_next_time_out_and_no_role_left(page: Page, provider: Provider, vault: Vault) -> None:
    from playwright.sync_api import expect

    provider.says("g-admins")
    sign_in(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Vaults")
    expect(page.locator(".account summary b")).to_have_text("Grace Hopper")
    assert role(page) == "Administrator"
    expect(page.get_by_role("link", name=vault.name).first).to_be_visible()
    sign_out(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")
    page.goto("/vaults/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Sign in")

    provider.says("g-helpdesk")
    sign_in(page)
    expect(page.locator(".account summary b")).to_have_text("Grace Hopper")
    assert role(page) == "Helpdesk"
    sign_out(page)

    provider.says()
    sign_in(page)
    expect(page.locator(".account summary b")).to_have_text("Grace Hopper")
    assert role(page) == "No role yet"


@pytest.mark.django_db(transaction=True)
def test_somebody_else_s_tenant_and_a_provider_that_is_down_lead_back_to_the_form(
    page: Page, provider: Provider, settings: Any, admin: Person
) -> None:
    from playwright.sync_api import expect

    settings.ENTRA_TENANT_ID = "t-2"
    provider.says("g-admins")
    sign_in(page)
    expect(page.get_by_role("alert")).to_contain_text("did not let you in")
    settings.ENTRA_ISSUER = "http://localhost:1"
    page.goto("/sign-in/")
    page.get_by_role("link", name="Sign in with Microsoft").click()
    expect(page.get_by_role("alert")).to_contain_text("cannot be reached just now")
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill("admin-password-1")
    page.get_by_role("button", name="Sign in", exact=True).click()
    expect(page.locator(".account summary b")).to_have_text("Admin")
