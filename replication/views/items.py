"""Replicated items: the grid of one vault or of all, live, refreshed, exported."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import exports, readings
from replication.domain.roles import Permission
from replication.grid import View, columns_of
from replication.models import Person, ProtectedItem, Vault
from replication.presenters import items as present
from replication.presenters.looks import regions
from replication.presenters.vaults import why_not
from replication.templatetags import item_cells
from replication.views import changes, live
from replication.views.actor import actor, signed_in
from replication.views.context import held_roles

# What the page shows of vaults, and says of where they stand.
_OF_VAULT = ("name", "summary", "as_of", "due_at", "problem", "version", "gone_at", "key", "connection__locations")
POINTS_FRESH = timedelta(minutes=5)


@require_safe
def items(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The grid with its cards."""
    person = signed_in(request)
    vault, vaults = _vaults(person, pk)
    names = regions(vaults)
    summary = present.summary(_rows(person, vault), vaults)
    grid = present.grid(names, vault is None, vaults)
    view = grid.view(_shown(person, vault, request.GET), request.GET, total=summary.total)
    view = replace(view, count=summary.of(view.asked))
    rows = present.item_rows(present.of_vaults(view.page, vaults), names, view.columns)
    known = live.shown_versions(vaults)
    context = {
        "vault": vault,
        "vaults": vaults,
        "view": view,
        "rows": rows,
        "swapped": False,  # said here, for a name that is missing is slow to look for, six times a row
        "summary": summary,
        "health_parts": summary.health_parts(),
        **_addresses(request, vault),
        "as_of": live.oldest(vaults),
        "problems": [each for each in vaults if each.problem],
        "reading": live.reading_of(request),
        "poll": _poll(vault, rows, known, summary.newest or 0, view),
        "columns": view.columns,
        "saved_views": access.saved_views(person, "items"),
        "page_view": live.page_query(request).removeprefix("?"),
        "page_query": live.page_query(request),
        "drafts": access.open_drafts(person, vault),
        "offers": changes.offers_for_many(request, vault) if vault else [],
        **allowed(request, vault),
    }
    return render(request, "replication/items/list.html", context)


def allowed(request: HttpRequest, vault: Vault | None) -> dict[str, str]:
    """Why the commands of the page cannot be used; '' for those that can."""
    held = held_roles(request, signed_in(request))
    roles = held.values() if vault is None else [held.get(vault.pk)]

    def best(permission: Permission) -> str:
        return min((why_not(each, permission) for each in roles), key=len, default=why_not(None, permission))

    wanted = Permission.REPLICATE, Permission.REFRESH, Permission.EXPORT
    return {f"why_not_{each.value}": best(each) for each in wanted}


def _addresses(request: HttpRequest, vault: Vault | None) -> dict[str, str]:
    """Where Refresh and Export post to: with the query string, so that both mean this view."""
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    name, args = ("items", [vault.pk]) if vault else ("all_items", [])
    made = {verb: reverse(f"replication:{name}_{verb}", args=args) for verb in ("refresh", "export")}
    overview = reverse("replication:overview", args=args) if vault else reverse("replication:vaults")
    return {f"{verb}_url": address + query for verb, address in made.items()} | {"drafts_url": overview}


def _vaults(person: Person, pk: int | None) -> tuple[Vault | None, list[Vault]]:
    """The vault of the page, or None for all, and the vaults that are there whose items it lists."""
    rows = access.vaults(person).select_related("connection").only(*_OF_VAULT)
    if pk is None:
        return None, list(rows.filter(gone_at=None))
    vault = access.get(rows, pk=pk)
    return vault, [vault] if vault.gone_at is None else []


def _rows(person: Person, vault: Vault | None) -> Any:
    return access.items(person, vault).filter(gone_at=None)


def _shown(person: Person, vault: Vault | None, query: Any, whole: bool = False) -> Any:
    """Rows with what the columns of the query string need."""
    return present.with_what_it_shows(_rows(person, vault), columns_of(query), whole)


# --- live ----------------------------------------------------------------------------------------------------------------


def _poll(vault: Vault | None, rows: list[present.ItemRow], known: str, newest: int, view: View) -> dict[str, Any]:
    """What the page asks next: which rows it shows, what it knows of them, and which item it has seen last."""
    moving = any(row.state.moving for row in rows)
    address = reverse("replication:items_live", args=[vault.pk]) if vault else reverse("replication:all_items_live")
    shown = ",".join(str(row.item.pk) for row in rows)
    columns, marks = view.params.get("columns", ""), "".join(item_cells.marks(rows, view.columns))
    chosen = f"&{urlencode({'columns': columns})}" if columns else ""
    said = f"&said={marks}" if marks else ""
    url = f"{address}?ids={shown}&since={known}&newest={newest}{'&moving=1' if moving else ''}{chosen}{said}"
    return {"url": url, "interval": live.MOVING if moving else live.IDLE}


@require_safe
def items_live(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The cards, and the cells of the shown rows that changed since the versions that the page knows; 204 when none did.

    A page with columns that time alone changes gives back what they said (?said=), and is sent the rows that say something else now.
    """
    person = signed_in(request)
    rows = access.vaults(person).filter(gone_at=None)
    now, as_of = live.versions(rows.filter(pk=pk) if pk is not None else rows)
    if pk is not None and not now:
        raise Http404
    known = live.read_versions(request.GET.get("since", ""))
    if known == now and not request.GET.get("said"):
        return live.dated(live.nothing_new(live.MOVING if request.GET.get("moving") else live.IDLE), as_of)
    return live.dated(_changed(request, person, pk, known, now), as_of)


def _changed(
    request: HttpRequest, person: Person, pk: int | None, known: Mapping[int, int], now: Mapping[int, int]
) -> HttpResponse:
    vault, vaults = _vaults(person, pk)
    ids = live.read_ids(request.GET.get("ids", ""))
    names = regions(vaults)
    view = present.grid(names, vault is None, vaults).view(_shown(person, vault, request.GET), _only_columns(request))
    rows = [present.ItemRow(item, names) for item in present.of_vaults(view.rows.filter(pk__in=ids), vaults)]
    newer = _newer(rows, known, _otherwise(rows, view, ids, request.GET.get("said", "")))
    if known == now and not newer:
        return live.nothing_new(live.MOVING if request.GET.get("moving") else live.IDLE)
    changed = present.item_rows(newer, names, view.columns)
    asked = request.GET.get("newest", "")
    newest = int(asked) if live.number(asked) else 0
    summary = present.summary(_rows(person, vault), vaults)
    poll = _poll(vault, rows, live.write_versions(now), newest, view)
    context = {
        "problems": [each for each in vaults if each.problem],
        "rows": changed,
        "columns": view.columns,
        "poll": poll,
        "swapped": True,
        "summary": summary,
        "health_parts": summary.health_parts(),
        "arrived": _rows(person, vault).filter(pk__gt=newest).count(),
        "page_query": live.page_query(request),
    }
    response = render(request, "replication/items/_live.html", context)
    return live.paced(response, poll["interval"])


def _newer(rows: Sequence[present.ItemRow], known: Mapping[int, int], otherwise: Collection[int]) -> list[ProtectedItem]:
    """The items that changed since the page was told of them, or of which it must be told something else."""
    items = [row.item for row in rows]
    return [item for item in items if item.version > known.get(item.vault_id, -1) or item.pk in otherwise]


def _otherwise(rows: Sequence[present.ItemRow], view: View, ids: Sequence[int], said: str) -> set[int]:
    """The ids of the rows that say something else now than the page was told: `said`, a mark an id."""
    told = {pk: said[n * item_cells.MARK :][: item_cells.MARK] for n, pk in enumerate(ids)} if said else {}
    now = zip(rows, item_cells.marks(rows, view.columns), strict=False)
    return {row.item.pk for row, mark in now if told.get(row.item.pk, mark) != mark}


def _only_columns(request: HttpRequest) -> QueryDict:
    """What a live answer takes of the page's query string: rows are named by their ids, filters would hide what left them."""
    kept = QueryDict(mutable=True)
    kept["columns"] = request.GET.get("columns", "")
    return kept


# --- verbs ---------------------------------------------------------------------------------------------------------------


@require_POST
def refresh(request: HttpRequest, pk: int | None = None, to: str = "items") -> HttpResponse:
    """Have a worker read the vault again (without one: all vaults), and show the page it was asked from with the outcome."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    if vault is None:
        access.require(person, Permission.REFRESH)
    wanted = access.vaults(person, Permission.REFRESH).filter(gone_at=None) if vault is None else [vault]
    asked = [readings.refresh_items(each, actor=actor(request, each)) for each in wanted]
    query = request.GET.copy()
    if asked:
        query["reading"] = str(asked[-1].pk)
    address = reverse(f"replication:{to}", args=[vault.pk]) if vault else reverse("replication:all_items")
    return redirect(f"{address}?{query.urlencode()}")


@require_POST
def export(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """All pages of the grid, as filtered and sorted, with the chosen columns: as CSV or, `form` xlsx, as an Excel workbook."""
    person = signed_in(request)
    vault, vaults = _vaults(person, pk)
    names = regions(vaults)
    view: View = present.grid(names, vault is None).view(_shown(person, vault, request.GET, whole=True), request.GET)
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    exports.items(vault, filters=view.asked, rows=view.rows.count(), actor=actor(request, vault), form=form)
    name = f"{vault.name if vault else 'all-vaults'}-items-{clock.now():%Y%m%d-%H%M%S}"
    return view.excel(name) if form == "xlsx" else view.csv(name)
