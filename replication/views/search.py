"""One box over machines and replicated items, answered with a verdict in words; and over runs."""

from typing import Any

from django.db.models import BooleanField, Case, Exists, F, OuterRef, Q, Value, When
from django.db.models.expressions import Combinable
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from replication import access, finding
from replication.grid import Rows, clean
from replication.models import Person
from replication.presenters import runs as run_rows
from replication.presenters import safety
from replication.presenters.items import UNSEEN
from replication.presenters.looks import regions
from replication.views.actor import signed_in

SHOWN = 50  # machines; the grid of replicated items has the rest
RUNS_SHOWN = 5


@require_safe
def search(request: HttpRequest) -> HttpResponse:
    """What is found in the person's vaults and subscriptions; the one that was meant first, with its verdict."""
    person, text = signed_in(request), clean(request.GET.get("q"))
    context = {"search_text": text, **(_found(person, text) if text else {})}
    return render(request, "replication/search/page.html", context)


def _found(person: Person, text: str) -> dict[str, object]:
    (items, several), (machines, more) = _shown(_items(person, text)), _shown(_machines(person, text))
    total = several + more
    hits = [safety.item_hit(item, item.exact) for item in items]
    hits += _machine_hits(person, machines[: SHOWN - len(hits)])
    answer = safety.answer(hits, total)
    others = [hit for hit in hits if hit is not answer]
    return {
        "answer": answer,
        "hits": others,
        "total": total,
        "more": total - len(hits),
        "runs": run_rows.latest(run_rows.by_number_or_machine(access.runs(person), text), RUNS_SHOWN),
    }


def _machine_hits(person: Person, machines: list[Any]) -> list[safety.Hit]:
    if not machines:
        return []
    read, names = access.read_through(person), regions(access.vaults(person).select_related("connection"))
    return [safety.machine_hit(each, each.exact, read, names) for each in machines]


def _shown(rows: Rows) -> tuple[list[Any], int]:
    """The rows to show, and how many there are: counted only where more are found than shown, because both cost a look at all of them."""
    found = list(rows[: SHOWN + 1])
    return found[:SHOWN], len(found) if len(found) <= SHOWN else rows.count()


def _items(person: Person, text: str) -> Rows:
    """Items, what left Azure after what is there; of a machine that is replicated again only the present item."""
    rows = access.items(person).defer("document", "search", *UNSEEN)
    again = access.items(person).filter(machine_key=OuterRef("machine_key"), gone_at=None)
    present = finding.items(rows, text).filter(Q(gone_at=None) | ~Exists(again))
    marked = present.annotate(exact=_flag(finding.item_exactly(text)))
    found: Rows = marked.order_by("-exact", F("gone_at").asc(nulls_first=True), "name", "pk")
    return found


def _machines(person: Person, text: str) -> Rows:
    """Machines without an item that the person may see."""
    seen = access.items(person).filter(machine_key=OuterRef("key"))
    rows: Rows = access.machines(person).filter(~Exists(seen)).defer("document", "search")
    found: Rows = finding.machines(rows, text).annotate(exact=_flag(finding.exactly(text))).order_by("-exact", "name", "pk")
    return found


def _flag(condition: Q | Combinable) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())
