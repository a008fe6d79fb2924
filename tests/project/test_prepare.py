"""What `make` says when it cannot prepare: one sentence, whatever pip said."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from scripts import prepare

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def checkout(tmp_path):
    """A checkout with an empty lock and no environment."""
    shutil.copytree(ROOT / "scripts", tmp_path / "scripts")
    (tmp_path / "some.lock").write_text("")
    return tmp_path


def prepared(checkout, *, program="scripts/prepare", **environment):
    return subprocess.run(
        [str(checkout / program), "some.lock"], cwd=checkout, capture_output=True, text=True, env=os.environ | environment
    )


def test_a_python_without_venv_is_told_so(checkout):
    (checkout / "ensurepip.py").write_text("raise ImportError('No module named ensurepip')")
    done = prepared(checkout, PYTHON=sys.executable, PYTHONPATH=str(checkout))
    assert done.returncode == 1
    assert "cannot make a virtual environment" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_machine_without_a_new_python_is_told_so(checkout):
    empty = checkout / "empty"
    empty.mkdir()
    done = prepared(checkout, PYTHON="python-of-old", PATH=str(empty))
    assert done.returncode == 1
    assert done.stderr.startswith("Python 3.11 or newer is needed, and python-of-old is not one.")


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", "the disk is full"),
        ("NewConnectionError('Connection refused')\nERROR: Could not find a version", "no package index can be reached"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE", "not the one that the lock file vouches"),
        ("ERROR: No matching distribution found for amqp==5.4.2", "does not offer what it names"),
        ("Segmentation fault", "pip failed"),
    ],
)
def test_what_pip_said_becomes_a_sentence(monkeypatch, tmp_path, said, told):
    monkeypatch.setattr(prepare, "ROOT", tmp_path)
    monkeypatch.setattr(prepare, "LOG", tmp_path / "install.log")
    (tmp_path / "install.log").write_text(said)
    sentence = prepare._explained(Path("some.lock"))
    assert told in sentence
    assert sentence.endswith("; details in install.log.")
    assert "\n" not in sentence


def test_a_lock_is_installed_when_its_digest_is_stamped(monkeypatch, tmp_path):
    monkeypatch.setattr(prepare, "VENV", tmp_path / ".venv")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.touch()
    lock = tmp_path / "some.lock"
    lock.write_text("amqp==5.4.2")
    prepare._stamp(lock).write_text(prepare._digest(lock))
    assert prepare._installed(lock)
    lock.write_text("amqp==5.4.3")
    assert not prepare._installed(lock)
