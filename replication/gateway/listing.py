"""Reading Azure's lists to their end, page by page."""

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from typing import Any

from azure.core.rest import HttpRequest

from replication.gateway.arm import Json, plain, rows, sound, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated


def pages(start: Callable[..., Any], *arguments: Any, **options: Any) -> Iterator[Json]:
    """The rows of one of the SDK's list methods as JSON, page by page.

    They are taken out of each answer before the SDK makes an object of every field: that took most of the time of reading a thousand
    machines, and nobody here wants the objects.
    """
    taken: list[Json] = []
    with translated():
        for page in start(*arguments, raw_response_hook=partial(_take_rows, taken), **options).by_page():
            models = list(page)
            yield from map(sound, list(taken)) if taken else map(plain, models)
            taken.clear()


def _take_rows(taken: list[Json], response: Any) -> None:
    """Move the rows of a good answer out of its JSON, which the response keeps. Anything unexpected is left to the SDK."""
    with suppress(ValueError):  # half an answer
        body = response.http_response.json() if response.http_response.status_code == 200 else None
        if isinstance(body, dict) and body.get("value"):
            taken[:], body["value"] = rows(body, "value"), []


def raw(clients: Clients, subscription_id: str, address: str) -> Json:
    """One GET of what the installed SDKs have no method for, through the same client. address: path and query, or a whole address."""
    url = address if "://" in address else f"{clients.endpoint}{address}"
    with translated():
        answer = clients.resources(subscription_id).send_request(HttpRequest("GET", url))
        answer.raise_for_status()
        body = answer.json()
    return body if isinstance(body, dict) else {}


def raw_pages(clients: Clients, subscription_id: str, address: str) -> Iterator[Json]:
    """The rows of such a list, page by page."""
    while address:
        body = raw(clients, subscription_id, address)
        yield from rows(body, "value")
        address = text(body, "nextLink")
