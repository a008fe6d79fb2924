"""The official JavaScript SDKs through the whole life of an item, up to failing back (life.mjs)."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conformance.conftest import Azure

pytestmark = pytest.mark.usefixtures("nothing_unmodelled")
SCRIPT = Path(__file__).with_name("life.mjs")


def test_a_machine_lives_its_life(place: Path, azure: Azure, way: tuple[str, dict[str, str]]) -> None:
    name, env = way
    shutil.copy(SCRIPT, place / "js" / "life.mjs")
    command = ["node", "life.mjs", str(azure.home / "credentials.json"), name]
    env = env | {"NODE_EXTRA_CA_CERTS": azure.ca}
    done = subprocess.run(command, cwd=place / "js", env=env, capture_output=True, text=True, timeout=400)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "failed back" in done.stdout
