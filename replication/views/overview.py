"""The dashboard of a vault, and of all vaults that a person sees."""

from datetime import timedelta
from functools import lru_cache
from typing import Any

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_safe

from replication import access, clock, questions
from replication.domain.roles import Permission
from replication.models import Draft, Person, Vault
from replication.presenters import coverage, issues
from replication.presenters import items as item_rows
from replication.presenters import runs as run_rows
from replication.presenters import vaults as present
from replication.presenters.looks import region, regions
from replication.questions import Question
from replication.views import live
from replication.views.actor import signed_in
from replication.views.context import held_roles

JOBS_OF = timedelta(hours=24)
SYMPTOMS = 6
CONFIGURATION = ("Configuration", "AgentAutoUpdate", "VersionExpiry")  # categories of the validator (portal-behaviour.md §3.1)


@require_safe
def overview(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """What there is, how it stands, what to look at first: every number leads to its rows.

    With ?since=, the versions of the vaults that a page shows: the numbers that changed since, or 204.
    """
    person = signed_in(request)
    nothing = live.nothing_since(request, pk)
    if nothing:
        return nothing
    vault = access.vault(person, pk) if pk is not None else None
    vaults = [vault] if vault else list(access.vaults(person).filter(gone_at=None).select_related("connection").defer("site", "caches"))
    summary = item_rows.summary(access.items(person, vault).filter(gone_at=None), vaults)
    held = held_roles(request, person)
    role = held.get(vault.pk) if vault else next(iter(held.values()), None)
    context = {
        "vault": vault,
        "known": live.shown_versions(vaults),
        "pace": live.MOVING if summary.moving else live.IDLE,
        "swapped": "since" in request.GET,
        "facts": _facts(vault) if vault else _all_facts(vaults),
        "summary": summary,
        "as_of": live.oldest(vaults),
        "problems": [each for each in vaults if each.problem],
        "covered": coverage.Covered(list(access.coverage(person, vault))),
        "leftovers": coverage.by_kind(access.leftovers_by_kind(person)),
        "runs": run_rows.latest(access.runs(person, vault), 5),
        "drafts": _drafts(person, vault),
        "why_not_replicate": present.why_not(role, Permission.REPLICATE),
        "why_not_refresh": present.why_not(role, Permission.REFRESH),
        "reading": live.reading_of(request),
        **_addresses(vault),
        **_symptoms(person, vault),
        **_jobs(person, vault),
    }
    context["health_parts"] = summary.health_parts(context["items_url"])
    if context["swapped"]:
        response = render(request, "replication/overview/_live.html", context)
        return live.dated(live.paced(response, context["pace"]), context["as_of"])
    return render(request, "replication/overview/page.html", context)


def _drafts(person: Person, vault: Vault | None) -> list[Draft]:
    """The latest that are open; most of the time there is none, which is known sooner."""
    if not access.open_drafts(person, vault):
        return []
    rows = access.drafts(person, vault).filter(state="open").select_related(None).select_related("owner")
    return list(rows.only("updated_at", "owner__display_name", "owner__username")[:5])


def _addresses(vault: Vault | None) -> dict[str, str]:
    args = [vault.pk] if vault else []
    return {f"{name}_url": reverse(f"replication:{'' if vault else 'all_'}{name}", args=args) for name in ("items", "runs", "issues")}


def _symptoms(person: Person, vault: Vault | None) -> dict[str, Any]:
    """The error summary, by severity and then by machines, and the machines whose failover is not set up soundly."""
    configuration, unacknowledged = questions.numbers(_asking_symptoms(person.pk, vault.pk if vault else None))
    rows = access.issues(person, vault).filter(gone_at=None)
    worst = rows.order_by("-severity_rank", "-machines", "code").select_related(None).select_related("vault")
    shown = worst.only("key", "code", "message", "severity", "machines", "vault__name")[:SYMPTOMS]
    found = [issues.IssueRow(issue) for issue in shown]
    return {"configuration": configuration, "unacknowledged": unacknowledged, "issues": found}


@lru_cache(maxsize=1000)
def _asking_symptoms(person: int, vault: int | None) -> Question:
    rows = access.issues(Person(pk=person), Vault(pk=vault) if vault else None).filter(gone_at=None)
    return questions.counting(rows, Q(category__in=CONFIGURATION), Q(acknowledged_at=None))


def _jobs(person: Person, vault: Vault | None) -> dict[str, int]:
    """Failed in the last day; in progress and waiting for input now."""
    asked = _asking_jobs(person.pk, vault.pk if vault else None)
    failed, running, waiting = questions.numbers(asked, moment=clock.now() - JOBS_OF)
    return {"jobs_failed": failed, "jobs_running": running, "jobs_waiting": waiting}


@lru_cache(maxsize=1000)
def _asking_jobs(person: int, vault: int | None) -> Question:
    rows = access.jobs(Person(pk=person), Vault(pk=vault) if vault else None).filter(state__in=("Failed", "InProgress", "Suspended"))
    failed = Q(state="Failed", started_at__gte=questions.MOMENT)
    return questions.counting(rows, failed, Q(state="InProgress"), Q(state="Suspended"))


def _facts(vault: Vault) -> list[tuple[str, str]]:
    site = vault.site or {}
    subscriptions = access.subscription_names([vault])
    return [
        ("Resource group", vault.resource_group),
        ("Location", region(regions([vault]), vault.location)),
        ("Subscription", subscriptions.get(vault.subscription_id, vault.subscription_id)),
        ("Connection", vault.connection.name),
        ("Replication policies", str(len(site.get("policies", ())))),
        ("Network mappings", str(len(site.get("network_mappings", ())))),
    ]


def _all_facts(vaults: list[Vault]) -> list[tuple[str, str]]:
    names = regions(vaults)
    places = sorted({region(names, each.location) for each in vaults})
    return [
        ("Vaults", str(len(vaults))),
        ("Connections", ", ".join(sorted({each.connection.name for each in vaults})) or "—"),
        ("Regions of the vaults", ", ".join(places) or "—"),
    ]
