"""`make demo` before anything is started: its own world, one sentence for what is in the way."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import demo
from scripts.programs import HERE, free_port

ROOT = Path(__file__).resolve().parent.parent.parent


def started(home, port):
    """The demo itself, where it is expected to give up at once."""
    env = os.environ | {"PORTAL_HOME": str(home), "PORT": str(port)}
    env.pop("MAKELEVEL", None)
    return subprocess.run(
        [sys.executable, "-m", "scripts.demo"], cwd=ROOT, env=env, capture_output=True, text=True, timeout=30
    )


def test_a_busy_port_is_one_sentence(tmp_path):
    with socket.create_server((HERE, 0)) as other:
        port = other.getsockname()[1]
        done = started(tmp_path, port)
    assert done.returncode == 1
    assert done.stderr == (
        f"Port {port} is in use by another program; stop that, or choose another: make demo PORT={port + 1}\n"
    )


@pytest.mark.parametrize("port", ["eighty", "80", "65536", "-1"])
def test_an_impossible_port_is_one_sentence(tmp_path, port):
    done = started(tmp_path, port)
    assert done.returncode == 1
    assert done.stderr.startswith(f"PORT={port} is not a port that the demo can use")


@pytest.mark.parametrize("factor", ["fast", "0", "-1", "1e3", "."])
def test_an_impossible_pace_is_one_sentence(monkeypatch, factor):
    monkeypatch.setenv("DURATIONS", factor)
    with pytest.raises(demo.CannotStartError, match="is not a factor"):
        demo.chosen_durations()


def test_two_demos_do_not_share_a_home(tmp_path):
    with demo.only_one(tmp_path, "http://localhost:8000/"):
        done = started(tmp_path, free_port())
    assert done.returncode == 1
    assert f"(process {os.getpid()}, http://localhost:8000/): stop it first" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_the_simulator_keeps_its_port(tmp_path):
    (tmp_path / "simulator").mkdir()
    one = demo.Demo(home=tmp_path, port=free_port())
    port = one._simulator_port()
    assert demo.Demo(home=tmp_path, port=free_port())._simulator_port() == port
    with socket.create_server((HERE, port)), pytest.raises(demo.CannotStartError, match=f"Port {port} is in use"):
        one._simulator_port()


def test_nothing_of_a_real_installation_reaches_the_demo(tmp_path, monkeypatch):
    for name in ("AZURE_CLIENT_SECRET", "PORTAL_DATABASE_URL", "REDIS_URL", "IDENTITY_ENDPOINT", "CELERY_BROKER_URL"):
        monkeypatch.setenv(name, "somebody's own")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/etc/own.pem")
    monkeypatch.setenv("NO_PROXY", "intranet.example.org")
    env = demo.Demo(home=tmp_path, port=8000).env
    assert "somebody's own" not in env.values()
    assert env["REQUESTS_CA_BUNDLE"] == "/etc/own.pem"
    assert env["NO_PROXY"] == "intranet.example.org,localhost,127.0.0.1"


def test_the_demo_listens_on_loopback_only(tmp_path):
    one = demo.Demo(home=tmp_path, port=8000)
    assert "127.0.0.1:8000" in one._web().argv
    broker = list(one._broker().argv)
    assert broker[broker.index("--bind") + 1] == "127.0.0.1"


def test_forgetting_takes_only_what_the_demo_made(tmp_path):
    for name in ("portal.sqlite3", "portal.sqlite3-wal", "letter.txt"):
        (tmp_path / name).touch()
    (tmp_path / "simulator").mkdir()
    demo.forget(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"letter.txt", "demo.lock"}


def test_a_running_demo_keeps_its_data(tmp_path):
    (tmp_path / "portal.sqlite3").touch()
    with demo.only_one(tmp_path, "http://localhost:8000/"), pytest.raises(demo.CannotStartError):
        demo.forget(tmp_path)
    assert (tmp_path / "portal.sqlite3").exists()
