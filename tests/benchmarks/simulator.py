"""`make bench-simulator`: the simulator with 10,000 machines beside a trivial application, under the same load, over TLS.

Prints ratios, because rates belong to a machine. `--requests N` sends N requests more and watches the memory.
"""

from __future__ import annotations

import argparse
import json
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.benchmarks.load import Result, measure, request
from tests.conformance.conftest import ROOT, Azure, start, stop


@contextmanager
def trivial(azure: Azure) -> Iterator[int]:
    """The trivial application under the same server, with the same certificate."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    certificate = ["--ssl-certfile", str(azure.home / "server.pem"), "--ssl-keyfile", str(azure.home / "server.key")]
    command = [
        sys.executable,
        "-m",
        "uvicorn",
        "tests.benchmarks.trivial:app",
        "--port",
        str(port),
        "--log-level",
        "critical",
    ]
    process = subprocess.Popen([*command, "--no-access-log", *certificate], cwd=ROOT)
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(timeout=10)


def _wait(port: int) -> None:
    for _ in range(100):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise RuntimeError("the trivial application did not start")


def _rss(pid: int) -> int:
    """Resident memory in MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in text.splitlines() if line.startswith("VmRSS")).split()[1]) // 1024


def _requests(azure: Azure) -> dict[str, bytes]:
    token = azure.credential().get_token(f"{azure.endpoint}/.default").token
    machine = next(iter(azure.compute.virtual_machines.list_all()))
    assert machine.id
    subscription, group = machine.id.split("/")[2], machine.id.split("/")[4]
    disk = f"/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Compute/availabilitySets/bench?api-version=2026-04-01"
    body = json.dumps({"location": machine.location, "sku": {"name": "Aligned"}}).encode()
    everything = f"/subscriptions/{subscription}/providers/Microsoft.Compute/virtualMachines?api-version=2026-04-01"
    return {
        "GET a machine": request("GET", f"{machine.id}?api-version=2026-04-01", token),
        "PUT an availability set": request("PUT", disk, token, body),
        "page of 200 machines": request("GET", everything, token),
    }


def _row(name: str, found: Result, base: Result) -> str:
    per = f"{found.rate:8.0f}/s  {found.rate / base.rate:5.2f} of trivial   median {found.median:6.2f} ms   p99 {found.p99:6.2f} ms"
    return f"{name:24} {per}   {found.bytes / 1024:8.1f} kB"


def _soak(azure: Azure, port: int, context: ssl.SSLContext, count: int, requests: dict[str, bytes]) -> None:
    """Reads and writes in turn until `count` requests are done; memory must stay where it is."""
    done = 0
    while done < count:
        for name in ("GET a machine", "PUT an availability set"):
            done += int(measure(port, requests[name], context, seconds=10).rate * 10)
        sys.stdout.write(f"  {done:9,} requests   {_rss(azure.process.pid)} MB\n")
        sys.stdout.flush()


def main() -> int:
    """Run the benchmark; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--machines", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--requests", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as home:
        began = time.perf_counter()
        azure = start(Path(home), "--fleet", str(options.machines))
        sys.stdout.write(
            f"{options.machines:,} machines served after {time.perf_counter() - began:.1f} s, {_rss(azure.process.pid)} MB\n"
        )
        try:
            with trivial(azure) as other:
                _report(azure, other, options)
        finally:
            stop(azure)
    return 0


def _report(azure: Azure, other: int, options: argparse.Namespace) -> None:
    port = int(azure.endpoint.rsplit(":", 1)[1])
    base = measure(other, request("GET", "/"), azure.context, options.seconds)
    sys.stdout.write(_row("trivial", base, base) + "\n")
    requests = _requests(azure)
    for name, content in requests.items():
        sys.stdout.write(_row(name, measure(port, content, azure.context, options.seconds), base) + "\n")
    _soak(azure, port, azure.context, options.requests, requests)
    sys.stdout.write(f"memory at the end: {_rss(azure.process.pid)} MB\n")


if __name__ == "__main__":
    sys.exit(main())
