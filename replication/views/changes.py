"""Changing protected items: other settings, resynchronization, disks, agent, disabling; of one or of many. Reviewed, then started."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods

from replication import access
from replication.actions import changes as verbs
from replication.actions import itemchanges
from replication.actions.changes import PERMISSIONS, Purpose, Wanted
from replication.actions.plans import Changed
from replication.actions.runs import Busy
from replication.domain import allowed, ids
from replication.domain.documents import from_json
from replication.domain.inventory import Network
from replication.forms.changes import SettingsForm, Subnets
from replication.forms.wizard.options import Options
from replication.grid import clean
from replication.models import Person, ProtectedItem, Resource, Vault
from replication.presenters import changes as present
from replication.presenters import items as items_present
from replication.presenters.looks import regions
from replication.presenters.vaults import why_not
from replication.views.actor import actor, signed_in
from replication.views.context import held_roles

MOST = 500  # machines that one change names
NOT_KEPT = {"csrfmiddlewaretoken", "digest", "reason", "count"}

# --- one item ------------------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def act(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Something that needs no form: reviewed on GET, started on POST."""
    purpose = _purpose(verb, itemchanges.ONE_BY_ONE)
    found = _item(request, pk, purpose)
    return _judged(request, found.vault, purpose, [found], {"item": found})


@require_http_methods(["GET", "HEAD", "POST"])
def settings(request: HttpRequest, pk: int) -> HttpResponse:
    """Other settings: a form, then the review, then the run."""
    found = _item(request, pk, Purpose.UPDATE)
    item = itemchanges.of(found)
    there = itemchanges.settings_of(found, item)
    options, subnets = _options(signed_in(request), found, there)
    posted = request.POST if request.method == "POST" else None
    form = SettingsForm(posted, there=there, options=options, subnets=subnets)
    why = allowed.why_not(item, Purpose.UPDATE.value)
    context = {"vault": found.vault, "item": found, "form": form, "why_not": why}
    if request.method != "POST" or why or not form.is_valid():
        return render(request, "replication/change/settings.html", context, status=422 if form.is_bound else 200)
    wanted = itemchanges.updated(found, there, form.chosen())
    if not wanted:
        messages.info(request, "Nothing was changed: all settings are as they were.")
        return redirect("replication:item", found.pk)
    return _reviewed(request, found.vault, Purpose.UPDATE, wanted, context)


def _purpose(verb: str, known: Sequence[Purpose]) -> Purpose:
    """The change that an address names, or 404."""
    if verb not in known:
        raise Http404
    return Purpose(verb)


def _item(request: HttpRequest, pk: int, purpose: Purpose) -> ProtectedItem:
    """An item that the person may do this with; 404 outside of their vaults, 403 with the reason."""
    person = signed_in(request)
    found: ProtectedItem = access.get(access.items(person).select_related("vault__connection").filter(gone_at=None), pk=pk)
    access.require(person, PERMISSIONS[purpose], found.vault)
    if not access.changeable(person, found.vault).filter(pk=found.pk).exists():
        raise access.Refused("Your role in this vault does not open this machine.", found.vault)
    return found


# --- many ----------------------------------------------------------------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
def act_on_many(request: HttpRequest, pk: int, verb: str) -> HttpResponse:
    """Choose among the items that the list shows (same filters), review, start."""
    purpose = _purpose(verb, itemchanges.OF_MANY)
    person = signed_in(request)
    vault = access.vault(person, pk)
    access.require(person, PERMISSIONS[purpose], vault)
    rows = access.changeable(person, vault)
    chosen = [int(each) for each in request.POST.getlist("chosen")[:MOST] if each.isdecimal() and len(each) < 18]
    if request.method == "POST" and chosen:
        return _judged(request, vault, purpose, list(rows.filter(pk__in=chosen).order_by("name")), {})
    return _choose(request, vault, purpose, rows)


def _choose(request: HttpRequest, vault: Vault, purpose: Purpose, rows: Any) -> HttpResponse:
    view = items_present.grid(regions([vault]), several_vaults=False).view(rows, request.GET)
    listed = list(view.rows[:MOST])
    judged = itemchanges.judged(listed, purpose)
    why = {row.pk: reason for row, reason in judged.refused}
    context = {
        "vault": vault,
        "verb": present.VERBS[purpose],
        "rows": [(row, why.get(row.pk, "")) for row in listed],
        "more": max(0, view.rows.count() - MOST),
        "most": MOST,
        "view": view,
        "none_chosen": request.method == "POST",
    }
    return render(request, "replication/change/choose.html", context, status=422 if request.method == "POST" else 200)


def _judged(
    request: HttpRequest, vault: Vault, purpose: Purpose, rows: list[ProtectedItem], context: Mapping[str, Any]
) -> HttpResponse:
    judged = itemchanges.judged(rows, purpose)
    more: dict[str, Any] = {"refused": [(row.name, why) for row, why in judged.refused]}
    if purpose is Purpose.DISABLE:
        keys = {ids.key(each.spec.id) for each in judged.wanted}
        going = [row for row in rows if ids.key(row.arm_id) in keys]
        more["stays"] = present.left_behind(going, [itemchanges.of(row) for row in going])
    return _reviewed(request, vault, purpose, judged.wanted, context, **more)


# --- review and start ------------------------------------------------------------------------------------------------------------------


def _reviewed(
    request: HttpRequest, vault: Vault, purpose: Purpose, wanted: Sequence[Wanted], context: Mapping[str, Any], **more: Any
) -> HttpResponse:
    return reviewed(request, vault, purpose, wanted, context, back=_back(vault, context), **more)


def _back(vault: Vault, context: Mapping[str, Any]) -> tuple[str, str]:
    """Where *Cancel* leads, and its name."""
    if item := context.get("item"):
        return reverse("replication:item", args=[item.pk]), item.name
    return reverse("replication:items", args=[vault.pk]), "Replicated items"


def reviewed(
    request: HttpRequest,
    vault: Vault,
    purpose: Purpose,
    wanted: Sequence[Wanted],
    context: Mapping[str, Any],
    *,
    back: tuple[str, str],
    **more: Any,
) -> HttpResponse:
    """The review of a change; with its digest in the request, the start of the run. What is refused shows the review again."""
    said, status = "", 200
    if request.method == "POST" and "digest" in request.POST:
        try:
            return _started(request, vault, purpose, wanted)
        except (Changed, Busy, verbs.Nothing) as refused:
            said, status = str(refused), 409
        except verbs.Uncounted as refused:
            said, status = str(refused), 422
    kept = [(name, value) for name in request.POST if name not in NOT_KEPT for value in request.POST.getlist(name)]
    page = present.review(vault, purpose, wanted, kept=kept, **more)
    shown = {"vault": vault, "review": page, "said": said, "back": back, "reason": clean(request.POST.get("reason")), **context}
    return render(request, "replication/change/review.html", shown, status=status)


def _started(request: HttpRequest, vault: Vault, purpose: Purpose, wanted: Sequence[Wanted]) -> HttpResponse:
    typed = clean(request.POST.get("count")).strip()
    count = int(typed) if typed.isdecimal() and len(typed) < 9 else None
    run = verbs.start(
        vault, purpose, wanted, digest=clean(request.POST.get("digest")), actor=actor(request, vault), count=count
    )
    messages.success(request, f"Run {run.number} has been started. You can leave this page: workers do the rest.")
    return redirect("replication:run", run.pk)


# --- what can be chosen ----------------------------------------------------------------------------------------------------------------


def _options(person: Person, row: ProtectedItem, there: Any) -> tuple[dict[str, Options], Subnets]:
    """Lists of what exists in the recovery region and the role opens, what is set now among them."""
    targets = access.targets(person, row.vault)
    here = targets.filter(location=row.recovery_location)
    kind = Resource.Kind
    networks = [from_json(Network, document) for document in _documents(here, kind.NETWORK)]
    prefixes = {ids.key(each.id): {subnet.name.lower(): subnet.prefix for subnet in each.subnets} for each in networks}
    names = {subnet.name: f"{subnet.name} ({each.name})" for each in networks for subnet in each.subnets}
    options = {
        "group_id": _named(_ids(targets, kind.GROUP), there.group_id),
        "availability_set_id": _named(_ids(here, kind.AVAILABILITY_SET), there.availability_set_id),
        "availability_zone": [(each, f"Zone {each}") for each in ("1", "2", "3")],
        "network_id": _named([each.id for each in networks], there.network_id),
        "subnets": list(names.items()),
    }
    return options, prefixes


def _documents(rows: Any, kind: str) -> list[dict[str, Any]]:
    return list(rows.filter(kind=kind).order_by("name").values_list("document", flat=True))


def _ids(rows: Any, kind: str) -> list[str]:
    return list(rows.filter(kind=kind).order_by("name").values_list("arm_id", flat=True))


def _named(found: Sequence[str], present_id: str) -> Options:
    """Ids with names. What is set now stands first, as Azure spelled it there, so that the form finds it again."""
    others = [(each, ids.name(each)) for each in found if not ids.same(each, present_id)]
    return [(present_id, ids.name(present_id) or "None"), *others]


# --- offers ----------------------------------------------------------------------------------------------------------------------------

_ICONS = {
    Purpose.UPDATE: "settings", Purpose.RESYNC: "sync", Purpose.UPDATE_AGENT: "download", Purpose.ADD_DISKS: "disk",
    Purpose.DISMISS: "check", Purpose.DISABLE: "stop",
}  # fmt: skip


def offers(request: HttpRequest, row: ProtectedItem) -> list[present.Offer]:
    """All changes of an item, for its page: those that cannot be, with the reason."""
    person = signed_in(request)
    item, role = itemchanges.of(row), held_roles(request, person).get(row.vault_id)
    refusals = {purpose: why_not(role, PERMISSIONS[purpose]) for purpose in _ICONS}
    inside = all(refusals.values()) or access.changeable(person, row.vault).filter(pk=row.pk).exists()
    outside = "" if inside else "Your role in this vault does not open this machine."
    gone = "The machine is not replicated any more." if row.gone_at else ""

    def offer(purpose: Purpose) -> present.Offer:
        verb = present.VERBS[purpose]
        name, args = ("item_change", [row.pk]) if purpose is Purpose.UPDATE else ("item_act", [row.pk, purpose.value])
        why = refusals[purpose] or gone or outside or allowed.why_not(item, purpose.value)
        return present.Offer(
            label=verb.title, icon=_ICONS[purpose], url=reverse(f"replication:{name}", args=args), why=why, danger=verb.danger
        )

    return [offer(each) for each in _ICONS]


def offers_for_many(request: HttpRequest, vault: Vault) -> list[present.Offer]:
    """Changes of what a list shows: they keep its filters."""
    role = held_roles(request, signed_in(request)).get(vault.pk)
    kept = {name: value for name, value in request.GET.items() if name not in {"page", "size", "reading"}}
    query = f"?{urlencode(kept)}" if kept else ""
    return [
        present.Offer(
            label=present.VERBS[each].title,
            icon=_ICONS[each],
            url=reverse("replication:items_act", args=[vault.pk, each.value]) + query,
            why=why_not(role, PERMISSIONS[each]),
            danger=present.VERBS[each].danger,
        )
        for each in itemchanges.OF_MANY
    ]
