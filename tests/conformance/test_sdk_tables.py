"""The simulator's tables beside the installed SDKs' sources: an SDK that changes a status code or version fails the build."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import pytest

from simulator import build
from simulator.kernel.registry import ResourceType

PACKAGES = (
    "azure.mgmt.compute",
    "azure.mgmt.network",
    "azure.mgmt.storage",
    "azure.mgmt.recoveryservices",
    "azure.mgmt.recoveryservicessiterecovery",
    "azure.mgmt.resource.resources",
    "azure.mgmt.resource.subscriptions",
)
#: What the SDKs have and the simulator refuses on purpose, by type and verb or action.
NOT_MODELLED = frozenset({("microsoft.resources/resourcegroups", "exporttemplate")})
_BUILDER = re.compile(r"^def (build_\w+)\(", re.MULTILINE)
_VERSION = re.compile(r'"api-version", "([^"]+)"')
_URL = re.compile(r'_url = \(?\s*((?:f?"[^"]*"\s*)+)\)?')
_METHOD = re.compile(r'HttpRequest\(method="(\w+)"')
_OPERATION = re.compile(r"\n    def (\w+)\(")
_CODES = re.compile(r"response\.status_code not in \[([\d, ]+)\]")


@dataclass(frozen=True)
class Operation:
    """One call of an SDK: what it sends and which status codes it takes."""

    package: str
    method: str
    url: str
    version: str
    codes: frozenset[int]

    @property
    def segments(self) -> list[str]:
        tail = self.url.rsplit("/providers/", 1)[-1] if "/providers/{" not in self.url else ""
        return [part for part in tail.split("/") if part]

    @property
    def type(self) -> str:
        """Lower-cased ARM type, the action (or collection) included when the URL ends with one."""
        if self.url.lower() == "/subscriptions/{subscriptionid}/resourcegroups/{resourcegroupname}":
            return "microsoft.resources/resourcegroups"
        return "/".join(part for part in self.segments if not part.startswith("{")).lower()

    @property
    def on_item(self) -> bool:
        return self.url.endswith("}")


@cache
def operations() -> list[Operation]:
    return [found for package in PACKAGES for found in _of(package)]


def _of(package: str) -> Iterator[Operation]:
    spec = find_spec(package)
    assert spec is not None
    assert spec.origin is not None
    source = (Path(spec.origin).parent / "operations" / "_operations.py").read_text()
    starts = [found.start() for found in _BUILDER.finditer(source)]
    builders = {}
    for start in starts:
        text = source[start : start + 4_000].split("\ndef ")[0].split("\nclass ")[0]
        name = text[4 : text.index("(")]
        url, method, version = _URL.search(text), _METHOD.search(text), _VERSION.search(text)
        if url and method and version:
            joined = "".join(re.findall(r'"([^"]*)"', url[1]))
            builders[name] = (method[1], joined, version[1])
    for text in _OPERATION.split(source)[2::2]:
        used = next((name for name in builders if f" {name}(" in text), None)
        codes = _CODES.search(text)
        if used and codes:
            accepted = frozenset(int(code) for code in codes[1].split(","))
            yield Operation(package, *builders[used], accepted)


@cache
def kinds() -> dict[str, ResourceType]:
    return {kind.name.lower(): kind for kind in build.new_registry().types()}


def _modelled() -> list[tuple[Operation, ResourceType, str]]:
    """Operations of types that we have, with the verb or the action's name."""
    found = []
    for operation in operations():
        kind = kinds().get(operation.type)
        if kind is not None and (operation.on_item or operation.method == "GET" or operation.method in kind.overrides):
            found.append((operation, kind, operation.method))
            continue
        owner, _, action = operation.type.rpartition("/")
        kind = kinds().get(owner)
        if kind is not None and action in {name.lower() for name in kind.actions}:
            found.append((operation, kind, action))
    return found


def test_the_sources_are_understood() -> None:
    assert len(operations()) > 1_500
    assert len(_modelled()) > 150


@pytest.mark.parametrize("package", PACKAGES)
def test_every_version_that_an_sdk_sends_is_served(package: str) -> None:
    missing = {
        (kind.name, operation.version)
        for operation, kind, _ in _modelled()
        if operation.package == package and operation.version not in kind.versions
    }
    assert not missing


@pytest.mark.parametrize("package", PACKAGES)
def test_every_status_code_that_we_send_is_accepted(package: str) -> None:
    wrong = []
    for operation, kind, verb in _modelled():
        if operation.package == package and not _ours(kind, verb) <= operation.codes:
            wrong.append((kind.name, verb, sorted(_ours(kind, verb)), sorted(operation.codes)))
    assert not wrong


def _ours(kind: ResourceType, verb: str) -> set[int]:
    """Status codes that the tables give a verb; overridden verbs and actions are tried by the other tests."""
    if verb in kind.overrides:
        return set()
    if verb == "PUT" and kind.put:
        return {kind.put.created, kind.put.replaced}
    if verb == "PATCH" and kind.patch:
        return {kind.patch.replaced}
    if verb == "DELETE" and kind.delete:
        return {kind.delete.deleted, kind.delete.absent}
    return set()


def test_every_write_of_a_modelled_site_recovery_type_is_modelled() -> None:
    """Nothing of Site Recovery that the SDK can ask for is left out by mistake."""
    known = {(operation.url, operation.method) for operation, _, _ in _modelled()}
    ours = [found for found in operations() if found.package.endswith("siterecovery") and "replication" in found.type]
    missing = {(found.method, found.type) for found in ours if (found.url, found.method) not in known}
    assert not {(method, name) for method, name in missing if not any(part in name for part in NOT_OURS)}


#: Parts of Site Recovery that are not about Azure to Azure (VMware, Hyper-V, shared-disk clusters), and those
#: whose last segment is a fixed name of an item.
NOT_OURS = (
    "replicationmigrationitems",
    "replicationstorageclassifications",
    "replicationrecoveryservicesproviders",
    "replicationprotectionclusters",
    "replicationeligibilityresults/default",
    "replicationvaulthealth/default/refresh",
    "replicationjobs/export",
)
