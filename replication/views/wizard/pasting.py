"""*Paste a list*: names or ids into the draft."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from replication.actions import drafts
from replication.domain.words import amount
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.live import number
from replication.views.wizard.shared import open_draft, require_page, show, version

MOST = 1_000_000  # characters: five thousand ids of ARM's longest


@require_page
def paste(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Check a list (do=check) or take what can be taken of it into the draft (do=add)."""
    draft = open_draft(request, pk, "source")
    if isinstance(draft, HttpResponse):
        return draft
    if request.method != "POST":
        return show(request, draft, "machines", {"text": ""}, template="paste")
    text = request.POST.get("list", "").replace("\x00", "")[:MOST]
    pasted = present.Pasted(draft, signed_in(request), text, _settled(request))
    if request.POST.get("do") == "add" and pasted.adds:
        return _add(request, draft, pasted)
    status = 422 if request.POST.get("do") == "add" else 200
    return show(request, draft, "machines", {"text": text, "pasted": pasted}, template="paste", status=status)


def _settled(request: HttpRequest) -> dict[int, int]:
    """Which machine was chosen for a line that means several: line-17=204."""
    pairs = ((name.removeprefix("line-"), value) for name, value in request.POST.items() if name.startswith("line-"))
    return {int(line): int(str(row)) for line, row in pairs if number(line) and number(str(row))}


def _add(request: HttpRequest, draft: Draft, pasted: present.Pasted) -> HttpResponse:
    source = pasted.source
    assert source is not None
    who = actor(request, draft.vault)
    counts = {heap.key: len(heap.lines) for heap in pasted.heaps}
    added = drafts.take_list(draft, source, pasted.adds, counts=counts, version=version(request), actor=who)
    here = f"{amount(added, 'machine')} of the list were added."
    rest = len(pasted.adds) - added
    messages.success(request, f"{here} {rest:,} had been chosen before." if rest else here)
    return HttpResponseRedirect(f"{present.page_url(draft, 'machines')}?chosen=yes")
