"""Azure's public regions as `GET /subscriptions/{s}/locations` shows them: name, display name, geography, pair, zones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Region:
    """One physical region."""

    name: str
    display: str
    geography: str
    geography_group: str
    pair: str = ""
    zones: bool = False


def _rows(group: str, geography: str, *rows: tuple[str, str, str, bool]) -> list[Region]:
    return [Region(name, display, geography, group, pair, zones) for name, display, pair, zones in rows]


REGIONS: tuple[Region, ...] = (
    *_rows(
        "Asia Pacific",
        "Asia Pacific",
        ("eastasia", "East Asia", "southeastasia", True),
        ("southeastasia", "Southeast Asia", "eastasia", True),
    ),
    *_rows(
        "Asia Pacific",
        "Japan",
        ("japaneast", "Japan East", "japanwest", True),
        ("japanwest", "Japan West", "japaneast", True),
    ),
    *_rows(
        "Asia Pacific",
        "Korea",
        ("koreacentral", "Korea Central", "koreasouth", True),
        ("koreasouth", "Korea South", "koreacentral", False),
    ),
    *_rows(
        "Asia Pacific",
        "India",
        ("centralindia", "Central India", "southindia", True),
        ("southindia", "South India", "centralindia", False),
        ("westindia", "West India", "southindia", False),
        ("jioindiawest", "Jio India West", "jioindiacentral", False),
        ("jioindiacentral", "Jio India Central", "jioindiawest", False),
    ),
    *_rows(
        "Asia Pacific",
        "Australia",
        ("australiaeast", "Australia East", "australiasoutheast", True),
        ("australiasoutheast", "Australia Southeast", "australiaeast", False),
        ("australiacentral", "Australia Central", "australiacentral2", False),
        ("australiacentral2", "Australia Central 2", "australiacentral", False),
    ),
    *_rows("Asia Pacific", "New Zealand", ("newzealandnorth", "New Zealand North", "", True)),
    *_rows("Asia Pacific", "Indonesia", ("indonesiacentral", "Indonesia Central", "", True)),
    *_rows("Asia Pacific", "Malaysia", ("malaysiawest", "Malaysia West", "", True)),
    *_rows(
        "Europe",
        "Europe",
        ("westeurope", "West Europe", "northeurope", True),
        ("northeurope", "North Europe", "westeurope", True),
    ),
    *_rows(
        "Europe", "United Kingdom", ("uksouth", "UK South", "ukwest", True), ("ukwest", "UK West", "uksouth", False)
    ),
    *_rows(
        "Europe",
        "France",
        ("francecentral", "France Central", "francesouth", True),
        ("francesouth", "France South", "francecentral", False),
    ),
    *_rows(
        "Europe",
        "Germany",
        ("germanywestcentral", "Germany West Central", "germanynorth", True),
        ("germanynorth", "Germany North", "germanywestcentral", False),
    ),
    *_rows(
        "Europe",
        "Switzerland",
        ("switzerlandnorth", "Switzerland North", "switzerlandwest", True),
        ("switzerlandwest", "Switzerland West", "switzerlandnorth", False),
    ),
    *_rows(
        "Europe",
        "Norway",
        ("norwayeast", "Norway East", "norwaywest", True),
        ("norwaywest", "Norway West", "norwayeast", False),
    ),
    *_rows(
        "Europe",
        "Sweden",
        ("swedencentral", "Sweden Central", "swedensouth", True),
        ("swedensouth", "Sweden South", "swedencentral", False),
    ),
    *_rows("Europe", "Italy", ("italynorth", "Italy North", "", True)),
    *_rows("Europe", "Poland", ("polandcentral", "Poland Central", "", True)),
    *_rows("Europe", "Spain", ("spaincentral", "Spain Central", "", True)),
    *_rows("Europe", "Austria", ("austriaeast", "Austria East", "", True)),
    *_rows(
        "US",
        "United States",
        ("eastus", "East US", "westus", True),
        ("eastus2", "East US 2", "centralus", True),
        ("centralus", "Central US", "eastus2", True),
        ("northcentralus", "North Central US", "southcentralus", False),
        ("southcentralus", "South Central US", "northcentralus", True),
        ("westcentralus", "West Central US", "westus2", False),
        ("westus", "West US", "eastus", False),
        ("westus2", "West US 2", "westcentralus", True),
        ("westus3", "West US 3", "eastus", True),
    ),
    *_rows(
        "Canada",
        "Canada",
        ("canadacentral", "Canada Central", "canadaeast", True),
        ("canadaeast", "Canada East", "canadacentral", False),
    ),
    *_rows(
        "South America",
        "Brazil",
        ("brazilsouth", "Brazil South", "southcentralus", True),
        ("brazilsoutheast", "Brazil Southeast", "brazilsouth", False),
    ),
    *_rows("Mexico", "Mexico", ("mexicocentral", "Mexico Central", "", True)),
    *_rows("South America", "Chile", ("chilecentral", "Chile Central", "", True)),
    *_rows(
        "Middle East",
        "UAE",
        ("uaenorth", "UAE North", "uaecentral", True),
        ("uaecentral", "UAE Central", "uaenorth", False),
    ),
    *_rows("Middle East", "Qatar", ("qatarcentral", "Qatar Central", "", True)),
    *_rows("Middle East", "Israel", ("israelcentral", "Israel Central", "", True)),
    *_rows(
        "Africa",
        "South Africa",
        ("southafricanorth", "South Africa North", "southafricawest", True),
        ("southafricawest", "South Africa West", "southafricanorth", False),
    ),
)

BY_NAME: dict[str, Region] = {region.name: region for region in REGIONS}
NAMES: tuple[str, ...] = tuple(BY_NAME)


def display_name(location: str) -> str:
    """ "eastasia" -> "East Asia"; a name that is not known comes back as it is."""
    normal = location.replace(" ", "").lower()
    return BY_NAME[normal].display if normal in BY_NAME else location
