"""Machine sizes: what `vmSizes` and `skus` list, what quota counts. Figures are those of Azure's published size tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Size:
    """One size. `memory` in MB, `temp` in MB (0: none)."""

    name: str
    family: str
    cores: int
    memory: int
    disks: int
    temp: int
    premium: bool = True
    generations: str = "V1,V2"
    architecture: str = "x64"
    nics: int = 2
    controllers: str = "SCSI"
    encryption_at_host: bool = True
    accelerated: bool = True
    confidential: str = ""


def _one(name: str, family: str, cores: int, memory: int, disks: int, temp: int, **more: Any) -> Size:
    return Size(name, family, cores, memory, disks, temp, **more)


def _series(
    names: str, family: str, per_core: float, temp_per_core: float, disks_per_core: float, **more: Any
) -> list[Size]:
    """A series: a pattern with `{}` for the cores, then the cores it comes with; memory and temp in GB per core."""
    pattern, *counts = names.split()
    return [
        Size(
            name=pattern.format(cores),
            family=family,
            cores=cores,
            memory=int(cores * per_core * 1024),
            disks=max(2, min(64, int(cores * disks_per_core))),
            temp=int(cores * temp_per_core * 1024),
            nics=max(2, min(8, cores // 2)),
            **more,
        )
        for cores in map(int, counts)
    ]


_OLD: dict[str, Any] = {"generations": "V1", "premium": False, "encryption_at_host": False}
_V6: dict[str, Any] = {"generations": "V2", "controllers": "NVMe"}

SIZES: tuple[Size, ...] = (
    _one("Standard_A1_v2", "standardAv2Family", 1, 2048, 2, 10240, **_OLD, accelerated=False),
    _one("Standard_A2_v2", "standardAv2Family", 2, 4096, 4, 20480, **_OLD, accelerated=False),
    _one("Standard_A4_v2", "standardAv2Family", 4, 8192, 8, 40960, **_OLD, accelerated=False),
    _one("Standard_B1ls", "standardBSFamily", 1, 512, 2, 4096, accelerated=False),
    _one("Standard_B2ts_v2", "standardBsv2Family", 2, 1024, 4, 0),
    _one("Standard_F1s", "standardFSFamily", 1, 2048, 4, 4096),
    _one("Standard_B1s", "standardBSFamily", 1, 1024, 2, 4096, accelerated=False),
    _one("Standard_B1ms", "standardBSFamily", 1, 2048, 2, 4096, accelerated=False),
    _one("Standard_B2s", "standardBSFamily", 2, 4096, 4, 8192, accelerated=False),
    _one("Standard_B2ms", "standardBSFamily", 2, 8192, 4, 16384, accelerated=False),
    _one("Standard_B4ms", "standardBSFamily", 4, 16384, 8, 32768, accelerated=False),
    _one("Standard_D1_v2", "standardDv2Family", 1, 3584, 4, 51200, **_OLD),
    _one("Standard_D2_v2", "standardDv2Family", 2, 7168, 8, 102400, **_OLD),
    _one("Standard_D3_v2", "standardDv2Family", 4, 14336, 16, 204800, **_OLD),
    _one("Standard_D4_v2", "standardDv2Family", 8, 28672, 32, 409600, **_OLD),
    _one("Standard_DS1_v2", "standardDSv2Family", 1, 3584, 4, 7168, generations="V1,V2"),
    _one("Standard_DS2_v2", "standardDSv2Family", 2, 7168, 8, 14336),
    _one("Standard_DS3_v2", "standardDSv2Family", 4, 14336, 16, 28672),
    _one("Standard_DS4_v2", "standardDSv2Family", 8, 28672, 32, 57344),
    *_series("Standard_D{}_v3 2 4 8 16 32 48 64", "standardDv3Family", 4, 25, 2, **_OLD),
    *_series("Standard_D{}s_v3 2 4 8 16 32 48 64", "standardDSv3Family", 4, 8, 2),
    *_series("Standard_D{}s_v4 2 4 8 16 32 48 64", "standardDSv4Family", 4, 0, 2),
    *_series("Standard_D{}ds_v4 2 4 8 16 32 48 64", "standardDDSv4Family", 4, 37.5, 2),
    *_series("Standard_D{}s_v5 2 4 8 16 32 48 64 96", "standardDSv5Family", 4, 0, 2),
    *_series("Standard_D{}ds_v5 2 4 8 16 32 48 64 96", "standardDDSv5Family", 4, 37.5, 2),
    *_series("Standard_D{}as_v5 2 4 8 16 32 48 64 96", "standardDASv5Family", 4, 0, 2),
    *_series("Standard_D{}ads_v5 2 4 8 16 32 48 64 96", "standardDADSv5Family", 4, 37.5, 2),
    *_series(
        "Standard_D{}ps_v5 2 4 8 16 32 48 64", "standardDPSv5Family", 4, 0, 2, architecture="Arm64", generations="V2"
    ),
    *_series("Standard_D{}pds_v5 2 4 8 16", "standardDPDSv5Family", 4, 37.5, 2, architecture="Arm64", generations="V2"),
    *_series("Standard_DC{}as_v5 2 4 8 16 32", "standardDCASv5Family", 4, 0, 2, generations="V2", confidential="SNP"),
    *_series(
        "Standard_DC{}ads_v5 2 4 8 16 32", "standardDCADSv5Family", 4, 37.5, 2, generations="V2", confidential="SNP"
    ),
    *_series("Standard_D{}s_v6 2 4 8 16 32 48 64 96", "StandardDsv6Family", 4, 0, 2, **_V6),
    *_series("Standard_D{}ds_v6 2 4 8 16 32 48 64 96", "StandardDdsv6Family", 4, 55, 2, **_V6),
    *_series(
        "Standard_D{}as_v6 2 4 8 16 32 48 64 96",
        "StandardDasv6Family",
        4,
        0,
        2,
        generations="V2",
        controllers="SCSI, NVMe",
    ),
    *_series("Standard_D{}ps_v6 2 4 8 16 32", "StandardDpsv6Family", 4, 0, 2, architecture="Arm64", **_V6),
    *_series("Standard_E{}s_v3 2 4 8 16 32 48 64", "standardESv3Family", 8, 16, 2),
    *_series("Standard_E{}s_v5 2 4 8 16 32 48 64 96", "standardESv5Family", 8, 0, 2),
    *_series("Standard_E{}ds_v5 2 4 8 16 32 48 64 96", "standardEDSv5Family", 8, 37.5, 2),
    *_series("Standard_E{}as_v5 2 4 8 16 32 48 64 96", "standardEASv5Family", 8, 0, 2),
    *_series("Standard_E{}s_v6 2 4 8 16 32 48 64 96", "StandardEsv6Family", 8, 0, 2, **_V6),
    *_series("Standard_E{}ds_v6 2 4 8 16 32 48 64 96", "StandardEdsv6Family", 8, 55, 2, **_V6),
    *_series("Standard_F{}s_v2 2 4 8 16 32 48 64 72", "standardFSv2Family", 2, 8, 2),
    *_series("Standard_L{}s_v3 8 16 32 48 64 80", "standardLSv3Family", 8, 10, 2),
    *_series("Standard_E{}bds_v5 2 4 8 16 32 48 64", "standardEBDSv5Family", 8, 37.5, 2, controllers="SCSI, NVMe"),
    *_series(
        "Standard_E{}ps_v5 2 4 8 16 20 32", "standardEPSv5Family", 8, 0, 2, architecture="Arm64", generations="V2"
    ),
    *_series("Standard_DC{}s_v3 1 2 4 8 16 24 32 48", "standardDCSv3Family", 8, 0, 2, generations="V2"),
    _one("Standard_NP10s", "standardNPSFamily", 10, 172032, 8, 753664, generations="V1", encryption_at_host=False),
    _one("Standard_M32ts", "standardMSFamily", 32, 196608, 32, 1048576, nics=8),
    _one("Standard_M64s", "standardMSFamily", 64, 1048576, 64, 2097152, nics=8),
    _one("Standard_M128s", "standardMSFamily", 128, 2097152, 64, 4194304, nics=8),
    *_series("Standard_NC{}as_T4_v3 4 8 16 64", "Standard NCASv3_T4 Family", 7, 44, 2, encryption_at_host=False),
    *_series("Standard_NV{}as_v4 4 8 16 32", "standardNVSv4Family", 3.5, 22, 2, generations="V1,V2"),
    _one("Standard_NV6", "standardNVFamily", 6, 57344, 24, 348160, **_OLD),
)

BY_NAME: dict[str, Size] = {size.name.lower(): size for size in SIZES}
#: Regional limits of a subscription nobody asked more for (*assumed*: a common default).
DEFAULT_FAMILY_QUOTA = 350
DEFAULT_TOTAL_QUOTA = 1_000


def find(name: str) -> Size | None:
    """The size of that name in any casing, or None."""
    return BY_NAME.get(name.lower())
