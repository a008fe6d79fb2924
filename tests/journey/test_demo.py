"""`make demo` itself: it gets ready, says how to sign in, keeps its data, and nothing of it is left when it ends."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, build_opener

import pytest

from scripts.programs import free_port
from tests.journey.house import PATIENCE, until

pytestmark = [
    pytest.mark.journey,
    pytest.mark.skipif(sys.platform != "linux", reason="looks for survivors in /proc"),
]
ROOT = Path(__file__).resolve().parent.parent.parent


class Demo:
    """One start of the demo on a home of its own."""

    def __init__(self, home, port):
        self.home = home
        env = os.environ | {"PORTAL_HOME": str(home), "PORT": str(port), "PYTHONUNBUFFERED": "1"}
        self.output = home.parent / "output"
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "scripts.demo"], cwd=ROOT, env=env, stdout=output, stderr=output
            )

    def said(self):
        return self.output.read_text()

    def wait_ready(self):
        """The address that it prints; it has time for as long as it says something."""
        pattern = r"The console is ready .*(http://localhost:\d+/)"
        until(lambda: self.process.poll() is not None or re.search(pattern, self.said()), life=self.said)
        told = re.search(pattern, self.said())
        assert told, self.said()
        return told.group(1)

    def family(self):
        """Every process that belongs to it: by the home that stands in its environment."""
        pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdecimal()]
        return [pid for pid in pids if self._is_ours(pid)]

    def _is_ours(self, pid):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            return False
        return f"PORTAL_HOME={self.home}".encode() in environment

    def end(self, how):
        self.process.send_signal(how)
        return self.process.wait(PATIENCE)

    def wait_gone(self, seconds=60):
        deadline = time.monotonic() + seconds
        while self.family() and time.monotonic() < deadline:
            time.sleep(0.1)
        return not self.family()


@pytest.fixture
def demos(tmp_path):
    """Start demos on one home; whatever a test leaves is ended."""
    port, started = free_port(), []

    def start():
        started.append(Demo(tmp_path / "home", port))
        return started[-1]

    yield start
    for demo in started:
        if demo.process.poll() is None:
            demo.end(signal.SIGTERM)


def sign_ins(said):
    """Rows of the block that the demo prints: [(user name, password, role)]."""
    block = said.split("Sign in as")[1].split("\n\n")[0].splitlines()[1:]
    return [tuple(re.split(r"\s{2,}", line.strip())) for line in block]


def signed_in(url, username, password):
    """What the page after signing in says, in a browser's steps."""
    browser = build_opener(ProxyHandler({}), HTTPCookieProcessor(CookieJar()))
    form = browser.open(url).read().decode()
    token = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', form).group(1)
    login = browser.open(url).geturl()
    fields = urlencode({"username": username, "password": password, "csrfmiddlewaretoken": token})
    return browser.open(login, fields.encode())


def test_four_roles_sign_in_and_a_second_start_keeps_the_data(demos):
    first = demos()
    url = first.wait_ready()
    people = sign_ins(first.said())
    assert [role for _, _, role in people] == ["Administrator", "Operator", "Helpdesk", "Team lead"]
    for username, password, _ in people:
        assert "/login" not in signed_in(url, username, password).geturl()
    told = json.loads((first.home / "simulator" / "credentials.json").read_text())
    assert first.end(signal.SIGINT) == 0
    assert first.wait_gone()

    second = demos()
    assert second.wait_ready() == url
    assert sign_ins(second.said()) == people
    assert json.loads((second.home / "simulator" / "credentials.json").read_text()) == told


def test_nothing_is_left_when_the_demo_is_killed(demos):
    demo = demos()
    demo.wait_ready()
    assert len(demo.family()) >= 8
    demo.end(signal.SIGKILL)
    assert demo.wait_gone(), demo.family()


def test_a_program_that_dies_takes_the_others_along_and_is_named(demos):
    demo = demos()
    demo.wait_ready()
    worker = next(pid for pid in demo.family() if b"celery\0-A\0portal\0worker" in Path(f"/proc/{pid}/cmdline").read_bytes())
    os.kill(worker, signal.SIGKILL)
    assert demo.process.wait(PATIENCE) == 1
    assert re.search(r"The (worker|beat) ended by itself", demo.said())
    assert demo.wait_gone()
