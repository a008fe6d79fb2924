"""Every string of the corpus as every name and message that comes from elsewhere, through every page, file, form and log line."""

import csv
import io
import json
import logging
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import pytest
from django.db import transaction
from django.urls import reverse

from portal.middleware import OneLineFormatter, RequestIdFilter
from replication import models
from replication.actions.actor import Actor
from replication.actions.audit import broken_link, record
from replication.domain.targets import NEW
from tests.hostile.corpus import CORPUS
from tests.permissions.test_matrix import address_of, table
from tests.permissions.world import World, build
from tests.views import rows

pytestmark = [pytest.mark.django_db]
VOID_SAFE = {"href", "src", "action", "formaction", "hx-get", "hx-post", "data-poll", "xlink:href"}


@pytest.fixture(autouse=True)
def quick_passwords(settings: Any) -> None:
    """Argon2 is slow on purpose; what it is worth is not tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(scope="module")
def built(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    with django_db_blocker.unblock(), transaction.atomic():
        yield build()
        transaction.set_rollback(True)


@pytest.fixture(params=CORPUS.values(), ids=list(CORPUS))
def evil(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def world(built: World, evil: str) -> Iterator[World]:
    """The world, in which the string stands wherever Azure or a person names something."""
    with transaction.atomic():
        poison(built, evil)
        yield built
        transaction.set_rollback(True)


def poison(world: World, evil: str) -> None:
    side, name = world.ours, evil[:60]
    models.Connection.objects.update(name=name, locations=[{"name": "eastasia", "display_name": evil}])
    models.Subscription.objects.update(name=name)
    models.Vault.objects.filter(pk=side.vault.pk).update(name=name, resource_group=name, problem=problem(evil))
    models.Person.objects.filter(username="operator").update(display_name=name)
    for machine in models.Machine.objects.filter(name="erp-ours"):
        document = json.loads(json.dumps(machine.document).replace('"name": "erp-ours', f'"name": {json.dumps(name)[:-1]}'))
        models.Machine.objects.filter(pk=machine.pk).update(
            name=name, resource_group=name, size=name, network_name=name, search=evil.lower(), document=document,
            verdicts=[{**verdict, "message": evil} for verdict in machine.verdicts or [{}] if verdict],
        )  # fmt: skip
    models.Resource.objects.update(name=name)
    models.Reading.objects.filter(kind="name").update(result={"refusal": evil, "free": "stfree01"})  # Azure's words of the draft's accounts
    document = side.item.document | {"friendly_name": evil, "errors": [health_error(evil)], "protection_text": evil}
    models.ProtectedItem.objects.filter(pk=side.item.pk).update(
        name=name, resource_group=name, policy_name=name, search=evil.lower(), document=document, issue_count=1, health="Critical"
    )
    job = {"tasks": [{"name": evil, "state": evil, "text": evil, "friendly_name": evil}], "errors": [problem(evil)]}
    models.Job.objects.filter(pk=side.job.pk).update(
        title=name, state_text=name, target_name=name, scenario=name, document=side.job.document | {"errors": job["errors"]}
    )
    side.run.steps.update(title=name, problem=problem(evil), state="failed", correlation_id=name, azure_job_id=name)
    rows.event(side.step, evil)
    models.Run.objects.filter(pk=side.run.pk).update(reason=evil[:300])
    by = Actor(person=None, name=name, address=name, reason=evil, request_id="r-evil")
    facts: dict[str, Any] = {"vault_key": side.vault.key, "subject_name": evil, "correlation_id": name, "run_id": side.run.pk}
    record("run.ended", actor=by, before={evil: evil}, after={"x": evil}, detail={evil: [evil]}, subjects=[(evil, name)], **facts)


def problem(evil: str) -> dict[str, str]:
    return {"code": evil, "message": evil, "causes": evil, "action": evil, "severity": "error"}


def health_error(evil: str) -> dict[str, Any]:
    return {"code": evil, "message": evil, "causes": evil, "action": evil, "severity": "error", "source": evil, "level": evil}


class Elements(HTMLParser):
    """What a browser would take for markup."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.bad: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "zz-evil":
            self.bad.append(f"<{tag}>")
        for name, value in attrs:
            if name.startswith("on") or name == "style" or not name.replace("-", "").replace(":", "").replace("_", "").isalnum():
                self.bad.append(f"<{tag} {name}>")
            if name in VOID_SAFE and (value or "").strip().lower().startswith(("javascript:", "data:", "vbscript:")):
                self.bad.append(f"<{tag} {name}={value}>")
        if tag == "script" and not dict(attrs).get("src"):
            self.bad.append("<script> without src")

    def handle_data(self, data: str) -> None:
        self.text += data


def markup(body: str) -> Elements:
    parser = Elements()
    parser.feed(body)
    parser.close()
    return parser


PAGES = [row for row in table() if row.method == "GET" and row.target in {"-", "ours"} and row.cells["administrator"] in {"200", "286"}]


def test_pages_show_it_as_text_or_not_at_all(world: World, evil: str) -> None:
    shown = 0
    for row in PAGES:
        response = world.browser("administrator").get(address_of(world, row.name, row.target))
        assert response.status_code in {200, 204, 286}, f"{row.name}: {response.status_code}"
        if "text/html" not in response["Content-Type"]:
            continue
        page = markup(response.content.decode())
        assert page.bad == [], row.name
        assert "14${" not in page.text, row.name  # a template that was evaluated
        shown += evil[:60].split("\n")[0].strip()[:12] in page.text
    assert shown > 5  # it does stand there


def test_the_audit_of_a_team_lead_shows_it_as_text(world: World, evil: str) -> None:
    browser, last = world.browser("team_lead"), models.AuditEntry.objects.latest("sequence").sequence
    for address in (reverse("replication:audit"), reverse("replication:audit_entry", args=[last])):
        response = browser.get(address)
        assert (response.status_code, markup(response.content.decode()).bad) == (200, [])


def test_whatever_an_address_asks_is_answered(world: World, evil: str) -> None:
    asked = quote(evil, safe="")
    for row in PAGES:
        query = "&".join(
            f"{name}={asked}"
            for name in ("q", "sort", "page", "size", "health", "status", "subject", "person", "action", "outcome", "run", "request",
                         "from", "to", "reading", "since", "of", "cache_name", "wait", "ids", "newest", "machines", "span", "vault", "only",
                         "role", "state")
        )  # fmt: skip
        response = world.browser("administrator").get(f"{address_of(world, row.name, row.target)}?{query}")
        assert response.status_code in {200, 204, 286}, f"{row.name}: {response.status_code}"
        if "text/html" in response.get("Content-Type", ""):
            assert markup(response.content.decode()).bad == [], row.name


def test_what_is_typed_as_a_new_name_is_answered(world: World, evil: str) -> None:
    browser, address = world.browser("administrator"), address_of(world, "draft_name", "ours")
    for field in [*(kind.text for kind in NEW.values()), "policy_name"]:
        for key in (field, f"all-{field}", f"many-{field}"):
            response = browser.get(address, {"of": field, key: evil, "since": evil}, HTTP_HX_REQUEST="true")
            assert response.status_code in {200, 204, 286}, key
            assert markup(response.content.decode()).bad == [], key


def test_azures_words_of_a_name_that_is_taken_are_text_where_it_can_be_changed(world: World, evil: str) -> None:
    browser, address = world.browser("administrator"), address_of(world, "draft_target", "ours")
    page = browser.get(f"{address}?wait=1").content.decode()
    assert markup(page).bad == []
    assert ">Use stfree01</button>" in page


FORMS: dict[str, list[str]] = {
    "login": ["username", "password"],
    "password_change": ["old_password", "new_password1", "new_password2"],
    "theme": ["theme", "next"],
    "person_create": ["username", "display_name", "password"],
    "person_active": ["active"],
    "grant": ["role", "source", "target"],
    "run_cancel": ["reason"],
    "run_retry": ["reason"],
    "draft_source": ["location", "subscription_ids", "model", "groups", "zonal", "tags", "version", "do"],
    "draft_machines": ["version", "do"],
    "draft_paste": ["list", "do", "line-1", "version"],
    "draft_ask": ["do"],
    "draft_matrix_export": ["form"],
    "draft_selection": ["select", "add", "drop", "shown", "chosen"],
    "draft_target": ["location", "subscription_id", "policy", "policy_name", "retention_hours", "app_consistent_minutes", "use",
                     "version", "do"],
    "draft_customize": ["all-group_id", "all-group_name", "all-network_id", "all-network_name", "all-cache_name", "all-high_cache_name",
                        "all-storage_name", "all-set_name", "all-placement_name", "all-disk_type", "reset", "version", "do"],
    "draft_machine": ["group_id", "network_name", "cache_name", "set_name", "storage_name", "availability", "replication_group",
                      "target_name", "static_address", "version", "do"],
    "draft_checks_again": ["failing", "reason"],
    "draft_checks_acknowledge": ["warning", "reason"],
    "draft_create_targets": ["digest", "reason"],
    "draft_enable": ["digest", "reason"],
    "items_export": ["reason"],
    "audit_export": ["reason"],
}


def test_whatever_a_form_sends_is_answered(world: World, evil: str) -> None:
    for name, fields in FORMS.items():
        target = "-" if name in {"login", "password_change", "theme", "person_create", "audit_export"} else "ours"
        who = "anonymous" if name == "login" else "administrator"
        with transaction.atomic():
            response = world.browser(who).post(address_of(world, name, target), dict.fromkeys(fields, evil))
            assert response.status_code in {200, 302, 404, 409, 422}, f"{name}: {response.status_code}"
            assert "evil" not in response.cookies, name
            if response.status_code == 302:
                assert response["Location"].startswith("/"), name
                assert not response["Location"].startswith("//"), name
            elif not response.streaming:
                assert markup(response.content.decode()).bad == [], name
            assert broken_link() is None
            transaction.set_rollback(True)


class Forms(HTMLParser):
    """The fields of every form that a page posts, by the form's address."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.page, self.action = page, ""
        self.found: dict[str, set[str]] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            posts = (given.get("method") or "").lower() == "post"
            self.action = (given.get("action") or self.page) if posts else ""
        for address in (given.get("formaction"), given.get("hx-post"), self.action):
            if address and given.get("name"):
                self.found.setdefault(urlsplit(urljoin(self.page, address)).path, set()).add(str(given["name"]))

    def handle_endtag(self, tag: str) -> None:
        self.action = "" if tag == "form" else self.action


@pytest.fixture(scope="module")
def offered(built: World) -> dict[str, set[str]]:
    """What the pages themselves let an administrator send, by address: a form that somebody adds is tried without a line here."""
    found: dict[str, set[str]] = {}
    for row in PAGES:
        address = address_of(built, row.name, row.target)
        response = built.browser("administrator").get(address)
        if "text/html" in response.get("Content-Type", ""):
            forms = Forms(address)
            forms.feed(response.content.decode())
            for where, names in forms.found.items():
                found.setdefault(where, set()).update(names - {"csrfmiddlewaretoken"})
    return found


def test_every_form_that_a_page_offers_is_answered(world: World, evil: str, offered: dict[str, set[str]]) -> None:
    assert len(offered) > 20
    for address, names in offered.items():
        with transaction.atomic():
            response = world.browser("administrator").post(address, dict.fromkeys(names, evil))
            assert response.status_code in {200, 204, 302, 403, 404, 409, 422, 429}, f"{address} {names}: {response.status_code}"
            assert "evil" not in response.cookies, address
            if response.status_code == 302:
                assert response["Location"].startswith("/"), address
                assert not response["Location"].startswith("//"), address
            elif not response.streaming and "text/html" in response.get("Content-Type", ""):
                assert markup(response.content.decode()).bad == [], address
            assert broken_link() is None
            transaction.set_rollback(True)


def test_files_hold_no_formula_and_no_header(world: World, evil: str) -> None:
    for name in ("items_export", "all_items_export", "audit_export"):
        response = world.browser("administrator").post(address_of(world, name, "ours"))
        assert response.status_code == 200, name
        assert "\n" not in response["Content-Disposition"]
        assert response["Content-Disposition"].count('"') == 2
        cells = [cell for row in csv.reader(io.StringIO(b"".join(response.streaming_content).decode())) for cell in row]
        assert [cell for cell in cells if cell[:1] in set("=+-@\t\r")] == [], name
    for name in ("audit_lines", "run_evidence"):
        lines = b"".join(world.browser("administrator").post(address_of(world, name, "ours")).streaming_content).splitlines()
        assert all(json.loads(line) for line in lines)
        assert len(lines) == len([line for line in lines if line.startswith(b"{")])


def test_log_lines_stay_one_line_each(world: World, evil: str, caplog: pytest.LogCaptureFixture) -> None:
    formatter, filter_ = OneLineFormatter("%(levelname)s %(name)s [%(request_id)s] %(message)s"), RequestIdFilter()
    with caplog.at_level(logging.DEBUG, logger="django.request"):
        world.browser("administrator").get("/vaults/" + quote(evil, safe=""))
    logger = logging.getLogger("test.hostile")
    logger.warning("The jobs of %s cannot be read: %s", evil, evil)
    try:
        raise ValueError(evil)
    except ValueError:
        logger.exception("Reading %s failed", evil)
    assert len(caplog.records) >= 3
    for each in caplog.records:
        filter_.filter(each)
        head, *trace = formatter.format(each).splitlines()
        assert head.isprintable()
        assert all(line.startswith("    ") and line.isprintable() for line in trace), trace
        assert bool(trace) == bool(each.exc_info)
