"""The form of other settings for a protected machine. Its choices are what exists in the recovery region and the role opens."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django import forms

from replication.domain import ids, naming
from replication.domain.changes import DiskTypes, UpdateSpec
from replication.domain.settling import address_refusal
from replication.domain.specs import InterfaceSpec
from replication.domain.targets import astray
from replication.forms.wizard.options import Options

DISK_TYPES = (
    ("Standard_LRS", "Standard HDD"),
    ("StandardSSD_LRS", "Standard SSD"),
    ("Premium_LRS", "Premium SSD"),
)
Subnets = Mapping[str, Mapping[str, str]]  # network key -> subnet name in lower case -> address range


class SettingsForm(forms.Form):
    """All settings as they are; what is left as it is is not asked for."""

    name = forms.CharField(label="Target name", max_length=64)
    size = forms.CharField(label="Target size", max_length=64, help_text="For example Standard_D4s_v5.")
    group_id = forms.ChoiceField(label="Target resource group")
    availability_set_id = forms.ChoiceField(label="Availability set", required=False)
    availability_zone = forms.ChoiceField(label="Availability zone", required=False)
    network_id = forms.ChoiceField(label="Target network", required=False)

    def __init__(self, *args: Any, there: UpdateSpec, options: Mapping[str, Options], subnets: Subnets, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": _initial(there)})
        self.there, self.subnets = there, subnets
        for name, choices in options.items():
            self._offer(name, choices)
        for kind in ("availability_set_id", "availability_zone"):  # the type cannot change, only which one (portal-behaviour.md §1.5)
            if not getattr(there, kind):
                del self.fields[kind]
        for n, nic in enumerate(there.interfaces):
            self._add_interface(n, nic, options["subnets"])
        for n, disk in enumerate(there.disks):
            self._add_disk(n, disk)

    def _offer(self, name: str, choices: Options) -> None:
        field = self.fields.get(name)
        if isinstance(field, forms.ChoiceField):
            field.choices = list(choices)
            field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."

    def _add_interface(self, n: int, nic: InterfaceSpec, subnets: Options) -> None:
        name = ids.name(nic.source_nic_id)
        known = any(value == nic.subnet_name for value, _ in subnets)
        choices = [*subnets] if known else [(nic.subnet_name, nic.subnet_name or "None"), *subnets]
        self.fields[f"subnet_{n}"] = forms.ChoiceField(
            label=f"Subnet of {name}", choices=choices, initial=nic.subnet_name, required=False
        )
        self.fields[f"address_{n}"] = forms.GenericIPAddressField(
            label=f"Private address of {name}", protocol="IPv4", initial=nic.static_address, required=False,
            help_text="Empty: Azure gives one, or keeps the one that is set.",
        )  # fmt: skip

    def _add_disk(self, n: int, disk: DiskTypes) -> None:
        self.fields[f"disk_{n}"] = forms.ChoiceField(
            label=f"Target type of {ids.name(disk.disk_id)}", choices=_with(disk.target_type), initial=disk.target_type,
            required=bool(disk.target_type),  # Azure does not always tell it: then it stays as the source
        )  # fmt: skip

    def clean_name(self) -> str:
        return self._obeying("machine", self.cleaned_data["name"])

    def clean_size(self) -> str:
        return self._obeying("size", self.cleaned_data["size"])

    def _obeying(self, rule: str, text: str) -> str:
        if said := naming.RULES[rule].refusal(text):
            raise forms.ValidationError(f"{text}: {said}")
        return text

    def clean(self) -> dict[str, Any]:
        """Subnets must be of the chosen network, addresses lie in their subnets, and an availability set in the machine's group."""
        data = super().clean() or {}
        chosen = data.get("availability_set_id", "")
        moved = {"availability_set_id", "group_id"} & set(self.changed_data)
        if chosen and moved and data.get("group_id") and (wrong := astray(chosen, data["group_id"])):
            self.add_error("availability_set_id", wrong)
        known = self.subnets.get(ids.key(data.get("network_id", "")), {})
        for n, _ in enumerate(self.there.interfaces):
            subnet, address = data.get(f"subnet_{n}", ""), data.get(f"address_{n}", "")
            prefix = known.get(subnet.lower(), "")
            changed = f"subnet_{n}" in self.changed_data or f"address_{n}" in self.changed_data or "network_id" in self.changed_data
            if changed and subnet and not prefix:
                self.add_error(f"subnet_{n}", f"The chosen network has no subnet {subnet}.")
            elif changed and address and (said := address_refusal(address, prefix)):
                self.add_error(f"address_{n}", said)
        return data

    def chosen(self) -> UpdateSpec:
        """The settings of a valid form: only those that differ from what is there."""
        data, there = self.cleaned_data, self.there
        plain = {
            name: data[name] for name in ("name", "size", "group_id", "availability_set_id", "availability_zone", "network_id")
            if name in data and ids.key(data[name]) != ids.key(getattr(there, name))
        }  # fmt: skip
        nics = tuple(self._interfaces())
        if nics and "network_id" not in plain:
            plain["network_id"] = there.network_id  # told with the interfaces
        return UpdateSpec(
            id=there.id, machine_id=there.machine_id, machine_name=there.machine_name, interfaces=nics, disks=tuple(self._disks()), **plain
        )

    def _interfaces(self) -> Iterator[InterfaceSpec]:
        for n, nic in enumerate(self.there.interfaces):
            subnet, address = self.cleaned_data.get(f"subnet_{n}", ""), self.cleaned_data.get(f"address_{n}", "")
            if subnet.lower() != nic.subnet_name.lower() or address != nic.static_address:
                yield InterfaceSpec(source_nic_id=nic.source_nic_id, subnet_name=subnet, static_address=address)

    def _disks(self) -> Iterator[DiskTypes]:
        for n, disk in enumerate(self.there.disks):
            if self.cleaned_data.get(f"disk_{n}", "") != disk.target_type:
                yield DiskTypes(disk_id=disk.disk_id, target_type=self.cleaned_data[f"disk_{n}"])


def _initial(there: UpdateSpec) -> dict[str, str]:
    names = ("name", "size", "group_id", "availability_set_id", "availability_zone", "network_id")
    return {name: getattr(there, name) for name in names}


def _with(value: str) -> Sequence[tuple[str, str]]:
    """The disk types, and the present one when it is another."""
    return DISK_TYPES if any(value == each for each, _ in DISK_TYPES) else ((value, value or "As the source"), *DISK_TYPES)
