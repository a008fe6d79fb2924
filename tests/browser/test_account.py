"""The second factor in a browser: set up with the picture's secret, asked for at the next sign-in, switched off."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
from playwright.sync_api import expect

from tests.browser import gestures, plants
from tests.browser.visitor import Visitor, sign_in

Visit = Callable[..., Visitor]
NAME = "phone"


def test_a_second_factor_is_set_up_asked_for_and_switched_off(visit: Visit) -> None:
    plants.account(visit("admin").page, NAME)
    visitor = visit()
    page = visitor.page
    sign_in(page, NAME, plants.PASSWORD)
    page.goto("/account/")
    page.get_by_role("link", name="Set up").click()
    page.wait_for_url("**/second-factor/")
    _looked_at(visitor, "second-factor")
    secret = page.locator(".value > code").inner_text().replace(" ", "")
    page.get_by_label("Code").fill(pyotp.TOTP(secret).now())
    page.get_by_role("button", name="Switch on").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Your recovery codes")
    _looked_at(visitor, "recovery-codes")
    recovery = page.locator("#codes code").first.inner_text()
    page.get_by_role("link", name="I have kept them").click()
    _looked_at(visitor, "account-with-second-factor")
    _sign_out(visitor)
    sign_in_half(visitor)
    _looked_at(visitor, "login-code")
    page.get_by_label("Code").fill(recovery)
    gestures.press(page, "Sign in", "**/vaults/")
    page.goto("/account/")
    page.get_by_label("Password").fill(plants.PASSWORD)
    page.get_by_role("button", name="Switch off").click()
    expect(page.get_by_text("The second factor was switched off.")).to_be_visible()


def _looked_at(visitor: Visitor, name: str) -> None:
    visitor.look(name)
    assert visitor.overflow() == 0


def _sign_out(visitor: Visitor) -> None:
    visitor.page.locator(".account summary").click()
    gestures.press(visitor.page, "Sign out", "**/sign-in/**")


def sign_in_half(visitor: Visitor) -> None:
    """The password, which leads to the code."""
    visitor.page.get_by_label("User name").fill(NAME)
    visitor.page.get_by_label("Password").fill(plants.PASSWORD)
    gestures.press(visitor.page, "Sign in", "**/sign-in/code/**")
