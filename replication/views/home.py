"""Where one lands."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from replication import access
from replication.domain.roles import Role
from replication.views.actor import signed_in


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Vaults; for a team lead, whose work it is, the audit history."""
    lead = access.role(signed_in(request)) is Role.TEAM_LEAD
    return redirect("replication:audit" if lead else "replication:vaults")
