"""Reads slow down before Azure refuses them."""

from types import SimpleNamespace
from typing import Any

import pytest

from replication.gateway.pipeline import LONGEST_SLEEP, ReadPace, Rest, RestError

HEADER = "x-ms-ratelimit-remaining-subscription-reads"


class Wire:
    """A transport that never sleeps but remembers how long it should have."""

    def __init__(self) -> None:
        self.slept: list[float] = []
        self.pace = ReadPace()

    def exchange(
        self, left: str, method: str = "GET", subscription: str = "one", status: int = 200, retry_after: str = ""
    ) -> float:
        """One request answered with so many reads left; the seconds it had to wait before it went out."""
        self.slept.clear()
        sent: Any = SimpleNamespace(
            http_request=SimpleNamespace(method=method, url=f"https://arm/subscriptions/{subscription}/resourceGroups"),
            context=SimpleNamespace(transport=SimpleNamespace(sleep=self.slept.append)),
        )
        self.pace.on_request(sent)
        headers = {HEADER: left} if left else {}
        headers |= {"Retry-After": retry_after} if retry_after else {}
        answer: Any = SimpleNamespace(http_response=SimpleNamespace(status_code=status, headers=headers))
        self.pace.on_response(sent, answer)
        return sum(self.slept)


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    monkeypatch.setattr("replication.gateway.pipeline.monotonic", lambda: 1000.0)
    return Wire()


def test_reads_go_at_full_speed_while_there_are_many_left(wire: Wire) -> None:
    assert [wire.exchange(str(left)) for left in (249, 120, 51, 50)] == [0, 0, 0, 0]


def test_the_fewer_are_left_the_longer_is_the_wait(wire: Wire) -> None:
    wire.exchange("40")
    assert wire.exchange("10") == pytest.approx(0.4)
    assert wire.exchange("0") == pytest.approx(1.6)
    assert wire.exchange("0") == pytest.approx(2.0)
    assert LONGEST_SLEEP >= 2.0


def test_the_bucket_fills_while_nobody_reads(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.exchange("0")
    monkeypatch.setattr("replication.gateway.pipeline.monotonic", lambda: 1001.0)
    assert wire.exchange("") == pytest.approx(1.0)
    monkeypatch.setattr("replication.gateway.pipeline.monotonic", lambda: 1002.0)
    assert wire.exchange("") == 0


def test_writes_and_other_subscriptions_do_not_wait(wire: Wire) -> None:
    wire.exchange("0")
    assert wire.exchange("0", method="PUT") == 0
    assert wire.exchange("249", subscription="two") == 0


def test_after_a_429_no_thread_of_the_process_reads_before_the_time(wire: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    wire.exchange("", status=429, retry_after="2")
    assert wire.exchange("") == pytest.approx(2.0)
    assert wire.exchange("", subscription="two") == 0
    monkeypatch.setattr("replication.gateway.pipeline.monotonic", lambda: 1002.0)
    assert wire.exchange("") == 0


def test_what_other_processes_were_told_is_looked_up_once_a_second(monkeypatch: pytest.MonkeyPatch) -> None:
    told, looked, now, slept = {"busy": 30.0, "soon": 2.0}, list[str](), [1000.0], list[float]()
    monkeypatch.setattr("replication.gateway.pipeline.monotonic", lambda: now[0])

    def asked(subscription: str) -> float:
        looked.append(subscription)
        return told.get(subscription, 0.0)

    rest = Rest(asked)

    def send(subscription: str, method: str = "GET") -> None:
        rest.on_request(
            SimpleNamespace(  # type: ignore[arg-type]
                http_request=SimpleNamespace(method=method, url=f"https://arm/subscriptions/{subscription}/resourceGroups"),
                context=SimpleNamespace(transport=SimpleNamespace(sleep=slept.append)),
            )
        )

    for _ in range(3):
        send("free")
    send("busy", "PUT")
    assert (looked, slept) == (["free"], [])
    now[0] += 1
    send("free")
    send("soon")
    assert (looked, slept) == (["free", "free", "soon"], [2.0])
    for _ in range(2):  # nothing is remembered of a rest, which may be longer or shorter by now
        with pytest.raises(RestError, match="for another 30 s"):
            send("busy")
    assert looked[3:] == ["busy", "busy"]
