"""*Source*: where the machines are now."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse

from replication.actions import drafts
from replication.domain.choices import SourceChoices
from replication.forms.wizard import SourceForm
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.shared import onward, open_draft, require_page, show, version


@require_page
def source(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the machines are now."""
    draft = open_draft(request, pk, "source")
    if isinstance(draft, HttpResponse):
        return draft
    person = signed_in(request)
    values = request.POST if request.method == "POST" else draft.source
    options = present.SourceOptions.read(person, draft.vault, _source_values(values))
    kwargs = {"locations": options.locations, "subscriptions": options.subscriptions, "groups": options.groups}
    if request.method != "POST":
        return _source_page(request, draft, SourceForm(initial=draft.source, **kwargs))
    form = SourceForm(request.POST, **kwargs)
    if request.POST.get("do") == "update":  # only the lists are wanted anew, for what is chosen so far
        known = {name: request.POST.get(name) for name in ("location", "subscription_id", "model")}
        return _source_page(request, draft, SourceForm(initial=known | {"groups": _still(request, options)}, **kwargs))
    if not form.is_valid():
        return _source_page(request, draft, form, status=422)
    dropped = drafts.save_source(draft, form.choices(), version=version(request), actor=actor(request, draft.vault))
    if dropped:
        messages.warning(request, f"No longer selected, because they do not match: {', '.join(dropped[:10])}.")
    return onward(request, draft, "machines")


def _still(request: HttpRequest, options: present.SourceOptions) -> list[str]:
    """The groups that were ticked and are still offered."""
    offered = {key for key, _ in options.groups}
    return [key for key in request.POST.getlist("groups") if key in offered]


def _source_values(values: Any) -> dict[str, str]:
    """Only texts that a query can take, whatever was sent."""
    picked = {name: str(values.get(name) or "") for name in ("location", "subscription_id", "model")}
    return {name: value.replace("\x00", "")[:100] for name, value in picked.items()}


def _source_page(request: HttpRequest, draft: Draft, form: SourceForm, status: int = 200) -> HttpResponse:
    values = {name: form[name].value() for name in ("location", "subscription_id", "model", "groups")}
    chosen = None
    if values["location"] and values["subscription_id"] and values["model"] in present.MODELS:
        groups = [str(each).replace("\x00", "") for each in values["groups"] or ()]
        chosen = SourceChoices.from_json({**_source_values(values), "groups": groups})
    found = present.found(draft, signed_in(request), chosen)
    return show(request, draft, "source", {"form": form, "found": found}, status=status)
