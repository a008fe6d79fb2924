"""One box over machines and replicated items, answered with a verdict in words; and over runs."""

from collections.abc import Sequence
from typing import Any

from django.db.models import BooleanField, Case, Count, Exists, F, OuterRef, Q, Value, When, Window
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from replication import access, finding
from replication.grid import Rows, clean
from replication.models import Person, Vault
from replication.presenters import runs as run_rows
from replication.presenters import safety
from replication.presenters.items import of_vaults
from replication.presenters.looks import regions
from replication.views.actor import signed_in

SHOWN = 25  # machines; the grid of replicated items has the rest
RUNS_SHOWN = 5
ITEMS_FIRST = (F("gone_at").asc(nulls_first=True), "name", "pk")  # what left Azure after what is there
MACHINES_FIRST = ("name", "pk")


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found in the person's vaults and subscriptions; the one that was meant first, with its verdict."""
    person, text = signed_in(request), clean(request.GET.get("q"))
    context = {"search_text": text, **(_found(person, text) if text else {})}
    return render(request, "replication/search/page.html", context)


def _found(person: Person, text: str) -> dict[str, object]:
    seen = access.vaults(person).select_related("connection").only("name", "as_of", "gone_at", "connection__locations")
    vaults = list(seen)
    items, several = _shown(_items(person, text), finding.item_exactly(text), ITEMS_FIRST, SHOWN)
    machines, more = _shown(_machines(person, text), finding.exactly(text), MACHINES_FIRST, SHOWN - len(items))
    total = several + more
    hits = [safety.item_hit(item, item.exact) for item in of_vaults(items, vaults)]
    hits += _machine_hits(person, machines, vaults)
    answer = safety.answer(hits, total)
    others = [hit for hit in hits if hit is not answer]
    return {
        "answer": answer,
        "hits": others,
        "total": total,
        "more": total - len(hits),
        "runs": run_rows.latest(run_rows.by_number_or_machine(access.runs(person), text), RUNS_SHOWN),
    }


def _machine_hits(person: Person, machines: list[Any], vaults: list[Vault]) -> list[safety.Hit]:
    if not machines:
        return []
    read, names = access.read_through(person), regions(vaults)
    return [safety.machine_hit(each, each.exact, read, names) for each in machines]


def _shown(found: Rows, exact: Q, order: Sequence[Any], room: int) -> tuple[list[Any], int]:
    """The rows for which there is room, the meant ones first, and how many are found."""
    if not room:
        return [], found.order_by().count()
    marked = found.annotate(exact=_flag(exact), total=Window(Count("*")))
    rows = list(marked.order_by("-exact", *order)[:room])
    return rows, rows[0].total if rows else 0


def _items(person: Person, text: str) -> Rows:
    """Items; of a machine that is replicated again only the present one."""
    again = access.items(person).filter(machine_key=OuterRef("machine_key"), gone_at=None)
    rows = access.items(person).select_related(None).only(*safety.OF_ITEM)
    return finding.items(rows, text).filter(Q(gone_at=None) | ~Exists(again))


def _machines(person: Person, text: str) -> Rows:
    """Machines without an item that the person may see."""
    seen = access.items(person).filter(machine_key=OuterRef("key"))
    return finding.machines(access.machines_found(person).filter(~Exists(seen)).only(*safety.OF_MACHINE), text)


def _flag(condition: Q | Combinable) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
