"""The lock files: exact, hashed, of one mind, and silent about where packages come from."""

import re
import subprocess
import tomllib
from itertools import chain
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
LOCKS = sorted(ROOT.glob("requirements*.lock"))
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
# Written so that this file does not hold what it looks for.
HOSTS = r"(pyp[i]\.org|pythonhos[t]ed\.org|npm[j]s\.(org|com)|deb\.debia[n]\.org|ghc[r]\.io|qua[y]\.io|docke[r]\.io)"


def pins(lock: Path) -> dict[str, str]:
    return dict(re.findall(r"^([a-z0-9][\w.-]*)==(\S+)", lock.read_text(), re.MULTILINE))


def names(requirements: list[str]) -> set[str]:
    return {re.match(r"[\w.-]+", requirement).group().lower() for requirement in requirements}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_every_line_is_a_pin_with_hashes_and_nothing_else(lock):
    entries = re.split(r"\n(?=\S)", lock.read_text().strip())
    assert len(entries) > 40
    for entry in entries:
        assert re.fullmatch(r"[\w.-]+==\S+(?: ; [^\n]+?)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry[:80]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_what_runs_in_production_is_what_is_tested(lock):
    runtime = pins(ROOT / "requirements.lock")
    assert runtime.items() <= pins(lock).items()


def test_the_locks_hold_everything_that_the_project_names():
    groups = {"requirements.lock": PROJECT["project"]["dependencies"]}
    groups |= {f"requirements-{group}.lock": named for group, named in PROJECT["dependency-groups"].items()}
    assert {lock.name for lock in LOCKS} == set(groups)
    for lock, requirements in groups.items():
        assert names(requirements) <= set(pins(ROOT / lock)), lock


def test_every_direct_dependency_is_explained():
    told = (ROOT / "docs" / "dependencies.md").read_text().lower()
    named = [*PROJECT["project"]["dependencies"], *chain.from_iterable(PROJECT["dependency-groups"].values())]
    assert [name for name in sorted(names(named)) if f"| {name} |" not in told] == []


def test_no_tracked_file_names_a_registry():
    found = subprocess.run(["git", "grep", "-nIE", HOSTS, "--", "."], cwd=ROOT, capture_output=True, text=True)
    assert found.stdout == ""
    assert found.returncode == 1, found.stderr
