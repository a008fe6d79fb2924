"""A real Chromium, and the whole console as `make demo` starts it: broker, simulator, web, worker and beat."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from scripts import chromium
from scripts.programs import free_port

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.browser.story import Story
    from tests.browser.visitor import Visitor

ROOT = Path(__file__).resolve().parent.parent.parent
SCREENSHOTS = Path(__file__).resolve().parent / "screenshots"
DURATIONS = "0.005"  # what takes Azure seven minutes takes two seconds here
PATIENCE = 120  # seconds until the demo must be ready on a busy machine
FLAGS = [
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

if find_spec("playwright") is None:
    collect_ignore_glob = ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Fixtures can see whether their test failed."""
    report = yield
    item.stash[FAILED] = item.stash.get(FAILED, False) or report.failed
    return report


FAILED = pytest.StashKey[bool]()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One Chromium for all tests. Without one: skipped on somebody's desk, failed on a build machine."""
    path = chromium.find()
    if not path:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(
            "No Chromium here: install it, or set CHROMIUM."
        )
    from playwright.sync_api import sync_playwright

    # Playwright's loop makes Django believe that this thread is asynchronous.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=FLAGS + ["--no-sandbox"] * (os.geteuid() == 0))
        yield started
        started.close()


@pytest.fixture(scope="session")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a fresh demo, which ends with the tests as Ctrl-C would end it."""
    home = tmp_path_factory.mktemp("console")
    with demo(home / "home", home / "output") as url:
        yield url


@contextlib.contextmanager
def demo(home: Path, output: Path) -> Iterator[str]:
    """Start the demo's own supervisor, wait for its word that all is healthy, stop it at the end."""
    os.environ["PORTAL_CHECKS_REQUIRED"] = "1"  # as in production: here there is a worker
    asked = {"PORTAL_HOME": str(home), "PORT": str(free_port()), "DURATIONS": DURATIONS, "PYTHONUNBUFFERED": "1"}
    with output.open("w") as written:
        process = subprocess.Popen(
            [sys.executable, "-m", "scripts.demo"], cwd=ROOT, env=os.environ | asked, stdout=written, stderr=written
        )
    try:
        yield _address(process, output)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(30)


def _address(process: subprocess.Popen[bytes], output: Path) -> str:
    deadline = time.monotonic() + PATIENCE
    while not (told := re.search(r"The console is ready .*(http://localhost:\d+)/", output.read_text())):
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.1)
    return told.group(1)


@pytest.fixture(scope="session", autouse=True)
def _screenshots() -> Path:
    """Where pictures go. They are of this time only."""
    shutil.rmtree(SCREENSHOTS, ignore_errors=True)
    SCREENSHOTS.mkdir()
    return SCREENSHOTS


@pytest.fixture
def visit(browser: Browser, console: str, request: pytest.FixtureRequest) -> Iterator[Callable[..., Visitor]]:
    """Somebody at the console: `visit("helpdesk")`. What their browser complained about fails the test at its end."""
    from tests.browser.visitor import Visitor

    visitors: list[Visitor] = []

    def come(person: str = "", **options: Any) -> Visitor:
        visitors.append(Visitor.arrive(browser, console, SCREENSHOTS, person, **options))
        return visitors[-1]

    yield come
    failed = request.node.stash.get(FAILED, False)
    for number, visitor in enumerate(visitors):
        if failed:
            visitor.picture(f"failed-{request.node.name}-{number}")
        visitor.leave()
    if not failed:
        assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture
def come(browser: Browser, live_server: Any, settings: Any) -> Iterator[Callable[..., Visitor]]:
    """Somebody at a web server of this process, whose rows are planted: `come(admin)`. Their complaints fail the test at its end."""
    from tests.browser.visitor import Visitor

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    visitors: list[Visitor] = []

    def arrive(person: Any = None, **options: Any) -> Visitor:
        visitor = Visitor.arrive(browser, live_server.url, SCREENSHOTS, **options)
        visitors.append(visitor)
        if person:
            client = Client()
            client.force_login(person)
            cookies = [(name, each.value) for name, each in client.cookies.items()]
            visitor.context.add_cookies([{"name": name, "value": value, "url": live_server.url} for name, value in cookies])
        return visitor

    yield arrive
    for visitor in visitors:
        visitor.leave()
    assert [complaint for visitor in visitors for complaint in visitor.complaints] == []


@pytest.fixture(scope="session")
def story(browser: Browser, console: str, _screenshots: Path) -> Iterator[Story]:
    """The administrator has protected machines: where that can be seen. Walked once, in tests/browser/story.py."""
    from tests.browser.story import tell
    from tests.browser.visitor import Visitor

    administrator = Visitor.arrive(browser, console, _screenshots)
    try:
        yield tell(administrator)
    except BaseException:
        administrator.picture("failed-story")
        raise
    finally:
        administrator.leave()
