"""What machines are made of: images with what their instance view reports, sizes, and disk tiers.

Publishers, offers, SKUs and sizes are the public marketplace's. Which of them can be replicated is not said here: the
generator plants facts, never verdicts.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache


@dataclass(frozen=True, slots=True)
class Image:
    """A marketplace image, and the operating system that a machine made from it reports."""

    os: str  # Windows or Linux
    publisher: str
    offer: str
    sku: str
    version: str
    os_name: str
    os_version: str
    generation: str = "V2"

    def reference(self) -> dict[str, object]:
        """`storageProfile.imageReference` of a machine made from it."""
        return {
            "publisher": self.publisher,
            "offer": self.offer,
            "sku": self.sku,
            "version": "latest",
            "exactVersion": self.version,
        }

    def artifact(self, subscription: str, location: str) -> str:
        """`creationData.imageReference.id` of the disk made from it."""
        return (
            f"/Subscriptions/{subscription}/Providers/Microsoft.Compute/Locations/{location}/Publishers/{self.publisher}"
            f"/ArtifactTypes/VMImage/Offers/{self.offer}/Skus/{self.sku}/Versions/{self.version}"
        )


def _windows_server(sku: str, version: str, revision: int, name: str, generation: str = "V2") -> Image:
    """Microsoft's images: the image's version is build, revision and day; the machine reports version and revision."""
    build = version.rsplit(".", 1)[-1]
    return Image(
        "Windows",
        "MicrosoftWindowsServer",
        "WindowsServer",
        sku,
        f"{build}.{revision}.260504",
        f"{name} Datacenter",
        f"{version}.{revision}",
        generation,
    )


def first_generation(image: Image) -> Image:
    """The same image for machines of generation 1, which is all that page blobs and some sizes take."""
    sku = image.sku.removesuffix("-gen2").removesuffix("_gen2").removesuffix("-g2")
    return replace(image, sku=sku, generation="V1")


WINDOWS_2025 = _windows_server("2025-datacenter-g2", "10.0.26100", 6584, "Windows Server 2025")
WINDOWS_2022 = _windows_server("2022-datacenter-g2", "10.0.20348", 4297, "Windows Server 2022")
WINDOWS_2019 = _windows_server("2019-datacenter-gensecond", "10.0.17763", 7919, "Windows Server 2019")
WINDOWS_2016 = _windows_server("2016-Datacenter", "10.0.14393", 8519, "Windows Server 2016", "V1")
WINDOWS_2012_R2 = _windows_server("2012-R2-Datacenter", "6.3.9600", 22620, "Windows Server 2012 R2", "V1")
SQL_2022 = Image(
    "Windows", "MicrosoftSQLServer", "sql2022-ws2022", "enterprise-gen2", "16.0.260502",
    "Windows Server 2022 Datacenter", "10.0.20348.4297",
)  # fmt: skip


def ubuntu(version: str, offer: str, sku: str) -> Image:
    """Canonical's images; `version` as /etc/os-release says it."""
    return Image("Linux", "Canonical", offer, sku, f"{version}.202605120", "ubuntu", version)


UBUNTU_2404 = ubuntu("24.04", "ubuntu-24_04-lts", "server")
UBUNTU_2204 = ubuntu("22.04", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2")
UBUNTU_2004 = ubuntu("20.04", "0001-com-ubuntu-server-focal", "20_04-lts-gen2")
UBUNTU_2510 = ubuntu("25.10", "ubuntu-25_10", "server")
UBUNTU_2404_ARM = ubuntu("24.04", "ubuntu-24_04-lts", "server-arm64")
UBUNTU_2404_CVM = ubuntu("24.04", "ubuntu-24_04-lts", "cvm")


def redhat(version: str) -> Image:
    """Red Hat's images; from 10 on the SKU has a point, before an underscore or none."""
    major, minor = version.split(".")
    sku = f"{major}{minor}-gen2" if int(major) < 9 else f"{major}{minor}_gen2"
    generation = "V2" if int(major) > 6 else "V1"
    return Image("Linux", "RedHat", "RHEL", sku, f"{version}.2026050513", "redhat", version, generation)


RHEL_79 = redhat("7.9")
RHEL_810 = redhat("8.10")
RHEL_95 = redhat("9.5")
SLES_15_SP6 = Image("Linux", "SUSE", "sles-15-sp6", "gen2", "2026.04.21", "sles", "15.6")
DEBIAN_12 = Image("Linux", "Debian", "debian-12", "12-gen2", "0.20260511.2108", "debian", "12")
ORACLE_89 = Image("Linux", "Oracle", "Oracle-Linux", "ol89-lvm-gen2", "8.9.5", "oracle", "8.9")
ROCKY_9 = Image("Linux", "resf", "rockylinux-x86_64", "9-base", "9.6.20260531", "rocky", "9.6")

_TIERS = ((4, "1"), (8, "2"), (16, "3"), (32, "4"), (64, "6"), (128, "10"), (256, "15"), (512, "20"), (1024, "30"),
          (2048, "40"), (4096, "50"), (8192, "60"), (16384, "70"), (32768, "80"))  # fmt: skip
_PREMIUM = {4: (120, 25), 8: (120, 25), 16: (120, 25), 32: (120, 25), 64: (240, 50), 128: (500, 100), 256: (1100, 125),
            512: (2300, 150), 1024: (5000, 200), 2048: (7500, 250), 4096: (7500, 250), 8192: (16000, 500),
            16384: (18000, 750), 32768: (20000, 900)}  # fmt: skip


@cache
def tier(size_gib: int) -> tuple[int, str]:
    """Provisioned GiB and number of the performance tier a disk of this size falls into."""
    return next(((limit, name) for limit, name in _TIERS if size_gib <= limit), _TIERS[-1])


@cache
def speed(sku: str, size_gib: int) -> tuple[int, int]:
    """IOPS and MB/s of a disk, as `diskIOPSReadWrite` and `diskMBpsReadWrite` show them."""
    if sku == "UltraSSD_LRS":
        return 2048, 32
    if sku == "PremiumV2_LRS":
        return 3000, 125
    if sku.startswith("Premium"):
        return _PREMIUM[tier(size_gib)[0]]
    return (500, 100) if sku.startswith("StandardSSD") else (500, 60)
