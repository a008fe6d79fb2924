"""The simulator's home directory: certificates, signing key, control secret, and what a client needs to sign in."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from simulator import certs
from simulator.kernel import auth
from simulator.kernel.ids import SUBSCRIPTION_TYPE
from simulator.kernel.world import World

DEFAULT = Path("var/simulator")


@dataclass(frozen=True)
class Home:
    """Everything that survives a restart and is not the world itself."""

    path: Path
    certificates: certs.Certificates
    signing_key: rsa.RSAPrivateKey
    control_secret: str

    def write_credentials(self, world: World, endpoint: str) -> Path:
        """`credentials.json`: how to sign in to what is being served, for `make demo` and for tests."""
        path = self.path / "credentials.json"
        principals = [
            {"name": who.name, "clientId": who.client_id, "clientSecret": who.secret, "objectId": who.object_id}
            for who in world.principals.values()
        ]
        content = {
            "endpoint": endpoint,
            "ca": str(self.certificates.ca),
            "tenant": world.tenant,
            "principals": principals,
            "subscriptions": [found.name for found in world.store if found.type == SUBSCRIPTION_TYPE],
        }
        certs.write_private(path, json.dumps(content, indent=2).encode())
        return path


def prepare(path: Path, secret: str | None = None) -> Home:
    """Open a home directory, making what is missing. `secret` replaces the generated control secret."""
    path.mkdir(parents=True, exist_ok=True)
    key_file, secret_file = path / "signing.pem", path / "control-secret"
    if not key_file.exists():
        certs.write_private(key_file, auth.key_pem(auth.new_key()))
    if secret or not secret_file.exists():
        certs.write_private(secret_file, (secret or secrets.token_urlsafe(24)).encode())
    key = serialization.load_pem_private_key(key_file.read_bytes(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise SystemExit(f"{key_file} does not hold an RSA key; remove it and start again.")
    return Home(path, certs.prepare(path), key, secret_file.read_text().strip())
