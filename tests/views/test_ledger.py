"""The ledger's pages: minutes as counted, filters, exports, windows that excuse, and the report."""

from datetime import UTC, date, datetime, timedelta
from functools import partial
from typing import Any

import pytest
from django.urls import reverse

from replication import clock
from replication.models import AuditEntry, Breach, LedgerMonth, MaintenanceWindow
from tests.views import rows

pytestmark = pytest.mark.django_db
MONTH = date(2026, 11, 1)
NOON = datetime(2026, 11, 18, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def november() -> Any:
    with clock.injected(lambda: NOON):
        yield


def month(vault: Any, name: str, out: float = 0, tags: str = "", **more: float) -> LedgerMonth:
    """A machine's month; times in minutes."""
    given = {"within": 40_000, "excused": 0, "unknown": 0} | more
    seconds = {key: value * 60 for key, value in given.items()}
    return LedgerMonth.objects.create(
        item=rows.item(vault, name), month=MONTH, out=out * 60, worst=3600, tags=f"\n{tags}\n" if tags else "", **seconds
    )


def page(browser: Any, name: str, *args: Any, **query: str) -> str:
    answer = browser.get(reverse(f"replication:{name}", args=args), {"month": "2026-11"} | query)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_a_month_shows_each_machine_and_what_is_left_of_its_budget(signed_in, vault, helpdesk):
    month(vault, "erp", out=600, excused=60)
    month(vault, "crm", out=10)
    shown = page(signed_in(helpdesk), "ledger", vault.pk)
    assert shown.index(">erp<") < shown.index(">crm<")  # the worst first
    assert "overspent by 5 h 37 min" in shown  # 540 minutes against half a percent of 40,600
    assert "99.97 %" in shown
    assert "1<small>of 2 machines overspent it" in shown


@pytest.mark.parametrize(
    ("query", "there"),
    [({"state": "over"}, {"erp"}), ({"state": "kept"}, {"crm", "web"}), ({"tag": "env:prod"}, {"erp", "crm"}), ({"q": "web"}, {"web"})],
)
def test_filters_and_exports_agree(signed_in, vault, admin, query, there):
    month(vault, "erp", out=600, tags="env:prod\nowner:finance")
    month(vault, "crm", tags="env:prod")
    month(vault, "web", tags="env:production")
    browser = signed_in(admin)
    shown = page(browser, "ledger", vault.pk, **query)
    assert {name for name in ("erp", "crm", "web") if f">{name}<" in shown} == there
    address = reverse("replication:ledger_export", args=[vault.pk]) + "?month=2026-11&" + "&".join(f"{k}={v}" for k, v in query.items())
    lines = b"".join(browser.post(address).streaming_content).decode().splitlines()
    assert {line.split(",")[0] for line in lines[1:]} == there
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.detail["filters"]["month"], entry.detail["rows"]) == ("ledger.export", "2026-11", len(there))


def test_sums_by_tag_count_every_machine_once(signed_in, vault, lead):
    month(vault, "erp", out=600, tags="env:prod")
    month(vault, "crm", out=5, tags="env:prod")
    month(vault, "web", tags="owner:x")
    shown = page(signed_in(lead), "ledger", vault.pk, by="env")
    assert "without it" in shown
    assert "10 h 05 min" in shown


@pytest.mark.parametrize(
    "query", [{"month": "never"}, {"month": "2026-13"}, {"month": "0001-01"}, {"month": "9999-12"}, {"by": "\x00"}, {"tag": "x" * 5000}]
)
def test_strange_addresses_show_a_page(signed_in, vault, admin, query):
    month(vault, "erp")
    for name in ("ledger", "report"):
        assert signed_in(admin).get(reverse(f"replication:{name}", args=[vault.pk]), query).status_code == 200
    assert signed_in(admin).get(reverse("replication:all_ledger"), query).status_code == 200


def test_pages_cost_the_same_number_of_queries_for_few_and_for_many(signed_in, vault, admin, queries):
    browser = signed_in(admin)
    for number in range(2):
        month(vault, f"vm-{number}", out=number, tags="env:prod")
    addresses = [reverse(f"replication:{name}", args=[vault.pk]) + "?by=env&month=2026-11" for name in ("ledger", "report")]

    def asked() -> list[int]:
        return [queries(partial(browser.get, address)) for address in addresses]

    few = asked()
    for number in range(2, 60):
        month(vault, f"vm-{number}", out=number, tags=f"env:{number % 5}")
    assert asked() == few


def test_a_machines_month_says_when_and_what_is_excused(signed_in, vault, admin):
    row = month(vault, "erp", out=60)
    begun = NOON - timedelta(hours=30)
    Breach.objects.create(item=row.item, begun_at=begun, ended_at=begun + timedelta(hours=1), worst=5400, target=1800)
    MaintenanceWindow.objects.create(
        vault=vault, scope="vault", begins_at=begun + timedelta(minutes=30), ends_at=NOON, reason="x", created_by=admin, created_at=NOON
    )
    shown = page(signed_in(admin), "ledger_item", row.item_id)
    assert "1 h 00 min" in shown
    assert "1 h 30 min" in shown
    assert "30 min" in shown


def test_the_report_says_coverage_and_rpo_for_printing(signed_in, vault, lead):
    month(vault, "erp", out=600)
    rows.machine(vault, "erp").__class__.objects.update(protected_in=f"{vault.key}/erp")
    rows.machine(vault, "bare", group="rg-bare")
    shown = page(signed_in(lead), "report", vault.pk)
    assert "Coverage and RPO, November 2026" in shown
    assert "<b>1</b>, 50 %" in shown
    assert "rg-bare" in shown


# --- windows -----------------------------------------------------------------------------------------------------------------


def test_a_window_set_afterwards_excuses_what_was_counted_and_its_end_takes_that_back(signed_in, vault, operator):
    row = month(vault, "erp", out=60)
    begun = NOON - timedelta(hours=2)
    Breach.objects.create(item=row.item, begun_at=begun, ended_at=begun + timedelta(hours=1), worst=5400, target=1800)
    browser = signed_in(operator)
    data = {"scope": "machine", "machine": "ERP", "begins": "2026-11-18T10:00", "ends": "2026-11-18T13:00", "reason": "CHG-7"}
    assert browser.post(reverse("replication:window_create", args=[vault.pk]), data).status_code == 302
    row.refresh_from_db()
    assert row.excused == 3600
    entry = AuditEntry.objects.latest("sequence")
    assert (entry.action, entry.after["reason"], entry.detail) == ("window.created", "CHG-7", {"months_recounted": 1})
    window = MaintenanceWindow.objects.get()
    data = {"begins": "2026-11-18T10:30", "ends": "2026-11-18T13:00", "reason": "CHG-7", "version": "1"}
    assert browser.post(reverse("replication:window", args=[window.pk]), data).status_code == 302
    row.refresh_from_db()
    assert row.excused == 1800
    stale = browser.post(reverse("replication:window", args=[window.pk]), data)
    assert stale.status_code == 409
    assert browser.post(reverse("replication:window_end", args=[window.pk])).status_code == 302
    window.refresh_from_db()
    assert window.ends_at == NOON
    assert AuditEntry.objects.latest("sequence").action == "window.ended"


def test_a_window_that_has_not_begun_is_cancelled(signed_in, vault, operator):
    window = MaintenanceWindow.objects.create(
        vault=vault, scope="vault", begins_at=NOON + timedelta(hours=1), ends_at=NOON + timedelta(hours=2), reason="x",
        created_by=operator, created_at=NOON,
    )  # fmt: skip
    signed_in(operator).post(reverse("replication:window_end", args=[window.pk]))
    assert not MaintenanceWindow.objects.exists()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ends": "2026-11-18T09:00"}, "It must end after it begins"),
        ({"ends": "2027-11-18T09:00"}, "within 31 days"),
        ({"begins": "yesterday"}, "Enter a valid date/time."),
        ({"scope": "machine", "machine": "nobody"}, "No machine with this name"),
        ({"scope": "machine", "machine": "a\x00b"}, "ull characters"),
        ({"scope": "tag", "tag": "prod"}, "name:value"),
        ({"reason": ""}, "This field is required."),
        ({"reason": "a\u202eb"}, "without control characters"),
    ],
)
def test_a_wrong_window_changes_nothing_and_says_why(signed_in, vault, operator, wrong, said):
    data = {"scope": "vault", "begins": "2026-11-18T10:00", "ends": "2026-11-18T13:00", "reason": "CHG-7"} | wrong
    answer = signed_in(operator).post(reverse("replication:window_create", args=[vault.pk]), data)
    assert answer.status_code == 422
    assert said in answer.content.decode()
    assert not MaintenanceWindow.objects.exists()
