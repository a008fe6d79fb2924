"""Regions: which may be the target of which. Facts: portal-behaviour.md §5.

The cluster table is the strict profile; since 2021 Azure allows any region to any other, which is the default. Regions that no table
knows are judged by what Azure lists for the subscription.
"""

CLUSTERS: dict[str, frozenset[str]] = {
    name: frozenset(regions.split())
    for name, regions in {
        "America": "canadaeast canadacentral southcentralus westcentralus eastus eastus2 westus westus2 westus3 centralus "
        "northcentralus",
        "Europe": "ukwest uksouth northeurope westeurope southafricawest southafricanorth norwayeast francecentral "
        "switzerlandnorth germanywestcentral uaenorth",
        "Asia": "southindia centralindia westindia southeastasia eastasia japaneast japanwest koreacentral koreasouth qatarcentral",
        "JIO": "jioindiawest",
        "Australia": "australiaeast australiasoutheast australiacentral australiacentral2",
        "Government": "usgovvirginia usgoviowa usgovarizona usgovtexas usdodeast usdodcentral",
        "Germany": "germanycentral germanynortheast",
        "China": "chinaeast chinanorth chinaeast2 chinanorth2",
        "Brazil": "brazilsouth",
    }.items()
}

# Open only for disaster recovery of the one region named (portal-behaviour.md §5.2).
RESTRICTED: dict[str, str] = {
    "switzerlandwest": "switzerlandnorth",
    "francesouth": "francecentral",
    "norwaywest": "norwayeast",
    "jioindiacentral": "jioindiawest",
    "southafricawest": "southafricanorth",
    "germanynorth": "germanywestcentral",
    "uaecentral": "uaenorth",
}
# Disaster recovery between availability zones is offered there (portal-behaviour.md §5.3).
_ZONAL = """canadacentral usgovvirginia centralus southcentralus eastus eastus2 westus2 westus3 brazilsouth uksouth westeurope
    northeurope germanywestcentral norwayeast francecentral switzerlandnorth swedencentral polandcentral italynorth qatarcentral
    uaenorth southafricanorth southeastasia eastasia japaneast koreacentral australiaeast centralindia chinanorth3"""
ZONAL = frozenset(_ZONAL.split())
_BRAZIL_TARGETS = frozenset(
    ["brazilsoutheast", "southcentralus", "westcentralus", "eastus", "eastus2", "westus", "westus2", "northcentralus"]
)


def normal(location: str) -> str:
    """A region as ARM names it: "Southeast Asia" and "southeastasia" are the same."""
    return location.replace(" ", "").lower()


def _cluster(location: str) -> str:
    return next((name for name, members in CLUSTERS.items() if location in members), "")


def refusal(source: str, target: str, *, strict: bool = False) -> str:
    """Why `target` cannot be the target of machines in `source`, in a sentence; '' when it can."""
    source, target = normal(source), normal(target)
    if source == target:
        return "The target location must differ from the source location."
    if target in RESTRICTED and RESTRICTED[target] != source:
        return "This region is open only for disaster recovery within its own country."
    if source == "brazilsouth" and target not in _BRAZIL_TARGETS:
        return "Brazil South can be replicated only to Brazil Southeast and some regions of the United States."
    if target == "brazilsouth" or source == "brazilsoutheast":
        return "Brazil South can only be a source, and Brazil Southeast only a target."
    if strict and _cluster(source) != _cluster(target):
        return "The target location must lie in the same geographic cluster as the source location."
    return ""


def zonal_refusal(source: str, target: str) -> str:
    """Why machines in `source` cannot be replicated to another zone of `target`, in a sentence; '' when they can."""
    if normal(source) != normal(target):
        return "Disaster recovery between availability zones stays in the source location."
    return "" if normal(source) in ZONAL else "This region is not among those with disaster recovery between zones."


def suitable(source: str, offered: list[str], *, strict: bool = False) -> list[str]:
    """Those of the offered regions that can be the target of machines in `source`, in the order given."""
    return [location for location in offered if not refusal(source, location, strict=strict)]


def recommended(source: str, vault: str, offered: list[str], paired: str = "") -> str:
    """The target to suggest: the vault's region (the article's tip), else the paired one, else the first suitable; '' if none."""
    for candidate in (normal(vault), normal(paired)):
        if candidate and candidate in offered and candidate != normal(source):
            return candidate
    return next(iter(offered), "")
