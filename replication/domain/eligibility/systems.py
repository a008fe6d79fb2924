"""Operating systems that Site Recovery supports (portal-behaviour.md §4, "Supported OS"), and reading one from what Azure shows.

The guest's own report counts; a machine that does not report one is judged by its image. What neither tells is not judged.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from replication.domain.inventory import Machine

Version = tuple[int, int | None]  # a minor version is not always told
ANY = range(1000)

# Major version -> minor versions.
MATRIX: Mapping[str, Mapping[int, range | tuple[int, ...]]] = {
    "windows server": {2008: (2,), 2012: ANY, 2016: ANY, 2019: ANY, 2022: ANY, 2025: ANY},  # 2 stands for R2
    "windows": {7: ANY, 8: ANY, 10: ANY, 11: ANY},
    "redhat": {6: range(7, 11), 7: range(10), 8: range(11), 9: range(8), 10: range(2)},
    "ubuntu": {14: (4,), 16: (4,), 18: (4,), 20: (4,), 22: (4,), 24: (4,)},
    "debian": {7: ANY, 8: ANY, 9: range(1, 1000), 10: ANY, 11: ANY, 12: ANY},
    "sles": {11: (3, 4), 12: range(1, 6), 15: range(8)},
    "oracle": {6: range(4, 11), 7: ANY, 8: range(11), 9: range(7)},
    "rocky": {8: ANY, 9: ANY},
    "almalinux": {8: ANY, 9: ANY},
}
_NAMES = {"rhel": "redhat", "red hat": "redhat", "suse": "sles", "ol": "oracle", "alma": "almalinux"}


@dataclass(frozen=True, slots=True)
class System:
    """family: as in MATRIX, or the word that was reported. version: None where nothing tells it."""

    family: str
    version: Version | None
    words: str

    @property
    def supported(self) -> bool | None:
        """Whether the matrix has it; None when too little is known to tell."""
        if self.family not in MATRIX:
            return False
        if self.version is None:
            return None
        major, minor = self.version
        minors = MATRIX[self.family].get(major)
        return minors is not None and (minor is None or minor in minors)


def system_of(machine: Machine) -> System | None:
    """What the machine runs, as far as Azure shows it; None when it does not."""
    if machine.os_type == "Windows":
        return _windows(machine)
    return _reported(machine) or _image(machine)


def _windows(machine: Machine) -> System | None:
    text = machine.os_name or f"{machine.facts.get('imageOffer', '')} {machine.facts.get('imageSku', '')}"
    if machine.facts.get("imagePublisher") == "MicrosoftWindowsServer" and not machine.facts.get("guestOs"):
        text = f"Windows Server {machine.facts.get('imageSku', '')}"
    found = re.search(r"windows server (\d{4})[ -]?(r2)?", text, re.IGNORECASE)
    if found:
        nano = "nano" in text.lower()
        version = (int(found[1]), 2 if found[2] else 0)
        return System("nano server" if nano else "windows server", version, found[0].strip())
    found = re.search(r"windows (\d+)(?:\.(\d))?|win(\d+)", text, re.IGNORECASE)
    return System("windows", (int(found[1] or found[3]), int(found[2] or 0)), found[0]) if found else None


def _reported(machine: Machine) -> System | None:
    """`ubuntu 22.04`, as the guest's agent says it."""
    name, version = str(machine.facts.get("guestOs", "")), str(machine.facts.get("guestOsVersion", ""))
    if not name:
        return None
    family = _NAMES.get(name.lower(), name.lower())
    return System(family, _version(version), f"{name} {version}".strip())


def _version(text: str) -> Version | None:
    found = re.match(r"(\d+)(?:\.(\d+))?", text)
    return (int(found[1]), int(found[2]) if found[2] else None) if found else None


# What the offers and SKUs of the marketplace's publishers say: major and minor version.
_IMAGES = {
    "canonical": ("ubuntu", r"(\d\d)[._](\d\d)"),
    "redhat": ("redhat", r"\b(10|[6-9])[._-]?(\d{0,2})"),
    "suse": ("sles", r"sles\D*(\d\d)(?:-sp(\d))?"),
    "oracle": ("oracle", r"ol(\d)[._-]?(\d{0,2})"),
    "debian": ("debian", r"debian-(\d+)()"),
    "credativ": ("debian", r"debian (\d+)()"),
    "resf": ("rocky", r" (\d+)()"),
    "almalinux": ("almalinux", r" (\d+)()"),
}


def _image(machine: Machine) -> System | None:
    publisher = str(machine.facts.get("imagePublisher", "")).lower()
    text = f"{machine.facts.get('imageOffer', '')} {machine.facts.get('imageSku', '')}".lower()
    if publisher not in _IMAGES:
        return None
    family, pattern = _IMAGES[publisher]
    found = re.search(pattern, text)
    version = (int(found[1]), int(found[2]) if found[2] else None) if found else None
    return System(family, version, text.strip())
