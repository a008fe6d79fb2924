"""A draft as a whole: listed, begun, made of a file, gone on with, shared, taken over, reopened, thrown away."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST, require_safe

from replication import access
from replication.actions import drafts, planfiles, plans
from replication.domain.planfile import LARGEST, Unreadable, read
from replication.domain.roles import Permission
from replication.domain.words import amount
from replication.forms.wizard import PlanFileForm
from replication.models import Vault
from replication.presenters import drafts as rows
from replication.presenters import wizard as present
from replication.presenters.looks import regions
from replication.views.actor import actor, signed_in
from replication.views.wizard.shared import require_page


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """The drafts that the person may see: open ones first asked for, all others by the filter."""
    person = signed_in(request)
    if "state" not in request.GET:
        return HttpResponseRedirect(f"{request.path}?{request.GET.urlencode()}&state=open".replace("?&", "?"))
    seen = access.drafts(person).select_related("vault__connection")
    view = rows.grid(person).view(rows.listed(seen), request.GET)
    names = regions({draft.vault for draft in view.page})
    context = {
        "view": view,
        "rows": [rows.DraftRow(draft, names, person) for draft in view.page],
        "uploads": access.vaults(person, Permission.REPLICATE).filter(gone_at=None),
    }
    return render(request, "replication/drafts/list.html", context)


@require_POST
def start(request: HttpRequest, pk: int) -> HttpResponse:
    """+Replicate: a new draft in the vault; with `machine`, a row's number, one for that machine that begins at the target."""
    person = signed_in(request)
    vault = access.vault(person, pk)
    asked = request.POST.get("machine")
    machine = access.get(access.machines(person, vault), pk=asked) if asked else None
    draft = drafts.create(vault, actor=actor(request, vault), machine=machine)
    return redirect("replication:draft_target" if machine else "replication:draft_source", draft.pk)


@require_page
def upload(request: HttpRequest, pk: int) -> HttpResponse:
    """A new draft of a plan's file."""
    vault = access.vault(signed_in(request), pk)
    access.require(signed_in(request), Permission.REPLICATE, vault)
    form = PlanFileForm(request.POST or None, request.FILES or None)
    if request.method != "POST":
        return _upload_page(request, vault, form)
    if form.is_valid():
        try:
            taken = planfiles.take(vault, read(form.cleaned_data["file"].read(LARGEST + 1)), actor=actor(request, vault))
        except (Unreadable, planfiles.Unfit) as refused:
            form.add_error("file", str(refused))
        else:
            return _taken(request, taken, form.cleaned_data["file"].name)
    return _upload_page(request, vault, form, status=422)


def _upload_page(request: HttpRequest, vault: Vault, form: PlanFileForm, status: int = 200) -> HttpResponse:
    return render(request, "replication/drafts/upload.html", {"vault": vault, "form": form}, status=status)


def _taken(request: HttpRequest, taken: planfiles.Taken, name: str) -> HttpResponse:
    """Say what became of the file, on the page to go on with."""
    draft, left_out = taken.draft, taken.left_out
    for said in left_out[:20]:
        messages.warning(request, f"Left out: {said}")
    if len(left_out) > 20:
        messages.warning(request, f"And {len(left_out) - 20:,} more were left out; the audit history names them.")
    number = draft.machines.count()
    same = taken.digest and number and plans.compiled(draft).digest == taken.digest
    words = "The plan is the same as in the file." if same else "The plan differs from the one in the file."
    messages.success(request, f"{amount(number, 'machine')} of {name[:80]} are in this draft. {words}")
    return redirect(present.page_url(draft, present.first_open(present.satisfied(draft))))


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


@require_POST
def share(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Let colleagues read the draft by its address, or no longer."""
    draft = access.draft(signed_in(request), pk)
    shared = request.POST.get("shared") == "yes"
    drafts.share(draft, shared, actor=actor(request, draft.vault))
    address = request.build_absolute_uri(reverse("replication:draft", args=[draft.pk]))
    said = f"Everybody who sees the vault and these machines can read it now: {address}"
    messages.success(request, said if shared else "The draft is no longer shared.")
    return redirect("replication:draft", draft.pk)


@require_POST
def reopen(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Go on with a draft that has expired."""
    draft = access.draft(signed_in(request), pk)
    drafts.reopen(draft, actor=actor(request, draft.vault))
    return redirect("replication:draft", draft.pk)
