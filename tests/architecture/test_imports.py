"""Who may import whom (docs/architecture.md). Each rule names the folder, and what must not be imported from inside it."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

DOMAIN = "replication/domain"
NOT_IN_DOMAIN = ["django", "celery", "azure", "replication", "portal", "simulator", "requests"]
RULES: list[tuple[str, list[str], list[str]]] = [
    # folder, forbidden prefixes, exceptions
    (DOMAIN, NOT_IN_DOMAIN, ["replication.domain"]),
    ("replication/models", ["replication", "azure", "celery"], ["replication.models", "replication.domain", "replication.clock"]),
    ("replication/actions", ["azure", "celery", "replication.gateway", "replication.execution", "replication.sync", "replication.tasks",
                             "replication.views", "replication.forms"], []),
    ("replication/views", ["azure", "celery", "replication.gateway", "replication.execution", "replication.sync", "replication.tasks"], []),
    ("replication/forms", ["replication", "azure", "celery"], ["replication.domain", "replication.forms", "replication.grid"]),
    ("replication/gateway", ["celery", "replication"], ["replication.domain", "replication.gateway", "replication.models"]),
    ("replication/presenters", ["azure", "celery", "replication.gateway", "replication.execution", "replication.sync", "replication.tasks",
                                "replication.views"], []),
    ("replication/execution", ["azure", "celery", "replication.views", "replication.forms", "replication.tasks"], []),
    ("replication/sync", ["azure", "celery", "replication.views", "replication.forms", "replication.tasks"], []),
    ("replication", ["simulator"], []),
    ("portal", ["simulator", "azure"], []),
    ("simulator", ["replication", "portal", "azure", "django", "celery"], []),
]  # fmt: skip
ONLY_HERE = {"azure": ["replication/gateway"], "celery": ["replication/queue.py", "replication/tasks.py", "portal/celery.py"]}


def imports(path: Path) -> Iterator[tuple[int, str]]:
    """(line, module) of each import, wherever in the file it stands."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def within(module: str, prefixes: list[str]) -> bool:
    return any(module == prefix or module.startswith(f"{prefix}.") for prefix in prefixes)


def files(folder: str) -> Iterator[Path]:
    return (path for path in (ROOT / folder).rglob("*.py") if "migrations" not in path.parts)


@pytest.mark.parametrize(("folder", "forbidden", "exceptions"), RULES, ids=[rule[0] for rule in RULES])
def test_walls(folder: str, forbidden: list[str], exceptions: list[str]) -> None:
    broken = [
        f"{path.relative_to(ROOT)}:{line} imports {module}"
        for path in files(folder)
        for line, module in imports(path)
        if within(module, forbidden) and not within(module, exceptions) and not any(e.startswith(f"{module}.") for e in exceptions)
    ]
    assert broken == []


@pytest.mark.parametrize("package", ONLY_HERE)
def test_only_one_room_imports(package: str) -> None:
    homes = [ROOT / home for home in ONLY_HERE[package]]
    strangers = [
        f"{path.relative_to(ROOT)}:{line}"
        for folder in ("replication", "portal")
        for path in files(folder)
        if not any(path == home or home in path.parents for home in homes)
        for line, module in imports(path)
        if within(module, [package])
    ]
    assert strangers == []


def test_the_portal_has_no_word_of_the_simulator() -> None:
    """Comments may cite the document simulator.md, where facts about Azure are collected; code may not know the program."""
    found = [
        str(path.relative_to(ROOT))
        for folder in ("portal", "replication")
        for path in files(folder)
        if "simulator" in path.read_text().lower().replace("simulator.md", "")
    ]
    assert found == []


def test_the_web_process_never_imports_the_sdk(tmp_path: Path) -> None:
    """The SDK costs every process some 94 MB and half a second."""
    code = (
        "import django, sys; django.setup(); from django.urls import get_resolver; get_resolver().url_patterns; "
        "import portal.wsgi; print([m for m in sys.modules if m.startswith('azure.')])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False,
        env={"DJANGO_SETTINGS_MODULE": "portal.settings", "PORTAL_PLAIN_STATIC": "1", "PORTAL_HOME": str(tmp_path)},
    )  # fmt: skip
    assert ran.stdout.strip() == "[]", ran.stderr
