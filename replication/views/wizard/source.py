"""*Source*: where the machines are now."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict

from replication.actions import drafts
from replication.domain.choices import SourceChoices
from replication.domain.inventory import Model
from replication.forms.wizard import SourceForm, tags_of
from replication.models import Draft
from replication.presenters import wizard as present
from replication.views.actor import actor, signed_in
from replication.views.wizard.shared import onward, open_draft, require_page, show, version

Chosen = dict[str, Any]  # the form's fields, only of kinds that a query can take, whatever was sent


@require_page
def source(request: HttpRequest, pk: UUID) -> HttpResponse:
    """Where the machines are now."""
    draft = open_draft(request, pk, "source")
    if isinstance(draft, HttpResponse):
        return draft
    chosen = _posted(request.POST) if request.method == "POST" else _saved(draft)
    options = present.SourceOptions.read(signed_in(request), draft.vault, chosen)
    if request.method != "POST" and not chosen["location"]:
        chosen |= options.only()
        options = present.SourceOptions.read(signed_in(request), draft.vault, chosen) if chosen["location"] else options
    lists = {"locations": options.locations, "subscriptions": options.subscriptions, "groups": options.groups}
    if (
        request.method != "POST" or request.POST.get("do") == "update"
    ):  # update: the lists anew, for what is chosen so far
        shown = SourceForm(initial=_still_offered(chosen, lists), **lists)
        return _source_page(request, draft, shown, chosen)
    form = SourceForm(request.POST, **lists)
    if not form.is_valid():
        return _source_page(request, draft, form, chosen, status=422)
    dropped = drafts.save_source(draft, form.choices(), version=version(request), actor=actor(request, draft.vault))
    if dropped:
        messages.warning(request, f"No longer selected, because they do not match: {', '.join(dropped[:10])}.")
    return onward(request, draft, "machines")


def _posted(data: QueryDict) -> Chosen:
    lists = {name: [_text(each) for each in data.getlist(name)] for name in ("subscription_ids", "groups")}
    texts = {name: _text(data.get(name)) for name in ("location", "model", "tags")}
    return {**texts, **lists, "zonal": data.get("zonal") == "yes"}


def _text(value: str | None) -> str:
    return (value or "").replace("\x00", "")[:500]


def _saved(draft: Draft) -> Chosen:
    source = SourceChoices.from_json(draft.source)
    if source is None:
        model = Model.RESOURCE_MANAGER.value
        return {"location": "", "model": model, "tags": "", "subscription_ids": [], "groups": [], "zonal": False}
    return source.to_json() | {"model": source.model.value, "tags": ", ".join(source.tags)}


def _still_offered(chosen: Chosen, lists: Mapping[str, Any]) -> Chosen:
    """The form's initial values: what is chosen and offered; the one subscription that there is, is chosen already."""
    offered = {key for name in ("subscriptions", "groups") for key, _ in lists[name]}
    ticked = {name: [key for key in chosen[name] if key in offered] for name in ("subscription_ids", "groups")}
    if len(lists["subscriptions"]) == 1:
        ticked["subscription_ids"] = [lists["subscriptions"][0][0]]
    model = {"model": chosen["model"]} if chosen["model"] in present.MODELS else {}
    return chosen | ticked | {"zonal": "yes" if chosen["zonal"] else "no"} | model


def _source_page(
    request: HttpRequest, draft: Draft, form: SourceForm, chosen: Chosen, status: int = 200
) -> HttpResponse:
    ticked = [_text(each) for each in form["subscription_ids"].value() or []]
    ready = chosen | {"subscription_ids": ticked, "tags": tags_of(chosen["tags"])}
    choices = SourceChoices.from_json(ready) if chosen["model"] in present.MODELS else None
    found = present.found(draft, signed_in(request), choices)
    return show(request, draft, "source", {"form": form, "found": found}, status=status)
