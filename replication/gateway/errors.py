"""Azure's errors, whatever their shape, as a Problem in five parts with *now / later / never*: one table decides.

Shapes: ARM `{"error": {code, message, details}}`; Site Recovery puts its own code, causes and action into details[0]; the old vault
service says `{"ErrorCode", "Message": {"Value"}}`; a proxy says nothing that can be read (site-recovery-protocol.md §4.1).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from azure.core.exceptions import AzureError as SdkError
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ServiceRequestError,
    ServiceRequestTimeoutError,
)

from replication.domain.problems import Problem, When
from replication.gateway import arm
from replication.gateway.pipeline import RegistrationRefusedError, RestError
from replication.gateway.port import AzureError

# What the code says overrides what the status says. Codes in lower case.
WHEN_BY_CODE: dict[str, When] = {
    # somebody else works on it: wait
    "anotheroperationinprogress": When.LATER,
    "retryableerrorduetoanotheroperation": When.LATER,
    "storageaccountoperationinprogress": When.LATER,
    "resourcegroupbeingdeleted": When.LATER,
    "concurrentupdateerror": When.LATER,
    "referencedresourcenotprovisioned": When.LATER,
    "conflict": When.LATER,  # Site Recovery's family name for "something else works on it" (§4.2, assumed)
    # throttled
    "subscriptionrequeststhrottled": When.LATER,
    "tenantrequeststhrottled": When.LATER,
    "toomanyrequests": When.LATER,
    # passing
    "expiredauthenticationtoken": When.NOW,
    "internalservererror": When.NOW,
    "serviceunavailable": When.NOW,
    "servertimeout": When.NOW,
    "gatewaytimeout": When.NOW,
    "499": When.NOW,  # Site Recovery: internal error
    # conflicts that stay until a person acts
    "storageaccountalreadytaken": When.NEVER,
    "invalidresourcelocation": When.NEVER,
    "invalidresourcegrouplocation": When.NEVER,
    "missingsubscriptionregistration": When.NEVER,
    "scopelocked": When.NEVER,
    "skunotavailable": When.NEVER,
    "operationnotallowed": When.NEVER,
    "requestdisallowedbypolicy": When.NEVER,
    "authorizationfailed": When.NEVER,
    "canceled": When.NEVER,
}
WHEN_BY_STATUS: dict[int, When] = {
    401: When.NOW,  # the refused token is dropped (pipeline.OnUnauthorized), the next exchange asks for a new one
    408: When.NOW,
    423: When.LATER,
    429: When.LATER,
    500: When.NOW,
    502: When.NOW,
    503: When.NOW,
    504: When.NOW,
}

# Causes and action for codes that come without: in our words.
ADVICE: dict[str, tuple[str, str]] = {
    "authorizationfailed": (
        "The console's principal lacks a role on this scope, or it was granted minutes ago.",
        "Grant it the role that docs/operations.md lists for this scope, then retry.",
    ),
    "requestdisallowedbypolicy": (
        "An Azure Policy assignment forbids this resource as it is asked for.",
        "Choose other target settings, or ask for an exemption from the policy.",
    ),
    "scopelocked": (
        "A lock on the resource or on its group forbids the change.",
        "Remove the lock, or choose another target, then retry.",
    ),
    "storageaccountalreadytaken": (
        "Storage account names are unique in the whole world, and somebody else has this one.",
        "Choose another name or an existing account under Customize.",
    ),
    "operationnotallowed": (
        "The subscription's quota in this region is used up, or the operation is not possible now.",
        "Ask for a higher quota, or choose another region or size, then retry.",
    ),
    "skunotavailable": (
        "The size is not offered in this region or zone, or has run out there.",
        "Choose another size, region or zone, then retry.",
    ),
    "invalidresourcegrouplocation": (
        "A resource group of this name exists in another region.",
        "Choose another name, or reuse that group.",
    ),
    "invalidresourcelocation": (
        "A resource of this name exists in another region.",
        "Choose another name, or reuse that resource.",
    ),
    "resourcegroupbeingdeleted": (
        "Somebody is deleting the resource group.",
        "Wait until it is gone, or choose another group.",
    ),
    "subscriptionnotfound": (
        "The subscription was deleted or moved to another tenant, or the console's principal has lost every role in it.",
        "Ask its owner which; if it is still there, grant the console its role again.",
    ),
    # learn.microsoft.com/azure/cost-management-billing/manage/subscription-states
    "readonlydisabledsubscription": (
        "The subscription was canceled, or has passed a bill or its spending limit: it can only be read until it is active again.",
        "Have the owner of its billing account activate it again, then retry.",
    ),
    "missingsubscriptionregistration": (
        "The subscription has never used this resource provider.",
        "Have an owner of the subscription register the provider; the console never does so by itself.",
    ),
    "anotheroperationinprogress": (
        "Another change of this or of a dependent resource is running.",
        "Nothing to do: the console tries again.",
    ),
}


def when(status: int, *codes: str) -> When:
    """When trying again can help, from the HTTP status (0: no answer) and Azure's codes, the most telling first."""
    known = next((WHEN_BY_CODE[code.lower()] for code in codes if code.lower() in WHEN_BY_CODE), None)
    return known if known and status != 429 else WHEN_BY_STATUS.get(status, When.NEVER)


# -- exceptions ---------------------------------------------------------------------------------------------------------


@contextmanager
def translated(*, writing: bool = False) -> Iterator[None]:
    """Turn the SDK's exceptions inside the block into AzureError. writing: the request may change something."""
    try:
        yield
    except SdkError as error:
        raise of_exception(error, writing=writing) from error


def of_exception(error: SdkError, *, writing: bool = False) -> AzureError:
    """The AzureError for what the SDK raised."""
    if isinstance(error, RegistrationRefusedError):
        return AzureError(_advised(Problem(code="MissingSubscriptionRegistration", message=str(error))), status=409)
    if isinstance(error, RestError):
        return AzureError(_resting(error), status=429)
    if isinstance(error, HttpResponseError) and error.response is not None:
        return of_response(error.response, writing=writing)
    if isinstance(error, ClientAuthenticationError):
        return AzureError(_not_signed_in(error), status=401)
    if isinstance(error, ServiceRequestError):
        return AzureError(_unreachable(error), acted=writing and _may_have_left(error))
    return AzureError(_cut_off(error), acted=writing)  # reset, time-out or half an answer


def _may_have_left(error: ServiceRequestError) -> bool:
    """False only when there was no connection at all: urllib3 reports some breaks in the middle as connection errors too."""
    inner = str(getattr(error, "inner_exception", "") or error)
    words = (
        "NewConnectionError",
        "NameResolutionError",
        "Connection refused",
        "ConnectTimeout",
        "SSLError",
        "SSLCertVerification",
    )
    return not isinstance(error, ServiceRequestTimeoutError) and not any(word in inner for word in words)


def _not_signed_in(error: ClientAuthenticationError) -> Problem:
    return Problem(
        code="SignInFailed",
        message="The console could not sign in to Microsoft Entra ID: " + str(error).splitlines()[0],
        causes="The credential in the worker's environment is missing, wrong or expired.",
        action="Check AZURE_TENANT_ID, AZURE_CLIENT_ID and the credential's own variables of the workers.",
    )


def _resting(error: RestError) -> Problem:
    return Problem(
        code="SubscriptionRequestsThrottled",
        message=str(error),
        causes="The console, or whoever else uses its principal, has read as fast as Azure allows.",
        action="Nothing to do: the console reads again when the time is over.",
        when=When.LATER,
        retry_after=error.seconds,
    )


def _unreachable(error: SdkError) -> Problem:
    return Problem(
        code="Unreachable",
        message="Azure could not be reached: " + _reason(error),
        causes="The network, a proxy, a certificate or the endpoint's address.",
        action="Nothing to do if it passes: the console tries again. Else check the workers' network and PORTAL_ARM_ENDPOINT.",
        when=When.NOW,
    )


def _cut_off(error: SdkError) -> Problem:
    return Problem(
        code="NoAnswer",
        message="Azure did not answer to the end: " + _reason(error),
        causes="The connection broke, or the answer took longer than a minute.",
        action="Nothing to do: the console looks at what became of the request before it sends it again.",
        when=When.NOW,
    )


def _reason(error: SdkError) -> str:
    return (str(error).splitlines() or [""])[0][:300]


# -- answers ------------------------------------------------------------------------------------------------------------


def check(response: Any, *, writing: bool = False) -> None:
    """Raise AzureError for an answer that is an error."""
    if response.status_code >= 400:
        raise of_response(response, writing=writing)


def of_response(response: Any, *, writing: bool = False) -> AzureError:
    """The AzureError for an HTTP answer of any shape."""
    status, wait, body = response.status_code, arm.seconds(response.headers), _json(response)
    problem = of_body(body) or _bare(response)
    problem = replace(problem, when=when(status, problem.code, arm.text(body, "error", "code")), retry_after=wait)
    return AzureError(
        _advised(problem),
        status=status,
        acted=writing and (status >= 500 or status == 408 or status < 400),
        correlation_id=response.headers.get("x-ms-correlation-request-id", ""),
    )


def of_body(body: Any) -> Problem | None:
    """The problem that an error body tells; None when there is none in it."""
    if not isinstance(body, dict):
        return None
    if "ErrorCode" in body:
        message = arm.text(body, "Message", "Value") or arm.text(body, "ErrorCode")
        return Problem(code=arm.text(body, "ErrorCode"), message=message)
    error = body.get("error")
    if isinstance(error, str):  # the token endpoint's shape
        return Problem(code=error, message=arm.text(body, "error_description") or error)
    return _of_error(error) if isinstance(error, dict) else None


def of_operation(body: Any) -> Problem | None:
    """The problem inside an operation's status or a resource that failed, with its *when*."""
    problem = of_body(body)
    return _advised(replace(problem, when=when(200, problem.code))) if problem else None


def _of_error(error: dict[str, Any]) -> Problem:
    """Site Recovery's own code stands in details[0], together with causes and action; ARM's details carry neither."""
    detail = next(iter(arm.rows(error, "details")), {})
    inner = (
        detail if detail.get("possibleCauses") or detail.get("recommendedAction") or detail.get("activityId") else {}
    )
    source = inner or error
    return Problem(
        code=arm.text(source, "code") or arm.text(error, "code") or "Unknown",
        message=arm.text(source, "message") or arm.text(error, "message") or "Azure gave no message.",
        causes=sentence(inner.get("possibleCauses")),
        action=sentence(inner.get("recommendedAction")),
    )


def sentence(value: Any) -> str:
    """Causes and actions come as text, or as a list of texts."""
    return " ".join(str(each) for each in value) if isinstance(value, list) else str(value or "")


def _bare(response: Any) -> Problem:
    if response.status_code < 400:
        return Problem(
            code="UnreadableAnswer",
            message="What answered is not Azure: no JSON.",
            causes="A proxy or a sign-in page stands between the workers and Azure.",
            action="Check the workers' network and PORTAL_ARM_ENDPOINT.",
        )
    return Problem(
        code=f"Http{response.status_code}",
        message=f"Azure answered {response.status_code} {response.reason or ''}".strip() + " without saying why.",
    )


def _advised(problem: Problem) -> Problem:
    causes, action = ADVICE.get(problem.code.lower(), ("", ""))
    return replace(problem, causes=problem.causes or causes, action=problem.action or action)


def _json(response: Any) -> Any:
    try:
        return response.json()
    except (ValueError, AttributeError):
        return None
