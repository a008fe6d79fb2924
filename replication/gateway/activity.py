"""The Activity log (Microsoft.Insights eventtypes/management): who asked Azure for what.

No client of ours has a method for it: it goes out through the resource client's own pipeline. The filter must say since when
(learn.microsoft.com, *Activity Logs - List*).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from urllib.parse import quote

from azure.core.rest import HttpRequest

from replication.domain import ids
from replication.domain import inventory as inv
from replication.gateway.arm import Json, moment, rows, text
from replication.gateway.clients import Clients
from replication.gateway.errors import translated

VERSION = "2015-04-01"
MOST_PAGES = 20  # of a busy group: the newest come first


def of_group(clients: Clients, arm_id: str, since: datetime) -> Iterator[inv.Activity]:
    """What was asked for in the resource's group since then, newest first."""
    subscription, group = ids.subscription(arm_id), ids.group_name(arm_id)
    start = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    wanted = quote(f"eventTimestamp ge '{start}' and resourceGroupName eq '{group}'")
    path = f"/subscriptions/{subscription}/providers/Microsoft.Insights/eventtypes/management/values"
    url = f"{clients.endpoint}{path}?api-version={VERSION}&$filter={wanted}"
    for _ in range(MOST_PAGES):
        body = _get(clients, subscription, url)
        yield from map(_activity, rows(body, "value"))
        url = text(body, "nextLink")
        if not url:
            return


def _get(clients: Clients, subscription: str, url: str) -> Json:
    with translated():
        response = clients.resources(subscription).send_request(HttpRequest("GET", url))
        response.raise_for_status()
        body = response.json()
    return body if isinstance(body, dict) else {}


def _activity(body: Json) -> inv.Activity:
    return inv.Activity(
        caller=text(body, "caller"),
        operation=text(body, "operationName", "value"),
        resource_id=text(body, "resourceId"),
        at=moment(body.get("eventTimestamp")) or datetime.min.replace(tzinfo=UTC),
        status=text(body, "status", "value"),
        correlation_id=text(body, "correlationId"),
    )
