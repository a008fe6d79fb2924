"""The fields of domain Placement: what can be said for all machines, for one, or for many at once."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django import forms

from replication.domain import ids, naming
from replication.domain.choices import NONE, Placement
from replication.domain.targets import astray
from replication.forms.wizard.options import Options, PlainSelect, PlainText

DISK_TYPES: Options = (
    ("", "Same as source disk"),
    ("Standard_LRS", "Standard HDD"),
    ("StandardSSD_LRS", "Standard SSD"),
    ("Premium_LRS", "Premium SSD"),
)
CHURN: Options = (
    ("", "By the rule: normal, high where disks need it"),
    ("Normal", "Normal churn"),
    ("High", "High churn"),
)
ZONE = "zone:"

LABELS = {
    "group_id": "Target resource group",
    "network_id": "Target virtual network",
    "subnet_name": "Subnet",
    "availability": "Availability",
    "placement_group_id": "Proximity placement group",
    "capacity_group_id": "Capacity reservation group",
    "churn": "Churn",
    "cache_account_id": "Cache storage account",
    "high_cache_account_id": "Cache storage account for high churn",
    "storage_account_id": "Target storage account",
    "disk_type": "Replica disk type",
    "failover_type": "Disk type after failover",
    "encryption_set_id": "Disk encryption set",
    "replication_group": "Replication group",
}
HELP = {
    "subnet_name": "Where a machine's target network has a subnet of this name.",
    "availability": "A set only for machines that are in one at their source, and only one of their target resource group. It cannot be "
    "changed once a machine is replicated.",
    "churn": "High churn is for machines that write more than 54 MB/s. It takes a premium block blob cache account and managed disks.",
    "cache_account_id": "A Standard account in the source location.",
    "high_cache_account_id": "A Premium block blob account in the source location; machines with normal churn do not use it.",
    "storage_account_id": "Only for machines with unmanaged disks.",
    "encryption_set_id": "Only for disks that have a customer-managed key at their source.",
    "replication_group": "Machines of one name share recovery points: at most 16, which must reach each other on port 20004.",
}
CHOICES = tuple(name for name in LABELS if name != "replication_group")


class PlacementForm(forms.Form):
    """A select for each field that `options` lists, and a text for the replication group. '' is "by the rule" (or "leave")."""

    def __init__(
        self, *args: Any, options: Mapping[str, Options], sets: Collection[str], home: str = "", group: bool = True, helped: bool = True,
        **kwargs: Any,
    ) -> None:  # fmt: skip
        """sets: keys of the availability sets that exist; home: the group of who chooses none here, '' where that is not one."""
        super().__init__(*args, **kwargs)
        self._sets, self._home = sets, home
        for name in CHOICES:
            if name in options:
                field = forms.ChoiceField(label=LABELS[name], required=False, choices=list(options[name]), widget=PlainSelect)
                field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."
                field.help_text = HELP.get(name, "") if helped else ""
                self.fields[name] = field
        if group:
            text = forms.CharField(label=LABELS["replication_group"], required=False, max_length=64, widget=PlainText)
            text.help_text = HELP["replication_group"] if helped else ""
            self.fields["replication_group"] = text

    def clean_replication_group(self) -> str:
        return obeying("replication_group", self.cleaned_data["replication_group"])

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if wrong := self._astray(data):
            self.add_error("availability", wrong)
        return data

    def _astray(self, data: Mapping[str, str]) -> str:
        """Why the machine's group and the set that exists do not fit."""
        chosen, group = data.get("availability", ""), self._group(data)
        return astray(chosen, group) if group and ids.key(chosen) in self._sets else ""

    def _group(self, data: Mapping[str, str]) -> str:
        return data.get("group_id", "") or self._home

    def placement(self) -> dict[str, str]:
        """The fields of Placement, of a valid form; those that it does not have are left out."""
        data = {name: self.cleaned_data[name] for name in LABELS if name in self.fields and name in self.cleaned_data}
        if "availability" in data:
            data |= said_of_availability(data.pop("availability"))
        return data


def obeying(rule: str, text: str) -> str:
    """The text, when it is empty or obeys the rule for names."""
    refusal = naming.RULES[rule].refusal(text) if text else ""
    if refusal:
        raise forms.ValidationError(f"{text}: {refusal}")
    return text


def said_of_availability(value: str) -> dict[str, str]:
    """The two fields that one control speaks of: a set (or none), or a zone."""
    if value.startswith(ZONE):
        return {"availability_set_id": "", "availability_zone": value.removeprefix(ZONE)}
    return {"availability_set_id": value, "availability_zone": ""}


def initial(said: Placement) -> dict[str, str]:
    """What the form shows of choices."""
    shown = {name: getattr(said, name) for name in LABELS if name != "availability"}
    zone = f"{ZONE}{said.availability_zone}" if said.availability_zone else ""
    return shown | {"availability": zone or said.availability_set_id}


def availability(rule: str, zones: Iterable[str], sets: Options) -> Options:
    """The list of what a machine can be placed in."""
    return [
        ("", rule),
        (NONE, "Single instance"),
        *((f"{ZONE}{zone}", f"Availability zone {zone}") for zone in zones),
        *sets,
    ]
