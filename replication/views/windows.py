"""Maintenance windows of a vault."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access, clock
from replication.actions import windows as verbs
from replication.domain.roles import Permission
from replication.forms.windows import WindowForm
from replication.models import MaintenanceWindow, Vault
from replication.presenters.windows import WindowRow
from replication.views.actor import actor, signed_in


@require_safe
def windows(request: HttpRequest, pk: int) -> HttpResponse:
    """Those that run or will run, and the last hundred that are over."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    found = list(access.windows(person, vault)[:200])
    names = dict(access.items(person, vault).filter(key__in=[each.subject for each in found]).values_list("key", "name"))
    rows = [WindowRow(each, clock.now(), names.get(each.subject, "")) for each in found]
    reason = access.may(person, Permission.MANAGE_WINDOWS, vault).reason
    context = {"vault": vault, "rows": rows, "why_not": reason}
    return render(request, "replication/windows/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, pk: int) -> HttpResponse:
    """A new one."""
    vault = access.vault(signed_in(request), pk)
    access.require(signed_in(request), Permission.MANAGE_WINDOWS, vault)
    form = WindowForm(_posted(request), find=_finder(request, vault), initial={"machine": request.GET.get("machine", "")[:300]})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        by = actor(request, vault)
        verbs.create(vault, data["scope"], data["subject"], data["begins"], data["ends"], data["reason"], actor=by)
        messages.success(request, "The maintenance window was set. Nobody is told of its machines while it runs.")
        return redirect("replication:windows", vault.pk)
    context = {"vault": vault, "form": form, "window": None, "zone": timezone.get_current_timezone_name()}
    return render(request, "replication/windows/form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def window(request: HttpRequest, pk: int) -> HttpResponse:
    """Change one's times or reason."""
    found = _window(request, pk)
    form = WindowForm(_posted(request), find=_finder(request, found.vault), fixed=True, initial=_initial(found))
    status = 200
    if request.method == "POST" and form.is_valid():
        data, by = form.cleaned_data, actor(request, found.vault)
        try:
            verbs.change(found, data["begins"], data["ends"], data["reason"], version=data["version"] or 0, actor=by)
            messages.success(request, "The maintenance window was changed.")
            return redirect("replication:windows", found.vault_id)
        except verbs.Overtaken:
            found, status = _window(request, pk), 409
            form = WindowForm(None, find=_finder(request, found.vault), fixed=True, initial=_initial(found))
            messages.error(request, "Somebody else has just changed this window. Nothing was saved; it is shown as it is now.")
    context = {"vault": found.vault, "form": form, "window": WindowRow(found, clock.now()), "zone": timezone.get_current_timezone_name()}
    return render(request, "replication/windows/form.html", context, status=422 if form.errors else status)


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one that runs, cancel one that has not begun."""
    found = _window(request, pk)
    verbs.end(found, actor=actor(request, found.vault))
    messages.success(request, "The maintenance window is over.")
    return redirect("replication:windows", found.vault_id)


def _window(request: HttpRequest, pk: int) -> MaintenanceWindow:
    found = access.get(access.windows(signed_in(request)), pk=pk)
    access.require(signed_in(request), Permission.MANAGE_WINDOWS, found.vault)
    return found


def _initial(window: MaintenanceWindow) -> dict[str, Any]:
    begins, ends = timezone.localtime(window.begins_at), timezone.localtime(window.ends_at)
    return {"begins": begins, "ends": ends, "reason": window.reason, "version": window.version}


def _posted(request: HttpRequest) -> Any:
    return request.POST if request.method == "POST" else None


def _finder(request: HttpRequest, vault: Vault) -> Any:
    """The key of the vault's item with a name, '' when there is none or the name holds what no database takes."""

    def find(name: str) -> str:
        if not name or "\x00" in name:
            return ""
        rows = access.items(signed_in(request), vault).filter(name__iexact=name).order_by("gone_at", "pk")
        return rows.values_list("key", flat=True).first() or ""

    return find
