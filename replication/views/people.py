"""People: accounts, and roles granted per vault. Administrators only."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access
from replication.actions import factors, sessions
from replication.actions import people as verbs
from replication.domain.roles import Permission, Role
from replication.forms.people import AccountForm, GrantForm, PasswordForm
from replication.grid import clean
from replication.models import Grant, Person, Vault
from replication.presenters import people as present
from replication.presenters.sessions import rows as session_rows
from replication.views.actor import actor, signed_in
from replication.views.live import number


@require_safe
def people(request: HttpRequest) -> HttpResponse:
    """All accounts, with their roles in the vaults that the asker administers."""
    me = administrator(request)
    names = access.subscription_names(administered(me))
    view = present.grid(administered(me)).view(_with_grants(me), request.GET)
    rows = [(person, [present.GrantRow(grant, names) for grant in person.shown_grants]) for person in view.page]
    return render(request, "replication/people/list.html", {"view": view, "rows": rows})


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest) -> HttpResponse:
    """A new account."""
    administrator(request)
    form = AccountForm(posted(request), taken=verbs.taken)
    if request.method == "POST" and form.is_valid():
        made = _create(request, form)
        if made:
            return redirect("replication:person", made.pk)
    return render(request, "replication/people/create.html", {"form": form}, status=status_of(form))


def _create(request: HttpRequest, form: AccountForm) -> Person | None:
    """The new account; None with the reason at the form when the name was taken in the meantime."""
    data = form.cleaned_data
    try:
        made = verbs.create(data["username"], data["display_name"], data["password"], actor=actor(request))
    except verbs.Impossible as impossible:
        form.add_error("username", str(impossible))
        return None
    messages.success(request, f"The account {made.username} was created. It can do nothing until you grant a role.")
    return made


@require_safe
def person(request: HttpRequest, pk: int) -> HttpResponse:
    """One account: its roles, and what can be done with it."""
    me = administrator(request)
    found = access.get(_with_grants(me), pk=pk)
    vaults = list(administered(me))
    names = access.scope_names(found)
    held = {grant.vault_id: grant for grant in found.shown_grants}
    context = {
        "person": found,
        "grants": [present.GrantRow(grant, names) for grant in found.shown_grants],
        "vaults_without": [vault for vault in vaults if vault.pk not in held],
        "sessions": session_rows(sessions.live(found)),
        "factor": factors.confirmed(found),
        "why_not": access.over(me, found).reason,
        "elsewhere": found.grants.filter(ended_at=None).exclude(vault__in=vaults).count(),
    }
    return render(request, "replication/people/person.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def grant(request: HttpRequest, pk: int, vault_pk: int) -> HttpResponse:
    """Give or change a person's role in a vault."""
    me = administrator(request)
    vault = access.get(administered(me), pk=vault_pk)
    found = access.get(Person.objects.all(), pk=pk)
    held = verbs.live(vault).filter(person=found).first()
    sides = {side: present.scope_choices(me, vault, side) for side in ("source", "target")}
    form = GrantForm(posted(request), initial=present.initial(held), sources=sides["source"], targets=sides["target"])
    if request.method == "POST" and form.is_valid():
        return _try(request, found, lambda: _grant(request, form, found, vault, held, sides))
    context = {"form": form, "person": found, "for_vault": vault, "held": held}
    return render(request, "replication/people/grant.html", context, status=status_of(form))


def _grant(
    request: HttpRequest, form: GrantForm, found: Person, vault: Vault, held: Grant | None, sides: dict[str, Any]
) -> str:
    scopes = [
        scope
        for side, offered in sides.items()
        for scope in (*present.read_scopes(side, form.cleaned_data[side]), *present.kept(held, offered, side))
    ]
    verbs.grant(found, vault, Role(form.cleaned_data["role"]), scopes, actor=actor(request, vault))
    return f"{found} is {Role(form.cleaned_data['role']).label.lower()} in {vault.name}."


@require_POST
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a role away."""
    me = administrator(request)
    held = access.get(
        Grant.objects.filter(vault__in=administered(me), ended_at=None).select_related("person", "vault"), pk=pk
    )

    def act() -> str:
        verbs.end(held, actor=actor(request, held.vault))
        return f"{held.person} has no role in {held.vault.name} any more."

    return _try(request, held.person, act)


@require_POST
def unlock(request: HttpRequest, pk: int) -> HttpResponse:
    """Open an account that wrong passwords have locked."""

    def act(found: Person) -> str:
        sessions.unlock(found, actor=actor(request))
        return f"{found} can sign in again."

    return _on(request, pk, act)


@require_POST
def reset_factor(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a second factor that was lost."""

    def act(found: Person) -> str:
        factors.reset(found, actor=actor(request))
        return f"{found} has no second factor now, and can set up a new one."

    return _on(request, pk, act)


@require_POST
def end_sessions(request: HttpRequest, pk: int) -> HttpResponse:
    """Sign somebody out everywhere."""

    def act(found: Person) -> str:
        return f"{found} was signed out of {sessions.end_all(found, actor=actor(request))} sessions."

    return _on(request, pk, act)


def _on(request: HttpRequest, pk: int, act: Callable[[Person], str]) -> HttpResponse:
    """Do it to an account all of whose roles are in vaults that the asker administers; else 403."""
    me = administrator(request)
    found = access.get(Person.objects.all(), pk=pk)
    access.require_over(me, found)
    return _try(request, found, lambda: act(found))


@require_http_methods(["GET", "HEAD", "POST"])
def password(request: HttpRequest, pk: int) -> HttpResponse:
    """A new password for somebody who has forgotten theirs."""
    me = administrator(request)
    found = access.get(Person.objects.filter(is_demo=False, object_id=""), pk=pk)
    access.require_over(me, found)
    form = PasswordForm(posted(request), username=found.username)
    if request.method == "POST" and form.is_valid():
        verbs.set_password(found, form.cleaned_data["password"], actor=actor(request))
        messages.success(request, "The password was set. Hand it over yourself; it is not shown again.")
        return redirect("replication:person", found.pk)
    return render(request, "replication/people/set_password.html", {"form": form, "person": found}, status=status_of(form))


@require_POST
def active(request: HttpRequest, pk: int) -> HttpResponse:
    """Deactivate an account (active=0) or open it again (active=1)."""
    administrator(request)
    found = access.get(Person.objects.all(), pk=pk)
    wanted = request.POST.get("active") == "1"

    def act() -> str:
        (verbs.reactivate if wanted else verbs.deactivate)(found, actor=actor(request))
        return f"{found} can sign in again." if wanted else f"{found} cannot sign in any more."

    return _try(request, found, act)


def _try(request: HttpRequest, found: Person, act: Callable[[], str]) -> HttpResponse:
    """Do it and say so, or say which rule forbids it; either way back to the person's page."""
    try:
        messages.success(request, act())
    except verbs.Impossible as impossible:
        messages.error(request, f"Nothing was changed. {impossible}")
    return redirect("replication:person", found.pk)


def administrator(request: HttpRequest) -> Person:
    """The person of the request, who administers at least one vault; others are refused."""
    me = signed_in(request)
    access.require(me, Permission.MANAGE_PEOPLE)
    return me


def administered(me: Person) -> QuerySet[Vault]:
    """The vaults that the person administers."""
    return access.vaults(me, Permission.MANAGE_PEOPLE).order_by("name")


def _with_grants(me: Person) -> Any:
    """People with their live grants in the asker's vaults as `shown_grants`."""
    live = Grant.objects.filter(ended_at=None, vault__in=administered(me)).select_related("vault", "granted_by")
    grants = live.prefetch_related("scopes").order_by("vault__name")
    return Person.objects.prefetch_related(Prefetch("grants", grants, to_attr="shown_grants"))


def posted(request: HttpRequest) -> QueryDict | None:
    """What was sent; an empty form too is one that was sent."""
    return request.POST if request.method == "POST" else None


def status_of(form: Any) -> int:
    """422 for a form that is shown again with what is wrong."""
    return 422 if form.is_bound and form.errors else 200


def chosen_vault(request: HttpRequest) -> int:
    """The vault of the "grant a role" select; 0 when it is none."""
    text = clean(request.GET.get("vault"))
    return int(text) if number(text) else 0


@require_safe
def choose(request: HttpRequest, pk: int) -> HttpResponse:
    """From the select on a person's page to the form of that vault."""
    administrator(request)
    return redirect("replication:grant", pk, chosen_vault(request))
