"""Known vulnerabilities in what a lock file names. Says NOT RUN, never "passed", when it cannot ask."""

from __future__ import annotations

import json
import subprocess
import sys


def main(lock: str) -> int:
    """Ask pip-audit; 1 when it knows of a vulnerability."""
    asked = subprocess.run(
        [
            sys.executable,
            "-m",
            "pip_audit",
            "--disable-pip",
            "--require-hashes",
            "--requirement",
            lock,
            "--format",
            "json",
            "--progress-spinner",
            "off",
            "--timeout",
            "10",
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        answer = json.loads(asked.stdout)
    except ValueError:
        print(f"pip-audit: NOT RUN: {_last_line(asked.stderr)}")
        return 0
    asked_about = [package for package in answer["dependencies"] if "vulns" in package]
    skipped = len(answer["dependencies"]) - len(asked_about)
    found = [
        f"{package['name']} {package['version']}: {bug['id']}" for package in asked_about for bug in package["vulns"]
    ]
    if skipped:
        print(f"pip-audit: NOT RUN for {skipped} packages, of which the index knows nothing")
    print("\n".join(found) or f"pip-audit: {len(asked_about)} packages asked about, no known vulnerability among them")
    return 1 if found else 0


def _last_line(said: str) -> str:
    return (said.strip().splitlines() or ["it said nothing"])[-1][:200]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
