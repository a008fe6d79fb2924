"""Azure's words, whatever their shape: times, headers, errors, operation states. No network."""

import json
from datetime import UTC, datetime
from types import SimpleNamespace

import pytest

from replication.domain.problems import Severity, When
from replication.gateway import arm, errors, operations
from replication.gateway.port import AzureError

VAULT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.RecoveryServices/vaults/v"
STATUS = {"status": "https://azure.example/op", "vault": VAULT}


def answer(status, body=None, **headers):
    """An HTTP answer as the SDK hands it over."""
    text = "" if body is None else json.dumps(body)
    names = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    found = SimpleNamespace(get=lambda name, default="": names.get(name.lower(), default))
    return SimpleNamespace(
        status_code=status, headers=found, reason="Reason", text=lambda: text, json=lambda: json.loads(text)
    )


def look(response, handle=STATUS):
    return operations.look(lambda _: response, "https://azure.example", handle)


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2023-08-29T01:14:37.4760519Z", datetime(2023, 8, 29, 1, 14, 37, 476051, UTC)),
        ("2023-08-29T01:14:50.0000000Z", datetime(2023, 8, 29, 1, 14, 50, tzinfo=UTC)),
        ("2023-08-29T01:14:03Z", datetime(2023, 8, 29, 1, 14, 3, tzinfo=UTC)),
        ("2023-08-29T03:14:03+02:00", datetime(2023, 8, 29, 1, 14, 3, tzinfo=UTC)),
        ("2023-08-29T01:14:03", datetime(2023, 8, 29, 1, 14, 3, tzinfo=UTC)),
        ("0001-01-01T00:00:00", None),
        ("1753-01-01T01:01:01Z", None),
        ("9999-12-31T23:59:59.9999999", None),
        ("3/21/2021 6:34:41 AM", None),
        ("", None),
        (None, None),
    ],
)
def test_times(text, at):
    assert arm.moment(text) == at


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 0),
        ({"retry_after": "30"}, 30),
        ({"retry_after": "0.2"}, 0.2),
        ({"retry_after": "nonsense"}, 0),
        ({"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0),
        ({"retry_after_ms": "200", "retry_after": "5"}, 0.2),
    ],
)
def test_how_long_to_wait(headers, seconds):
    assert arm.seconds(answer(200, **headers).headers) == pytest.approx(seconds)


def test_a_job_is_named_in_the_request_id_sometimes_twice():
    job = f"{VAULT}/replicationJobs/j"
    assert operations.job_of(f"{job}, {job}") == job
    assert operations.job_of("c0ffee 11/23/2026") == ""


def test_site_recoverys_own_code_and_advice_stand_in_the_details():
    detail = {
        "code": "FabricArmEntityMissing",
        "message": "No.",
        "possibleCauses": ["a", "b"],
        "recommendedAction": "do",
    }
    problem = errors.of_body({"error": {"code": "NotFound", "message": "outer", "details": [detail]}})
    assert (problem.code, problem.message, problem.causes, problem.action) == (
        "FabricArmEntityMissing",
        "No.",
        "a b",
        "do",
    )


def test_arms_details_do_not_hide_its_code():
    body = {
        "error": {
            "code": "OperationNotAllowed",
            "message": "m",
            "details": [{"code": "TooManyRequests", "message": "{}"}],
        }
    }
    assert errors.of_body(body).code == "OperationNotAllowed"


def test_the_old_vault_shape_and_no_body_at_all():
    old = {"ErrorCode": "ResourceExtendedInfoNotFound", "Message": {"Language": "en-US", "Value": ""}}
    assert errors.of_body(old).code == "ResourceExtendedInfoNotFound"
    bare = errors.of_response(answer(502), writing=True)
    assert (bare.problem.code, bare.problem.when, bare.acted) == ("Http502", When.NOW, True)


@pytest.mark.parametrize(
    ("status", "codes", "when"),
    [
        (429, ("OperationNotAllowed",), When.LATER),  # compute's throttle has the quota's code
        (409, ("OperationNotAllowed",), When.NEVER),
        (409, ("AnotherOperationInProgress",), When.LATER),
        (409, ("Unheard",), When.NEVER),
        (409, ("150999", "Conflict"), When.LATER),
        (400, ("BadRequest",), When.NEVER),
        (403, ("AuthorizationFailed",), When.NEVER),
        (404, ("ResourceGroupNotFound",), When.NEVER),
        (423, ("Locked",), When.LATER),
        (401, ("ExpiredAuthenticationToken",), When.NOW),
        (503, ("ServiceUnavailable",), When.NOW),
        (200, ("151072",), When.NEVER),
        (200, ("499",), When.NOW),
    ],
)
def test_when_trying_again_can_help(status, codes, when):
    assert errors.when(status, *codes) is when


@pytest.mark.parametrize("word", ["Failed", "Canceled", "Cancelled"])
def test_three_words_for_an_operation_that_failed(word):
    progress = look(answer(200, {"status": word, "name": "j", "error": None}))
    assert progress.state == "failed"
    assert progress.problem.message
    assert progress.job_id == f"{VAULT}/replicationJobs/j"


def test_success_with_a_warning_is_success():
    error = {"code": "151207", "message": "The agent was updated with warnings.", "details": None}
    progress = look(answer(200, {"status": "Succeeded", "name": "j", "error": error}))
    assert (progress.state, progress.problem.code, progress.problem.severity) == (
        "succeeded",
        "151207",
        Severity.WARNING,
    )


def test_partly_succeeded_ends_and_is_told():
    progress = look(answer(200, {"status": "PartiallySucceeded", "name": "j"}))
    assert (progress.state, progress.problem.severity) == ("succeeded", Severity.WARNING)


@pytest.mark.parametrize("word", ["InProgress", "Running", "NeverSeenBefore", ""])
def test_any_other_word_means_running(word):
    assert look(answer(200, {"status": word, "name": "j"}, retry_after="3")).retry_after == 3


LOCATION = {"location": "https://azure.example/result"}


@pytest.mark.parametrize(
    ("response", "state"),
    [
        (answer(202, retry_after="10"), "running"),
        (answer(200, {"properties": {"provisioningState": "Succeeded"}}), "succeeded"),
        (answer(200, {"properties": {"provisioningState": "Creating"}}), "running"),
        (answer(204), "succeeded"),
        (answer(404), "lost"),
        (answer(409, {"error": {"code": "StorageAccountAlreadyTaken", "message": "taken"}}), "failed"),
    ],
)
def test_a_location_answers_202_and_then_the_end(response, state):
    assert look(response, LOCATION).state == state


@pytest.mark.parametrize("status", [401, 403, 408, 429, 500, 503])
def test_a_location_that_cannot_be_read_says_nothing_about_the_operation(status):
    with pytest.raises(AzureError):
        look(answer(status), LOCATION)


def test_without_any_address_the_resource_itself_is_looked_at():
    handle = {"resource": "https://azure.example/thing"}
    assert look(answer(200, {"properties": {"provisioningState": "Failed"}}), handle).state == "failed"
    assert look(answer(200, {"properties": {"provisioningState": "Updating"}}), handle).state == "running"


@pytest.mark.parametrize(
    "url",
    [
        "https://azure.example.evil.org/op",
        "http://azure.example/op",
        "https://azure.example@evil.org/",
        "https://evil.org/",
        "",
    ],
)
def test_no_token_for_another_host(url):
    with pytest.raises(AzureError, match="OtherHost"):
        look(answer(200), {"status": url})


def test_a_regional_front_end_of_the_same_cloud_is_the_same_host():
    assert look(answer(202), {"location": "https://eastus.azure.example/result"}).state == "running"
