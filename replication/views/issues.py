"""Health issues: symptoms of one vault or of all, one of them with its machines, and the catalogue of codes."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access, clock
from replication.actions import exports
from replication.actions import issues as verbs
from replication.domain import codes as catalogue
from replication.domain.roles import Permission
from replication.forms.issues import AcknowledgeForm
from replication.grid import View
from replication.models import HealthIssue, Person, Vault
from replication.presenters import issues as present
from replication.presenters.vaults import why_not
from replication.views import live
from replication.views.actor import actor, signed_in
from replication.views.context import held_roles


@require_safe
def issues(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One row a symptom; those that are there now, unless others are asked for.

    With ?since=, the versions of the vaults that a page shows, and its rows' ?ids=: those rows as they are now, or 204.
    """
    nothing = live.nothing_since(request, pk)
    if nothing:
        return nothing
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    vaults = [vault] if vault else list(access.vaults(person).filter(gone_at=None).defer("site", "caches", "summary"))
    view = _view(request, person, vault)
    context: dict[str, Any] = {
        "vault": vault,
        "as_of": live.oldest(vaults),
        "problems": [each for each in vaults if each.problem],
        "page_query": live.page_query(request),
    }
    known = live.shown_versions(vaults)
    if "since" in request.GET:
        return _live(request, view, access.issues(person, vault), known, context)
    args = [vault.pk] if vault else []
    rows = [present.IssueRow(issue) for issue in view.page]
    context |= {
        "view": view,
        "rows": rows,
        "poll": _poll(request, rows, view.page.paginator.count - len(rows), known),
        "reading": live.reading_of(request),
        "export_url": reverse(f"replication:{'issues' if vault else 'all_issues'}_export", args=args) + context["page_query"],
        "why_not_export": _why_not(request, vault, Permission.EXPORT),
    }
    return render(request, "replication/issues/list.html", context)


def _poll(request: HttpRequest, rows: Sequence[present.IssueRow], others: int, known: str) -> str:
    """What the page asks next: its own view, the rows that it shows, how many it had besides, and what it knows of the vaults."""
    kept = request.GET.copy()
    kept.pop("reading", None)
    for name, value in {"ids": ",".join(str(row.issue.pk) for row in rows), "others": others, "since": known}.items():
        kept[name] = str(value)
    return f"{request.path}?{kept.urlencode(safe=',:')}"


def _live(request: HttpRequest, view: View, seen: QuerySet[HealthIssue], known: str, context: dict[str, Any]) -> HttpResponse:
    """The rows that the page shows, which stay where they are, and how many others came into its view since it was opened."""
    ids, others = live.read_ids(request.GET.get("ids", "")), request.GET.get("others", "")
    rows = [present.IssueRow(issue) for issue in seen.filter(pk__in=ids)]
    before = int(others) if live.number(others) else 0
    context |= {
        "rows": rows,
        "swapped": True,
        "arrived": max(0, view.rows.exclude(pk__in=ids).count() - before),
        "poll": _poll(request, rows, before, known),
    }
    response = render(request, "replication/issues/_live.html", context)
    return live.dated(live.paced(response, live.IDLE), context["as_of"])


def _view(request: HttpRequest, person: Person, vault: Vault | None) -> View:
    rows = access.issues(person, vault)
    return present.grid(vault is None).view(rows if request.GET.get("there") else rows.filter(gone_at=None), request.GET)


def _why_not(request: HttpRequest, vault: Vault | None, permission: Permission) -> str:
    """Why the person cannot; '' when they can (without a vault: somewhere)."""
    held = held_roles(request, signed_in(request))
    reasons = [why_not(role, permission) for pk, role in held.items() if vault is None or pk == vault.pk]
    return min(reasons, key=len, default=why_not(None, permission))


def why_not_here(request: HttpRequest, permission: Permission = Permission.EXPORT) -> str:
    """Why the person cannot do it in any vault; '' when they can in one."""
    return _why_not(request, None, permission)


@require_POST
def export(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """The list as filtered, as CSV or, `form` xlsx, as an Excel workbook."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    view = _view(request, person, vault)
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    exports.issues(vault, filters=view.asked, rows=view.rows.count(), actor=actor(request, vault), form=form)
    name = f"{vault.name if vault else 'all-vaults'}-health-issues-{clock.now():%Y%m%d-%H%M%S}"
    return view.excel(name) if form == "xlsx" else view.csv(name)


@require_safe
def issue(request: HttpRequest, pk: int) -> HttpResponse:
    """One symptom: since when, on which machines, what it means and what to do.

    With ?since=, the version of its vault that a page shows: what changed, or 204. A note that is being typed stays (?form=1: there is
    a form on the page).
    """
    found = _issue(request, pk)
    since = request.GET.get("since")
    if since is None:
        return _page(request, found, AcknowledgeForm())
    if live.read_versions(since) == {found.vault_id: found.vault.version}:
        return live.dated(live.nothing_new(live.IDLE), found.vault.as_of)
    context = _context(request, found, AcknowledgeForm(), asked=request.GET.get("form") == "1") | {"swapped": True}
    response = render(request, "replication/issues/_page_live.html", context)
    return live.dated(live.paced(response, live.IDLE), found.vault.as_of)


def _issue(request: HttpRequest, pk: int) -> HealthIssue:
    found: HealthIssue = access.get(access.issues(signed_in(request)), pk=pk)
    return found


def _page(request: HttpRequest, found: HealthIssue, form: AcknowledgeForm, status: int = 200) -> HttpResponse:
    return render(request, "replication/issues/page.html", _context(request, found, form), status=status)


def _context(request: HttpRequest, found: HealthIssue, form: AcknowledgeForm, asked: bool = False) -> dict[str, Any]:
    """asked: whether the page has the form already, with what somebody may have typed into it."""
    row = present.IssueRow(found)
    affected = list(_affected(found))
    open_ = found.gone_at is None and found.acknowledged_at is None
    known = live.shown_versions([found.vault])
    return {
        "vault": found.vault,
        "row": row,
        "form": form if open_ and not asked else None,
        "poll": f"{row.url}?since={known}&form={int(open_ or asked)}",
        "affected": affected,
        "ticket": present.ticket(row, [each.item.name for each in affected]),
        "why_not_acknowledge": _why_not(request, found.vault, Permission.ACKNOWLEDGE),
    }


def _affected(found: HealthIssue) -> Any:
    rows = found.affected.filter(gone_at=None) if not found.gone_at else found.affected.all()
    return rows.select_related("item").defer("item__document", "item__search").order_by("item__name")[: present.LISTED]


@require_POST
def acknowledge(request: HttpRequest, pk: int) -> HttpResponse:
    """Keep the note, and show the symptom with it."""
    found, form = _issue(request, pk), AcknowledgeForm(request.POST)
    access.require(signed_in(request), Permission.ACKNOWLEDGE, found.vault)
    if not form.is_valid():
        return _page(request, found, form, status=422)
    return _done(request, found, lambda by: verbs.acknowledge(found, form.cleaned_data["note"], actor=by))


@require_POST
def withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the acknowledgement back."""
    found = _issue(request, pk)
    return _done(request, found, lambda by: verbs.withdraw(found, actor=by))


def _done(request: HttpRequest, found: HealthIssue, act: Any) -> HttpResponse:
    try:
        act(actor(request, found.vault))
    except verbs.Over:
        messages.info(request, "Azure does not report this issue any more, so there is nothing to acknowledge.")
    return redirect("replication:issue", found.pk)


@require_safe
def codes(request: HttpRequest) -> HttpResponse:
    """The catalogue; above it the codes that were seen and are not in it."""
    seen = access.issues(signed_in(request)).exclude(code="").order_by("-severity_rank", "code")
    unknown = [present.IssueRow(each) for each in seen[:2000] if catalogue.known(each.code) is None]
    known = sorted(catalogue.CATALOGUE.values(), key=lambda each: each.code)
    return render(request, "replication/issues/codes.html", {"unknown": unknown, "known": known})
