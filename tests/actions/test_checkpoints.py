"""Checkpoints: a chain that was rewritten as a whole, or cut off with its head, fits together and is found all the same."""

import json
import stat
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from replication import seals
from replication.actions import checkpoints
from replication.actions.actor import CONSOLE
from replication.actions.audit import broken_link, digest, record
from replication.actions.verification import verify
from replication.models import AuditCheckpoint, AuditEntry, AuditHead, AuditSubject, triggers

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def off_host(settings: Any, tmp_path: Path) -> Path:
    """The file that lies elsewhere."""
    settings.AUDIT_CHECKPOINTS = str(tmp_path / "checkpoints.jsonl")
    return tmp_path / "checkpoints.jsonl"


def entries(number: int) -> None:
    for n in range(number):
        record("vaults.refresh", actor=CONSOLE, subject_name=f"entry {n}", subjects=[("/a", "a")])


def rewrite(first: int) -> None:
    """What somebody can do who owns the database: change an entry and make every hash after it anew."""
    triggers.remove()
    previous = AuditEntry.objects.get(sequence=first).previous_hash
    for row in AuditEntry.objects.filter(sequence__gte=first).order_by("sequence"):
        row.actor_name, row.previous_hash = "Nobody", previous
        row.hash = previous = digest(row, [("/a", "a")])
        row.save()
    AuditHead.objects.update(hash=previous)
    triggers.install()


def cut(last: int) -> None:
    """Drop the end, and set the head back so that it fits."""
    triggers.remove()
    AuditSubject.objects.filter(entry__sequence__gt=last).delete()
    AuditEntry.objects.filter(sequence__gt=last).delete()
    AuditHead.objects.update(sequence=last, hash=AuditEntry.objects.get(sequence=last).hash)
    triggers.install()


def forget_checkpoints() -> None:
    triggers.remove()
    AuditCheckpoint.objects.all().delete()
    triggers.install()


def test_a_checkpoint_is_taken_once_per_head_and_copied(off_host: Path) -> None:
    assert checkpoints.take() is None
    entries(3)
    taken = checkpoints.take()
    assert taken is not None
    assert checkpoints.take() is None
    entries(1)
    assert checkpoints.take() is not None
    copies = checkpoints.lines_of(off_host)
    assert [each["statement"]["sequence"] for each in copies] == [3, 4]
    assert copies[0] == taken.sealed
    assert verify(copies).bad is None


def test_a_rewritten_chain_is_found(off_host: Path) -> None:
    entries(3)
    checkpoints.take()
    entries(2)
    rewrite(2)
    assert broken_link() is None
    assert verify().bad == 3
    with pytest.raises(CommandError, match="broken at entry 3: it is not the entry that was sealed"):
        call_command("audit_verify")


def test_an_end_cut_off_with_its_head_is_found(off_host: Path) -> None:
    entries(4)
    checkpoints.take()
    cut(2)
    assert broken_link() is None
    assert verify().bad == 4


def test_the_copy_tells_when_the_rows_were_dropped_too(off_host: Path) -> None:
    entries(4)
    checkpoints.take()
    rewrite(1)
    forget_checkpoints()
    assert verify().bad is None
    assert verify(checkpoints.lines_of(off_host)).bad == 4
    with pytest.raises(CommandError, match="entry 4"):
        call_command("audit_verify", checkpoints=off_host)


def test_a_checkpoint_of_another_key_counts_only_when_it_is_named(settings: Any) -> None:
    entries(2)
    checkpoints.take()
    assert verify().bad is None
    old = seals.fingerprint()
    settings.AUDIT_KEY = "another secret of enough characters"
    assert seals.fingerprint() != old
    assert (verify().bad, "seal" in verify().why) == (2, True)
    settings.AUDIT_OLD_KEYS = [old]
    assert verify().bad is None


def test_a_line_that_was_tampered_with_is_told(off_host: Path) -> None:
    entries(2)
    checkpoints.take()
    for text in ("nonsense\n", json.dumps({"statement": {"sequence": 2}}) + "\n", json.dumps([1]) + "\n"):
        off_host.write_text(text)
        assert verify(checkpoints.lines_of(off_host)).bad in {1, 2}


def test_a_copy_that_cannot_be_written_is_tried_again(off_host: Path, settings: Any, caplog: Any) -> None:
    entries(1)
    settings.AUDIT_CHECKPOINTS = str(off_host / "no" / "such" / "folder")
    assert checkpoints.take() is None
    assert "was not sent" in caplog.text
    assert not AuditCheckpoint.objects.exists()
    settings.AUDIT_CHECKPOINTS = str(off_host)
    assert checkpoints.take() is not None


def test_a_copy_goes_to_syslog(settings: Any) -> None:
    import socket

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.settimeout(5)
        settings.AUDIT_CHECKPOINTS = f"syslog:127.0.0.1:{listener.getsockname()[1]}"
        entries(1)
        assert checkpoints.take() is not None
        heard = listener.recv(65_000).decode()
    assert heard.startswith("<37>replication-console: {")
    assert seals.holds(json.loads(heard.partition(": ")[2]), {seals.fingerprint()})


@pytest.mark.parametrize("verb", ["UPDATE {} SET at = at", "DELETE FROM {}"])
def test_checkpoints_are_insert_only(verb: str) -> None:
    entries(1)
    checkpoints.take()
    with pytest.raises(DatabaseError, match="insert-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(verb.format("replication_auditcheckpoint"))


def test_the_key_is_made_once_and_for_its_owner_only(settings: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settings.HOME, settings.AUDIT_KEY = tmp_path, ""
    first = seals.fingerprint()
    assert stat.S_IMODE((tmp_path / "audit-key").stat().st_mode) == 0o600
    assert (seals.fingerprint(), [each.name for each in tmp_path.iterdir()]) == (first, ["audit-key"])
    call_command("audit_fingerprint")
    assert capsys.readouterr().out.strip() == first
    settings.AUDIT_KEY = "short"
    with pytest.raises(seals.WeakKey):
        seals.fingerprint()


def test_names_that_no_database_takes_do_not_stop_an_entry() -> None:
    record("vaults.refresh", actor=CONSOLE, subject_name="a\x00b\ud800", detail={1: ("\x00", "\udfff"), 10: "\\u0000", 9: 1.5})
    assert AuditEntry.objects.get().subject_name == "ab?"
    assert AuditEntry.objects.get().detail == {"1": ["", "?"], "10": "\\u0000", "9": 1.5}
    assert broken_link() is None


def test_a_head_that_was_set_back_is_found() -> None:
    entries(4)
    AuditHead.objects.update(sequence=2, hash=AuditEntry.objects.get(sequence=2).hash)
    assert broken_link() == verify().bad == 3
