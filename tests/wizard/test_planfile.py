"""A plan as a file: downloaded, uploaded again, changed by hand, and made up by somebody who means harm."""

import contextlib
import csv
import io
import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from replication.domain.planfile import Unreadable, read
from replication.models import AuditEntry, Draft, Machine, Vault

from .walk import post, text

pytestmark = pytest.mark.django_db


def content(response: Any) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else bytes(response.content)


def upload(web: Client, vault: Vault, data: bytes, name: str = "plan.json") -> HttpResponse:
    return web.post(f"/vaults/{vault.pk}/replicate/upload/", {"file": SimpleUploadedFile(name, data)})  # type: ignore[return-value]


@pytest.fixture
def customized(web: Client, ready: Draft) -> Draft:
    """Two machines, with something of everything chosen."""
    row = ready.machines.get(name="erp-01")
    post(web, ready, "customize", {"all-group_name": "rg-dr", "all-failover_type": "StandardSSD_LRS", "all-replication_group": "erp",
                                   "all-cache_name": "stcalm01", "all-high_cache_name": "stbusy01"})  # fmt: skip
    post(web, ready, f"customize/{row.pk}", {"target_name": "erp-dr", "churn": "High", "network_name": "vnet-dr"})
    ready.refresh_from_db()
    return ready


@pytest.mark.parametrize("form", ["json", "csv"])
def test_the_same_file_makes_the_same_draft(web: Client, customized: Draft, vault: Vault, form: str) -> None:
    file = content(web.get(f"/replicate/{customized.pk}/plan.{form}"))
    answer = upload(web, vault, file, f"plan.{form}")
    made = Draft.objects.latest("created_at")
    assert answer.status_code == 302
    assert answer["Location"] == f"/replicate/{made.pk}/review/"
    assert made.pk != customized.pk
    assert (made.source, made.target) == (customized.source, customized.target)
    assert {m.machine_id: m.overrides for m in made.machines.all()} == {m.machine_id: m.overrides for m in customized.machines.all()}
    assert "The plan is the same as in the file." in text(web.get(answer["Location"]))  # type: ignore[arg-type]
    assert AuditEntry.objects.get(action="draft.uploaded").detail["machines"] == 2
    again = content(web.get(f"/replicate/{made.pk}/plan.{form}"))
    assert again == file


def test_lines_that_no_longer_fit_are_named(web: Client, customized: Draft, vault: Vault) -> None:
    data = json.loads(content(web.get(f"/replicate/{customized.pk}/plan.json")))
    Machine.objects.filter(name="erp-02").update(replicable=False)
    gone = data["draft"]["machines"][0] | {"id": data["draft"]["machines"][0]["id"] + "-gone"}
    data["draft"]["machines"].append(gone)
    data["draft"]["target"]["capacity_group_id"] = data["draft"]["target"]["group_id"]
    data["draft"]["target"]["storage_account_id"] = (
        "/subscriptions/99999999-9999-9999-9999-999999999999/resourceGroups/x/providers/Microsoft.Storage/storageAccounts/theirs"
    )
    answer = upload(web, vault, json.dumps(data).encode())
    page = text(web.get(answer["Location"]))  # type: ignore[arg-type]
    made = Draft.objects.latest("created_at")
    assert [row.machine.name for row in made.machines.all()] == ["erp-01"]
    assert "erp-01-gone: not found among the machines" in page
    assert "erp-02: cannot be replicated now" in page
    assert "the capacity group rg-dr is no id of such a resource" in page
    assert "the storage account theirs lies in a subscription" in page
    assert (made.target["capacity_group_id"], made.target["storage_account_id"]) == ("", "")
    assert "The plan differs" in page


def test_a_table_changed_by_hand(web: Client, customized: Draft, vault: Vault) -> None:
    rows = list(csv.DictReader(io.StringIO(content(web.get(f"/replicate/{customized.pk}/plan.csv")).decode())))
    for row in rows:
        if row["machine"] == "erp-02":
            row["disk_type"] = "Standard_LRS"
    written = io.StringIO()
    writer = csv.DictWriter(written, rows[0].keys())
    writer.writeheader()
    writer.writerows(rows)
    upload(web, vault, written.getvalue().encode(), "plan.csv")
    made = Draft.objects.latest("created_at")
    assert made.machines.get(name="erp-02").overrides == {"disk_type": "Standard_LRS"}


def test_others_subscriptions_are_refused(web: Client, customized: Draft, vault: Vault) -> None:
    data = json.loads(content(web.get(f"/replicate/{customized.pk}/plan.json")))
    before = Draft.objects.count()
    for part, field in (("source", "subscription_ids"), ("target", "subscription_id")):
        lying = json.loads(json.dumps(data))
        foreign = "99999999-9999-9999-9999-999999999999"
        lying["draft"][part][field] = [foreign] if field.endswith("s") else foreign
        response = upload(web, vault, json.dumps(lying).encode())
        assert response.status_code == 422
        assert "subscription" in text(response)
    assert Draft.objects.count() == before


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "The file is empty."),
        (b"\xff\xfe\x00", "no text in UTF-8"),
        (b"{", "not complete"),
        (b"[" * 100_000, "not complete"),
        (b"{}", "no part"),
        (b"a,b\n1,2\n", "no column"),
        (b'machine,machine_id\n"*",\n*,\n', "there are 2"),
        (b'{"draft": {"source": [], "target": {}, "machines": []}}', "source is missing"),
        (b"x" * (5 * 1024 * 1024 + 10), "larger than"),
    ],
)
def test_what_is_no_plan_is_told_in_a_sentence(web: Client, vault: Vault, data: bytes, words: str) -> None:
    response = upload(web, vault, data)
    assert response.status_code == 422
    assert words in text(response)
    assert not Draft.objects.exists()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ("location", "subscription_ids", "subscription_id", "model", "groups", "policy", "churn", "id", "choices", "disks", "network_id")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(source=st.dictionaries(st.sampled_from(FIELDS), JSON), target=st.dictionaries(st.sampled_from(FIELDS), JSON),
       machines=st.lists(JSON | st.dictionaries(st.sampled_from(FIELDS), JSON), max_size=3), more=st.binary(max_size=40))  # fmt: skip
def test_no_file_is_more_than_unreadable(source: Any, target: Any, machines: Any, more: bytes) -> None:
    for data in (json.dumps({"draft": {"source": source, "target": target, "machines": machines}}).encode(), more):
        with contextlib.suppress(Unreadable):
            read(data)
