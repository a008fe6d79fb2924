"""Identity: the token endpoint, its metadata, managed identities, and the checking of bearer tokens.

Tokens are real RS256 JSON web tokens, signed with a key of the simulator's own home directory and checked on every request
(signature, audience left open as ARM accepts several, expiry by the world's clock). simulator.md §2.3 and §3.4.
"""

from __future__ import annotations

import base64
import json
from functools import cached_property
from typing import TYPE_CHECKING, Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from simulator.kernel import errors

if TYPE_CHECKING:
    from simulator.kernel.request import Request
    from simulator.kernel.world import Principal, World

_KEY_ID = "simulator-1"
_CACHE_LIMIT = 2_000


def new_key() -> rsa.RSAPrivateKey:
    """A signing key."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def key_pem(key: rsa.RSAPrivateKey) -> bytes:
    """The key as unencrypted PEM, for the home directory."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class Tokens:
    """Signs and checks tokens. A token that passed once is remembered until it expires."""

    def __init__(self, key: rsa.RSAPrivateKey | None = None) -> None:
        """With a given key (from the home directory), or a new one."""
        self._given = key
        self._passed: dict[str, dict[str, Any]] = {}
        self.revoked_before = 0.0

    @cached_property
    def _key(self) -> rsa.RSAPrivateKey:
        """Made when first needed: worlds that are only called in-process never need one."""
        return self._given or new_key()

    def use(self, key: rsa.RSAPrivateKey) -> None:
        """Sign with a key that was there before, so that tokens outlive a restart."""
        self._given = key

    def sign(self, claims: dict[str, Any]) -> str:
        """A signed token with the claims."""
        header = {"typ": "JWT", "alg": "RS256", "kid": _KEY_ID}
        body = ".".join(_encode(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims))
        signature = self._key.sign(body.encode(), padding.PKCS1v15(), hashes.SHA256())
        return f"{body}.{_encode(signature)}"

    def check(self, token: str) -> dict[str, Any] | None:
        """The claims of a token that we signed, or None. Expiry is the caller's to judge."""
        claims = self._passed.get(token)
        if claims is None:
            claims = self._verify(token)
            if claims is not None:
                self._remember(token, claims)
        return claims

    def _remember(self, token: str, claims: dict[str, Any]) -> None:
        if len(self._passed) >= _CACHE_LIMIT:
            self._passed.clear()
        self._passed[token] = claims

    def _verify(self, token: str) -> dict[str, Any] | None:
        try:
            body, _, signature = token.rpartition(".")
            public = self._key.public_key()
            public.verify(_decode(signature), body.encode(), padding.PKCS1v15(), hashes.SHA256())
            claims = json.loads(_decode(body.split(".")[1]))
        except (InvalidSignature, ValueError, IndexError):
            return None
        return claims if isinstance(claims, dict) else None

    def jwks(self) -> dict[str, Any]:
        """The public key as a JSON web key set."""
        numbers = self._key.public_key().public_numbers()
        modulus = numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8)
        exponent = numbers.e.to_bytes(3)
        key = {"kty": "RSA", "use": "sig", "kid": _KEY_ID, "n": _encode(modulus), "e": _encode(exponent)}
        return {"keys": [key]}


def authenticate(world: World, request: Request) -> Principal:
    """Who sends the request. Raises 401 with Azure's challenge for a missing, bad or expired token."""
    header = request.headers.get("authorization", "")
    if not header:
        message = "Authentication failed. The 'Authorization' header is missing."
        raise errors.authentication_failed(world.tenant, "AuthenticationFailed", message, missing=True)
    scheme, _, token = header.partition(" ")
    claims = world.tokens.check(token.strip()) if scheme.lower() == "bearer" else None
    if claims is None:
        raise _bad_token(world, "The access token is invalid.")
    _check_life(world, claims)
    principal = world.principals.get(str(claims.get("appid", "")).lower())
    if principal is None:
        raise _bad_token(world, "The access token is from an application that is not known.")
    return principal


def _check_life(world: World, claims: dict[str, Any]) -> None:
    if float(claims.get("exp", 0)) <= world.now():
        raise errors.authentication_failed(
            world.tenant, "ExpiredAuthenticationToken", "The access token expiry UTC time has passed."
        )
    if str(claims.get("tid", "")).lower() != world.tenant.lower():
        raise errors.authentication_failed(
            world.tenant,
            "InvalidAuthenticationTokenTenant",
            f"The access token is from the wrong issuer. It must match the tenant '{world.tenant}'.",
        )
    if float(claims.get("iat", 0)) < world.tokens.revoked_before:
        raise _bad_token(world, "The access token has been revoked.")


def _bad_token(world: World, message: str) -> errors.ArmError:
    return errors.authentication_failed(world.tenant, "InvalidAuthenticationToken", message)


def issue(world: World, principal: Principal, resource: str) -> dict[str, Any]:
    """A token for a principal: the claims that tools look at."""
    now = int(world.now())
    claims = {
        "aud": resource,
        "iss": f"https://sts.windows.net/{world.tenant}/",
        "iat": now,
        "nbf": now,
        "exp": now + world.settings.token_lifetime,
        "appid": principal.client_id,
        "oid": principal.object_id,
        "sub": principal.object_id,
        "tid": world.tenant,
        "idtyp": "app",
        "ver": "1.0",
    }
    return {
        "token_type": "Bearer",  # nosec B105 - the name of a scheme
        "expires_in": world.settings.token_lifetime,
        "ext_expires_in": world.settings.token_lifetime,
        "expires_on": now + world.settings.token_lifetime,
        "access_token": world.tokens.sign(claims),
    }
