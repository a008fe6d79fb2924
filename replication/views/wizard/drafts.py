"""A draft as a whole: begun, gone on with, thrown away, taken over."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication.actions import drafts
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """+Replicate: a new draft in the vault."""
    vault = access.vault(signed_in(request), pk)
    draft = drafts.create(vault, actor=actor(request, vault))
    return redirect("replication:draft_source", draft.pk)


@require_safe
def resume(request: HttpRequest, pk: UUID) -> HttpResponse:
    """The page to go on with."""
    draft = access.draft(signed_in(request), pk)
    return redirect(present.page_url(draft, present.first_open(present.satisfied(draft))))


@require_POST
def discard(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Throw the draft away."""
    draft = access.draft(signed_in(request), pk)
    drafts.discard(draft, actor=actor(request, draft.vault))
    messages.success(request, "The draft was discarded. Nothing in Azure was changed.")
    return redirect("replication:overview", draft.vault_id)


@require_POST
def take_over(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Make somebody's draft one's own."""
    draft = access.draft(signed_in(request), pk)
    drafts.take_over(draft, actor=actor(request, draft.vault))
    return redirect("replication:draft", draft.pk)
