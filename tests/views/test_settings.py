"""Settings: changed by administrators of everything, kept with before and after, read cheaply."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse

from replication import settings
from replication.actions import settings as verbs
from replication.actions.actor import Actor
from replication.domain.settings import SETTINGS, Kind, Section, Setting, Unfit
from replication.models import AuditEntry, Person, Vault
from replication.models import Setting as Row
from tests.views import rows
from tests.views.conftest import SignedIn
from tests.views.test_approvals import at_once

NAME = "audit.reason_required"
URL = "/settings/audit/"
OTHERS = {"audit.retention_days": "2557"}  # what else the form of that part has


def test_a_change_holds_at_once_and_is_on_record(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    assert "Ask for a reason" in browser.get("/settings/").content.decode()
    answer = browser.post(URL, OTHERS | {NAME: ["run.cancel", "run.enable"]}, follow=True)
    assert "The settings were saved." in answer.content.decode()
    entry = AuditEntry.objects.get(action="setting.changed")
    assert entry.before[NAME] == []
    assert entry.after[NAME] == ["run.enable", "run.cancel"]
    assert entry.subject_name == "Ask for a reason"
    run = rows.run(vault, admin)
    assert browser.post(reverse("replication:run_cancel", args=[run.pk])).status_code == 422


def test_saving_what_is_already_so_writes_nothing(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    shown = signed_in(admin).post(URL, OTHERS | {NAME: []}, follow=True).content.decode()
    assert "Nothing was different" in shown
    assert not AuditEntry.objects.exists()


def test_a_page_that_is_overtaken_changes_nothing(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    browser = signed_in(admin)
    seen = json.dumps({name: settings.value(name) for name, each in SETTINGS.items() if each.section is Section.AUDIT})
    browser.post(URL, OTHERS | {NAME: ["run.cancel"], "seen": seen})
    answer = browser.post(URL, OTHERS | {NAME: ["run.enable"], "seen": seen})
    assert answer.status_code == 409
    assert "Somebody else has just changed these settings." in answer.content.decode()
    assert settings.value(NAME) == ["run.cancel"]
    assert AuditEntry.objects.filter(action="setting.changed").count() == 1


def test_what_does_not_fit_is_told_at_the_field(signed_in: SignedIn, vault: Vault, admin: Person) -> None:
    answer = signed_in(admin).post(URL, {NAME: ["run.explode"]})
    assert answer.status_code == 422
    assert "run.explode is not one of the available choices." in answer.content.decode()
    assert not Row.objects.exists()


def test_who_administers_one_vault_of_several_changes_nothing_for_all(
    signed_in: SignedIn, vault: Vault, foreign_vault: Vault, admin: Person, stranger: Person
) -> None:
    stranger.grants.create(vault=foreign_vault, role="helpdesk", granted_at=rows.NOON)
    browser = signed_in(admin)
    assert "only somebody who is administrator of every one can change it" in browser.get("/settings/").content.decode()
    assert browser.post(URL, {NAME: ["run.cancel"]}).status_code == 403
    assert settings.value(NAME) == []
    assert [entry.action for entry in AuditEntry.objects.all()] == ["access.refused"]


def test_the_environment_gives_the_default_and_a_choice_overrides_it(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORTAL_REASON_REQUIRED", "run.cancel, run.retry")
    assert settings.value(NAME) == ["run.retry", "run.cancel"]
    Row.objects.create(name=NAME, value=[], changed_at=rows.NOON)
    assert settings.value(NAME) == []
    Row.objects.create(name=NAME, vault=vault, value=["run.enable"], changed_at=rows.NOON)
    assert (settings.value(NAME, vault), settings.value(NAME)) == (["run.enable"], [])
    Row.objects.filter(vault=vault).update(value=["no longer an action"])
    assert settings.value(NAME, vault) == []


def test_a_request_reads_all_of_them_once(db: None, queries: Callable[[Callable[[], Any]], int]) -> None:
    def request() -> None:
        settings.begin()
        for _ in range(10):
            settings.value(NAME)
        settings.end()

    assert queries(request) == 1
    assert queries(lambda: (settings.value(NAME), settings.value(NAME))) == 2


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_can_be_what_it_is_at_first(name: str) -> None:
    setting = SETTINGS[name]
    assert setting.check(setting.default) == setting.default
    assert setting.label
    assert setting.shown(setting.default)


def test_each_kind_takes_only_its_own() -> None:
    common: dict[str, Any] = {"name": "x", "section": Section.AUDIT, "label": "X", "default": None, "options": [("a", "A"), ("b", "B")]}
    fit: list[tuple[Kind, Any, str, Any]] = [
        (Kind.FLAG, True, "yes", "yes"),
        (Kind.NUMBER, 7, "7", "seven"),
        (Kind.TEXT, "t", "t", "a\nb"),
        (Kind.CHOICE, "a", "a", "c"),
        (Kind.CHOICES, ["a", "b"], "b, a", ["c"]),
        (Kind.LINES, ["p", "q"], "p,q", ["p\x00"]),
    ]
    for kind, value, text, wrong in fit:
        setting = Setting(kind=kind, maximum=10, **common)
        assert setting.check(value) == setting.read(text) == value
        with pytest.raises(Unfit):
            setting.check(wrong)
    with pytest.raises(Unfit, match="from 0 to 10"):
        Setting(kind=Kind.NUMBER, maximum=10, **common).read("11")


def test_of_two_first_changes_at_once_one_is_told_so(vault: Vault, admin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    """The first change ever has no row to hold, so that the second looks before the first has written: its row is there all the same."""
    by = Actor(person=admin, name="Admin", role="administrator")
    hold = verbs._alone

    def hold_then_lose(names: Any, of: Vault | None) -> set[str]:
        held = hold(names, of)
        Row.objects.create(name=NAME, vault=of, value=["run.cancel"], changed_at=rows.NOON)
        return held

    monkeypatch.setattr(verbs, "_alone", hold_then_lose)
    monkeypatch.setattr(verbs.settings, "value", lambda name, vault=None: [])
    with pytest.raises(verbs.Overtaken):
        verbs.change({NAME: ["run.enable"]}, seen={NAME: []}, actor=by)
    assert not AuditEntry.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_first_changes_leave_one_value_and_one_entry(vault: Vault, admin: Person) -> None:
    def set_to(value: str) -> str:
        try:
            verbs.change({NAME: [value]}, seen={NAME: []}, actor=Actor(person=admin, name="Admin", role="administrator"))
        except verbs.Overtaken:
            return "overtaken"
        return value

    answers = at_once(lambda: set_to("run.enable"), lambda: set_to("run.cancel"))
    assert answers.count("overtaken") == 1
    (entry,) = AuditEntry.objects.filter(action="setting.changed")
    assert entry.after == {NAME: [each for each in answers if each != "overtaken"]} == {NAME: Row.objects.get().value}
