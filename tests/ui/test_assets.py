"""One stylesheet, one script, one sprite: small, and free of what the content policy forbids."""

import re

import pytest
from django.conf import settings

from replication import navigation
from replication.domain.roles import ROLE_PERMISSIONS, Role

STATIC = settings.BASE_DIR / "static/portal"


def test_sizes_stay_small():
    assert (STATIC / "portal.js").stat().st_size < 12.5 * 1024
    assert (STATIC / "portal.css").stat().st_size < 60 * 1024


def test_nothing_comes_from_elsewhere():
    for file in STATIC.iterdir():
        hosts = set(re.findall(r"https?://([\w.-]+)", file.read_text()))
        assert hosts <= {"www.w3.org"}, file.name


def test_the_script_needs_no_eval():
    assert not re.search(r"\beval\(|new Function|\.style\.|setAttribute\(.style", (STATIC / "portal.js").read_text())


def test_templates_hold_no_inline_style_or_script():
    for file in (settings.BASE_DIR / "templates").rglob("*.html"):
        text = file.read_text()
        assert not re.search(
            r"\sstyle=|\son(?:click|change|submit|input|load|key\w+|mouse\w+|focus|blur)=|<style|<script(?![^>]*src=)|hx-on|hx-vals=.js:",
            text,
        ), file


def test_the_menu_leaves_out_what_is_not_there(monkeypatch):
    monkeypatch.setattr(navigation, "address_if_any", lambda name, *args: "/people/" if name == "replication:people" else "")
    allowed = navigation.sections(
        permissions=ROLE_PERMISSIONS[Role.ADMINISTRATOR], current="replication:people", counts={"people": 3}
    )
    assert [(s.title, [(link.label, link.current, link.count) for link in s.links]) for s in allowed] == [
        ("Manage", [("People", True, 3)])
    ]
    assert navigation.sections(permissions=ROLE_PERMISSIONS[Role.HELPDESK], counts={}) == []


@pytest.mark.parametrize("entry", navigation.ENTRIES, ids=lambda entry: entry.name)
def test_menu_icons_exist(entry):
    assert f'id="{entry.icon}"' in (STATIC / "icons.svg").read_text()
