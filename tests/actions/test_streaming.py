"""Streaming: every entry, in order, none skipped, whatever fails on the way."""

import json
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from replication import clock
from replication.actions import streaming
from replication.actions.actor import CONSOLE
from replication.actions.audit import record
from replication.models import AuditEntry, StreamCursor

pytestmark = pytest.mark.django_db


def entries(number: int) -> None:
    for n in range(number):
        record("vaults.refresh", actor=CONSOLE, subject_name=f"vault {n}", subjects=[("/a", "a")])


def numbers(lines: list[str]) -> list[int]:
    return [json.loads(line)["sequence"] for line in lines]


def test_a_file_has_every_entry_once_and_the_cursor_follows(tmp_path: Path, settings: Any) -> None:
    place = tmp_path / "audit.jsonl"
    settings.AUDIT_STREAM = [str(place)]
    entries(streaming.PORTION + 5)
    streaming.pump()
    entries(2)
    streaming.pump()
    lines = place.read_text().splitlines()
    assert numbers(lines) == list(range(1, streaming.PORTION + 8))
    last = json.loads(lines[-1])
    assert last["hash"] == AuditEntry.objects.latest("sequence").hash
    assert last["subjects"] == [["/a", "a"]]


def test_what_was_not_taken_comes_again(tmp_path: Path, settings: Any) -> None:
    place = tmp_path / "missing" / "audit.jsonl"
    settings.AUDIT_STREAM = [str(place)]
    entries(3)
    streaming.pump()
    cursor = StreamCursor.objects.get()
    assert (cursor.sequence, cursor.failures, "No such file" in cursor.problem) == (0, 1, True)
    place.parent.mkdir()
    streaming.pump()
    cursor.refresh_from_db()
    assert (cursor.sequence, cursor.failures, cursor.problem) == (3, 0, "")
    assert numbers(place.read_text().splitlines()) == [1, 2, 3]


def test_a_crash_after_sending_sends_again_and_skips_nothing(tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "audit.jsonl"
    settings.AUDIT_STREAM = [str(place)]
    entries(2)
    real = streaming._to_file

    def killed(path: Path, lines: Any) -> None:
        real(path, lines)
        raise KeyboardInterrupt

    monkeypatch.setattr(streaming, "_to_file", killed)
    with pytest.raises(KeyboardInterrupt):
        streaming.pump()
    monkeypatch.setattr(streaming, "_to_file", real)
    streaming.pump()  # the dead worker's lease still holds
    assert numbers(place.read_text().splitlines()) == [1, 2]
    later = clock.now() + streaming.LEASE + timedelta(seconds=1)
    with clock.injected(lambda: later):
        streaming.pump()
    assert numbers(place.read_text().splitlines()) == [1, 2, 1, 2]
    assert StreamCursor.objects.get().sequence == 2


@pytest.fixture
def receiver() -> Iterator[HTTPServer]:
    """A webhook's other end, which refuses the first message."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            taken: list[Any] = self.server.taken  # type: ignore[attr-defined]
            taken.append((self.headers["webhook-id"], json.loads(body)))
            self.send_response(503 if len(taken) == 1 else 204)
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    server.taken = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_a_webhook_that_refuses_is_asked_again_with_the_same_id(receiver: HTTPServer, settings: Any) -> None:
    import ipaddress

    settings.OUTBOUND_HTTP, settings.OUTBOUND_ALLOW = True, [ipaddress.ip_network("127.0.0.0/8")]
    settings.AUDIT_STREAM = [f"http://127.0.0.1:{receiver.server_port}/in?token=secret"]
    entries(3)
    streaming.pump()
    assert StreamCursor.objects.get().sequence == 0
    streaming.pump()
    (first, _), (again, body) = receiver.taken  # type: ignore[attr-defined]
    assert first == again == "audit-1-3"
    assert [each["sequence"] for each in body["entries"]] == [1, 2, 3]
    assert "secret" not in streaming.shown(settings.AUDIT_STREAM[0])


def test_a_private_address_is_not_reached_unless_allowed(receiver: HTTPServer, settings: Any) -> None:
    settings.OUTBOUND_HTTP, settings.OUTBOUND_ALLOW = True, []
    settings.AUDIT_STREAM = [f"http://127.0.0.1:{receiver.server_port}/"]
    entries(1)
    streaming.pump()
    assert receiver.taken == []  # type: ignore[attr-defined]
    assert StreamCursor.objects.get().failures == 1


def test_syslog_over_tcp_counts_its_bytes(settings: Any) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        settings.AUDIT_STREAM = [f"syslog+tcp:127.0.0.1:{listener.getsockname()[1]}"]
        entries(2)
        streaming.pump()
        channel, _ = listener.accept()
        with channel:
            received = b""
            while chunk := channel.recv(65536):
                received += chunk
    length, _, rest = received.partition(b" ")
    first = rest[: int(length)].decode()
    assert first.startswith("<37>1 ")
    assert json.loads(first[first.index("{") :])["sequence"] == 1
    assert rest[int(length) :].split(b" ", 1)[0].isdigit()


def test_a_place_that_is_named_no_more_holds_nothing_back(settings: Any, tmp_path: Path) -> None:
    StreamCursor.objects.create(place="/gone", sequence=1)
    settings.AUDIT_STREAM = []
    streaming.pump()
    assert not StreamCursor.objects.exists()


def test_what_no_datagram_can_carry_goes_shortened_and_says_so(settings: Any) -> None:
    """An entry of a thousand machines: its facts and its hash, with a mark, in its place in the order."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        receiver.settimeout(5)
        settings.AUDIT_STREAM = [f"syslog:127.0.0.1:{receiver.getsockname()[1]}"]
        entries(1)
        record("run.enable", actor=CONSOLE, subjects=[(f"/machines/{n}/{'x' * 60}", f"vm-{n}") for n in range(1000)])
        entries(1)
        streaming.pump()
        got = [json.loads(receiver.recv(65_535).decode().partition(": ")[2]) for _ in range(3)]
    assert [int(each["sequence"]) for each in got] == [1, 2, 3]
    assert [each.get("cut", False) for each in got] == [False, True, False]
    assert (got[1]["subject_count"], got[1]["hash"]) == ("1000", AuditEntry.objects.get(sequence=2).hash)
    assert StreamCursor.objects.get().sequence == 3
