"""Starting long-running operations, and looking at them later. Nothing here waits.

`begin` starts one through the SDK and keeps its addresses in a handle; `look` asks once, in any process.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from azure.core.rest import HttpRequest

from replication.domain.problems import Problem, Severity
from replication.gateway import errors
from replication.gateway.arm import Json, body_of, seconds, text
from replication.gateway.port import AzureError, Progress, Submitted

Send = Callable[[HttpRequest], Any]

# Operation states, lower case. 'canceled' is ARM's spelling, 'cancelled' Site Recovery's (site-recovery-protocol.md §0.2).
_SUCCEEDED = frozenset({"succeeded", "partiallysucceeded"})
_FAILED = frozenset({"failed", "canceled", "cancelled"})
_MESSAGES = {
    "canceled": "The operation was cancelled in Azure.",
    "cancelled": "The operation was cancelled in Azure.",
    "failed": "The operation failed, and Azure gave no reason.",
}


# -- writing -----------------------------------------------------------------------------------------------------------


def begin(start: Callable[..., Any], *arguments: Any, request_id: str, vault_id: str = "", **options: Any) -> Submitted:
    """Call one of the SDK's `begin_create…` or `create…` methods and keep what is needed to look at it later.

    vault_id: set for Site Recovery, whose operations are jobs of that vault.
    """
    seen: list[Any] = []
    with errors.translated(writing=True):
        start(*arguments, request_id=request_id, raw_response_hook=seen.append, **options)
    return _submitted(seen[-1].http_request.url, seen[-1].http_response, vault_id)


def _submitted(url: str, response: Any, vault_id: str) -> Submitted:
    headers = response.headers
    body = body_of(response)
    handle = {
        "status": headers.get("Azure-AsyncOperation", ""),
        "location": headers.get("Location", ""),
        "resource": url,
        "vault": vault_id,
    }
    state = text(body, "properties", "provisioningState").lower()
    unfinished = response.status_code == 202 or bool(handle["status"]) or state not in {"", *_SUCCEEDED, *_FAILED}
    return Submitted(
        handle=handle if unfinished else {},
        done=not unfinished,
        job_id=job_of(headers.get("x-ms-request-id", "")) or _job_of_status(vault_id, handle["status"]),
        correlation_id=headers.get("x-ms-correlation-request-id", ""),
        retry_after=seconds(headers),
        remaining=_remaining(headers.get("x-ms-ratelimit-remaining-subscription-writes", "")),
    )


def _remaining(text: str) -> int | None:
    return int(text) if text.isdecimal() else None


def job_of(request_id: str) -> str:
    """The job's id out of x-ms-request-id, where Site Recovery puts it (sometimes twice); '' for an ordinary one."""
    first = request_id.split(",")[0].strip()
    return first if "/replicationjobs/" in first.lower() else ""


def _job_of_status(vault_id: str, url: str) -> str:
    """The job out of the status address, for what does not name it (policies, disabling: recorded); both go by one GUID (§3.1)."""
    _, there, rest = url.partition("/replicationOperationStatus/")
    return _job(vault_id, rest.split("?")[0]) if there else ""


# -- looking -----------------------------------------------------------------------------------------------------------


def look(send: Send, endpoint: str, handle: Json) -> Progress:
    """One GET of the operation's own address. AzureError when the state could not be read: that says nothing about the operation."""
    url = str(handle.get("status") or handle.get("location") or handle.get("resource") or "")
    _refuse_other_host(url, endpoint)
    with errors.translated():
        response = send(HttpRequest("GET", url))
    if response.status_code == 404:
        return Progress(state="lost")
    if handle.get("status"):
        return _by_status(response, str(handle.get("vault", "")))
    return _by_location(response) if handle.get("location") else _by_resource(response)


def _refuse_other_host(url: str, endpoint: str) -> None:
    """A bearer token goes only to the host it is meant for."""
    ours, theirs = urlsplit(endpoint), urlsplit(url)
    same = (theirs.scheme, theirs.netloc.lower()) == (ours.scheme, ours.netloc.lower())
    # Regional front ends of the same cloud are met in recordings: centraluseuap.management.azure.com.
    regional = theirs.scheme == "https" and (theirs.hostname or "").endswith(f".{ours.hostname}")
    if not same and not regional:
        raise AzureError(
            Problem(
                code="OtherHost",
                message=f"The operation's status lies on {theirs.netloc or 'no host'}, not on {ours.netloc}.",
                action="The operation was started at another endpoint. Read the inventory and retry the step.",
            )
        )


def _by_status(response: Any, vault_id: str) -> Progress:
    errors.check(response)
    body = body_of(response)
    state, wait = text(body, "status").lower(), seconds(response.headers)
    job_id = job_of(response.headers.get("x-ms-request-id", "")) or _job(vault_id, text(body, "name"))
    problem = errors.of_operation(body)
    if state in _FAILED:
        return Progress(state="failed", problem=problem or _unexplained(state), job_id=job_id)
    if state in _SUCCEEDED:  # with an error it is a warning (151207), not a failure
        return Progress(state="succeeded", problem=_warning(problem, state), job_id=job_id)
    return Progress(state="running", job_id=job_id, retry_after=wait)


def _job(vault_id: str, name: str) -> str:
    return f"{vault_id}/replicationJobs/{name}" if vault_id and name else ""


def _by_location(response: Any) -> Progress:
    """The address answers 202 until the end, then what a synchronous call would have answered (simulator.md §2.4)."""
    if response.status_code == 202:
        return Progress(state="running", retry_after=seconds(response.headers))
    if 400 <= response.status_code < 500 and response.status_code not in {401, 403, 408, 429}:
        return Progress(state="failed", problem=errors.of_response(response).problem)
    errors.check(response)
    return _by_provisioning(body_of(response), response)


def _by_resource(response: Any) -> Progress:
    errors.check(response)
    return _by_provisioning(body_of(response), response)


def _by_provisioning(body: Json, response: Any) -> Progress:
    state = text(body, "properties", "provisioningState").lower()
    if state in _FAILED:
        return Progress(state="failed", problem=errors.of_operation(body) or _unexplained(state))
    if not state or state in _SUCCEEDED:
        return Progress(state="succeeded")
    return Progress(state="running", retry_after=seconds(response.headers))


def _unexplained(state: str) -> Problem:
    code = "Canceled" if state.startswith("cancel") else "Failed"
    return Problem(code=code, message=_MESSAGES[state], when=errors.when(200, code))


def _warning(problem: Problem | None, state: str) -> Problem | None:
    if problem is None and state == "partiallysucceeded":
        return Problem(code="PartiallySucceeded", message="Azure calls it partly succeeded.", severity=Severity.WARNING)
    if problem is None:
        return None
    return replace(problem, severity=Severity.WARNING)
