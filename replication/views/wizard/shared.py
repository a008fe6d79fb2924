"""What the wizard's pages share: the way to a draft, the frame around a page, and what a stale save gets."""

import re
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from replication import access
from replication.actions import drafts
from replication.actions.compiled import Compiled
from replication.domain.choices import MachineChoice, SourceChoices
from replication.domain.roles import Permission
from replication.forms.wizard import LABELS, initial
from replication.models import Draft, Run
from replication.presenters import wizard as present
from replication.presenters.drafts import expires_soon
from replication.presenters.looks import regions
from replication.views.actor import signed_in

_CELL = re.compile(r"m(\d{1,18})-([a-z_]+)$")
require_page = require_http_methods(["GET", "HEAD", "POST"])


def open_draft(request: HttpRequest, pk: UUID, page: str) -> Draft | HttpResponse:
    """The draft, when it is open and the page can be reached; else where to go instead."""
    draft = access.draft(signed_in(request), pk)
    if draft.state == Draft.State.SUBMITTED:
        run = Run.objects.filter(plan__draft=draft).order_by("-number").first()
        return redirect("replication:run", run.pk) if run else redirect("replication:overview", draft.vault_id)
    if draft.state == Draft.State.DISCARDED:
        messages.info(request, "That draft was discarded.")
        return redirect("replication:overview", draft.vault_id)
    if draft.state == Draft.State.EXPIRED:
        messages.info(request, "That draft has expired, as nobody had saved it for long. Its owner can reopen it here.")
        return redirect(f"{reverse('replication:drafts')}?state=expired")
    done = present.satisfied(draft)
    first, order = present.first_open(done), [name for name, _ in present.PAGES]
    if order.index(page) > order.index(first):
        messages.info(request, f"Fill in this page first: {dict(present.PAGES)[first]}.")
        return redirect(present.page_url(draft, first))
    return draft


def version(request: HttpRequest) -> int:
    """The draft's version that the page showed; one that was tampered with is stale."""
    text = request.POST.get("version", "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def onward(request: HttpRequest, draft: Draft, page: str) -> HttpResponse:
    """Where a saved page leads: on, or out of the wizard with *Save and close*."""
    if request.POST.get("do") == "close":
        messages.success(request, "The draft was saved.")
        return redirect("replication:overview", draft.vault_id)
    return redirect(present.page_url(draft, page))


def side(made: Compiled) -> dict[str, Any]:
    """*Plan so far*."""
    return {"side_lines": present.lines(made.plan, "resource_group", "virtual_network", "network_mapping", "availability_set",
                                        "storage_account", "cloud_service", "policy"),
            "totals": present.Totals(made.machines, made.disks, made.gib)}  # fmt: skip


def show(
    request: HttpRequest, draft: Draft, page: str, context: dict[str, Any], *, template: str = "", status: int = 200
) -> HttpResponse:
    person = signed_in(request)
    done = present.satisfied(draft)
    mine = draft.owner_id == person.pk
    shared = {
        "draft": draft,
        # A page that is shown again (wrong input, other lists) is as old as what was posted: it must not pass for fresh.
        "version": version(request) if request.method == "POST" else draft.version,
        "vault": draft.vault,
        "wizard_page": page,
        "steps": present.stepper(draft, page, done),
        "sub_title": present.sub_title(draft, regions([draft.vault])),
        "mine": mine,
        "why_not": "" if mine else f"This draft belongs to {draft.owner}. Take it over to change it.",
        "may_replicate": access.may(person, Permission.REPLICATE, draft.vault),
        "region_names": regions([draft.vault]),
        "expires_soon": expires_soon(draft),
    }
    return render(request, f"replication/wizard/{template or page}.html", shared | context, status=status)


def guarded(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """409 with both values when somebody, or another tab, saved the draft first."""

    @wraps(view)
    def guarded(request: HttpRequest, pk: UUID, **parts: Any) -> HttpResponse:
        try:
            return view(request, pk, **parts)
        except drafts.Stale as error:
            return _stale_page(request, error)

    return guarded


def _said(value: Any) -> str:
    """A saved value as a form sends it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value or "")


def _of_machines(request: HttpRequest, draft: Draft) -> list[tuple[str, str, str]]:
    """(field of a machine, saved, sent) of the table of *Customize*, whose controls are called m17-availability; only what differs."""
    fields = [(found, value[:300]) for name, value in request.POST.items() if (found := _CELL.match(name))]
    sent = {(int(found[1]), found[2]): str(value) for found, value in fields if found[2] in LABELS}
    rows = draft.machines.filter(pk__in={pk for pk, _ in sent}).select_related("machine")
    saved = {row.pk: (row.machine.name, initial(MachineChoice.from_json(row.overrides))) for row in rows}
    return [
        (f"{LABELS[field]} of {saved[pk][0]}", saved[pk][1][field] or "as for all machines", value or "as for all machines")
        for (pk, field), value in sent.items()
        if pk in saved and saved[pk][1][field] != value
    ]


def _stale_page(request: HttpRequest, error: drafts.Stale) -> HttpResponse:
    """What was sent and what is saved, side by side. Nothing was changed."""
    draft = error.draft
    changes = _of_draft(request, draft) if error.differences is None else error.differences
    context = {"draft": draft, "vault": draft.vault, "error": error, "changes": changes, "url": request.get_full_path()}
    return render(request, "replication/wizard/stale.html", context, status=409)


def _of_draft(request: HttpRequest, draft: Draft) -> list[tuple[str, str, str]]:
    """(field, saved, sent) of what holds for all machines, and of the table's machines; only what differs."""
    saved = {**draft.source, **{name: value for name, value in draft.target.items() if name != "policy"}}
    posted = {name.removeprefix("all-"): ", ".join(request.POST.getlist(name))[:300] for name in request.POST}
    sent = {name: value for name, value in posted.items() if name in saved}
    return [
        (name.replace("_id", "").replace("_", " ").capitalize(), _said(saved[name]) or "by the rule", value)
        for name, value in sent.items()
        if _said(saved[name]) != value
    ] + _of_machines(request, draft)


def source_of(draft: Draft) -> SourceChoices:
    """The source of a draft whose first page is filled in."""
    chosen = SourceChoices.from_json(draft.source)
    assert chosen is not None
    return chosen
