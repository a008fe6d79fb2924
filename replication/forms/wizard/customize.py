"""The forms of *Customize*: for all machines, and for one."""

from typing import Any

from django import forms

from replication.domain import ids, naming
from replication.domain.choices import MachineChoice
from replication.forms.wizard.options import Options
from replication.forms.wizard.target import TARGET_IDS

DISK_TYPES: Options = (
    ("", "Same as source disk"),
    ("Standard_LRS", "Standard HDD"),
    ("StandardSSD_LRS", "Standard SSD"),
    ("Premium_LRS", "Premium SSD"),
)


_NAMED = (
    ("network_id", "network_name", "Microsoft.Network/virtualNetworks"),
    ("storage_account_id", "storage_name", "Microsoft.Storage/storageAccounts"),
)


class EveryForm(forms.Form):
    """*Customize* for all machines: lists of what exists in the target location, each with "by the rule" first."""

    group_id = forms.ChoiceField(label="Target resource group", required=False)
    group_name = forms.CharField(label="Or a new group named", required=False, max_length=90)
    network_id = forms.ChoiceField(label="Target virtual network", required=False)
    network_name = forms.CharField(label="Or a new network named", required=False, max_length=64)
    availability_set_id = forms.ChoiceField(
        label="Availability set", required=False, help_text="Only for machines that are in a set at their source."
    )
    cache_account_id = forms.ChoiceField(label="Cache storage account", required=False)
    storage_account_id = forms.ChoiceField(
        label="Target storage account", required=False, help_text="Only for machines with unmanaged disks."
    )
    storage_name = forms.CharField(label="Or a new account named", required=False, max_length=24)
    disk_type = forms.ChoiceField(label="Replica disk type", choices=DISK_TYPES, required=False)

    def __init__(self, *args: Any, options: dict[str, Options], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in options.items():
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(choices)
            field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."

    def clean_group_name(self) -> str:
        return self._name("group_name", "resource_group")

    def clean_network_name(self) -> str:
        return self._name("network_name", "virtual_network")

    def clean_storage_name(self) -> str:
        return self._name("storage_name", "storage_account")

    def _name(self, field: str, kind: str) -> str:
        name: str = self.cleaned_data[field]
        refusal = naming.RULES[kind].refusal(name) if name else ""
        if refusal:
            raise forms.ValidationError(refusal)
        return name

    def ids(self, subscription_id: str, default_group: str) -> dict[str, str]:
        """TargetChoices' fields: a new name becomes the id that it will have."""
        data = {name: self.cleaned_data.get(name, "") for name in TARGET_IDS}
        if self.cleaned_data.get("group_name"):
            data["group_id"] = ids.group(subscription_id, self.cleaned_data["group_name"])
        group = data["group_id"] or default_group
        for field, name, type_ in _NAMED:
            if self.cleaned_data.get(name):
                data[field] = ids.resource(group, type_, self.cleaned_data[name])
        return data


class MachineForm(forms.Form):
    """*Customize* for one machine: a row of the table. '' is "as for all"."""

    group_id = forms.ChoiceField(required=False)
    network_id = forms.ChoiceField(required=False)
    subnet_name = forms.ChoiceField(required=False)
    availability_set_id = forms.ChoiceField(required=False)
    cache_account_id = forms.ChoiceField(required=False)
    storage_account_id = forms.ChoiceField(required=False)
    disk_type = forms.ChoiceField(required=False)
    # Azure takes these once the machine is protected; which size a region has, and what an address lies in, the plan judges.
    target_name = forms.CharField(required=False, max_length=64)
    target_size = forms.CharField(required=False, max_length=64)
    static_address = forms.GenericIPAddressField(label="Private address", required=False, protocol="IPv4")

    def __init__(self, *args: Any, name: str, options: dict[str, Options], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "network_id" not in options:  # a classic machine: name and addresses are set at recovery
            for field_name in AFTER_PROTECTION:
                del self.fields[field_name]
        for field_name in AFTER_PROTECTION:
            self._say(field_name, name)
        for field_name in list(self.fields):
            if field_name in AFTER_PROTECTION:
                continue
            if field_name not in options:
                del self.fields[field_name]  # does not apply to this machine
                continue
            field = self.fields[field_name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options[field_name])
            self._say(field_name, name)

    def _say(self, field_name: str, machine: str) -> None:
        """Name a control of the table for those who do not see its column, and mark one that was changed."""
        if field_name in self.fields:
            attrs = self.fields[field_name].widget.attrs
            attrs["aria-label"] = f"{LABELS[field_name]} of {machine}"
            if self.initial.get(field_name):
                attrs["class"] = "changed"

    def clean_target_name(self) -> str:
        return _obeying("machine", self.cleaned_data["target_name"])

    def clean_target_size(self) -> str:
        return _obeying("size", self.cleaned_data["target_size"])

    def after_protection(self) -> list[forms.BoundField]:
        """The fields of what is applied once the machine is protected; none for a classic machine."""
        return [self[name] for name in AFTER_PROTECTION if name in self.fields]

    def asks_for_more(self) -> bool:
        """Whether one of them is filled in."""
        return any(field.value() or field.errors for field in self.after_protection())

    def choice(self) -> MachineChoice:
        """What was chosen, of a valid form."""
        return MachineChoice.from_json({name: value for name, value in self.cleaned_data.items() if value})


def _obeying(rule: str, text: str) -> str:
    """The text, when it is empty or obeys the rule for names."""
    refusal = naming.RULES[rule].refusal(text) if text else ""
    if refusal:
        raise forms.ValidationError(f"{text}: {refusal}")
    return text


AFTER_PROTECTION = ("target_name", "target_size", "static_address")

LABELS = {
    "target_name": "Target name",
    "target_size": "Target size",
    "static_address": "Private address",
    "group_id": "Resource group",
    "network_id": "Virtual network",
    "subnet_name": "Subnet",
    "availability_set_id": "Availability set",
    "cache_account_id": "Cache storage account",
    "storage_account_id": "Target storage account",
    "disk_type": "Disk type",
}
