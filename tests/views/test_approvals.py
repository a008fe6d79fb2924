"""Four eyes: nothing that a rule holds back happens before somebody else has approved exactly that."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from replication import clock
from replication.actions import approvals, plans
from replication.models import Approval, AuditEntry, BellEntry, Draft, Grant, Person, Run, Setting, Vault
from tests.permissions.world import World, build
from tests.together import at_once
from tests.views import rows

pytestmark = pytest.mark.django_db


@pytest.fixture
def world(db: None) -> World:
    """A vault whose rules ask for a second person, with a draft that can be run."""
    made = build()
    Approval.objects.all().delete()
    rule(made.ours.vault, "run.enable", "run.create_targets", "grant.given", "grant.ended", "setting.changed")
    return made


def rule(vault: Vault | None, *verbs: str) -> None:
    Setting.objects.update_or_create(name="approvals.verbs", vault=vault, defaults={"value": list(verbs), "changed_at": rows.NOON})


def press(world: World, who: str = "administrator", digest: str = "", **more: str) -> Any:
    """Enable replication, on the review page."""
    address = reverse("replication:draft_enable", args=[world.ours.draft.pk])
    return world.browser(who).post(address, {"digest": digest or world.ours.digest, **more})


def decide(world: World, verb: str, who: str = "team_lead", note: str = "as agreed") -> Any:
    address = reverse(f"replication:approval_{verb}", args=[Approval.objects.latest("pk").pk])
    return world.browser(who).post(address, {"note": note})


def again(world: World, who: str = "administrator") -> Any:
    """The button of the approved request: exactly what its page would send."""
    found = Approval.objects.latest("pk")
    page = world.browser(who).get(reverse("replication:approval", args=[found.pk])).content.decode()
    assert f'action="{found.address}"' in page
    return world.browser(who).post(found.address, dict(found.sent))


def actions() -> list[str]:
    made = AuditEntry.objects.exclude(action__startswith="items").exclude(action__startswith="draft")
    return list(made.order_by("sequence").values_list("action", flat=True))


def test_asked_approved_and_done(world: World) -> None:
    answer = press(world, reason="CHG-7")
    found = Approval.objects.get()
    assert answer["Location"] == reverse("replication:approval", args=[found.pk])
    assert Run.objects.filter(plan__draft=world.ours.draft).count() == 0
    page = world.browser("team_lead").get(answer["Location"]).content.decode()
    assert all(word in page for word in ("erp-ours", "CHG-7", "southeastasia", "Waiting for approval", found.digest))
    decide(world, "approve")
    run_page = again(world)["Location"]
    run = Run.objects.get(plan__draft=world.ours.draft)
    assert str(run.pk) in run_page or "draft" in run_page or "replicate" in run_page
    assert run.reason == "CHG-7"
    found.refresh_from_db()
    assert (found.state, found.run, str(found.decided_by), found.note) == ("used", run, "Team_lead", "as agreed")
    assert actions() == ["approval.requested", "approval.approved", "run.enable"]
    asked, _, enabled = AuditEntry.objects.filter(action__in=actions()).order_by("sequence")
    assert asked.subject_count == enabled.subject_count == 1
    assert enabled.detail | {"checks": None} == {"approval": found.pk, "approved_by": "Team_lead", "checks": None}


def test_nobody_approves_their_own_request(world: World) -> None:
    press(world)
    assert decide(world, "approve", who="administrator").status_code == 403
    page = world.browser("administrator").get(reverse("replication:approval", args=[Approval.objects.get().pk])).content.decode()
    assert "nobody approves their own request" in page
    assert Approval.objects.get().state == "pending"
    assert press(world).status_code == 302
    assert not Run.objects.filter(plan__draft=world.ours.draft).exists()


def test_who_may_not_approve_changes_nothing(world: World) -> None:
    press(world)
    assert decide(world, "approve", who="operator").status_code == 404
    assert decide(world, "approve", who="other").status_code == 404
    assert Approval.objects.get().state == "pending"


def test_a_difference_voids_it(world: World) -> None:
    press(world)
    decide(world, "approve")
    target = world.ours.draft.target
    changed = {**target, "policy": {**target["policy"], "retention_hours": 48}}
    Draft.objects.filter(pk=world.ours.draft.pk).update(target=changed)
    world.ours.draft.refresh_from_db()
    press(world, digest=plans.compiled(world.ours.draft).digest)
    old, new = Approval.objects.order_by("pk")
    assert (old.state, new.state) == ("void", "pending")
    assert old.digest != new.digest
    assert not Run.objects.filter(plan__draft=world.ours.draft).exists()
    assert actions() == ["approval.requested", "approval.approved", "approval.voided", "approval.requested"]


def test_a_refusal_says_why_and_a_new_request_can_be_made(world: World) -> None:
    press(world)
    assert decide(world, "refuse", note=" ").status_code == 422
    decide(world, "refuse", note="Wait for the freeze to end")
    page = world.browser("administrator").get(reverse("replication:approval", args=[Approval.objects.get().pk])).content.decode()
    assert "Wait for the freeze to end" in page
    press(world)
    assert [each.state for each in Approval.objects.order_by("pk")] == ["refused", "pending"]


def test_it_expires_approved_or_not(world: World) -> None:
    press(world)
    decide(world, "approve")
    with clock.injected(lambda: rows.NOON.replace(year=2030)):
        assert approvals.expire() == 1
        press(world)
        assert approvals.expire() == 0
        assert "was not carried out in time in rsv-ours" in bell(world, "administrator")
    assert [each.state for each in Approval.objects.order_by("pk")] == ["expired", "pending"]
    assert not Run.objects.filter(plan__draft=world.ours.draft).exists()


def test_what_expired_unnoticed_is_neither_used_nor_decided(world: World) -> None:
    press(world)
    Approval.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert decide(world, "approve").status_code == 403
    Approval.objects.update(state="approved", decided_by=world.theirs.administrator)
    press(world)
    assert [each.state for each in Approval.objects.order_by("pk")] == ["expired", "pending"]


def test_an_approval_is_for_one_use_by_who_asked(world: World) -> None:
    press(world)
    decide(world, "approve")
    second = Person.objects.get(username="team_lead")
    Grant.objects.filter(person=second).update(role="administrator")
    Draft.objects.filter(pk=world.ours.draft.pk).update(owner=second)
    press(world, who="team_lead")
    assert [each.state for each in Approval.objects.order_by("pk")] == ["approved", "pending"]
    assert not Run.objects.filter(plan__draft=world.ours.draft).exists()


def test_it_can_be_withdrawn_by_who_asked_only(world: World) -> None:
    press(world)
    assert decide(world, "withdraw", who="team_lead").status_code == 403
    decide(world, "withdraw", who="administrator")
    assert Approval.objects.get().state == "withdrawn"
    assert decide(world, "approve").status_code == 403


def test_roles_and_the_rules_themselves_wait_too(world: World) -> None:
    browser, held = world.browser("administrator"), world.ours.grant
    browser.post(reverse("replication:grant_end", args=[held.pk]))
    held.refresh_from_db()
    assert held.ended_at is None
    decide(world, "approve")
    again(world)
    held.refresh_from_db()
    assert held.ended_at is not None
    assert AuditEntry.objects.get(action="grant.ended").detail["approved_by"] == "Team_lead"
    browser.post(reverse("replication:vault_setting_section", args=[world.ours.vault.pk, "approvals"]), {"approvals.expiry": "24"})
    assert Approval.objects.latest("pk").action == "setting.changed"
    assert approvals.wanted("run.enable", world.ours.vault)


def test_without_a_rule_nothing_waits(world: World) -> None:
    rule(world.ours.vault)
    press(world)
    assert Run.objects.filter(plan__draft=world.ours.draft).count() == 1
    assert not Approval.objects.exists()


# --- at once ---------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_two_presses_two_deciders_two_uses() -> None:
    world = build()
    Approval.objects.all().delete()
    rule(world.ours.vault, "run.enable")
    digest = world.ours.digest
    lead = Person.objects.create_user("second-lead", display_name="Second lead")
    Grant.objects.create(person=lead, vault=world.ours.vault, role="team_lead", granted_at=rows.NOON)
    other = Client()
    other.force_login(lead)
    at_once(*[lambda: press(world, digest=digest)] * 3)
    found = Approval.objects.get()
    address = reverse("replication:approval_approve", args=[found.pk])
    refusal = reverse("replication:approval_refuse", args=[found.pk])
    decided = at_once(
        lambda: world.browser("team_lead").post(address, {"note": "yes"}).status_code,
        lambda: other.post(refusal, {"note": "no"}).status_code,
    )
    assert sorted(decided) == [302, 403]
    if Approval.objects.get().state == "refused":
        press(world, digest=digest)
        decide(world, "approve")
    at_once(*[lambda: press(world, digest=digest)] * 3)
    assert Run.objects.filter(plan__draft=world.ours.draft).count() == 1
    assert AuditEntry.objects.filter(action="run.enable").count() == 1
    assert Approval.objects.filter(state="used").count() == 1


# --- being told ------------------------------------------------------------------------------------------------------------


def bell(world: World, who: str) -> str:
    return str(world.browser(who).get(reverse("replication:notifications")).content.decode())


def test_deciders_are_told_of_a_request_and_the_asker_of_the_decision(world: World) -> None:
    press(world)
    found = Approval.objects.get()
    asked = "waits for your approval in rsv-ours"
    assert asked in bell(world, "team_lead")
    assert all(asked not in bell(world, who) for who in ("administrator", "helpdesk", "operator", "other"))
    review = reverse("replication:draft_review", args=[world.ours.draft.pk])
    page = world.browser("administrator").get(review).content.decode()
    assert "This plan waits for approval." in page
    assert "Team_lead" in page
    decide(world, "refuse", note="not this week")
    shown = bell(world, "administrator")
    assert "was refused in rsv-ours" in shown
    assert "not this week" in shown
    assert reverse("replication:approval", args=[found.pk]) in [
        world.browser("administrator").get(reverse("replication:notification", args=[each.notice_id]))["Location"]
        for each in BellEntry.objects.filter(person=world.ours.administrator, notice__kind="approval_refused")
    ]
    assert "waits for approval" not in world.browser("administrator").get(review).content.decode()


def test_a_request_about_the_whole_console_rings_for_those_who_approve_in_every_vault(world: World) -> None:
    rule(None, "setting.changed")
    for who, role in (("administrator", "administrator"), ("team_lead", "team_lead")):
        Grant.objects.create(person=Person.objects.get(username=who), vault=world.theirs.vault, role=role, granted_at=rows.NOON)
    address = reverse("replication:setting_section", args=["approvals"])
    world.browser("administrator").post(address, {"approvals.verbs": ["setting.changed"], "approvals.expiry": "48"})
    assert Approval.objects.get().vault is None
    assert "waits for your approval" in bell(world, "team_lead")
    assert all("waits for your approval" not in bell(world, who) for who in ("administrator", "helpdesk", "other"))
    decide(world, "approve")
    shown = bell(world, "administrator")
    assert "was approved" in shown
    assert "None" not in shown


def test_the_pages_of_other_gestures_show_the_request_that_waits(world: World) -> None:
    rule(world.ours.vault, "run.resync", "run.retry")
    press(world)
    run = Run.objects.get(plan__draft=world.ours.draft)
    run.steps.update(state="failed")
    Run.objects.filter(pk=run.pk).update(state="failed")
    pages = {
        reverse("replication:item_act", args=[world.ours.item.pk, "resync"]): "This change waits for approval.",
        reverse("replication:run", args=[run.pk]): "A retry of this run waits for approval.",
    }
    browser = world.browser("administrator")
    assert all(said not in browser.get(address).content.decode() for address, said in pages.items())
    change = next(iter(pages))
    digest = browser.get(change).context["review"].digest
    browser.post(change, {"digest": digest})
    browser.post(reverse("replication:run_retry", args=[run.pk]))
    assert [each.action for each in Approval.objects.order_by("pk")] == ["run.resync", "run.retry"]
    for address, said in pages.items():
        shown = browser.get(address).content.decode()
        assert said in shown
        assert "Team_lead can decide" in shown


def test_a_plan_that_changed_says_so_on_its_review(world: World) -> None:
    press(world)
    Approval.objects.update(digest="another")
    page = world.browser("administrator").get(reverse("replication:draft_review", args=[world.ours.draft.pk])).content.decode()
    assert "This plan has changed since approval was asked for." in page
