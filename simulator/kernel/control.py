"""The control API under `/__sim/`: loopback only, with a secret of its own, free of faults, throttle and tokens."""

from __future__ import annotations

from simulator.kernel.request import Request, Response
from simulator.kernel.world import World


class Console:
    """Answers `/__sim/...`."""

    def __init__(self, world: World, secret: str) -> None:
        """Control a world for those who know the secret."""
        self.world = world
        self.secret = secret

    def answer(self, request: Request) -> Response:
        """Health, for now."""
        return Response(200, {"status": "ready", "resources": len(self.world.store)})
