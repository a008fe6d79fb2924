"""Groups of Microsoft Entra ID and the roles that they give."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from replication import access
from replication.actions import groups as verbs
from replication.actions.people import Impossible
from replication.domain.roles import Permission, Role
from replication.forms.people import GroupForm
from replication.models import GroupRole
from replication.presenters import people as present
from replication.views.actor import actor
from replication.views.people import administered, administrator, posted, status_of


@require_safe
def groups(request: HttpRequest) -> HttpResponse:
    """The roles that groups give in the vaults that the asker administers."""
    me = administrator(request)
    rows = GroupRole.objects.filter(vault__in=administered(me)).select_related("vault", "made_by").order_by("vault__name", "label", "group")
    names = access.subscription_names(administered(me))
    context = {"rows": [present.GroupRow(row, names) for row in rows], "vaults": administered(me)}
    return render(request, "replication/people/groups.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def create(request: HttpRequest, vault_pk: int) -> HttpResponse:
    """A role for a group."""
    me = administrator(request)
    vault = access.get(administered(me), pk=vault_pk)
    sides = {side: present.scope_choices(me, vault, side) for side in ("source", "target")}
    form = GroupForm(posted(request), sources=sides["source"], targets=sides["target"])
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        scopes = [scope for side in sides for scope in present.read_scopes(side, data[side])]
        try:
            made = verbs.add(data["group"], data["label"], vault, Role(data["role"]), scopes, actor=actor(request, vault))
        except Impossible as impossible:
            form.add_error("group", str(impossible))
        else:
            role = Role(made.role).label.lower()
            messages.success(request, f"Whoever is in {made.label or made.group} is {role} from their next sign-in on.")
            return redirect("replication:groups")
    return render(request, "replication/people/group.html", {"form": form, "for_vault": vault}, status=status_of(form))


@require_POST
def remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take the role from a group."""
    me = administrator(request)
    row = access.get(GroupRole.objects.filter(vault__in=administered(me)).select_related("vault"), pk=pk)
    access.require(me, Permission.MANAGE_PEOPLE, row.vault)
    verbs.remove(row, actor=actor(request, row.vault))
    messages.success(request, "The group gives no role there any more. Who had it by the group loses it at their next sign-in.")
    return redirect("replication:groups")
