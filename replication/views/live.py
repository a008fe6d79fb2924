"""Live fragments: what is new since a version, and how a reading stands. The server says when to ask again (docs/architecture.md)."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.html import strip_tags
from django.views.decorators.http import require_safe

from replication import access
from replication.grid import SIZES, clean
from replication.models import Reading, Vault
from replication.presenters.safety import Hit
from replication.templatetags import portal_ui as ui
from replication.views.actor import signed_in

OVER = 286  # htmx: swap this in, and do not ask again
RUNNING, MOVING, IDLE = 2, 5, 30  # seconds to the next look: a run works, items move, nothing does


def paced(response: HttpResponse, seconds: int) -> HttpResponse:
    """The answer, with the time of the next question."""
    response["Poll-Interval"] = str(seconds)
    return response


def nothing_new(seconds: int) -> HttpResponse:
    """204: the fragment stays as it is."""
    return paced(HttpResponse(status=204), seconds)


# --- versions of several vaults: "3:17,4:22" ---------------------------------------------------------------------------


def versions(vaults: QuerySet[Vault]) -> tuple[dict[int, int], datetime | None]:
    """The present version of each vault, and when all of them had been read; the one query of a poll that finds nothing new."""
    rows = list(vaults.order_by("pk").values_list("pk", "version", "as_of"))
    times = [as_of for _, _, as_of in rows if as_of]
    return {pk: version for pk, version, _ in rows}, min(times) if times and len(times) == len(rows) else None


def oldest(vaults: Iterable[Vault]) -> datetime | None:
    """When what is shown was read: the oldest reading of them all; None when one was never read."""
    times = {vault.as_of for vault in vaults}
    return None if None in times or not times else min(each for each in times if each)


def dated(response: HttpResponse, as_of: datetime | None) -> HttpResponse:
    """The answer, with when Azure was read: the page shows that also while nothing changes."""
    # Without a tag in it, strip_tags gives back the safe string, which is not quite the text that a header must be.
    response["As-Of"] = strip_tags(ui.azure_read(as_of)).strip()
    return response


def write_versions(known: Mapping[int, int]) -> str:
    return ",".join(f"{pk}:{version}" for pk, version in sorted(known.items()))


def shown_versions(vaults: Iterable[Vault]) -> str:
    """The versions of the vaults that a page shows, for its first question."""
    return write_versions({each.pk: each.version for each in vaults})


def nothing_since(request: HttpRequest, pk: int | None = None) -> HttpResponse | None:
    """204 when ?since= names the present versions of the person's vaults, or of the one; None when there is more to say."""
    if "since" not in request.GET:
        return None
    seen = access.vaults(signed_in(request))
    now, as_of = versions(seen.filter(gone_at=None) if pk is None else seen.filter(pk=pk))
    return dated(nothing_new(IDLE), as_of) if now and read_versions(request.GET["since"]) == now else None


def read_versions(text: str) -> dict[int, int]:
    """What `write_versions` wrote; pairs that are not numbers are left out."""
    pairs = (pair.partition(":") for pair in text[:5000].split(","))
    return {int(pk): int(version) for pk, _, version in pairs if number(pk) and number(version)}


def read_ids(text: str) -> list[int]:
    """The row ids that a page shows, "17,18", at most as many as a page has."""
    return [int(each) for each in text.split(",")[: max(SIZES)] if number(each)]


def number(text: str) -> bool:
    """Whether the text is a whole number that a database column can hold."""
    return text.isascii() and text.isdecimal() and len(text) < 19


def page_query(request: HttpRequest) -> str:
    """The query string of the page that a fragment stands in, without its reading: "?health=Critical", at least "?"."""
    page: Any = request.headers.get("HX-Current-URL") or request.get_full_path()
    kept = QueryDict(urlsplit(page).query, mutable=True)
    kept.pop("reading", None)
    return f"?{kept.urlencode()}"


def verdict(request: HttpRequest, hit: Hit) -> HttpResponse:
    """A verdict that stands open on a page: 204 while it says what the page has (?verdict= its mark). linked: in a search's answer."""
    linked = "linked" in request.GET
    if request.GET["verdict"] == hit.mark:
        answer = nothing_new(IDLE)
    else:
        answer = paced(render(request, "replication/_verdict.html", {"hit": hit, "live": True, "linked": linked}), IDLE)
    return answer if linked else dated(answer, hit.as_of)


# --- readings ----------------------------------------------------------------------------------------------------------


def reading_of(request: HttpRequest) -> Reading | None:
    """The reading that the address names (?reading=7), when it is one that the person may see."""
    asked = clean(request.GET.get("reading"))
    return access.readings(signed_in(request)).filter(pk=int(asked)).first() if number(asked) else None


@require_safe
def reading(request: HttpRequest, pk: int) -> HttpResponse:
    """How a reading stands; the last answer ends the polling."""
    asked = access.get(access.readings(signed_in(request)), pk=pk)
    status = 200 if asked.answered_at is None else OVER
    response = render(
        request, "replication/_reading.html", {"reading": asked, "page_query": page_query(request)}, status=status
    )
    return paced(response, RUNNING)
