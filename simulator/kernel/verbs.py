"""The generic verbs: what GET, LIST, PUT, PATCH, DELETE and HEAD do for every type that does not override them."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from simulator.kernel import errors, ids
from simulator.kernel.call import Call
from simulator.kernel.operations import Operation
from simulator.kernel.registry import Style, Write
from simulator.kernel.request import Response, encode
from simulator.kernel.store import Resource

#: Top-level keys that a client may not set: they come from the URL or from us.
READ_ONLY = ("id", "name", "type", "etag", "systemData")


# --- reading ----------------------------------------------------------------------------------------------------------


def get(call: Call) -> Response:
    """200 with the resource, or the type's 404."""
    return call.respond(call.need())


def head(call: Call) -> Response:
    """204 or 404, both without a body (HEAD of a group; simulator.md §2.9)."""
    return Response(204 if call.resource is not None else 404)


def list_resources(call: Call) -> Response:
    """A page of the resources of the type under the scope."""
    keys = call.world.store.keys(call.type.name, call.id)
    return page(call, keys)


def page(call: Call, keys: list[str], render: Callable[[Resource], bytes] | None = None) -> Response:
    """A page of stored resources by key, after the request's skip token; what is hidden is left out."""
    render = render or call.world.bytes_of
    world, query = call.world, call.request.query
    after, number = _token(query.get("$skiptoken") or query.get("skiptoken") or "")
    size = _page_size(call)
    if _is_empty_page(call, number, after, keys):
        return _envelope(call, [], after, number + 1)
    window, more = world.store.page(keys, after, size)
    stale = world.faults.stale
    rendered = [
        render(resource)
        for resource in window
        if world.shown(resource) and not (stale and world.faults.hides(resource, in_list=True))
    ]
    return _envelope(call, rendered, more, number + 1)


def page_of(call: Call, documents: list[dict[str, Any]]) -> Response:
    """A page of computed documents (anything that is not stored one by one)."""
    query = call.request.query
    after, number = _token(query.get("$skiptoken") or query.get("skiptoken") or "")
    start, size = _offset(after), _page_size(call)
    more = str(start + size) if start + size < len(documents) else ""
    return _envelope(call, [encode(document) for document in documents[start : start + size]], more, number + 1)


def _offset(after: str) -> int:
    """How many computed documents have been shown; the token of another list is refused."""
    if after and not after.isdigit():
        raise errors.ArmError(400, "InvalidSkipToken", "The provided skip token is invalid.")
    return int(after or 0)


def _page_size(call: Call) -> int:
    size = call.world.settings.page_size
    try:
        top = int(call.request.query.get("$top", size))
    except ValueError:
        raise errors.invalid_property("$top", call.request.query.get("$top")) from None
    return max(1, min(size, top)) if top > 0 else size


def _is_empty_page(call: Call, number: int, after: str, keys: list[str]) -> bool:
    every = call.world.settings.empty_page_every
    return bool(every and after and len(keys) > 1 and number % every == every - 1 and number % 2)


def _token(text: str) -> tuple[str, int]:
    """A skip token is `{page number}!{last key}`; a foreign one is refused as Azure refuses it."""
    if not text:
        return "", 0
    number, mark, after = text.partition("!")
    if not mark or not number.isdigit():
        raise errors.ArmError(400, "InvalidSkipToken", "The provided skip token is invalid.")
    return after, int(number)


def _envelope(call: Call, rendered: list[bytes], more: str, number: int) -> Response:
    """`{"value": [...]}`; nextLink absolute, absent at the end but null for Site Recovery (recorded)."""
    tail = b"}"
    if more:
        tail = b',"nextLink":"' + _next_link(call, f"{number}!{more}").encode() + b'"}'
    elif call.type.throttle == "site-recovery":
        tail = b',"nextLink":null}'
    return Response(200, b'{"value":[' + b",".join(rendered) + b"]" + tail)


def _next_link(call: Call, token: str) -> str:
    request = call.request
    kept = [f"{quote(name)}={quote(value)}" for name, value in request.query.items() if "skiptoken" not in name]
    return f"{request.base_url}{quote(request.path)}?{'&'.join(kept)}&$skiptoken={quote(token, safe='')}"


# --- writing ----------------------------------------------------------------------------------------------------------


def put(call: Call) -> Response:
    """Create or replace."""
    write = call.type.put
    if write is None:
        raise errors.method_not_allowed("PUT")
    existing = call.world.store.get(call.id)
    _check_tag(call, existing)
    document = _clean(call, without_nulls(call.request.document()))
    _check_name(call)
    _check_parent(call)
    _check_location(call, document, existing)
    _check_state(document, existing)
    call.body = document
    if call.type.validate is not None:
        call.type.validate(call)
    return _store(call, write, document, existing)


def patch(call: Call) -> Response:
    """Tags are replaced, everything else is merged (RFC 7396)."""
    write = call.type.patch
    if write is None:
        raise errors.method_not_allowed("PATCH")
    existing = call.need()
    _check_tag(call, existing)
    change = _clean(call, call.request.document())
    _check_state(change, existing)
    document = merge(copy.deepcopy(existing.document), change)
    if "tags" in change:
        document["tags"] = change["tags"] or {}
    _check_location(call, document, existing)
    call.body = document
    if call.type.validate is not None:
        call.type.validate(call)
    return _store(call, write, document, existing)


def without_nulls(value: Any) -> Any:
    """What a PUT says with null it does not say: azure-cli sends `"storageAccountType": null` with every machine."""
    if isinstance(value, dict):
        return {name: without_nulls(inner) for name, inner in value.items() if inner is not None}
    return [without_nulls(inner) for inner in value] if isinstance(value, list) else value


def merge(document: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    """RFC 7396: objects merge, null removes, anything else replaces. Changes and returns `document`."""
    for name, value in change.items():
        if value is None:
            document.pop(name, None)
        elif isinstance(value, dict):
            before = document.get(name)
            document[name] = merge(before if isinstance(before, dict) else {}, value)
        else:
            document[name] = copy.deepcopy(value)
    return document


def delete(call: Call) -> Response:
    """Remove; 204 when there is nothing, whatever the tag (simulator.md §2.5)."""
    write = call.type.delete
    if write is None:
        raise errors.method_not_allowed("DELETE")
    existing = call.world.store.get(call.id)
    if existing is None or (call.resource is None and not existing.operation):
        call.effect = "noop"
        return Response(write.absent)
    _check_tag(call, existing)
    if call.type.deleting is not None:
        call.resource = existing
        call.type.deleting(call)
    call.effect = "deleted"
    if write.style is Style.SYNC:
        call.world.remove(existing)
        return Response(write.deleted)
    if call.type.has_state:
        existing.properties["provisioningState"] = "Deleting"
    return call.start(
        duration=write.duration, style=write.style, effect=write.effect or "resource.gone", target=existing
    )


def _store(call: Call, write: Write, document: dict[str, Any], existing: Resource | None) -> Response:
    """Store the new document; start the operation if the type's writes take time."""
    call.effect = _effect(call, existing, document)
    if call.type.prepare is not None:
        call.type.prepare(call, document)
    created = existing is None
    runs = _takes_time(write, created, call.effect)
    if call.type.has_state:
        document.setdefault("properties", {})["provisioningState"] = _state(call, created, runs)
    resource = call.world.put(call.id, document)
    if not runs:
        return call.respond(resource, write.created if created else write.replaced)
    resource.born = resource.born and not (created and write.style in (Style.LOCATION, Style.SITE_RECOVERY))
    return _run(call, write, resource, created)


def _run(call: Call, write: Write, resource: Resource, created: bool) -> Response:
    status = write.created if created else write.replaced
    response = call.start(
        duration=write.duration,
        style=write.style,
        effect=write.effect or "resource.ready",
        target=resource,
        result="resource",
        status=status,
    )
    if call.operation is not None:
        call.operation.created_target = created
    if write.style not in (Style.SITE_RECOVERY, Style.LOCATION):
        response.body = call.world.bytes_of(resource)
    return response


def _takes_time(write: Write, created: bool, effect: str) -> bool:
    if write.style is Style.SYNC or (not created and not write.replaces):
        return False
    return effect != "replaced-identical" or write.identical_runs


def _state(call: Call, created: bool, runs: bool) -> str:
    """Network says Updating of what it makes (recorded: azure-powershell, A2ARemoveReplicationProtectedItemDisk)."""
    if not runs:
        return "Succeeded"
    return "Creating" if created and call.type.namespace != "Microsoft.Network" else "Updating"


def _effect(call: Call, existing: Resource | None, document: dict[str, Any]) -> str:
    """What the log says: `created`, `replaced-identical` (the same was asked before), `replaced-changed`."""
    if existing is None:
        return "created"
    return "replaced-identical" if _covers(call.world.body(existing), document) else "replaced-changed"


def _covers(stored: Any, asked: Any) -> bool:
    """Whether everything asked for is what is stored already; what the server added does not count."""
    if isinstance(asked, dict) and isinstance(stored, dict):
        return all(_covers(stored.get(name), value) for name, value in asked.items() if name != "provisioningState")
    if isinstance(asked, list) and isinstance(stored, list) and len(asked) == len(stored):
        return all(_covers(left, right) for left, right in zip(stored, asked, strict=True))
    if isinstance(asked, str) and isinstance(stored, str):
        return asked.lower() == stored.lower()
    return bool(stored == asked) or (asked is None and stored is None) or (asked in ({}, []) and not stored)


# --- checks -----------------------------------------------------------------------------------------------------------


def _clean(call: Call, document: dict[str, Any]) -> dict[str, Any]:
    """The caller's document without what the URL decides. Raises 400 for parts of a wrong type."""
    for name, wanted in (("properties", dict), ("tags", dict), ("location", str), ("zones", list), ("sku", dict)):
        value = document.get(name)
        if value is not None and not isinstance(value, wanted):
            raise errors.invalid_content(f"Error converting value to type '{wanted.__name__}'. Path '{name}'")
    _check_tags(document.get("tags"))
    _check_body_names(call, document)
    return {name: value for name, value in document.items() if name not in READ_ONLY and value is not None}


def _check_tags(tags: dict[str, Any] | None) -> None:
    """At most 50 tags, names to 512, values text to 256 characters (documented ARM limits)."""
    if not tags:
        return
    if len(tags) > 50:
        message = f"The number of tags on this resource is '{len(tags)}'. The maximum number of tags is '50'."
        raise errors.ArmError(400, "TooManyTags", message, gateway=True)
    for name, value in tags.items():
        if not isinstance(value, str):
            raise errors.ArmError(400, "InvalidTagValue", f"The value of tag '{name}' is not text.", gateway=True)
        if len(name) > 512 or len(value) > 256:
            message = f"The tag '{name[:60]}' is too long: at most 512 characters for a name and 256 for a value."
            raise errors.ArmError(400, "InvalidTagNameOrValue", message, gateway=True)


def _check_body_names(call: Call, document: dict[str, Any]) -> None:
    """Name and id come from the URL; a body that says otherwise is refused (ARM's MismatchingResourceName)."""
    wanted = call.address.name
    told = document.get("name")
    if isinstance(told, str) and told and told.lower() not in (wanted.lower(), "/".join(call.address.names).lower()):
        message = (
            f"The provided resource name '{told}' in the request payload does not match the name '{wanted}' in the URL."
        )
        raise errors.ArmError(400, "InvalidRequestContent", message, gateway=True)


def _check_name(call: Call) -> None:
    name = call.address.name
    if not re.fullmatch(call.type.name_pattern, name):
        raise errors.invalid_name(name, call.type.short, call.type.name_pattern)


def _check_parent(call: Call) -> None:
    address = call.address
    if len(address.types) < 2:
        return
    parent = ids.parent_of(call.id)
    if call.world.visible(parent) is None:
        raise errors.parent_not_found(call.type.name, parent)


def _check_location(call: Call, document: dict[str, Any], existing: Resource | None) -> None:
    if not call.type.tracked:
        return
    asked = document.get("location")
    if not asked:
        if existing is None:
            raise errors.location_required()
        document["location"] = existing.document.get("location")
        return
    normal = ids.normalize_location(asked)
    if existing is not None and normal != existing.location:
        raise errors.location_conflict(call.address.name, call.address.group, existing.location, normal)
    known = call.world.locations
    if known and normal not in known:
        raise errors.location_not_available(call.type.name, asked, known)
    document["location"] = normal


def _check_state(document: dict[str, Any], existing: Resource | None) -> None:
    """A client may echo provisioningState; another value than the server's is a 400 (simulator.md §2.1)."""
    properties = document.get("properties")
    if not isinstance(properties, dict) or "provisioningState" not in properties:
        return
    asked = properties.pop("provisioningState")
    if existing is None or asked is None:
        return
    actual = existing.properties.get("provisioningState")
    if actual is not None and asked != actual:
        raise errors.mismatched_state(asked, actual)


def _check_tag(call: Call, existing: Resource | None) -> None:
    """The ETag table of simulator.md §2.5."""
    match, none_match = call.request.headers.get("if-match"), call.request.headers.get("if-none-match")
    if none_match == "*" and existing is not None:
        raise errors.precondition_failed("The condition '*' in the If-None-Match header was not satisfied.")
    if match is None:
        return
    current = call.world.etag(existing) if existing is not None else None
    if current is None or (match != "*" and match.removeprefix("W/") != current.removeprefix("W/")):
        message = f"The condition '{match}' in the If-Match header was not satisfied. The current was '{current}'."
        raise errors.precondition_failed(message)


def busy(call: Call, resource: Resource) -> Operation | None:
    """The operation that is changing a resource right now, or None."""
    return call.world.operations.get(resource.operation) if resource.operation else None


VERBS = {"GET": get, "HEAD": head, "LIST": list_resources, "PUT": put, "PATCH": patch, "DELETE": delete}
