"""One box over machines, replicated items and runs."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from replication import access
from replication.grid import Rows, clean, words
from replication.models import Person, Run
from replication.presenters import runs as run_rows
from replication.presenters.items import ItemRow
from replication.presenters.looks import regions
from replication.views.actor import signed_in

SHOWN = 20  # of each kind; the grids have the rest


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found in the person's vaults and subscriptions."""
    person, text = signed_in(request), clean(request.GET.get("q"))
    context = {"search_text": text, **(_found(person, text) if text else {})}
    return render(request, "replication/search/page.html", context)


def _found(person: Person, text: str) -> dict[str, object]:
    names = regions(access.vaults(person).select_related("connection"))
    items = words("search", "name")(access.items(person).filter(gone_at=None), text)
    machines = words("search", "name")(access.machines(person), text).order_by("name")
    return {
        "items": [ItemRow(item, names) for item in items[:SHOWN]],
        "items_more": _more(items),
        "machines": list(machines.defer("document", "verdicts")[:SHOWN]),
        "machines_more": _more(machines),
        "runs": [run_rows.RunRow(run) for run in _runs(person, text)[:SHOWN]],
    }


def _more(rows: Rows) -> int:
    return max(0, rows.count() - SHOWN)


def _runs(person: Person, text: str) -> QuerySet[Run]:
    return run_rows.by_number_or_machine(access.runs(person), text).order_by("-number")
