"""Notifications: the bell and its panel, and what one wants to be told of."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access
from replication.actions import notices as verbs
from replication.domain.notices import KINDS, Kind
from replication.forms.notices import RulesForm
from replication.models import NoticeRule, Person, Vault
from replication.presenters.notices import NoticeRow
from replication.views.actor import actor, signed_in


@require_safe
def notifications(request: HttpRequest) -> HttpResponse:
    """What happened in the last thirty days, newest first; also the bell's panel."""
    person = signed_in(request)
    page = Paginator(access.bell(person), 50).get_page(request.GET.get("page"))
    rows = [NoticeRow(entry.notice, entry) for entry in page]
    return render(request, "replication/notices/list.html", {"page": page, "rows": rows})


@require_POST
def read(request: HttpRequest) -> HttpResponse:
    """Mark all as read."""
    verbs.read(signed_in(request))
    return redirect("replication:notifications")


@require_safe
def notification(request: HttpRequest, pk: int) -> HttpResponse:
    """Go where it leads. That it was read then is known to nobody but its owner, and following it twice changes nothing."""
    person = signed_in(request)
    entry = access.get(access.bell(person), notice_id=pk)
    if request.method == "GET":
        verbs.read(person, entry.notice_id)
    return redirect(NoticeRow(entry.notice).url)


@require_http_methods(["GET", "HEAD", "POST"])
def rules(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """One's own rules: for all vaults, or for one that differs."""
    person = signed_in(request)
    vault = access.vault(person, pk) if pk is not None else None
    form = RulesForm(request.POST if request.method == "POST" else None, initial={"address": person.email})
    if request.method == "POST" and vault and request.POST.get("reset"):
        verbs.choose(None, vault=vault, actor=actor(request, vault))
        messages.success(request, f"{vault.name} follows your rules for all vaults again.")
        return redirect("replication:vault_notice_rules", vault.pk)
    if request.method == "POST" and form.is_valid():
        return _choose(request, form, vault)
    return render(request, "replication/notices/rules.html", _context(person, vault, form), status=422 if form.errors else 200)


def _choose(request: HttpRequest, form: RulesForm, vault: Vault | None) -> HttpResponse:
    address = form.cleaned_data["address"] if vault is None else None
    verbs.choose(form.wishes(), vault=vault, email=address, actor=actor(request, vault))
    messages.success(request, "Saved.")
    return redirect("replication:vault_notice_rules", vault.pk) if vault else redirect("replication:notice_rules")


def _context(person: Person, vault: Vault | None, form: RulesForm) -> dict[str, Any]:
    everywhere = _wishes(person, None)
    own = _wishes(person, vault) if vault else everywhere
    usual = {kind: (words.bell, False) for kind, words in KINDS.items()} | everywhere | own
    if form.is_bound:
        usual = {kind: (kind in form["bell"].value(), kind in form["email"].value()) for kind in Kind}
    held = NoticeRule.objects.filter(person=person).exclude(vault=None).values("vault")
    return {
        "form": form,
        "for_vault": vault,
        "own": bool(own) if vault else False,
        "choices": [(kind, KINDS[kind], *usual[kind]) for kind in Kind],
        "mail": bool(settings.EMAIL_HOST),
        "vaults": access.vaults(person).filter(gone_at=None).order_by("name"),
        "differing": set(access.vaults(person).filter(pk__in=held).values_list("pk", flat=True)),
    }


def _wishes(person: Person, vault: Vault | None) -> dict[Kind, tuple[bool, bool]]:
    rows = NoticeRule.objects.filter(person=person, vault=vault)
    return {Kind(kind): (bell, email) for kind, bell, email in rows.values_list("kind", "bell", "email")}
