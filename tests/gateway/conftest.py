"""The gateway against the simulator, through the SDKs, over TLS."""

from tests.gateway.fixtures import *  # noqa: F403
