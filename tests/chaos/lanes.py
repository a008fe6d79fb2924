"""Several houses side by side, each in a process of its own; whichever is free takes the next point."""

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Any

from tests.chaos.points import Point

ROOT = Path(__file__).resolve().parent.parent.parent
Played = dict[str, Any]


class Lane:
    """One house's process."""

    def __init__(self, home: Path, log: Path) -> None:
        self.home, self._log = home, log
        self._process: subprocess.Popen[str] | None = None

    def play(self, point: Point, options: dict[str, Any]) -> Played:
        """The result of one point; a lane that dies says so, and the next point has a new one."""
        process = self._started()
        assert process.stdin is not None
        assert process.stdout is not None
        line = ""
        try:
            process.stdin.write(json.dumps(point.to_json() | {"options": options}) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        except OSError:
            pass
        if line:
            return dict(json.loads(line))
        self.stop()
        harm = {"wrong end states": [f"the lane died; see {self._log}"]}
        return {"point": point.name, "kind": point.kind, "struck": False, "seconds": 0, "harm": harm, "reached": {}}

    def _started(self) -> "subprocess.Popen[str]":
        if self._process is None:
            log: IO[bytes] = self._log.open("ab")
            argv = [sys.executable, "-m", "tests.chaos.lane", str(self.home), str(self._log.parent / "harm")]
            self._process = subprocess.Popen(
                argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=log, text=True, cwd=ROOT, env=_clean()
            )
            assert self._process.stdout is not None
            if self._process.stdout.readline() != "READY\n":
                raise SystemExit(f"A lane did not start; see {self._log}")
        return self._process

    def stop(self) -> None:
        """Let it put its house away."""
        if self._process is None:
            return
        assert self._process.stdin is not None
        self._process.stdin.close()
        for pressing in (signal.SIGTERM, signal.SIGKILL):  # in the middle of a point it does not read its input
            try:
                self._process.wait(timeout=10)
                break
            except subprocess.TimeoutExpired:
                self._process.send_signal(pressing)
        self._process.wait()
        self._process = None


def _clean() -> dict[str, str]:
    """What would lead a lane to somebody's real installation is not handed down."""
    kept = {"PORTAL_DATABASE_URL"}
    private = ("PORTAL_", "AZURE_", "REDIS_", "CELERY_", "DJANGO_", "CHAOS")
    return {name: value for name, value in os.environ.items() if name in kept or not name.startswith(private)}


class Lanes:
    """`count` lanes, as a context; their logs lie in `folder`."""

    def __init__(self, count: int, folder: Path) -> None:
        self.count = count
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._homes = Path(tempfile.mkdtemp(prefix="chaos-"))
        self._lanes = [Lane(self._homes / f"lane-{n}", folder / f"lane-{n}.log") for n in range(count)]

    def __enter__(self) -> "Lanes":
        return self

    def __exit__(self, *_: object) -> None:
        for lane in self._lanes:
            lane.stop()
        shutil.rmtree(self._homes, ignore_errors=True)

    def play(self, points: Sequence[Point], **options: Any) -> Iterator[Played]:
        """Results as they come."""
        todo: queue.SimpleQueue[Point] = queue.SimpleQueue()
        done: queue.SimpleQueue[Played | BaseException] = queue.SimpleQueue()
        for point in points:
            todo.put(point)
        busy = self._lanes[: len(points)]
        threads = [threading.Thread(target=_work, args=(lane, todo, done, options), daemon=True) for lane in busy]
        for thread in threads:
            thread.start()
        for _ in points:
            result = done.get()
            if isinstance(result, BaseException):
                raise result
            yield result
        for thread in threads:
            thread.join()


def _work(lane: Lane, todo: Any, done: Any, options: dict[str, Any]) -> None:
    try:
        while True:
            done.put(lane.play(todo.get_nowait(), options))
    except queue.Empty:
        pass
    except BaseException as problem:
        done.put(problem)
