"""The page of one replicated item: seven views of it, each with an address of its own, live where it moves."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import readings
from replication.domain.allowed import POLICY_STAYS
from replication.grid import clean
from replication.markup import row_address
from replication.models import AuditSubject, HealthIssue, Person, ProtectedItem, Reading, RecoveryPoint
from replication.presenters import runs as runs_present
from replication.presenters.audit import AuditRow
from replication.presenters.events import EventRow
from replication.presenters.item import ItemPage, Point
from replication.presenters.jobs import JobRow
from replication.presenters.looks import regions
from replication.presenters.parts import Parts
from replication.presenters.safety import item_hit
from replication.views import changes, live
from replication.views.actor import actor, signed_in
from replication.views.items import POINTS_FRESH, allowed
from replication.views.live import OVER

TABS = {
    "": "Overview",
    "recovery-points": "Recovery points",
    "disks": "Disks",
    "network": "Network",
    "events": "Events",
    "jobs": "Jobs",
    "record": "Runs and audit",
}
COPIES = ("EnableDr", "SwitchReplicationGroupProtection")  # jobs that begin a first copy (site-recovery-protocol.md §3.4)
ROWS = 50  # of a view that has pages


@require_safe
def item(request: HttpRequest, pk: int, tab: str = "") -> HttpResponse:
    """One item: how it stands, why, and what was done with it."""
    found = _item(signed_in(request), pk)
    page = ItemPage(found, regions([found.vault]), clean(request.GET.get("span")))
    context = {
        "vault": found.vault,
        "page": page,
        "item": found,
        "hit": item_hit(found),
        "tabs": [(text, _address(found, each), each == tab) for each, text in TABS.items()],
        "page_query": live.page_query(request),
        "reading": live.reading_of(request),
        "again": _again(request, found),
        "points": _points(found),
        **_VIEWS[tab](request, found, page),
        **allowed(request, found.vault),
    }
    return render(request, f"replication/item/{tab or 'page'}.html", context)


def _address(found: ProtectedItem, tab: str) -> str:
    return row_address(f"item_{tab}" if tab else "item", found.pk)


def _item(person: Person, pk: int) -> ProtectedItem:
    found: ProtectedItem = access.get(access.items(person).select_related("vault__connection"), pk=pk)
    return found


def _again(request: HttpRequest, found: ProtectedItem) -> ProtectedItem | None:
    """Of a machine that left: the item under which it is replicated now."""
    if not found.gone_at:
        return None
    now = access.items(signed_in(request)).filter(machine_key=found.machine_key, gone_at=None)
    return now.defer("document").first()


# --- the views -------------------------------------------------------------------------------------------------------------


def _overview(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    person = signed_in(request)
    acknowledged = HealthIssue.objects.filter(vault=found.vault, key__in=page.issue_keys, gone_at=None)
    notes = {issue.key: issue for issue in acknowledged.select_related("acknowledged_by")}
    return {
        "chart": page.chart(),
        "copying": page.copying(_copy_begun(person, found)) if page.row.state.moving else None,
        "issues": page.issues(notes),
        "ticket": page.ticket(notes),
        "events": [EventRow(event) for event in _events(person, found)[:5]],
        "offers": changes.offers(request, found),
        "policy_stays": POLICY_STAYS,
        "points_reading": _points_reading(request, found),
    }


def _copy_begun(person: Person, found: ProtectedItem) -> datetime:
    """When Azure was asked for the copy that is made; without such a job, when the item was first seen."""
    begun = _jobs(person, found).filter(scenario__in=COPIES).values_list("started_at", flat=True).first()
    return begun or found.first_seen_at


def _recovery_points(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    rows = found.recovery_points.order_by("-at").values_list("at", "kind")
    return {"points_reading": _points_reading(request, found), **_paged(request, rows, lambda row: Point(*row))}


def _parts(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    return {"parts": Parts(page.details)}


def _events_view(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    return _paged(request, _events(signed_in(request), found), EventRow)


def _jobs_view(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    query = urlencode({"q": found.name})
    jobs_url = f"{reverse('replication:jobs', args=[found.vault_id])}?{query}"
    return {"jobs_url": jobs_url, **_paged(request, _jobs(signed_in(request), found), JobRow)}


def _record(request: HttpRequest, found: ProtectedItem, page: ItemPage) -> dict[str, Any]:
    person = signed_in(request)
    runs = access.runs(person, found.vault).filter(steps__machine_key=found.machine_key).distinct()
    return {
        "runs": runs_present.latest(runs, 20),
        **_paged(request, _entries(person, found), AuditRow),
    }


def _paged(request: HttpRequest, rows: Any, shown: Any) -> dict[str, Any]:
    page = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return {"page_of": page, "rows": [shown(row) for row in page]}


_VIEWS = {
    "": _overview,
    "recovery-points": _recovery_points,
    "disks": _parts,
    "network": _parts,
    "events": _events_view,
    "jobs": _jobs_view,
    "record": _record,
}


def _events(person: Person, found: ProtectedItem) -> Any:
    rows = access.events(person, found.vault).filter(item_key=found.key)
    return rows.select_related(None).only("at", "code", "severity", "message")


def _jobs(person: Person, found: ProtectedItem) -> Any:
    return access.jobs(person, found.vault).filter(target_name__iexact=found.name)


def _entries(person: Person, found: ProtectedItem) -> Any:
    """Audit entries that speak of the machine, of those that the person may read."""
    keys = [found.machine_key, found.key]
    about = AuditSubject.objects.filter(key__in=keys).values("entry_id")
    return access.audit(person).filter(Q(pk__in=about) | Q(subject_key__in=keys)).order_by("-sequence")


# --- live ------------------------------------------------------------------------------------------------------------------


@require_safe
def item_live(request: HttpRequest, pk: int) -> HttpResponse:
    """Verdict and essentials of one item; 204 while its version is the one that the page has. With ?verdict=, the verdict alone."""
    found = _item(signed_in(request), pk)
    if "verdict" in request.GET:
        return live.verdict(request, item_hit(found))
    page = ItemPage(found, regions([found.vault]), "")
    interval = live.MOVING if page.row.state.moving else live.IDLE
    as_of = found.vault.as_of
    if request.GET.get("since") == page.version:
        return live.dated(live.nothing_new(interval), as_of)
    context = {"item": found, "page": page, "hit": item_hit(found), "swapped": True, "points": _points(found)}
    answer = render(request, "replication/item/_essentials.html", context)
    return live.dated(live.paced(answer, interval), as_of)


@require_POST
def item_refresh(request: HttpRequest, pk: int) -> HttpResponse:
    """Have a worker read the vault's items again, and show this one with the outcome."""
    found = _item(signed_in(request), pk)
    asked = readings.refresh_items(found.vault, actor=actor(request, found.vault))
    return redirect(f"{reverse('replication:item', args=[pk])}?reading={asked.pk}")


# --- recovery points: read when somebody looks -----------------------------------------------------------------------------


def _points_reading(request: HttpRequest, found: ProtectedItem) -> Reading | None:
    """The latest reading of the item's recovery points; a new one when that is older than five minutes."""
    if found.gone_at:
        return None
    last = _last_points_reading(request, found)
    fresh = last and (last.answered_at is None or clock.now() - last.answered_at < POINTS_FRESH)
    return last if fresh else readings.recovery_points(found, actor=actor(request, found.vault))


def _last_points_reading(request: HttpRequest, found: ProtectedItem) -> Reading | None:
    kind = Reading.Kind.RECOVERY_POINTS
    rows = access.readings(signed_in(request)).filter(connection_id=found.connection_id, kind=kind, subject=found.key)
    return rows.order_by("-pk").first()


def _points(found: ProtectedItem) -> list[Point]:
    """The latest."""
    latest = RecoveryPoint.objects.filter(item=found).order_by("-at").values_list("at", "kind")[:10]
    return [Point(*row) for row in latest]


@require_safe
def points(request: HttpRequest, pk: int) -> HttpResponse:
    """The latest recovery points; polled while they are being read."""
    found = _item(signed_in(request), pk)
    reading = _last_points_reading(request, found)
    if reading and reading.answered_at is None:
        return live.nothing_new(live.RUNNING)
    context = {"item": found, "points": _points(found), "points_reading": reading}
    return render(request, "replication/item/_points.html", context, status=OVER)
