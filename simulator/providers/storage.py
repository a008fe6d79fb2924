"""Microsoft.Storage: accounts, whose names are unique in the whole world, and the check of a name."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

from simulator.kernel import errors, verbs
from simulator.kernel.call import Call
from simulator.kernel.registry import Action, ResourceType, Style, Write
from simulator.kernel.request import Response
from simulator.kernel.world import World
from simulator.providers import regions, versions

ACCOUNTS = "Microsoft.Storage/storageAccounts"
CLASSIC = "Microsoft.ClassicStorage/storageAccounts"
_NAME = re.compile(r"[a-z0-9]{3,24}")
_SKUS = (
    "Standard_LRS", "Standard_GRS", "Standard_RAGRS", "Standard_ZRS", "Premium_LRS", "Premium_ZRS", "Standard_GZRS",
    "Standard_RAGZRS", "StandardV2_LRS", "StandardV2_GRS", "StandardV2_ZRS", "StandardV2_GZRS", "PremiumV2_LRS",
    "PremiumV2_ZRS",
)  # fmt: skip
_KINDS = ("Storage", "StorageV2", "BlobStorage", "FileStorage", "BlockBlobStorage")


def _taken(world: World, name: str, but: str = "") -> bool:
    """Whether anybody in the world has the name: we, or those of whom we cannot know."""
    if name.lower() in world.names_taken:
        return True
    tail = f"/{name.lower()}"
    return any(
        found.key.endswith(tail) and found.key != but.lower() for found in world.store if _is_account(found.type)
    )


def _is_account(type_name: str) -> bool:
    return type_name in (ACCOUNTS, CLASSIC)


def _invalid(name: str) -> str:
    return (
        f"{name} is not a valid storage account name. Storage account name must be between 3 and 24 characters in length "
        "and use numbers and lower-case letters only."
    )


def _validate(call: Call) -> None:
    name = call.address.name
    if not _NAME.fullmatch(name):
        raise errors.ArmError(400, "AccountNameInvalid", _invalid(name))
    if call.world.store.get(call.id) is None and _taken(call.world, name):
        raise errors.ArmError(409, "StorageAccountAlreadyTaken", f"The storage account named {name} is already taken.")
    _check_sku(call)


def _check_sku(call: Call) -> None:
    sku, kind = (call.body.get("sku") or {}).get("name"), call.body.get("kind")
    if sku not in _SKUS:
        raise errors.ArmError(
            400,
            "InvalidValuesForRequestParameters",
            f"Values for request parameters are invalid: sku. '{sku}' is not one of {', '.join(_SKUS)}.",
        )
    if kind not in _KINDS:
        raise errors.ArmError(
            400,
            "InvalidValuesForRequestParameters",
            f"Values for request parameters are invalid: kind. '{kind}' is not one of {', '.join(_KINDS)}.",
        )
    if kind in ("BlockBlobStorage", "FileStorage") and not str(sku).startswith("Premium"):
        raise errors.ArmError(
            400,
            "InvalidValuesForRequestParameters",
            f"Values for request parameters are invalid: sku, kind. '{kind}' needs a premium sku.",
        )


def _prepare(call: Call, document: dict[str, Any]) -> None:
    existing = call.world.store.get(call.id)
    properties = document.setdefault("properties", {})
    now = existing.properties.get("creationTime") if existing else None
    properties["creationTime"] = now or call.world.iso_now()
    properties.setdefault("primaryLocation", document["location"])
    properties["statusOfPrimary"] = "available"
    properties["primaryEndpoints"] = _endpoints(call.address.name)
    properties.setdefault("supportsHttpsTrafficOnly", True)
    properties.setdefault("minimumTlsVersion", "TLS1_2")
    properties.setdefault("allowBlobPublicAccess", False)
    properties.setdefault(
        "networkAcls", {"bypass": "AzureServices", "virtualNetworkRules": [], "ipRules": [], "defaultAction": "Allow"}
    )
    since = str(properties["creationTime"])
    # recorded: azure-cli-extensions, A2A_scenarios (PUT and GET of the cache accounts)
    properties["keyCreationTime"] = {"key1": since, "key2": since}
    properties.setdefault("privateEndpointConnections", [])
    if document.get("kind") in ("StorageV2", "BlobStorage"):
        properties.setdefault("accessTier", "Hot")
    document.setdefault("tags", {})
    properties["encryption"] = _encryption(since, _part(properties, "encryption"))
    document["sku"]["tier"] = "Premium" if document["sku"]["name"].startswith("Premium") else "Standard"
    _secondary(document)


def _secondary(document: dict[str, Any]) -> None:
    """Geo-redundant accounts have a second region: the pair of the first."""
    region = regions.BY_NAME.get(document["location"])
    if "GRS" in document["sku"]["name"] or "GZRS" in document["sku"]["name"]:
        document["properties"]["secondaryLocation"] = region.pair if region else ""
        document["properties"]["statusOfSecondary"] = "available"


def _endpoints(name: str) -> dict[str, str]:
    return {
        kind: f"https://{name}.{kind}.core.windows.net/" for kind in ("blob", "queue", "table", "file", "dfs", "web")
    }


def _part(whole: dict[str, Any], name: str) -> dict[str, Any]:
    """An object of a request's body, {} when it is left out. Raises ArmError 400 for anything else."""
    found = whole.get(name) or {}
    if not isinstance(found, dict):
        raise errors.invalid_content(f"Error converting value to type 'dict'. Path '{name}'")
    return found


def _encryption(since: str, asked: dict[str, Any]) -> dict[str, Any]:
    """Blobs and files are always encrypted, whatever little is asked."""
    part = {"keyType": "Account", "enabled": True, "lastEnabledTime": since}
    services = _part(asked, "services")
    whole = {name: part | _part(services, name) for name in ("file", "blob")}
    return {**asked, "services": {**services, **whole}, "keySource": asked.get("keySource", "Microsoft.Storage")}


def _check_name(call: Call) -> Response:
    """Not an error: the answer says whether the name is free, and why not."""
    body = call.request.document()
    name, kind = body.get("name"), body.get("type")
    if not isinstance(name, str) or not isinstance(kind, str):
        raise errors.missing_property("name" if not isinstance(name, str) else "type")
    if kind.lower() != ACCOUNTS.lower():
        raise errors.invalid_property("type", kind)
    if not _NAME.fullmatch(name):
        return Response(200, {"nameAvailable": False, "reason": "AccountNameInvalid", "message": _invalid(name)})
    if _taken(call.world, name):
        message = f"The storage account named {name} is already taken."
        return Response(200, {"nameAvailable": False, "reason": "AlreadyExists", "message": message})
    return Response(200, {"nameAvailable": True})


def _list_keys(call: Call) -> Response:
    account = call.need()
    rows = [
        {
            "creationTime": account.properties.get("creationTime"),
            "keyName": name,
            "value": _key(account.key, name),
            "permissions": "FULL",
        }
        for name in ("key1", "key2")
    ]
    return Response(200, {"keys": rows})


def _key(account: str, name: str) -> str:
    return base64.b64encode(hashlib.sha512(f"{account} {name}".encode()).digest()).decode()


def _usages(call: Call) -> Response:
    subscription = f"/subscriptions/{call.address.subscription}"
    location = call.address.names[0].lower()
    count = sum(1 for found in call.world.store.select(ACCOUNTS, subscription) if found.location == location)
    name = {"value": "StorageAccounts", "localizedValue": "Storage Accounts"}
    return verbs.page_of(call, [{"unit": "Count", "currentValue": count, "limit": 250, "name": name}])


def _blob_service(call: Call) -> Response:
    """The blob service of an account, as a new account has it; a scenario's `_sim.blobService` says otherwise."""
    account = call.world.store.get(call.id.rsplit("/blobServices/", 1)[0])
    if account is None or call.address.name.lower() != "default":
        raise errors.resource_not_found(call.type.name, "/".join(call.address.names), call.address.group)
    kept = {"deleteRetentionPolicy": {"allowPermanentDelete": False, "enabled": False}}
    properties = {"cors": {"corsRules": []}, **kept, **account.sim.get("blobService", {})}
    return Response(200, {"id": call.id, "name": "default", "type": call.type.name, "properties": properties})


TYPES: list[ResourceType] = [
    ResourceType(
        name=ACCOUNTS,
        versions=versions.STORAGE,
        name_pattern=r"[^<>%&:\\?/]{1,260}",  # the service's own rule and words: _validate
        put=Write(created=202, replaced=200, style=Style.LOCATION, duration="storage.create", replaces=False),
        patch=Write(replaced=200),
        delete=Write(deleted=200),
        validate=_validate,
        prepare=_prepare,
        actions={
            "listKeys": Action(_list_keys, permission=f"{ACCOUNTS}/listKeys/action", mutates=False),
        },
        throttle="storage",
    ),
    ResourceType(
        name=f"{ACCOUNTS}/blobServices",
        versions=versions.STORAGE,
        tracked=False,
        overrides={"GET": _blob_service},
        throttle="storage",
    ),
    ResourceType(
        name="Microsoft.Storage/checkNameAvailability",
        versions=versions.STORAGE,
        tracked=False,
        get=False,
        overrides={"POST": _check_name},
        permissions={"POST": "Microsoft.Storage/checknameavailability/read"},
        reads=frozenset({"POST"}),
        throttle="storage",
    ),
    ResourceType(
        name="Microsoft.Storage/locations/usages",
        versions=versions.STORAGE,
        tracked=False,
        get=False,
        overrides={"LIST": _usages},
        throttle="storage",
    ),
]
