"""The evidence of a run says what was so when it ended: asked and got, and the RPO then, whatever became of the machine afterwards."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.test import Client
from django.urls import reverse

from replication import clock, seals
from replication.gateway.port import Gateway
from replication.models import AuditEntry, HandOver, ProtectedItem, Run, Vault
from scripts import verify_audit_bundle
from tests.changes.conftest import finished, read_again
from tests.changes.test_pages import fields, hidden


def evidence(web: Client, run: Run) -> list[bytes]:
    """The lines of the file."""
    answer = web.post(reverse("replication:run_evidence", args=[run.pk]))
    return b"".join(answer.streaming_content).splitlines(keepends=True)  # type: ignore[attr-defined]


def handed(lines: list[bytes]) -> Any:
    (only,) = json.loads(lines[1])["run"]["hand_over"]
    return only


def test_a_change_and_a_disabling(vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway, tmp_path: Path) -> None:
    item, before = items[0], clock.now() - timedelta(minutes=4)
    ProtectedItem.objects.filter(pk=item.pk).update(rpo=77, rpo_at=before)
    change = f"/items/{item.pk}/change/"
    review = web.post(change, fields(web.get(change)) | {"name": "erp-dr-01"})
    web.post(change, hidden(review))
    run = finished(Run.objects.get(), gateway)
    read_again(vault)
    ProtectedItem.objects.filter(pk=item.pk).update(rpo=9999)

    lines = evidence(web, run)
    told = handed(lines)
    assert (told["rpo"], told["rpo_at"], told["rpo_is"]) == (
        77, before.isoformat(timespec="milliseconds"), "the last read before the run ended"
    )  # fmt: skip
    assert (told["asked"]["name"], told["got"]["name"], told["differs"]) == ("erp-dr-01", "erp-dr-01", [])
    assert AuditEntry.objects.filter(run_id=run.pk).exclude(action="run.evidence").count() == 2  # asked, ended
    (tmp_path / "evidence").write_bytes(b"".join(lines))
    argv = [sys.executable, "-I", "-S", verify_audit_bundle.__file__, "evidence", "--fingerprint", seals.fingerprint()]
    alone = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, env={})
    assert (alone.returncode, alone.stdout[:2]) == (0, "OK"), alone.stdout
    (tmp_path / "evidence").write_bytes(b"".join(lines).replace(b'"rpo":77', b'"rpo":7'))
    assert subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False, env={}).returncode == 1

    read_again(vault)
    disable = f"/items/{item.pk}/act/disable/"
    web.post(disable, hidden(web.get(disable)))
    gone = finished(Run.objects.get(purpose="disable"), gateway)
    assert handed(evidence(web, gone))["got"] is None
    read_again(vault)
    assert handed(evidence(web, gone))["got"] == {"replicated": False}
    assert not HandOver.objects.filter(open=True).exists()


def test_an_rpo_that_nobody_knew_at_the_end_is_the_first_one_read_after(
    vault: Vault, items: list[ProtectedItem], web: Client, gateway: Gateway
) -> None:
    ProtectedItem.objects.update(rpo=None, rpo_at=None)
    address = f"/items/{items[0].pk}/act/resync/"
    web.post(address, hidden(web.get(address)))
    run = finished(Run.objects.get(), gateway)
    told = handed(evidence(web, run))
    assert (told["rpo"], told["rpo_is"]) == (None, "waited for")
    read_again(vault)
    told = handed(evidence(web, run))
    first = told["rpo"]
    assert (first is not None, told["rpo_is"]) == (True, "the first read after the run ended")
    ProtectedItem.objects.update(rpo=first + 1)
    read_again(vault)
    assert handed(evidence(web, run))["rpo"] == first
