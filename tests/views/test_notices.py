"""The bell, one's own rules, and a vault's webhooks."""

from importlib import import_module
from typing import Any

import pytest
from django.urls import reverse

from replication.actions import notices
from replication.actions.webhooks import secret_of
from replication.domain.notices import KINDS, Kind
from replication.models import AuditEntry, BellEntry, Delivery, Grant, NoticeRule, Webhook
from tests.views import rows

pytestmark = pytest.mark.django_db
BELL = reverse("replication:notifications")
HOOK = {"name": "ops", "url": "https://hooks.contoso.example/secret-path", "shape": "teams", "kinds": ["item_critical"], "active": "on"}


def shown(answer: Any) -> str:
    return str(answer.content.decode())


def test_the_bell_counts_what_is_unread_and_leads_there(signed_in, vault, admin, helpdesk):
    item = rows.item(vault, "erp")
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", item.pk)])
    notices.tell(Kind.RPO_OVER, vault, [("erp", item.pk), ("<b>x</b>", None)])
    browser = signed_in(helpdesk)
    page = shown(browser.get(reverse("replication:vaults")))
    assert "Notifications, 2 unread" in page
    page = shown(browser.get(BELL))
    assert "erp became critical in rsv-dr" in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page
    first = BellEntry.objects.filter(person=helpdesk, notice__kind="item_critical").get()
    answer = browser.get(reverse("replication:notification", args=[first.notice_id]))
    assert answer["Location"] == reverse("replication:item", args=[item.pk])
    assert "Notifications, 1 unread" in shown(browser.get(BELL))
    browser.post(reverse("replication:notifications_read"))
    assert "unread" not in shown(browser.get(BELL))
    assert BellEntry.objects.filter(person=admin, read_at=None).count() == 2  # everybody has a bell of their own


def test_a_bell_is_silent_about_vaults_that_one_no_longer_sees(signed_in, vault, helpdesk):
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    Grant.objects.filter(person=helpdesk).update(ended_at="2026-01-01T00:00:00Z")
    assert "Nothing has happened" in shown(signed_in(helpdesk).get(BELL))


def test_the_bell_costs_two_queries_however_much_happened(signed_in, vault, helpdesk, queries):
    browser = signed_in(helpdesk)
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    few = queries(lambda: browser.get(BELL))
    for number in range(40):
        notices.tell(Kind.ITEM_CRITICAL, vault, [(f"vm-{number}", None)])
    assert queries(lambda: browser.get(BELL)) == few


def test_every_kind_has_words_and_a_page(vault, helpdesk):
    from replication.presenters.notices import NoticeRow

    for kind in Kind:
        for subjects in ([("erp", 1)], [("erp", 1), ("crm", 2)]):
            row = NoticeRow(notices.tell(kind, vault, subjects))
            assert "{" not in row.sentence
            assert row.url.startswith("/")
    assert set(KINDS) == set(Kind)


def test_one_chooses_for_all_vaults_and_otherwise_for_one(signed_in, vault, helpdesk):
    browser, everywhere = signed_in(helpdesk), reverse("replication:notice_rules")
    data = {"bell": ["item_critical"], "email": ["item_critical"], "address": "help@contoso.example"}
    assert browser.post(everywhere, data).status_code == 302
    helpdesk.refresh_from_db()
    assert helpdesk.email == "help@contoso.example"
    assert NoticeRule.objects.get(person=helpdesk, vault=None, kind="item_critical").email
    assert not NoticeRule.objects.get(person=helpdesk, vault=None, kind="rpo_over").bell
    of_vault = reverse("replication:vault_notice_rules", args=[vault.pk])
    assert browser.post(of_vault, {"bell": ["rpo_over"]}).status_code == 302
    assert NoticeRule.objects.get(person=helpdesk, vault=vault, kind="rpo_over").bell
    assert "Rules of its own" in shown(browser.get(everywhere))
    browser.post(of_vault, {"reset": "1"})
    assert not NoticeRule.objects.filter(vault=vault).exists()
    entry = AuditEntry.objects.filter(action="notices.chosen").order_by("sequence").first()
    assert entry.after["item_critical"] == "bell, e-mail"


@pytest.mark.parametrize(
    "data",
    [{"email": ["item_critical"], "address": ""}, {"address": "nobody"}, {"bell": ["x"]}, {"address": "a@b.example\nBcc: c@d.example"}],
)
def test_wrong_rules_change_nothing(signed_in, vault, helpdesk, data):
    answer = signed_in(helpdesk).post(reverse("replication:notice_rules"), data)
    assert answer.status_code == 422
    assert not NoticeRule.objects.exists()


# --- webhooks ----------------------------------------------------------------------------------------------------------------


def test_a_webhook_is_made_tested_changed_and_deleted_on_record(signed_in, vault, admin):
    browser = signed_in(admin)
    answer = browser.post(reverse("replication:webhook_create", args=[vault.pk]), HOOK)
    made = Webhook.objects.get()
    assert answer["Location"] == reverse("replication:webhook", args=[made.pk])
    page = shown(browser.get(answer["Location"]))
    assert secret_of(made) in page
    assert "secret-path" not in page
    browser.post(reverse("replication:webhook_test", args=[made.pk]))
    assert Delivery.objects.get().notice is None
    browser.post(reverse("replication:webhook", args=[made.pk]), HOOK | {"url": "", "active": ""})
    made.refresh_from_db()
    assert (made.active, made.url) == (False, HOOK["url"])
    before = secret_of(made)
    browser.post(reverse("replication:webhook_renew", args=[made.pk]))
    made.refresh_from_db()
    assert secret_of(made) != before
    browser.post(reverse("replication:webhook_delete", args=[made.pk]))
    assert not Webhook.objects.exists()
    told = list(AuditEntry.objects.order_by("sequence").values_list("action", flat=True))
    assert told[-5:] == ["webhook.created", "webhook.tested", "webhook.changed", "webhook.renewed", "webhook.deleted"]
    assert "secret-path" not in str(list(AuditEntry.objects.values()))


def test_a_vault_has_one_webhook_of_a_name(signed_in, vault, admin):
    browser, new = signed_in(admin), reverse("replication:webhook_create", args=[vault.pk])
    browser.post(new, HOOK)
    entries = AuditEntry.objects.count()
    again = browser.post(new, HOOK)
    assert (again.status_code, Webhook.objects.count()) == (422, 1)
    assert "This vault has a webhook of that name already." in shown(again)
    assert AuditEntry.objects.count() == entries
    made = browser.post(new, HOOK | {"name": "second"})["Location"]
    renamed = browser.post(made, HOOK | {"url": "", "active": "on"})
    assert renamed.status_code == 422
    assert "This vault has a webhook of that name already." in shown(renamed)
    assert "<title>second" in shown(renamed)
    assert sorted(Webhook.objects.values_list("name", flat=True)) == sorted([HOOK["name"], "second"])


def test_webhooks_of_one_name_are_told_apart_when_the_rule_comes():
    told_apart = import_module("replication.migrations.0038_webhook_name").told_apart
    names = [("a", "ops"), ("a", "ops"), ("b", "ops"), ("a", "ops (2)"), ("a", "ops"), ("a", "x" * 100), ("a", "x" * 100)]
    rows = [(n, *each) for n, each in enumerate(names)]
    assert told_apart(rows) == {1: "ops (3)", 4: "ops (4)", 6: "x" * 96 + " (2)"}


@pytest.mark.parametrize(
    "wrong",
    [{"url": "https://169.254.169.254/latest"}, {"url": "http://hooks.contoso.example/"}, {"url": "https://[::1]/"}, {"kinds": []},
     {"shape": "xml"}, {"name": ""}, {"name": "a\u202eb"}, {"url": "https://a:b@hooks.contoso.example/"}],
)  # fmt: skip
def test_a_wrong_webhook_is_not_kept(signed_in, vault, admin, wrong):
    answer = signed_in(admin).post(reverse("replication:webhook_create", args=[vault.pk]), HOOK | wrong)
    assert answer.status_code == 422
    assert not Webhook.objects.exists()
