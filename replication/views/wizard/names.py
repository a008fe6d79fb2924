"""Names for something new: what is said of one while it is typed, and of those in the world for which *Next* waits."""

from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.urls import reverse
from django.views.decorators.http import require_safe

from replication import access
from replication.actions import compiled
from replication.actions import names as worldwide
from replication.domain.choices import Placement, TargetChoices
from replication.domain.plan import Plan
from replication.domain.roles import Permission
from replication.domain.targets import TargetKind
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.live import OVER, RUNNING, nothing_new, paced
from replication.views.wizard.shared import open_draft, source_of

PREFIXES = ("", "all-", "many-")  # of the forms in which names are typed
_SAID = "replication/wizard/_name.html"


def checking(request: HttpRequest, draft: Draft, chosen: Placement | None = None, prefix: str = "") -> dict[str, Any]:
    """What a form of new names takes from here. chosen: what it shows, of which the new accounts are spoken of."""
    judge, address = present.Names(draft, signed_in(request)), check_url(draft)
    said = judge.of_chosen(chosen) if chosen else {}
    shown = {text: render_to_string(_SAID, _context(each, address, text, f"{prefix}{text}", each.name)) for text, each in said.items()}
    return {"refusal": judge.refusal, "check": address, "said": shown}


def check_url(draft: Draft) -> str:
    """The address that says of a name, while it is typed, whether it can be had."""
    return reverse("replication:draft_name", args=[draft.pk])


def _context(said: present.Said, address: str, field: str, key: str, text: str) -> dict[str, Any]:
    again = urlencode({"of": field, key: text, "since": "asked"})
    return {"said": said, "id": f"said-{key}", "again": f"{address}?{again}"}


@require_safe
def name(request: HttpRequest, pk: UUID) -> HttpResponse:
    """What is to be said of a name while it is typed. Nothing is changed; Azure is asked when it is a name in the world."""
    draft = open_draft(request, pk, "target")
    if isinstance(draft, HttpResponse):
        return draft
    field = request.GET.get("of", "")
    key = next((f"{prefix}{field}" for prefix in PREFIXES if f"{prefix}{field}" in request.GET), "")
    text, polled = request.GET.get(key, "")[:200], "since" in request.GET
    ask = partial(_ask, request, draft) if request.headers.get("HX-Request") and _may_ask(request, draft) else None
    said = present.Names(draft, signed_in(request)).said(field, text, ask)
    if said is None:
        return HttpResponse("", status=OVER if polled else 200)
    if polled and said.waiting:
        return nothing_new(RUNNING)
    context = _context(said, request.path, field, key, text)
    return paced(render(request, _SAID, context, status=OVER if polled else 200), RUNNING)


def _may_ask(request: HttpRequest, draft: Draft) -> bool:
    person = signed_in(request)
    return draft.owner_id == person.pk and bool(access.may(person, Permission.REPLICATE, draft.vault))


def _ask(request: HttpRequest, draft: Draft, kind: TargetKind, text: str) -> worldwide.Standing:
    subscription = source_of(draft).subscription_id if kind.cache else draft.target["subscription_id"]
    return worldwide.ask(draft, {text: subscription}, actor=actor(request, draft.vault))[text]


# --- those for which Next waits ----------------------------------------------------------------------------------------------


def chosen_names(request: HttpRequest, draft: Draft, plan: Plan | None = None) -> list[present.Said]:
    """How the names in the world stand that the draft has; who owns it has Azure asked by looking.

    plan: the draft's, where it is at hand, for the names that the rules give.
    """
    given, planned = worldwide.given(draft), worldwide.planned(plan) if plan else {}
    if not (wanted := planned | given):
        return []
    if _may_ask(request, draft):
        known = worldwide.ask(draft, wanted, actor=actor(request, draft.vault))
    else:
        known = worldwide.standings(draft.connection_id, wanted)
    by_hand = {each for each in planned.keys() - given.keys() if plan and not worldwide.field_for_all(plan, each)}
    said = [present.in_the_world(known[each]) for each in sorted(known)]
    return [replace(each, near="") if each.name in by_hand else each for each in said]  # one press must say it for all machines


def instead(request: HttpRequest, draft: Draft, target: TargetChoices) -> tuple[TargetChoices, tuple[str, str] | None]:
    """The target settings with a free name in place of one that is taken (use=…), and both names if there are such."""
    taken = request.POST.get("use", "")
    if not taken:
        return target, None
    plan = compiled.with_target(draft, target).plan
    near = next((each.near for each in chosen_names(request, draft, plan) if each.name == taken), "")
    if near and taken not in worldwide.given(draft):
        target = worldwide.replaced(target, plan, taken, near)
    return target, (taken, near) if near else None


def waits(request: HttpRequest) -> bool:
    """Whether *Next* was pressed and waits (?wait=1)."""
    return request.GET.get("wait") == "1"


@require_safe
def names(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The same, polled by the target page while Azure is being asked. Where *Next* waits (?wait) the page goes on by itself."""
    draft = open_draft(request, pk, "target")
    if isinstance(draft, HttpResponse):
        return draft
    said = chosen_names(request, draft, compiled.of(draft).plan if draft.target else None)
    if any(each.waiting for each in said):
        return nothing_new(RUNNING)
    if waits(request):
        return HttpResponse(headers={"HX-Refresh": "true"})
    context = {"draft": draft, "names": said, "mine": _may_ask(request, draft)}
    return render(request, "replication/wizard/_names.html", context, status=OVER)
