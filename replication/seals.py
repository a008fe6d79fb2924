"""The console's seal: Ed25519 signatures under checkpoints and bundles of the audit.

Who can write the database can rewrite the whole hash chain; without the key, which never lies in the database, they cannot sign it.
scripts/verify_audit_bundle.py verifies the same seals with the standard library alone.
"""

import base64
import hashlib
import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings

MINIMUM = 32  # characters of the secret


class WeakKey(Exception):
    """The secret given for the audit's key is too short."""


def canonical(content: Any) -> str:
    """JSON with one spelling: sorted names, no blanks, ASCII."""
    return json.dumps(content, sort_keys=True, separators=(",", ":"))


def seal(statement: dict[str, Any]) -> dict[str, Any]:
    """The statement with the key's fingerprint in it, and the signature over its canonical JSON: {statement, public_key, signature}."""
    signed = {**statement, "key": fingerprint()}
    return {
        "statement": signed,
        "public_key": _text(public_key()),
        "signature": _text(_key().sign(canonical(signed).encode())),
    }


def holds(sealed: dict[str, Any], accepted: set[str]) -> bool:
    """Whether one of the accepted keys (by fingerprint) has signed exactly this statement."""
    try:
        public = base64.b64decode(sealed["public_key"], validate=True)
        signature = base64.b64decode(sealed["signature"], validate=True)
        key = sealed["statement"]["key"]
        if key not in accepted or key != hashlib.sha256(public).hexdigest():
            return False
        Ed25519PublicKey.from_public_bytes(public).verify(signature, canonical(sealed["statement"]).encode())
    except (InvalidSignature, KeyError, TypeError, ValueError):
        return False
    return True


def fingerprint() -> str:
    """SHA-256 of the public key, in hex: what an auditor writes down once."""
    return hashlib.sha256(public_key()).hexdigest()


def accepted() -> set[str]:
    """Fingerprints whose seals count: the present key's, and those of keys that were changed (PORTAL_AUDIT_OLD_KEYS)."""
    return {fingerprint(), *settings.AUDIT_OLD_KEYS}


def public_key() -> bytes:
    """32 bytes."""
    return _key().public_key().public_bytes_raw()


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _key() -> Ed25519PrivateKey:
    return _from_secret(settings.AUDIT_KEY or _kept(Path(settings.HOME) / "audit-key"))


@cache
def _from_secret(secret: str) -> Ed25519PrivateKey:
    if len(secret) < MINIMUM:
        raise WeakKey(f"PORTAL_AUDIT_KEY must have {MINIMUM} characters at least.")
    return Ed25519PrivateKey.from_private_bytes(hashlib.sha256(secret.encode()).digest())


def _kept(path: Path) -> str:
    """The secret in the home folder; made when there is none, for its owner's eyes only."""
    if not path.exists():
        made = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
        descriptor = os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            os.link(made, path)  # the first of several processes wins, and none reads half a key
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip()
