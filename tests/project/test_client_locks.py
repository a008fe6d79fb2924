"""What `make conformance-clients` installs is locked like everything else: exact, hashed, silent about registries."""

import json
import re
from pathlib import Path

CLIENTS = Path(__file__).resolve().parent.parent / "clients"


def test_azure_cli_is_pinned_with_hashes():
    lock = (CLIENTS / "azure-cli.lock").read_text()
    for entry in re.split(r"\n(?=\S)", lock.strip()):
        assert re.fullmatch(r"[\w.-]+==\S+(?: ; [^\n]+?)?(?: \\\n    --hash=sha256:[0-9a-f]{64})+", entry), entry[:80]
    assert (CLIENTS / "azure-cli.in").read_text().strip() in lock


def test_the_javascript_sdks_are_pinned_with_hashes():
    wanted = json.loads((CLIENTS / "javascript" / "package.json").read_text())["dependencies"]
    packages = json.loads((CLIENTS / "javascript" / "package-lock.json").read_text())["packages"]
    root = packages.pop("")
    assert root["dependencies"] == wanted
    assert {name: packages[f"node_modules/{name}"]["version"] for name in wanted} == wanted
    assert [name for name, entry in packages.items() if "resolved" in entry or "integrity" not in entry] == []
