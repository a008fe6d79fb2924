"""The wizard's forms: one plain form a page. Choices that come from rows are passed in; nothing here reads the database."""

from collections.abc import Iterable, Sequence
from typing import Any

from django import forms

from replication.domain import ids, naming
from replication.domain.choices import MachineChoice, PolicyChoice, SourceChoices, TargetChoices
from replication.domain.inventory import Model

Options = Sequence[tuple[str, str]]

BY_RULE = ""  # the first entry of each list of targets: whatever the rule gives
DISK_TYPES: Options = (
    ("", "Same as source disk"),
    ("Standard_LRS", "Standard HDD"),
    ("StandardSSD_LRS", "Standard SSD"),
    ("Premium_LRS", "Premium SSD"),
)
RETENTION_HOURS = (0, 15 * 24)  # 0 keeps the latest point only; 15 days is the most (portal-behaviour.md §1.6)
APP_CONSISTENT_HOURS = (0, 12)  # 0 is off, 1 to 12 hours


class SourceForm(forms.Form):
    """Where the machines are now."""

    location = forms.ChoiceField(label="Source location", help_text="The Azure region in which the machines run now.")
    subscription_id = forms.ChoiceField(label="Source subscription")
    model = forms.ChoiceField(
        label="Deployment model",
        choices=[(Model.RESOURCE_MANAGER.value, "Resource Manager"), (Model.CLASSIC.value, "Classic")],
        widget=forms.RadioSelect,
        initial=Model.RESOURCE_MANAGER.value,
        help_text="A classic machine can be recovered only as a classic machine.",
    )
    groups = forms.MultipleChoiceField(
        label="Resource groups",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None ticked means all of them.",
    )

    def __init__(self, *args: Any, locations: Options, subscriptions: Options, groups: Options, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (("location", locations), ("subscription_id", subscriptions), ("groups", groups)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options)
        for name in ("location", "subscription_id"):
            self.fields[name].error_messages["required"] = "Choose one."
        self.fields["groups"].error_messages["invalid_choice"] = (
            "%(value)s has no machines here any more. Choose again."
        )

    def choices(self) -> SourceChoices:
        """What was chosen, of a valid form."""
        data = self.cleaned_data
        return SourceChoices(
            location=data["location"],
            subscription_id=data["subscription_id"],
            model=Model(data["model"]),
            groups=tuple(sorted(data["groups"])),
        )


class TargetForm(forms.Form):
    """Where the machines are recovered, and how replication is kept."""

    location = forms.ChoiceField(label="Target location")
    subscription_id = forms.ChoiceField(label="Target subscription")
    policy = forms.ChoiceField(label="Replication policy", required=False)
    policy_name = forms.CharField(label="Name of the new policy", required=False, max_length=80)
    retention_hours = forms.IntegerField(
        label="Recovery point retention, hours",
        required=False,
        min_value=RETENTION_HOURS[0],
        max_value=RETENTION_HOURS[1],
        help_text="Up to 360 hours (15 days); 72 hours for machines with unmanaged disks. 0 keeps only the latest point.",
    )
    app_consistent_minutes = forms.IntegerField(
        label="App-consistent snapshot every, minutes",
        required=False,
        min_value=0,
        max_value=APP_CONSISTENT_HOURS[1] * 60,
        help_text="60 to 720 minutes and shorter than the retention, or 0 for none.",
    )
    multi_vm = forms.BooleanField(
        label="Multi-VM consistency",
        required=False,
        help_text="Lets machines of one replication group share their recovery points.",
    )

    def __init__(
        self, *args: Any, locations: Options, subscriptions: Options, policies: Options, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, options in (("location", locations), ("subscription_id", subscriptions), ("policy", policies)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = list(options)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not data.get("policy") and "policy" not in self.errors:
            self._clean_new_policy(data)
        return data

    def _clean_new_policy(self, data: dict[str, Any]) -> None:
        name, retention, every = (
            data.get("policy_name"),
            data.get("retention_hours"),
            data.get("app_consistent_minutes"),
        )
        refusal = naming.RULES["policy"].refusal(name or "")
        if refusal and "policy_name" not in self.errors:
            self.add_error("policy_name", refusal)
        for field, value in (("retention_hours", retention), ("app_consistent_minutes", every)):
            if value is None and field not in self.errors:
                self.add_error(field, "Enter a whole number.")
        if every and every < 60:
            self.add_error("app_consistent_minutes", "At least 60 minutes, or 0 for none.")
        elif every and retention is not None and every > retention * 60:
            self.add_error("app_consistent_minutes", "It must be shorter than the retention, or 0 for none.")

    def choices(self, before: TargetChoices | None) -> TargetChoices:
        """What was chosen, of a valid form; what *Customize* set stays while location and subscription stay."""
        data = self.cleaned_data
        policy = (
            PolicyChoice(id=data["policy"], name=ids.name(data["policy"]))
            if data["policy"]
            else PolicyChoice(
                name=data["policy_name"],
                retention_hours=data["retention_hours"],
                app_consistent_minutes=data["app_consistent_minutes"],
                multi_vm=data["multi_vm"],
            )
        )
        place = {"location": data["location"], "subscription_id": data["subscription_id"]}
        if before and (before.location, before.subscription_id) == (data["location"], data["subscription_id"]):
            return TargetChoices(**place, policy=policy, **{name: getattr(before, name) for name in TARGET_IDS})
        return TargetChoices(**place, policy=policy)


TARGET_IDS = (
    "group_id", "network_id", "cache_account_id", "storage_account_id", "availability_set_id", "disk_type",
)  # fmt: skip


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


def listed(rule: str, ids_: Iterable[str], chosen: str = "") -> Options:
    """A list of targets: the rule first, then what exists, and what was typed as new when it does not exist yet."""
    existing = [(each, ids.name(each)) for each in ids_]
    known = {ids.key(each) for each, _ in existing}
    new = [(chosen, f"(new) {ids.name(chosen)}")] if chosen and ids.key(chosen) not in known else []
    return [(BY_RULE, rule), *new, *existing]
