"""*Customize*: the blade on top of the target page."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect

from replication.actions import drafts, plans
from replication.domain.choices import MachineChoice, TargetChoices
from replication.domain.compiler import Resolver
from replication.forms.wizard import TARGET_IDS, EveryForm, MachineForm
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.shared import open_draft, require_page, show, version
from replication.views.wizard.target import target_context, target_form

MACHINES_A_PAGE = 25


@require_page
def customize(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Change the targets: for all machines at the top, for single machines in the table."""
    draft = open_draft(request, pk, "review")  # needs what the review needs
    if isinstance(draft, HttpResponse):
        return draft
    chosen = plans.choices(draft)
    known = plans.facts(draft)
    lists = present.Targets(draft, signed_in(request), chosen.target, known, chosen.source)
    rows = drafts.selected(draft)
    if request.GET.get("q"):
        rows = rows.filter(machine__search__contains=request.GET["q"].replace("\x00", "").lower())
    if request.GET.get("only") == "overridden":
        rows = rows.exclude(overrides={})
    page = Paginator(rows, MACHINES_A_PAGE).get_page(request.GET.get("page"))
    every = EveryForm(
        request.POST or None,
        prefix="all",
        initial={name: getattr(chosen.target, name) for name in TARGET_IDS},
        options=lists.every(),
    )
    resolver = Resolver(chosen, known)
    forms = [_machine_form(request, row, known.machines[row.machine.key], resolver, lists) for row in page]
    if request.method == "POST":
        # Every row is asked, so that all errors show at once.
        wrong = sum(not form.is_valid() for _, form in forms)
        if every.is_valid() and not wrong:
            return _save_customize(request, draft, resolver, every, forms)
        return _customize_page(request, draft, every, forms, page, status=422)
    return _customize_page(request, draft, every, forms, page)


def _machine_form(request: HttpRequest, row: Any, machine: Any, resolver: Resolver, lists: present.Targets) -> Any:
    options = lists.machine(machine, resolver, resolver.target(machine).network_id)
    data = request.POST if request.method == "POST" else None
    return row, MachineForm(data, prefix=f"m{row.pk}", name=machine.name, options=options, initial=row.overrides)


def _save_customize(
    request: HttpRequest, draft: Draft, resolver: Resolver, every: EveryForm, forms: list[Any]
) -> HttpResponse:
    """Save both halves; a reset button empties one machine's row."""
    who, reset = actor(request, draft.vault), request.POST.get("reset", "")
    first = next(iter(resolver.facts.machines.values()), None)
    group = resolver.group_id(first) if first else ""
    before = resolver.choices.target
    new = TargetChoices(
        location=before.location,
        subscription_id=before.subscription_id,
        policy=before.policy,
        **every.ids(before.subscription_id, group),
    )
    overrides = {row.pk: MachineChoice() if str(row.pk) == reset else form.choice() for row, form in forms}
    drafts.save_target(draft, new, version=version(request), actor=who)
    drafts.save_overrides(draft, overrides, version=draft.version, actor=who)
    if reset or request.POST.get("do") == "stay":
        return HttpResponseRedirect(f"{present.page_url(draft, 'customize')}?{request.GET.urlencode()}")
    messages.success(request, "The changes were kept in the draft.")
    return redirect("replication:draft_target", draft.pk)


def _customize_page(
    request: HttpRequest, draft: Draft, every: EveryForm, forms: list[Any], page: Any, status: int = 200
) -> HttpResponse:
    """The blade, on top of the target page as it is saved."""
    saved = TargetChoices.from_json(draft.target)
    assert saved is not None
    below = target_context(draft, target_form(request, draft, saved), saved)
    wrong = sum(bool(form.is_bound and form.errors) for _, form in forms)
    blade = {"every": every, "forms": forms, "page": page, "total": draft.machines.count(), "wrong": wrong}
    return show(request, draft, "target", below | blade, template="customize", status=status)
