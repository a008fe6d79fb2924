"""Start programs, know when they are ready, stop them in order, and let none outlive us.

Every child leads a session of its own, so that Ctrl-C reaches only the supervisor and a whole family can be ended at
once. On Linux the kernel ends the children when the supervisor dies, even by SIGKILL; elsewhere only a clean end does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

TICK = 0.1  # seconds between two looks
TAIL = 12  # lines of a log that a failure shows
_PR_SET_PDEATHSIG = 1  # prctl(2)


class StopRequested(Exception):
    """Ctrl-C, TERM, or the terminal went away."""


class ProgramFailedError(Exception):
    """One sentence, and the last lines of the log that explain it."""


@dataclass(frozen=True)
class Program:
    """What to run. `ready` is asked until it says yes; `grace` is how many seconds it has between TERM and KILL."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    ready: Callable[[], bool] = lambda: True
    patience: float = 60.0
    grace: float = 4.0
    user: int | None = None  # a user id to become, for programs that refuse to run as root


@dataclass
class _Child:
    program: Program
    process: subprocess.Popen[bytes]
    log: Path

    def ended(self) -> bool:
        return self.process.poll() is not None

    def signal(self, number: int) -> None:
        """To the whole family: a pool's children too. The group outlives its leader until the last member is gone."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def ask_to_end(self) -> None:
        """To the leader only: it knows in which order to end its own children."""
        with contextlib.suppress(ProcessLookupError):
            self.process.terminate()

    def last_words(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-TAIL:]
        return "\n".join(f"    {line}" for line in lines) or "    (it wrote nothing)"


@dataclass
class Supervisor:
    """Runs stages of programs in `folder` (the working directory), with a log each in `logs`."""

    folder: Path
    logs: Path
    _stages: list[list[_Child]] = field(default_factory=list)
    _signalled: int = 0

    @contextlib.contextmanager
    def catching_signals(self) -> Iterator[None]:
        """INT, TERM and HUP end the work at the next look; a second one stops waiting for anybody."""
        before = {}
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGINT:  # nohup keeps its meaning
                before[number] = signal.signal(number, self._on_signal)
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self._signalled += 1

    def start(self, *programs: Program) -> None:
        """Start a stage: all at once, and return when every one is ready. They are stopped together as well."""
        self.launch(*programs)
        self.wait_ready()

    def launch(self, *programs: Program) -> None:
        """Start a stage without waiting for it."""
        stage: list[_Child] = []
        self._stages.append(stage)
        for program in programs:
            stage.append(self._spawn(program))

    def wait_ready(self) -> None:
        """Return when every program of the last stage is ready."""
        for child in self._stages[-1]:
            self._wait_for(child)

    def run(self, *programs: Program) -> list[str]:
        """Run commands side by side to their ends, with an eye on everybody else; what each printed."""
        children: list[_Child] = []
        try:
            children.extend(map(self._spawn, programs))
            return [self._finished(child) for child in children]
        finally:
            for child in children:
                child.signal(signal.SIGKILL)
                child.process.wait()

    def _finished(self, child: _Child) -> str:
        deadline = time.monotonic() + child.program.patience
        while not child.ended():
            self._look()
            if time.monotonic() > deadline:
                raise ProgramFailedError(_sentence(child, f"did not finish within {child.program.patience:.0f} s"))
            time.sleep(TICK / 4)
        if child.process.returncode:
            raise ProgramFailedError(_sentence(child, f"failed with exit status {child.process.returncode}"))
        return child.log.read_text(errors="replace")

    def watch(self) -> None:
        """Stay until somebody asks to stop or a program dies; both arrive as an exception."""
        while True:
            self._look()
            time.sleep(TICK)

    def accompany(self, process: subprocess.Popen[bytes]) -> int:
        """Wait for somebody else's process with an eye on ours; its exit status."""
        while (status := process.poll()) is None:
            self._look()
            time.sleep(TICK)
        return status

    def stop(self) -> None:
        """Last stage first; what does not end within its grace is killed, and so is what a dead leader left behind."""
        asked_before = self._signalled
        for stage in reversed(self._stages):
            for child in stage:
                child.ask_to_end()
            deadline = time.monotonic() + max((child.program.grace for child in stage), default=0.0)
            while time.monotonic() < deadline and self._signalled <= asked_before:
                if all(child.ended() for child in stage):
                    break
                time.sleep(TICK / 2)
            for child in stage:
                child.signal(signal.SIGKILL)
                child.process.wait()
        self._stages.clear()

    def _spawn(self, program: Program) -> _Child:
        log = self.logs / f"{program.name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        if log.exists():
            log.replace(log.with_suffix(".log.1"))
        with log.open("wb") as output:
            process = subprocess.Popen(
                list(program.argv),
                env=dict(program.env),
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_die_with(os.getpid()),
                user=program.user,
                group=program.user,
                extra_groups=None if program.user is None else (),
            )
        return _Child(program, process, log)

    def _wait_for(self, child: _Child) -> None:
        deadline = time.monotonic() + child.program.patience
        while not child.program.ready():
            self._look()
            if time.monotonic() > deadline:
                raise ProgramFailedError(_sentence(child, f"was not ready within {child.program.patience:.0f} s"))
            time.sleep(TICK)
        self._look()

    def _look(self) -> None:
        if self._signalled:
            raise StopRequested
        for stage in self._stages:
            for child in stage:
                if child.ended():
                    raise ProgramFailedError(_sentence(child, f"ended by itself ({_how(child.process.returncode)})"))


def _sentence(child: _Child, what: str) -> str:
    return f"The {child.program.name} {what}. The last lines of {_short(child.log)}:\n{child.last_words()}"


def _short(path: Path) -> str:
    return os.path.relpath(path)


def _how(returncode: int) -> str:
    return f"signal {-returncode}" if returncode < 0 else f"exit status {returncode}"


def end_with_parent() -> None:
    """Take our parent's death for a request to stop (Linux only): `make` that was killed must not leave us behind."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)


def _die_with(parent: int) -> Callable[[], None] | None:
    """What a child does before its program starts: ask the kernel for TERM when its parent dies (Linux only)."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)  # loaded before the fork: nothing is imported between fork and exec

    def before_exec() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
        if os.getppid() != parent:  # it died before we asked
            os._exit(1)

    return before_exec
