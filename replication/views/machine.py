"""The page of a machine that nobody replicates: why, where it stands, what touched it, and how to begin."""

from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from replication import access
from replication.domain.roles import Permission
from replication.models import AuditSubject, Machine, Person, Vault
from replication.presenters import runs as runs_present
from replication.presenters.audit import AuditRow
from replication.presenters.looks import regions
from replication.presenters.machine import MachinePage
from replication.presenters.safety import machine_hit
from replication.presenters.vaults import why_not
from replication.views import live
from replication.views.actor import signed_in
from replication.views.context import held_roles

LISTED = 20  # runs and audit entries


@require_safe
def machine(request: HttpRequest, pk: int) -> HttpResponse:
    """One machine. What the person sees replicated has its page as a replicated item and leads there. With ?verdict=, the verdict alone."""
    person = signed_in(request)
    found = access.get(access.machines(person), pk=pk)
    item = access.items(person).filter(machine_key=found.key, gone_at=None).values_list("pk", flat=True).first()
    if item:
        return redirect("replication:item", item)
    vaults = list(
        access.vaults(person).filter(gone_at=None, connection=found.connection_id).select_related("connection")
    )
    names = regions(vaults)
    hit = machine_hit(found, True, access.read_through(person), names)
    if "verdict" in request.GET:
        return live.verdict(request, hit)
    context = {
        "machine": found,
        "page": MachinePage(found, names, access.source_names(person)),
        "hit": hit,
        "starts": _starts(request, person, found, vaults),
        **_record(person, found),
    }
    return render(request, "replication/machine/page.html", context)


def _starts(request: HttpRequest, person: Person, found: Machine, vaults: list[Vault]) -> list[tuple[Vault, str]]:
    """Vaults that could replicate the machine, each with why the person cannot begin there ('': they can).

    One line says it for all of them where the machine, or every role, stands in the way.
    """
    if found.protected_in or not (found.replicable or found.replicable_zonally):
        return []
    held = held_roles(request, person)
    reasons = [(vault, why_not(held.get(vault.pk), Permission.REPLICATE)) for vault in vaults]
    able = [(vault, "") for vault, reason in reasons if not reason and _in_scope(person, vault, found)]
    return able or reasons[:1]


def _in_scope(person: Person, vault: Vault, found: Machine) -> bool:
    """Whether the person's grants in this vault open the machine as source."""
    return access.machines(person, vault).filter(pk=found.pk).exists()


def _record(person: Person, found: Machine) -> dict[str, Any]:
    """Runs and audit entries that speak of the machine, of those that the person may read."""
    about = AuditSubject.objects.filter(key=found.key).values("entry_id")
    entries = access.audit(person).filter(Q(pk__in=about) | Q(subject_key=found.key)).order_by("-sequence")
    runs = access.runs(person).filter(steps__machine_key=found.key).distinct()
    return {"runs": runs_present.latest(runs, LISTED), "entries": [AuditRow(entry) for entry in entries[:LISTED]]}
