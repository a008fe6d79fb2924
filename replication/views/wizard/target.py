"""*Target settings*: where to, and how replication is kept."""

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from replication import access
from replication.actions import compiled, drafts
from replication.domain.choices import TargetChoices
from replication.forms.wizard import TargetForm
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.names import check_url, chosen_names, instead, waits
from replication.views.wizard.shared import onward, open_draft, require_page, show, side, source_of, version


@require_page
def target(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where to, and how replication is kept."""
    draft = open_draft(request, pk, "target")
    if isinstance(draft, HttpResponse):
        return draft
    before = TargetChoices.from_json(draft.target)
    present_choice = before or present.default_target(draft, signed_in(request), source_of(draft))
    if request.method != "POST":
        if waits(request) and before and not _held(request, draft):
            return onward(request, draft, "checks")
        return _target_page(request, draft, target_form(request, draft, present_choice), present_choice)
    form = target_form(request, draft, present_choice, request.POST)
    if not form.is_valid():
        return _target_page(request, draft, form, present_choice, status=422)
    new = form.choices(before)
    if request.POST.get("do") == "update":
        return _target_page(request, draft, form, new)
    new, renamed = instead(request, draft, new)
    drafts.save_target(draft, new, version=version(request), actor=actor(request, draft.vault), renamed=renamed)
    if renamed:
        return onward(request, draft, "target")
    if request.POST.get("do") == "customize":
        return onward(request, draft, "customize")
    if request.POST.get("do") != "close" and _held(request, draft):
        return redirect(f"{present.page_url(draft, 'target')}?wait=1")
    return onward(request, draft, "checks")


def _held(request: HttpRequest, draft: Draft) -> bool:
    """Whether *Next* waits for a name. Whichever page comes next shows the same plan, so that compiling it here costs nobody anything."""
    return any(each.holds for each in chosen_names(request, draft, compiled.of(draft).plan))


def target_form(request: HttpRequest, draft: Draft, target: TargetChoices, data: Any = None) -> TargetForm:
    """The target page's form with its lists; unbound, it shows `target`."""
    subscriptions = access.subscriptions(signed_in(request), draft.vault, "target")
    policies = [(each["id"], each["name"]) for each in (draft.vault.site or {}).get("policies", ())]
    return TargetForm(
        data,
        initial=_target_initial(target, policies),
        options={
            "location": present.target_locations(draft, source_of(draft))[0],
            "subscription_id": [(row.subscription_id, row.name) for row in subscriptions],
            "policy": [*policies, ("", "New policy")],
            "automation_account_id": present.automation_accounts(draft.vault),
        },
        check=check_url(draft),
    )


def _target_initial(target: TargetChoices, policies: list[tuple[str, str]]) -> dict[str, Any]:
    policy = target.policy
    there = next((key for key, name in policies if name.lower() == policy.name.lower()), "")
    return {
        "location": target.location,
        "subscription_id": target.subscription_id,
        "policy": policy.id or there,
        "policy_name": policy.name,
        "retention_hours": policy.retention_hours,
        "app_consistent_minutes": policy.app_consistent_minutes,
        "multi_vm": policy.multi_vm,
        "agent_updates": target.agent_updates,
        "automation_account_id": target.automation_account_id,
    }


def _target_page(
    request: HttpRequest, draft: Draft, form: TargetForm, target: TargetChoices, status: int = 200
) -> HttpResponse:
    made = compiled.with_target(draft, target)
    names = chosen_names(request, draft, made.plan if made.digest else None)  # of a target that is not saved nobody has asked yet
    about = {"names": names, "asking": any(each.waiting for each in names), "wait": waits(request) and request.method != "POST"}
    return show(request, draft, "target", target_context(draft, form, made) | about, status=status)


def target_context(draft: Draft, form: TargetForm, made: compiled.Compiled) -> dict[str, Any]:
    """What the target page shows, and what *Customize* shows below its blade."""
    shown = {
        "form": form,
        "summary": present.summary(made.plan),
        "disks": present.disks(made.managed, made.unmanaged, made.types),
        "overridden": draft.machines.filter(customized=True).count(),
    }
    return shown | side(made)
