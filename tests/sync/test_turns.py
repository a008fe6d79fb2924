"""What people are told of: each turn once, storms as one notice, and nothing inside a maintenance window."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from replication import clock
from replication.actions import notices
from replication.actions.actor import Actor
from replication.domain import documents
from replication.domain import inventory as inv
from replication.domain.notices import Kind
from replication.domain.problems import Problem, When
from replication.gateway.port import AzureError
from replication.models import BellEntry, Delivery, MaintenanceWindow, Notice, ProtectedItem, Vault, Webhook
from replication.sync import inventory, vaults
from replication.sync.items import store_items
from tests.views import rows

pytestmark = pytest.mark.django_db
BEGIN = datetime(2026, 11, 10, 8, 0, tzinfo=UTC)


def minutes(count):
    return timedelta(minutes=count)


def machine(vault: Any, name: str, **more: Any) -> inv.Item:
    found = rows.item(vault, name) if not ProtectedItem.objects.filter(name=name).exists() else ProtectedItem.objects.get(name=name)
    return replace(documents.from_json(inv.Item, found.document), rpo=120, rpo_at=BEGIN, **more)


def sweep(vault, items, after):
    """One reading of the vault, so many minutes after the beginning."""
    with clock.injected(lambda: BEGIN + minutes(after)), transaction.atomic():
        store_items(vault, items, now=clock.now(), version=1)


def told():
    return [(notice.kind, notice.count) for notice in Notice.objects.order_by("id")]


def test_each_turn_is_told_once_and_its_end_too(vault, admin, helpdesk, stranger):
    good = machine(vault, "erp")
    bad = replace(good, replication_health="Critical", rpo=4000)
    for number, item in enumerate([good, good, bad, bad, good, good]):
        sweep(vault, [item], 5 * number)
    assert told() == [("item_critical", 1), ("rpo_over", 1), ("item_recovered", 1), ("rpo_back", 1)]
    assert {entry.person for entry in BellEntry.objects.all()} == {admin, helpdesk}
    assert Notice.objects.first().subjects == [["erp", ProtectedItem.objects.get().pk]]


def test_a_storm_is_one_notice_and_one_message(vault, admin):
    items = [machine(vault, f"vm-{number}") for number in range(80)]
    Webhook.objects.create(vault=vault, name="ops", url="https://x.example/", shape="json", kinds=[Kind.ITEM_CRITICAL], created_by=admin,
                           created_at=BEGIN)  # fmt: skip
    sweep(vault, items, 0)
    sweep(vault, [replace(each, replication_health="Critical") for each in items], 5)
    assert told() == [("item_critical", 80)]
    assert len(Notice.objects.get().subjects) == 50
    assert (BellEntry.objects.count(), Delivery.objects.count()) == (1, 1)


def test_a_machine_that_is_not_protected_yet_has_no_rpo_to_be_over(vault, admin):
    sweep(vault, [machine(vault, "erp", protection_state="InitialReplicationInProgress")], 0)
    sweep(vault, [replace(machine(vault, "erp"), rpo=9000, protection_state="InitialReplicationInProgress")], 5)
    assert told() == []


def window(vault, admin, begin, end, **more):
    given = {"scope": "vault", "subject": "", "reason": "CHG-1"} | more
    return MaintenanceWindow.objects.create(
        vault=vault, begins_at=BEGIN + minutes(begin), ends_at=BEGIN + minutes(end), created_by=admin, created_at=BEGIN, **given
    )


def test_what_turns_bad_in_a_window_and_good_again_is_never_told(vault, admin):
    window(vault, admin, 3, 30)
    good = machine(vault, "erp")
    bad = replace(good, replication_health="Critical")
    for number, item in enumerate([good, bad, bad, good, good, good, good, good]):
        sweep(vault, [item], 5 * number)
    assert told() == []


def test_what_is_still_bad_when_the_window_is_over_is_told_then(vault, admin):
    window(vault, admin, 3, 30)
    good = machine(vault, "erp")
    bad = replace(good, replication_health="Critical")
    for number, item in enumerate([good, bad, bad, bad, bad, bad]):
        sweep(vault, [item], 5 * number)
        assert told() == []
    for number in range(6, 9):
        sweep(vault, [bad], 5 * number)
    assert told() == [("item_critical", 1)]
    sweep(vault, [good], 60)
    assert told() == [("item_critical", 1), ("item_recovered", 1)]


def test_a_window_of_another_machine_keeps_nobody_quiet(vault, admin):
    window(vault, admin, 0, 30, scope="machine", subject=f"{vault.key}/other")
    good = machine(vault, "erp")
    sweep(vault, [good], 5)
    sweep(vault, [replace(good, replication_health="Critical")], 10)
    assert told() == [("item_critical", 1)]


def test_azure_down_for_a_day_is_told_once_and_its_return_once(vault, admin):
    down = Problem(code="ServiceUnavailable", message="The service is down.", when=When.LATER)
    sweep(vault, [machine(vault, f"vm-{number}") for number in range(20)], 0)
    vault.as_of = BEGIN
    vault.save()
    for number in range(1, 24 * 4):
        with clock.injected(lambda after=15 * number: BEGIN + minutes(after)):
            vaults._fail(vaults.claim(vault.pk), down)
    assert told() == [("vault_silent", 1)]
    assert Notice.objects.get().detail == "The service is down."
    with clock.injected(lambda: BEGIN + timedelta(days=1)), transaction.atomic():
        claimed = vaults.claim(vault.pk)
        vaults._store(claimed, vaults.Found(begun_at=clock.now(), site=inv.Site(), items=[], jobs=[], events=[]), clock.now())
    assert told() == [("vault_silent", 1), ("vault_back", 1)]


def test_own_rules_decide_and_one_for_the_vault_goes_first(vault, admin, helpdesk, settings):
    settings.EMAIL_HOST = "mail.example"
    actor = Actor(person=helpdesk, name="Helpdesk", role="helpdesk")
    everything = dict.fromkeys(Kind, (True, True))
    notices.choose(everything | {Kind.RPO_OVER: (False, False)}, vault=None, email="help@contoso.example", actor=actor)
    notices.tell(Kind.RPO_OVER, vault, [("erp", None)])
    notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    assert set(BellEntry.objects.values_list("person__username", "notice__kind")) == {
        ("admin", "rpo_over"), ("admin", "item_critical"), ("helpdesk", "item_critical"),
    }  # fmt: skip
    assert list(Delivery.objects.values_list("receiver", flat=True)) == [f"email:{helpdesk.pk}"]
    notices.choose(dict.fromkeys(Kind, (False, False)), vault=vault, actor=actor)
    notices.tell(Kind.ITEM_CRITICAL, vault, [("crm", None)])
    assert (BellEntry.objects.filter(person=helpdesk).count(), Delivery.objects.count()) == (1, 1)
    notices.choose(None, vault=vault, actor=actor)
    notices.tell(Kind.ITEM_CRITICAL, vault, [("crm", None)])
    assert BellEntry.objects.filter(person=helpdesk).count() == 2


def test_a_notice_that_is_rolled_back_was_never_told(vault, admin):
    with transaction.atomic():
        notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
        transaction.set_rollback(True)
    assert (Notice.objects.count(), BellEntry.objects.count()) == (0, 0)


def test_the_bell_forgets_after_a_month(vault, admin):
    with clock.injected(lambda: BEGIN):
        notices.tell(Kind.ITEM_CRITICAL, vault, [("erp", None)])
    with clock.injected(lambda: BEGIN + timedelta(days=29)):
        notices.forget_old()
        assert told() == [("item_critical", 1)]
    with clock.injected(lambda: BEGIN + timedelta(days=31)):
        notices.forget_old()
        assert told() == []


def test_words_that_no_database_takes_do_not_undo_what_happened(vault, admin):
    made = notices.tell(Kind.ITEM_CRITICAL, vault, [("e\x00rp\ud800", None)], detail="no\x00 \udfff")
    made.refresh_from_db()
    assert (made.subjects, made.detail) == ([["erp?", None]], "no ?")


def test_a_vault_that_azure_does_not_list_any_more_is_told_once_and_its_return_too(vault, admin, helpdesk):
    sweep(vault, [machine(vault, "erp")], 0)
    vault.as_of = BEGIN
    vault.save()
    other = Vault.objects.create(
        connection=vault.connection, key="/other", arm_id="/other", name="rsv-other", subscription_id=vault.subscription_id,
        resource_group="rg", location="eastasia", as_of=BEGIN,
    )  # fmt: skip
    seen = [listed(other)]
    for after in (5, 10):
        with clock.injected(lambda at=after: BEGIN + minutes(at)), transaction.atomic():
            inventory._store_vaults(vault.connection, vault.subscription_id, seen)
    assert told() == [("vault_gone", 1)]
    assert {entry.person for entry in BellEntry.objects.all()} == {admin, helpdesk}
    assert ProtectedItem.objects.get().gone_at == BEGIN + minutes(5)  # kept, and marked
    with clock.injected(lambda: BEGIN + minutes(15)), transaction.atomic():
        inventory._store_vaults(vault.connection, vault.subscription_id, [*seen, listed(vault)])
        claimed = vaults.claim(vault.pk)
        found = vaults.Found(begun_at=clock.now(), site=inv.Site(), items=[], jobs=[], events=[])
        vaults._store(claimed, found, clock.now())
    assert told() == [("vault_gone", 1), ("vault_back", 1)]


def listed(vault):
    return inv.Vault(
        id=vault.arm_id, name=vault.name, subscription_id=vault.subscription_id, resource_group=vault.resource_group,
        location=vault.location,
    )  # fmt: skip


class Halfway:
    """Azure, whose list of items breaks off behind its first page."""

    def __init__(self, problem, items, status=0):
        self.problem, self.first, self.status = problem, items, status

    def items(self, vault_id):
        yield from self.first
        raise AzureError(self.problem, status=self.status)


@pytest.mark.parametrize("code", ["ResourceNotFound", "ResourceGroupNotFound", "SubscriptionNotFound"])
def test_a_vault_that_its_own_reading_misses_is_told_once_at_once(vault, admin, helpdesk, stranger, code):
    """A worker finds out, minutes before the subscription's vaults are listed anew; the list does not tell it again."""
    sweep(vault, [machine(vault, "erp")], 0)
    Vault.objects.filter(pk=vault.pk).update(as_of=BEGIN)
    missing = Problem(code=code, message="It was not found.", when=When.NEVER)
    for after in (5, 20, 35):
        with clock.injected(lambda at=after: BEGIN + minutes(at)):
            assert vaults.read(vaults.claim(vault.pk), Halfway(missing, [], status=404)).problem.code == code
            assert told() == [("vault_gone", 1)]
    assert {entry.person for entry in BellEntry.objects.all()} == {admin, helpdesk}
    assert ProtectedItem.objects.get().gone_at is None  # old truth, marked as old
    with clock.injected(lambda: BEGIN + minutes(40)), transaction.atomic():
        inventory._store_vaults(vault.connection, vault.subscription_id, [])
    assert ProtectedItem.objects.get().gone_at == BEGIN + minutes(40)
    assert told() == [("vault_gone", 1)]


def test_a_404_for_a_wrong_question_is_no_missing_vault(vault, admin):
    Vault.objects.filter(pk=vault.pk).update(as_of=BEGIN)
    wrong = Problem(code="InvalidResourceType", message="There is no such type.", when=When.NEVER)
    with clock.injected(lambda: BEGIN + minutes(5)):
        vaults.read(vaults.claim(vault.pk), Halfway(wrong, [], status=404))
    assert told() == []


def test_a_list_that_breaks_off_and_a_403_of_one_vault_change_nothing_that_was_known(vault, admin):
    sweep(vault, [machine(vault, "page-1"), machine(vault, "page-2")], 0)
    Vault.objects.filter(pk=vault.pk).update(as_of=BEGIN)
    denied = Problem(code="AuthorizationFailed", message="You may not.", when=When.NEVER)
    for after in (5, 20, 35):
        with clock.injected(lambda at=after: BEGIN + minutes(at)):
            outcome = vaults.read(vaults.claim(vault.pk), Halfway(denied, [machine(vault, "page-1")]))
        assert outcome.problem.code == "AuthorizationFailed"
    assert not ProtectedItem.objects.exclude(gone_at=None).exists()
    vault.refresh_from_db()
    assert (vault.as_of, vault.problem["code"]) == (BEGIN, "AuthorizationFailed")  # old truth, marked as old
    assert told() == [("vault_silent", 1)]
