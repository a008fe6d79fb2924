"""The RPO ledger: a month of machines, one machine's month, exports, and the report to print."""

from datetime import date
from typing import Any

from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from replication import access, rpo
from replication import ledger as rows_of
from replication.actions import exports
from replication.domain import ledger as arithmetic
from replication.domain.roles import Permission
from replication.grid import clean
from replication.models import Breach, HistoryFrame, LedgerMonth, MaintenanceWindow, Person, Vault
from replication.presenters import ledger as present
from replication.presenters.report import Coverage, coverage
from replication.views.actor import actor, signed_in


@require_safe
def ledger(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Machines of a month with their minutes, sums above them."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    share, month = present.objective(), present.month_from(clean(request.GET.get("month")))
    view = present.grid(vault is None, share).view(_month(person, vault, month), request.GET)
    name = clean(request.GET.get("by"))
    context = {
        **_shared(request, vault, month, share),
        "view": view,
        "rows": [present.MonthRow(row, share) for row in view.page],
        "sums": present.sums(view.rows, share),
        "by": name,
        "by_tag": present.by_tag(view.rows, name, share) if name else [],
        "tag_names": present.tag_names(_month(person, vault, month)),
        "why_not_export": access.may(person, Permission.EXPORT, vault).reason,
    }
    return render(request, "replication/ledger/list.html", context)


@require_POST
def export(request: HttpRequest, pk: int | None = None) -> HttpResponseBase:
    """All pages of the month, as filtered and sorted: as CSV or, `form` xlsx, as an Excel workbook."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    month = present.month_from(clean(request.GET.get("month")))
    view = present.grid(vault is None, present.objective()).view(_month(person, vault, month), request.GET)
    form = "xlsx" if request.POST.get("form") == "xlsx" else "csv"
    filters = {**view.asked, "month": f"{month:%Y-%m}"}
    exports.ledger(vault, filters=filters, rows=view.rows.count(), actor=actor(request, vault), form=form)
    name = f"{vault.name if vault else 'all-vaults'}-rpo-ledger-{month:%Y-%m}"
    return view.excel(name) if form == "xlsx" else view.csv(name)


@require_safe
def item(request: HttpRequest, pk: int) -> HttpResponse:
    """One machine's month: when it was out of target, and what excuses it."""
    person = signed_in(request)
    found = access.get(access.items(person).select_related("vault"), pk=pk)
    share, month = present.objective(), present.month_from(clean(request.GET.get("month")))
    zone = timezone.get_default_timezone()
    first, last = (arithmetic.begins(each, zone) for each in (month, arithmetic.following(month)))
    subject = rows_of.subjects(access.items(person).filter(pk=pk))[pk]
    windows = rows_of.windows(found.vault_id, first, last).of(subject)
    row = LedgerMonth.objects.filter(item=found, month=month).select_related("item").first()
    breaches = Breach.objects.filter(item=found, begun_at__lt=last, ended_at__gt=first).order_by("-begun_at")
    context = {
        **_shared(request, found.vault, month, share),
        "item": found,
        "row": present.MonthRow(row, share) if row else None,
        "breaches": present.breaches(breaches[:500], month, windows),
    }
    return render(request, "replication/ledger/item.html", context)


@require_safe
def report(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """Coverage and RPO of a month, to print."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    share, month = present.objective(), present.month_from(clean(request.GET.get("month")))
    rows, name = _month(person, vault, month), clean(request.GET.get("by"))
    zone = timezone.get_default_timezone()
    first, last = (arithmetic.begins(each, zone) for each in (month, arithmetic.following(month)))
    vaults = access.vaults(person) if vault is None else access.vaults(person).filter(pk=vault.pk)
    covered: Coverage = coverage(person, vault, last)
    context = {
        **_shared(request, vault, month, share),
        "sums": present.sums(rows, share),
        "worst": [present.MonthRow(row, share) for row in rows.filter(out__gt=0).order_by("-out")[:20]],
        "by": name,
        "by_tag": present.by_tag(rows, name, share) if name else [],
        "tag_names": present.tag_names(rows),
        "coverage": covered,
        "windows": MaintenanceWindow.objects.filter(vault__in=vaults, begins_at__lt=last, ends_at__gt=first).select_related("vault"),
        "person": person,
    }
    return render(request, "replication/ledger/report.html", context)


def _month(person: Person, vault: Vault | None, month: date) -> QuerySet[LedgerMonth]:
    rows = LedgerMonth.objects.filter(month=month, item__in=access.items(person, vault))
    return rows.select_related("item__vault").defer("item__document", "item__vault__site", "item__vault__problem")


def _shared(request: HttpRequest, vault: Vault | None, month: date, share: float) -> dict[str, Any]:
    person = signed_in(request)
    vaults = access.vaults(person) if vault is None else access.vaults(person).filter(pk=vault.pk)
    counted = HistoryFrame.objects.filter(vault__in=vaults).order_by().values("vault").annotate(newest=Max("at"))
    return {
        "vault": vault,
        "month": month,
        "months": present.months(month),
        "share": present.percent(share),
        "target": rpo.words(vaults.only("pk")),
        "counted_to": min((each["newest"] for each in counted), default=None),
    }
