"""What `login.microsoftonline.com`, the instance metadata service and the cloud's metadata answer (simulator.md §3.4).

These paths need no bearer token and have no api-version rules of their own; `answer` returns None for every other path.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from simulator.kernel import auth
from simulator.kernel.request import Request, Response
from simulator.kernel.world import Principal, World

_TENANT = r"/(?P<tenant>[^/]+)"
Endpoint = Callable[[World, Request, str], Response]


def answer(world: World, request: Request) -> Response | None:
    """The answer of an identity path, or None when the path is not one."""
    for pattern, endpoint in _ENDPOINTS:
        found = pattern.fullmatch(request.path)
        if found:
            return endpoint(world, request, found.groupdict().get("tenant", ""))
    return None


def _openid(world: World, request: Request, tenant: str) -> Response:
    base = f"{request.base_url}/{tenant}"
    issuer = f"{request.base_url}/{{tenantid}}/v2.0" if tenant == "common" else f"{base}/v2.0"
    return Response(
        200,
        {
            "issuer": issuer,
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "end_session_endpoint": f"{base}/oauth2/v2.0/logout",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "tenant_region_scope": "AS",
            "cloud_instance_name": "microsoftonline.com",
        },
    )


def _keys(world: World, request: Request, tenant: str) -> Response:
    return Response(200, world.tokens.jwks())


def _instances(world: World, request: Request, tenant: str) -> Response:
    """Instance discovery: we are the only authority there is."""
    host = request.headers.get("host", "localhost")
    aliases = [host, "login.microsoftonline.com"]
    return Response(
        200,
        {
            "tenant_discovery_endpoint": f"{request.base_url}/common/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [{"preferred_network": host, "preferred_cache": host, "aliases": aliases}],
        },
    )


def _token(world: World, request: Request, tenant: str) -> Response:
    """Client credentials: by secret, or by an assertion of a workload identity (any non-empty assertion, *assumed*)."""
    if request.method != "POST":
        return _refuse(world, 405, "invalid_request", 900561, "The endpoint only accepts POST requests.")
    form = dict(parse_qsl(request.body.decode("utf-8", "replace")))
    principal = world.principals.get(form.get("client_id", "").lower())
    refusal = _refused_grant(world, form, tenant, principal)
    if refusal is not None or principal is None:
        return refusal or _refuse(world, 400, "unauthorized_client", 700016, "Application not found.")
    resource = form.get("resource") or form.get("scope", "").split(" ")[0].removesuffix("/.default")
    return Response(200, auth.issue(world, principal, resource))


def _refused_grant(world: World, form: dict[str, str], tenant: str, principal: Principal | None) -> Response | None:
    if form.get("grant_type") != "client_credentials":
        return _refuse(world, 400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type.")
    if tenant.lower() not in (world.tenant.lower(), "adfs"):
        return _refuse(world, 400, "invalid_request", 90002, f"Tenant '{tenant}' not found.")
    if principal is None:
        text = f"Application with identifier '{form.get('client_id', '')}' was not found in the directory '{tenant}'."
        return _refuse(world, 400, "unauthorized_client", 700016, text)
    if not form.get("client_assertion") and form.get("client_secret") != principal.secret:
        text = f"Invalid client secret provided for app '{principal.client_id}'."
        return _refuse(world, 401, "invalid_client", 7000215, text)
    return None


def _refuse(world: World, status: int, error: str, number: int, text: str) -> Response:
    """An error as the token endpoint writes it: AADSTS number, description, trace and correlation ids."""
    body = {
        "error": error,
        "error_description": f"AADSTS{number}: {text}",
        "error_codes": [number],
        "timestamp": world.iso_now()[:19].replace("T", " ") + "Z",
    }
    return Response(status, body)


def _managed(world: World, request: Request, tenant: str) -> Response:
    """App Service's and the instance metadata service's token endpoint: the client named, or the first principal."""
    imds = request.path.startswith("/metadata")
    if imds and request.headers.get("metadata", "").lower() != "true":
        return Response(
            400, {"error": "invalid_request", "error_description": "Required metadata header not specified"}
        )
    wanted = (request.query.get("client_id") or "").lower()
    principal = world.principals.get(wanted) if wanted else next(iter(world.principals.values()), None)
    if principal is None:
        return Response(400, {"error": "invalid_request", "error_description": "Identity not found"})
    token = auth.issue(world, principal, request.query.get("resource", ""))
    return Response(
        200, {**_as_text(token), "client_id": principal.client_id, "resource": request.query.get("resource", "")}
    )


def _as_text(token: dict[str, Any]) -> dict[str, str]:
    """These endpoints write numbers as text."""
    return {name: str(value) for name, value in token.items() if name != "ext_expires_in"}


def _endpoints(world: World, request: Request, tenant: str) -> Response:
    """The cloud's metadata: an object for 2022-09-01, an array for 2019-05-01."""
    base = request.base_url
    cloud = {
        "name": "SimCloud",
        "portal": base,
        "authentication": {
            "loginEndpoint": base,
            "audiences": [base, f"{base}/", "https://management.azure.com/"],
            "tenant": "common",
            "identityProvider": "AAD",
        },
        "media": "",
        "graphAudience": f"{base}/",
        "graph": f"{base}/",
        "microsoftGraphResourceId": f"{base}/",
        "resourceManager": f"{base}/",
        "vmImageAliasDoc": "",
        "gallery": f"{base}/",
        "batch": f"{base}/",
        "suffixes": {
            "storage": "core.sim.local",
            "keyVaultDns": "vault.sim.local",
            "acrLoginServer": "azurecr.sim.local",
        },
    }
    return Response(200, [cloud] if request.api_version < "2022-01-01" else cloud)


_ENDPOINTS: list[tuple[re.Pattern[str], Endpoint]] = [
    (re.compile(_TENANT + r"(?:/v2\.0)?/\.well-known/openid-configuration"), _openid),
    (re.compile(_TENANT + r"/oauth2(?:/v2\.0)?/token"), _token),
    (re.compile(_TENANT + r"/discovery(?:/v2\.0)?/keys"), _keys),
    (re.compile(r"/common/discovery/instance"), _instances),
    (re.compile(r"/msi/token"), _managed),
    (re.compile(r"/metadata/identity/oauth2/token"), _managed),
    (re.compile(r"/metadata/endpoints"), _endpoints),
]
