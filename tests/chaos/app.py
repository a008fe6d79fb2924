"""`celery -A tests.chaos.app worker`: the console's own worker, which dies, sleeps or loses its database at one chosen line.

What it is to suffer stands in CHAOS (JSON, see `Doom`); without it this is portal.celery. The product has no hook for any of this: the
line is met by a trace function, and a mutant is put over the finished modules.
"""

import json
import os
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

from celery import signals

from portal.celery import app
from tests.chaos import mutants
from tests.chaos.points import ROOT, WATCHED

__all__ = ["app"]

Tracer = Callable[[FrameType, str, Any], Any]


@dataclass
class Doom:
    """What happens, once, when a line is reached for the nth time in a process.

    act: kill (SIGKILL to itself), disconnect (the database connection breaks), pause (asleep for `seconds`, as a machine that is moved).
    marker: the file that says that it has happened. count: the file in which passings are counted instead.
    """

    file: str = ""
    line: int = 0
    nth: int = 1
    act: str = "kill"
    seconds: float = 0
    marker: str = ""
    count: str = ""
    mutant: str = ""
    passed: int = 0
    counted: Counter[str] = field(default_factory=Counter)

    @property
    def armed(self) -> bool:
        """Whether there is a line to wait for still."""
        return bool(self.count) or (bool(self.file) and not Path(self.marker).exists())

    def reached(self, file: str, line: int) -> None:
        """A line is about to be executed."""
        if self.count:
            self.counted[f"{file}:{line}"] += 1
        elif line == self.line and file == self.file:
            self.passed += 1
            if self.passed == self.nth and self._is_the_first():
                self._strike()

    def _is_the_first(self) -> bool:
        """Only one process of all suffers."""
        try:
            os.close(os.open(self.marker, os.O_CREAT | os.O_EXCL))
        except FileExistsError:
            return False
        return True

    def _strike(self) -> None:
        if self.act == "pause":
            time.sleep(self.seconds)
        elif self.act == "disconnect":
            _disconnect()
        else:
            os.kill(os.getpid(), signal.SIGKILL)

    def save(self) -> None:
        """Add what was counted to the file's lines."""
        with Path(self.count).open("a") as out:
            out.writelines(f"{passings} {point}\n" for point, passings in self.counted.items())
        self.counted.clear()


def _disconnect() -> None:
    """The connection breaks under Django's hands: the server ends it, or the file is closed."""
    from django.db import connection

    if connection.connection is not None:
        connection.connection.close()


class Lines:
    """A trace function that reports the lines of watched files, and leaves all other code alone."""

    def __init__(self, doom: Doom) -> None:
        self._doom = doom
        self._files: dict[CodeType, str] = {}

    def __call__(self, frame: FrameType, event: str, _: Any) -> Tracer | None:
        code = frame.f_code
        if code not in self._files:
            self._files[code] = self._wanted(code)
        return self._line if self._files[code] else None

    def _wanted(self, code: CodeType) -> str:
        if not code.co_filename.startswith(ROOT):
            return ""
        file = code.co_filename.removeprefix(ROOT)
        return file if (file == self._doom.file or (self._doom.count and file in WATCHED)) else ""

    def _line(self, frame: FrameType, event: str, _: Any) -> Tracer:
        if event == "line":
            self._doom.reached(self._files[frame.f_code], frame.f_lineno)
        return self._line


def begin(doom: Doom) -> None:
    """From now on this thread's lines are watched, and those of threads that it starts."""
    if doom.armed:
        tracer = Lines(doom)
        threading.settrace(tracer)
        sys.settrace(tracer)


def end(doom: Doom) -> None:
    """Nothing is watched any more."""
    sys.settrace(None)
    threading.settrace(None)
    if doom.count:
        doom.save()


def doom_of_this_process() -> Doom:
    """What CHAOS says."""
    return Doom(**json.loads(os.environ.get("CHAOS", "{}")))


def prepare() -> None:
    """Shorten the waits that are no settings, put the mutant in, and watch every task."""
    doom = doom_of_this_process()
    mutants.shorten()
    if doom.mutant:
        mutants.MUTANTS[doom.mutant]()
    signals.task_prerun.connect(lambda **_: begin(doom), weak=False)
    signals.task_postrun.connect(lambda **_: end(doom), weak=False)


if os.environ.get("CHAOS"):
    prepare()
