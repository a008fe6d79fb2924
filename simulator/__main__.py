"""`python -m simulator serve` and `python -m simulator proxy`."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import sys
from pathlib import Path

from simulator import build, home, proxy, scenarios, server
from simulator.kernel import snapshot
from simulator.kernel.app import Application
from simulator.kernel.clock import Clock
from simulator.kernel.control import Console
from simulator.kernel.world import Settings, World


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; the exit status."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except (OSError, ValueError) as problem:
        sys.stderr.write(f"simulator: {problem}\n")
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m simulator", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="serve|proxy")
    _serve_options(commands.add_parser("serve", help="Azure Resource Manager on loopback"))
    _proxy_options(commands.add_parser("proxy", help="CONNECT shim: Azure's hosts lead to the simulator"))
    return parser


def _proxy_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--port", type=int, default=8081, help="loopback port; 0 takes a free one (default %(default)s)"
    )
    parser.add_argument("--upstream", type=int, required=True, help="the simulator's port")
    parser.set_defaults(run=_proxy)


def _serve_options(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--port", type=int, default=8443, help="loopback port; 0 takes a free one (default %(default)s)")
    add("--home", type=Path, default=home.DEFAULT, help="certificates, keys, credentials (default %(default)s)")
    add("--scenario", default="", metavar="NAME|FILE", help="the world to start with")
    add("--fleet", type=int, default=0, metavar="N", help="a generated fleet of N machines instead of a scenario")
    add("--seed", type=int, default=1, help="where generated ids and jitter come from")
    add("--durations", type=_durations, default=1.0, metavar="recorded|FACTOR", help="how long operations take")
    add("--clock", choices=("real", "frozen"), default="real", help="runs with the world, or stands still until told")
    add("--pace", choices=("faithful", "fast", "step"), default="faithful", help="when clients are told to poll")
    add("--halfborn", choices=("hidden", "shown"), default="hidden", help="can what is being created be read already")
    add("--throttle", choices=("off", "azure"), default="off", help="token buckets as Azure has them")
    add(
        "--site-recovery-writes", type=int, default=200, metavar="N", help="Site Recovery's own limit a minute; 0: none"
    )
    add("--page-size", type=int, default=200, help="resources per page of a list")
    add("--state", type=Path, default=None, metavar="FILE", help="loaded at the start if it exists, written at the end")
    add("--secret", default="", help="the control API's secret (default: generated into the home directory)")
    parser.set_defaults(run=_serve)


def _durations(text: str) -> float:
    if text == "recorded":
        return 1.0
    factor = float(text)
    if factor < 0:
        raise argparse.ArgumentTypeError("a factor is not negative")
    return factor


def _serve(options: argparse.Namespace) -> int:
    listener = server.listen(options.port)
    place = home.prepare(options.home.resolve(), options.secret)
    world = make_world(options)
    world.tokens.use(place.signing_key)
    world.folder = place.path
    console = Console(world, place.control_secret, scenarios.load, start_of(options))
    server.serve(Application(world, console), place, listener, options.state)
    return 0


def _proxy(options: argparse.Namespace) -> int:
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(proxy.run(options.port, options.upstream))
    return 0


def make_world(options: argparse.Namespace) -> World:
    """The world that the options describe."""
    settings = Settings(
        seed=options.seed,
        durations=options.durations,
        pace=options.pace,
        halfborn=options.halfborn,
        throttle=options.throttle,
        site_recovery_writes=options.site_recovery_writes,
        page_size=options.page_size,
    )
    world = build.new_world(settings, Clock(frozen=options.clock == "frozen"))
    if options.state is not None and options.state.exists():
        snapshot.load(world, options.state)
        return world
    name = start_of(options)
    if name:
        build.load(world, scenarios.load(name))
    return world


def start_of(options: argparse.Namespace) -> str:
    """The scenario that the options name: `--fleet N` is the scenario `fleet:N:SEED`."""
    return f"fleet:{options.fleet}:{options.seed}" if options.fleet else str(options.scenario)


if __name__ == "__main__":
    sys.exit(main())
