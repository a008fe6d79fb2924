"""Every address × method × person answers exactly as the hand-written table says, and what is not theirs reads as absent."""

import csv
import re
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from replication import models
from tests.permissions.world import World, arguments, build, payload

pytestmark = pytest.mark.django_db

TABLE = Path(__file__).with_name("expectations.csv")
PEOPLE = ("administrator", "operator", "helpdesk", "team_lead", "stranger", "inactive", "anonymous", "other")
METHODS = ("GET", "POST")
# Addresses without the app's namespace: Django's settings and strangers name them.
NAMED_PLAINLY = ("healthz", "home", "login", "logout", "password_change", "login_code", "entra_start", "entra_callback")
REFUSED = {"403", "404", "405", ">login"}
ALL_TARGETS = ("ours", "theirs", "absent")
# What a request that was refused may not have touched; of the audit, only the entry of the refusal itself.
WATCHED = (
    models.Approval, models.GroupRole, models.SecondFactor, models.MaintenanceWindow, models.NoticeRule, models.Webhook,
    models.Draft, models.DraftMachine, models.Grant, models.GrantScope, models.MachineClaim, models.Person, models.Reading,
    models.ReplicationPlan, models.Run, models.Setting, models.Step, models.Vault,
)  # fmt: skip
# Only these tables may be written to by a request that is refused: the entry of the refusal, and the session that asked.
LEFT_BY_A_REFUSAL = {"replication_auditentry", "replication_auditsubject", "replication_audithead", "replication_session"}


class Row(NamedTuple):
    name: str
    method: str
    target: str
    cells: dict[str, str]


def table() -> list[Row]:
    lines = [line for line in TABLE.read_text().splitlines() if not line.startswith("#")]
    return [Row(r["name"], r["method"], r["target"], {who: r[who] for who in PEOPLE}) for r in csv.DictReader(lines)]


def cases() -> list[tuple[str, str, list[Row]]]:
    """The rows of one address and method together: what is foreign is compared with what is absent."""
    return [(name, method, list(rows)) for (name, method), rows in groupby(table(), key=lambda row: (row.name, row.method))]


def addresses(patterns: list[URLPattern | URLResolver]) -> Iterator[tuple[str | None, str]]:
    """(name, route) of every address."""
    for each in patterns:
        if isinstance(each, URLResolver):
            yield from addresses(each.url_patterns)
        else:
            yield each.name, str(each.pattern)


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; what it is worth is not tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Built once; each request is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


class Answer(NamedTuple):
    said: str  # 200, or >name
    body: str  # without what differs from request to request


def ask(world: World, who: str, method: str, name: str, target: str) -> Answer:
    """Send it, look at the answer and at what was touched, and undo it."""
    answer, written = _ask(world, who, method, name, target)
    if answer.said in REFUSED and name != "logout" and not written <= LEFT_BY_A_REFUSAL:
        assert _ask(world, who, method, name, target, compare=True)  # it wrote: was that undone?
    return answer


def _ask(world: World, who: str, method: str, name: str, target: str, *, compare: bool = False) -> tuple[Answer, set[str]]:
    """The answer, and the tables that were written to. compare: what is in them must be what was in them before."""
    address, data = address_of(world, name, target), payload(world, name, target)
    with transaction.atomic():
        before = state() if compare else None
        browser, written = world.browser(who), Written()
        with connection.execute_wrapper(written):
            response = browser.get(address) if method == "GET" else send(browser, method, address, data)
            body = b"".join(response.streaming_content if response.streaming else [response.content]).decode()
        answer = Answer(said(response), plain(body, address))
        if before is not None:
            assert state() == before, f"{who} was refused ({answer.said}) and yet changed something"
        if answer.said in REFUSED and "replication_auditentry" in written.tables and name != "logout":
            others = models.AuditEntry.objects.exclude(action="access.refused").filter(sequence__gt=world.newest)
            assert not others.exists(), f"{who} was refused ({answer.said}) and yet there is another entry"
        transaction.set_rollback(True)
    return answer, written.tables


class Written:
    """Watches what goes to the database: the tables that something was written to."""

    def __init__(self) -> None:
        self.tables: set[str] = set()

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = re.match(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+"?(\w+)', sql, re.IGNORECASE)
        if found:
            self.tables.add(found.group(1))
        return execute(sql, params, many, context)


def send(browser: Client, method: str, address: str, data: dict[str, Any]) -> Any:
    return browser.post(address, data) if method == "POST" else browser.generic(method, address)


def address_of(world: World, name: str, target: str) -> str:
    """With or without a namespace, as the address has it."""
    full = name if name in NAMED_PLAINLY else f"replication:{name}"
    return reverse(full, args=arguments(world, name, target))


def said(response: Any) -> str:
    if response.status_code != 302:
        return str(response.status_code)
    return f">{resolve(urlsplit(response['Location']).path).url_name}"


def plain(body: str, address: str) -> str:
    """Without the address itself, the request id and the form's token."""
    body = body.replace(address, "<address>")
    body = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "<id>", body)
    return re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "<token>", body)


def state() -> list[Any]:
    rows = [list(model.objects.order_by("pk").values_list()) for model in WATCHED]
    return [*rows, models.AuditEntry.objects.exclude(action="access.refused").count()]


# --- the table is whole ---------------------------------------------------------------------------------------------


def test_every_address_has_a_name_and_its_rows() -> None:
    """A new address without rows fails here: write down who may use it, in expectations.csv."""
    known = {(row.name, row.method) for row in table()}
    there = {(name, method) for name, _ in addresses(get_resolver().url_patterns) for method in METHODS}
    assert {name for name, _ in there - known} == set(), "addresses without a row"
    assert {name for name, _ in known - there} == set(), "rows of addresses that there are no more"


def test_every_id_is_tried_ours_theirs_and_absent() -> None:
    for name, route in addresses(get_resolver().url_patterns):
        for method in METHODS:
            targets = {row.target for row in table() if (row.name, row.method) == (name, method)}
            wanted = ({"*"}, set(ALL_TARGETS)) if "<" in route else ({"-"},)
            assert any(each <= targets for each in wanted), f"{method} {name} has rows for {targets} only"
            assert len(targets) == len([1 for row in table() if (row.name, row.method) == (name, method)]), name


# --- the table holds ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "method", "rows"), cases(), ids=[f"{method} {name}" for name, method, _ in cases()])
def test_as_the_table_says(world: World, name: str, method: str, rows: list[Row]) -> None:
    wrong, answers = [], dict[tuple[str, str], Answer]()

    def answered(who: str, target: str) -> Answer:
        """Asked once: what is absent is both a case of its own and what others are compared with."""
        if (who, target) not in answers:
            answers[who, target] = ask(world, who, method, name, target)
        return answers[who, target]

    for row in rows:
        for target in ALL_TARGETS if row.target == "*" else (row.target,):
            for who in PEOPLE:
                answer = answered(who, target)
                if answer.said != row.cells[who]:
                    wrong.append(f"{who}, {target}: {answer.said}, expected {row.cells[who]}")
                wrong += traces(world, who, target, answer)
                if answer.said == "404" and answer.body != answered(who, "absent").body:
                    wrong.append(f"{who}, {target}: the page differs from that of what does not exist")
    assert wrong == []


def traces(world: World, who: str, target: str, answer: Answer) -> list[str]:
    """Names of the other side that the answer has, and of any side for those who belong to none."""
    hidden = {"stranger": "ours theirs", "anonymous": "ours theirs", "inactive": "ours theirs", "other": "ours"}.get(who, "theirs")
    words = [f"{kind}-{side}" for side in hidden.split() for kind in ("rsv", "vm", "job", "entry", "group")]
    return [f"{who}, {target}: the page tells of {word}" for word in words if word in answer.body]


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_address_takes_other_methods(world: World, method: str) -> None:
    """405 for everybody; where one must sign in first, the way to that."""
    wrong = []
    for name in sorted({row.name for row in table()}):
        for who in ("administrator", "stranger", "anonymous"):
            answer = ask(world, who, method, name, "ours")
            if answer.said not in ({"405", ">login"} if who == "anonymous" else {"405"}):
                wrong.append(f"{method} {name}, {who}: {answer.said}")
    assert wrong == []


def test_head_and_options_tell_no_more_than_get(world: World) -> None:
    wrong = []
    for row in table():
        if row.method != "GET" or row.target not in {"-", "theirs"}:
            continue
        for who in ("operator", "anonymous"):
            got = ask(world, who, "HEAD", row.name, row.target)
            if got.said != row.cells[who] or got.body:
                wrong.append(f"HEAD {row.name}, {who}: {got.said}")
            options = ask(world, who, "OPTIONS", row.name, row.target)
            if options.said not in {"200", "405", ">login"} or options.body:
                wrong.append(f"OPTIONS {row.name}, {who}: {options.said}")
    assert wrong == []


# --- ids that travel in forms and query strings ---------------------------------------------------------------------------


def test_a_role_held_elsewhere_finds_nobody(world: World) -> None:
    """Accounts are everybody's, what they may do in other vaults is not."""
    address = address_of(world, "people", "-")
    assert "colleague-of-theirs" in world.browser("administrator").get(address).content.decode()
    shown = world.browser("administrator").get(f"{address}?role=helpdesk").content.decode()
    assert "colleague-of-ours" in shown
    assert "colleague-of-theirs" not in shown


def test_a_foreign_reading_in_the_query_string_shows_nothing(world: World) -> None:
    for name in ("vaults", "all_items", "overview", "items", "jobs", "item"):
        address = address_of(world, name, "ours")
        plain_page = plain(world.browser("operator").get(f"{address}?reading=987654").content.decode(), address)
        with transaction.atomic():
            shown = world.browser("operator").get(f"{address}?reading={world.theirs.reading.pk}").content.decode()
            transaction.set_rollback(True)
        assert "rsv-theirs" not in shown, name
        assert ("data-poll" in shown) == ("data-poll" in plain_page), name


def test_a_machine_out_of_scope_is_not_selected(world: World) -> None:
    from tests.conftest import OTHER_SUBSCRIPTION
    from tests.views.rows import machine

    with transaction.atomic():
        hidden = machine(world.ours.vault, "hidden", group="rg-hidden", subscription=OTHER_SUBSCRIPTION)
        models.Machine.objects.filter(pk=hidden.pk).update(replicable=True)
        world.browser("administrator").post(address_of(world, "draft_selection", "ours"), {"add": hidden.pk})
        assert not world.ours.draft.machines.filter(machine=hidden).exists()
        transaction.set_rollback(True)


def test_nobody_opens_more_for_others_than_is_open_to_them(world: World) -> None:
    from tests.conftest import OTHER_SUBSCRIPTION

    with transaction.atomic():
        data = {"role": "operator", "source": [f"{OTHER_SUBSCRIPTION}/"]}
        answer = world.browser("administrator").post(address_of(world, "grant", "ours"), data)
        assert answer.status_code == 422
        assert not models.GrantScope.objects.filter(subscription_id=OTHER_SUBSCRIPTION).exists()
        transaction.set_rollback(True)


def test_another_vault_in_a_filter_finds_nothing(world: World) -> None:
    """Neither as a filter's value nor among its choices."""
    for name in ("all_items", "all_runs", "audit", "search"):
        address = address_of(world, name, "-")
        shown = world.browser("team_lead").get(f"{address}?vault={world.theirs.vault.pk}&run={world.theirs.run.pk}").content.decode()
        assert "-theirs" not in shown.replace("colleague-of-theirs", ""), name
        for word in ("vm-theirs", "erp-theirs-none", "rsv-theirs"):
            found = world.browser("operator").get(f"{address}?q={word}&subject={word}").content.decode()
            assert f">{word}<" not in found, (name, word)
