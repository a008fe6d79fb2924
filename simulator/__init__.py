"""Azure Resource Manager on loopback: a program of its own, ``python -m simulator``.

It shares no code with the portal and imports no Azure SDK, so that the SDK stays an honest witness of both sides.
Documentation for users is in docs/simulator.md, for builders in `simulator.kernel`.
"""
