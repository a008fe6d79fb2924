"""The supervisor with real processes: nothing survives it, whatever ends first."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scripts.supervisor import Program, ProgramFailedError, StopRequested, Supervisor

ROOT = Path(__file__).resolve().parent.parent.parent
# A program with a child of its own, as web and worker have: both write their process ids, then wait.
FAMILY = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
open(sys.argv[1], "w").write(f"{os.getpid()} {child.pid}")
time.sleep(60)
"""
STUBBORN = "import signal, sys, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); open(sys.argv[1], 'w'); time.sleep(60)"
# Supervises one family until it is told to stop.
# Whoever runs the tests may do so under nohup, whose meaning a supervisor keeps.
SUPERVISED = """
import signal, sys, time
signal.signal(signal.SIGHUP, signal.SIG_DFL)
from pathlib import Path
from scripts.supervisor import *
folder, code = Path(sys.argv[1]), sys.argv[2]
told = folder / "pids"
watch = Supervisor(folder=folder, logs=folder / "log")
with watch.catching_signals():
    try:
        watch.start(Program("family", [sys.executable, "-c", code, str(told)], {}, ready=told.exists))
        print("ready", flush=True)
        watch.watch()
    except StopRequested:
        pass
    finally:
        watch.stop()
"""


def alive(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False


def gone(pids: list[int], within: float) -> bool:
    deadline = time.monotonic() + within
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(map(alive, pids))


def python(name: str, code: str, *arguments: str, **options: object) -> Program:
    return Program(name, [sys.executable, "-c", code, *arguments], dict(os.environ), **options)


@pytest.fixture
def supervisor(tmp_path):
    supervisor = Supervisor(folder=tmp_path, logs=tmp_path / "log")
    yield supervisor
    supervisor.stop()


def test_a_command_gives_back_what_it_printed(supervisor):
    assert supervisor.run(python("greeting", "print('hello')"), python("answer", "print(42)")) == ["hello\n", "42\n"]


def test_a_failed_command_is_one_sentence_and_its_last_lines(supervisor):
    with pytest.raises(ProgramFailedError) as failure:
        supervisor.run(python("greeting", "import sys; print('because'); sys.exit(3)"))
    assert str(failure.value).startswith("The greeting failed with exit status 3. The last lines of ")
    assert str(failure.value).endswith("    because")


def test_a_command_that_hangs_is_ended(supervisor):
    with pytest.raises(ProgramFailedError, match="did not finish within 0 s"):
        supervisor.run(python("hanging", "import time; time.sleep(60)", patience=0.3))


def test_a_child_that_dies_is_named(supervisor):
    with pytest.raises(ProgramFailedError, match=r"The web ended by itself \(exit status 4\)") as failure:
        supervisor.start(python("web", "import sys; print('port taken'); sys.exit(4)", ready=lambda: False))
    assert "port taken" in str(failure.value)


def test_a_child_that_dies_later_is_named_too(supervisor, tmp_path):
    supervisor.start(python("web", "import time; time.sleep(0.5); raise SystemExit(5)"))
    with pytest.raises(ProgramFailedError, match=r"exit status 5"):
        supervisor.watch()


def test_one_that_never_gets_ready_is_named(supervisor):
    with pytest.raises(ProgramFailedError, match="The worker was not ready within 0 s"):
        supervisor.start(python("worker", "import time; time.sleep(60)", ready=lambda: False, patience=0.3))


def test_the_last_stage_ends_first(supervisor, tmp_path):
    say = "import signal, sys, time\ndef end(*_): open(sys.argv[1], 'a').write(sys.argv[2]); sys.exit()\n"
    say += "signal.signal(signal.SIGTERM, end); open(sys.argv[1] + sys.argv[2], 'w'); time.sleep(60)"
    heard = tmp_path / "heard"
    for name in ("1", "2", "3"):
        supervisor.start(python(name, say, str(heard), name, ready=Path(f"{heard}{name}").exists))
    supervisor.stop()
    assert heard.read_text() == "321"


def test_the_stubborn_are_killed_after_their_grace(supervisor, tmp_path):
    marker = tmp_path / "marker"
    supervisor.start(python("stubborn", STUBBORN, str(marker), ready=marker.exists, grace=0.5))
    began = time.monotonic()
    supervisor.stop()
    assert 0.4 < time.monotonic() - began < 3


def test_a_signal_stops_the_watch(supervisor):
    with supervisor.catching_signals():
        os.kill(os.getpid(), signal.SIGTERM)
        with pytest.raises(StopRequested):
            supervisor.watch()


def test_an_older_log_is_kept_once(supervisor, tmp_path):
    supervisor.run(python("greeting", "print('first')"))
    supervisor.run(python("greeting", "print('second')"))
    assert (tmp_path / "log" / "greeting.log").read_text() == "second\n"
    assert (tmp_path / "log" / "greeting.log.1").read_text() == "first\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ends the children of a killed parent")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_nothing_survives(tmp_path, how):
    code = FAMILY.replace("child = ", "").replace("child.pid", "0") if how == signal.SIGKILL else FAMILY
    supervisor = subprocess.Popen(
        [sys.executable, "-c", SUPERVISED, str(tmp_path), code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert supervisor.stdout.readline() == "ready\n"
    pids = [int(pid) for pid in (tmp_path / "pids").read_text().split() if pid != "0"]
    assert all(map(alive, pids))
    supervisor.send_signal(how)
    supervisor.wait(10)
    assert gone(pids, within=5)
