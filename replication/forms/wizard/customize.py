"""The forms of *Customize*: for all machines, for one in the table, for one with its disks, and for many at once."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django import forms

from replication.domain import ids
from replication.domain.choices import DiskChoice, MachineChoice
from replication.domain.inventory import Disk, Machine
from replication.domain.targets import NEW, Homes
from replication.forms.live import live
from replication.forms.wizard.options import Options, PlainText
from replication.forms.wizard.placement import DISK_TYPES, LABELS, PlacementForm, initial, obeying, said_of_availability

_NEW_LABELS = {
    "group_name": "Or a new group named",
    "network_name": "Or a new network named",
    "cache_name": "Or a new cache account named",
    "high_cache_name": "Or a new account for high churn named",
    "storage_name": "Or a new target account named",
    "set_name": "Or a new availability set named",
    "placement_name": "Or a new placement group named",
}
_CONTROLS = {"availability_set_id": "availability"}  # where the list does not have the field's own name

Refusal = Callable[[str, str, str], str]


class NewNames(PlacementForm):
    """A placement in which what does not exist yet can be named: wherever there is a list to choose from, a name stands below it."""

    def __init__(self, *args: Any, homes: Homes, refusal: Refusal, check: str, said: Mapping[str, str], **kwargs: Any) -> None:
        """homes: where new things are made. refusal: of (field of Placement, name, id) why that cannot be made, in a sentence, or ''.

        check: the address that says the same while one types; said: what stands below a field at first.
        """
        super().__init__(*args, **kwargs)
        self._homes, self._refusal = homes, refusal
        for name, kind in NEW.items():
            if _CONTROLS.get(name, name) in self.fields:
                self.fields[kind.text] = forms.CharField(label=_NEW_LABELS[kind.text], required=False, max_length=90, widget=PlainText)
                rest = 1000 if kind.worldwide else 400  # Azure is not asked for every beginning of a name
                live(self.fields[kind.text], f"{check}?of={kind.text}", said.get(kind.text, ""), rest)

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        for name, arm_id in self._homes.new(data):
            if refused := self._refusal(name, data[NEW[name].text], arm_id):
                self.add_error(NEW[name].text, refused)
        return data

    def _astray(self, data: Mapping[str, str]) -> str:
        return "" if data.get("set_name") else super()._astray(data)

    def _group(self, data: Mapping[str, str]) -> str:
        return self._homes.group(data) or self._home

    def new(self) -> dict[str, str]:
        """The fields of Placement that are named anew, of a valid form: the ids that they will have."""
        named = dict(self._homes.new(self.cleaned_data))
        return named | ({"availability_zone": ""} if "availability_set_id" in named else {})

    def placement(self) -> dict[str, str]:
        return super().placement() | self.new()

    def sections(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields under their headings; empty sections are left out."""
        found = [(title, [self[name] for name in names if name in self.fields]) for title, names in _SECTIONS]
        return [(title, fields) for title, fields in found if fields]


_SECTIONS = (
    ("Location", ("group_id", "group_name")),
    ("Network", ("network_id", "network_name", "subnet_name")),
    ("Storage", ("churn", "disk_type", "failover_type", "encryption_set_id", "cache_account_id", "cache_name", "high_cache_account_id",
                 "high_cache_name", "storage_account_id", "storage_name")),
    ("Availability and consistency", ("availability", "set_name", "placement_group_id", "placement_name", "capacity_group_id",
                                      "replication_group")),
)  # fmt: skip


class EveryForm(NewNames):
    """*Customize* for all machines."""


ROW = ("group_id", "network_id", "subnet_name", "availability", "churn", "disk_type", "storage_account_id")


class RowForm(PlacementForm):
    """*Customize* for one machine in the table: what is changed most often; the rest is on the machine's own page.

    It judges what was sent; the controls are drawn without a form (presenters), because there are two hundred of them.
    """

    def __init__(self, *args: Any, choice: MachineChoice, **kwargs: Any) -> None:
        super().__init__(*args, group=False, helped=False, initial=initial(choice), **kwargs)
        self._before = choice

    def choice(self) -> MachineChoice:
        """What was chosen, of a valid form, on top of what the table does not show."""
        return MachineChoice.from_json(self._before.to_json() | self.placement())


NOTHING = "nothing"
AFTER_PROTECTION = ("target_name", "target_size", "static_address")


class MachineForm(NewNames):
    """Everything about one machine."""

    # Azure takes these once the machine is protected; which size a region has, and what an address lies in, the plan judges.
    target_name = forms.CharField(label="Target name", required=False, max_length=64)
    target_size = forms.CharField(label="Target size", required=False, max_length=64)
    static_address = forms.GenericIPAddressField(label="Private address", required=False, protocol="IPv4")

    def __init__(self, *args: Any, machine: Machine, choice: MachineChoice, keys: Options, **kwargs: Any) -> None:
        after = {name: getattr(choice, name) for name in AFTER_PROTECTION}
        super().__init__(*args, initial=initial(choice) | after, **kwargs)
        if not machine.availability_set_id:  # a set only for machines that are in one at their source
            self.fields.pop("set_name", None)
        self.disks = [DiskFields(self, disk, choice.disks.get(ids.key(disk.id)), keys) for disk in machine.disks]
        if "network_id" not in self.fields:  # a classic machine: name and addresses are set at recovery
            for name in AFTER_PROTECTION:
                del self.fields[name]
        _say(self, machine.name)

    def clean_target_name(self) -> str:
        return obeying("machine", self.cleaned_data["target_name"])

    def clean_target_size(self) -> str:
        return obeying("size", self.cleaned_data["target_size"])

    def after_protection(self) -> list[forms.BoundField]:
        """The fields of what is applied once the machine is protected; none for a classic machine."""
        return [self[name] for name in AFTER_PROTECTION if name in self.fields]

    def differences(self) -> list[tuple[str, str, str]]:
        """(control, saved, sent) of a bound form, where the two differ, in the words that the page shows."""
        return [self._difference(self[name]) for name in self.changed_data]

    def _difference(self, bound: forms.BoundField) -> tuple[str, str, str]:
        words = dict(getattr(bound.field, "choices", ()))
        saved, sent = (str(value or "") for value in (bound.initial, bound.data))
        return (
            bound.field.widget.attrs.get("aria-label") or str(bound.label),
            words.get(saved, saved) or NOTHING,
            words.get(sent, sent)[:300] or NOTHING,
        )

    def choice(self) -> MachineChoice:
        """What was chosen, of a valid form."""
        after = {name: self.cleaned_data[name] for name in AFTER_PROTECTION if name in self.cleaned_data}
        disks = {ids.key(each.disk.id): each.choice() for each in self.disks}
        return MachineChoice(**self.placement(), **after, disks=disks)


class DiskFields:
    """The controls of one disk, in its machine's form. Their names follow from the disk's id, so that they stay its own."""

    def __init__(self, form: MachineForm, disk: Disk, choice: DiskChoice | None, keys: Options) -> None:
        self.form, self.disk, self.before = form, disk, choice or DiskChoice()
        mark = hashlib.sha256(ids.key(disk.id).encode()).hexdigest()[:10]
        self._names = {
            each: f"disk-{mark}-{each}" for each in ("excluded", "disk_type", "failover_type", "encryption_set_id")
        }
        if not disk.is_os:
            self._add("excluded", [("", "Replicate"), ("no", "Leave out")], "no" if self.before.excluded else "")
        if disk.managed:
            types = [("", "As for the machine"), *DISK_TYPES[1:]]
            self._add("disk_type", types, self.before.disk_type)
            self._add("failover_type", types, self.before.failover_type)
        if disk.encryption_set_id:
            self._add("encryption_set_id", keys, self.before.encryption_set_id)

    def _add(self, name: str, options: Sequence[tuple[str, str]], value: str) -> None:
        field = forms.ChoiceField(choices=list(options), required=False, label=_DISK_LABELS[name], initial=value)
        field.widget.attrs["aria-label"] = f"{_DISK_LABELS[name]} of {self.disk.name}"
        field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."
        if value:
            field.widget.attrs["class"] = "changed"
        self.form.fields[self._names[name]] = field

    def _bound(self, name: str) -> forms.BoundField | None:
        return self.form[self._names[name]] if self._names[name] in self.form.fields else None

    @property
    def excluded(self) -> forms.BoundField | None:
        return self._bound("excluded")

    @property
    def disk_type(self) -> forms.BoundField | None:
        return self._bound("disk_type")

    @property
    def failover_type(self) -> forms.BoundField | None:
        return self._bound("failover_type")

    @property
    def encryption_set_id(self) -> forms.BoundField | None:
        return self._bound("encryption_set_id")

    @property
    def errors(self) -> list[str]:
        """What is wrong with the disk's controls."""
        return [str(said) for name in self._names.values() for said in self.form.errors.get(name, ())]

    def choice(self) -> DiskChoice:
        """What was chosen for the disk, of a valid form."""
        data = {name: self.form.cleaned_data.get(field, "") for name, field in self._names.items()}
        return DiskChoice(**data | {"excluded": data["excluded"] == "no"})


_DISK_LABELS = {
    "excluded": "Replication",
    "disk_type": "Replica type",
    "failover_type": "Type after failover",
    "encryption_set_id": "Disk encryption set",
}

KEEP, BY_RULE = "", "by-rule"


class ManyForm(NewNames):
    """One change for many machines: '' leaves a field as each machine has it, 'by-rule' takes its own choice away."""

    def __init__(self, *args: Any, options: Mapping[str, Options], **kwargs: Any) -> None:
        offered = {
            name: [(KEEP, "Leave as it is"), (BY_RULE, "As for all machines"), *given[1:]]
            for name, given in options.items()
        }
        super().__init__(*args, options=offered, helped=False, **kwargs)
        self.fields["replication_group"].widget.attrs["placeholder"] = "Leave as it is"
        for field in self.fields.values():
            field.widget.attrs["form"] = "many-form"

    def changes(self) -> dict[str, str]:
        """Field of Placement -> its new value, of a valid form; what is left as it is is left out."""
        data = {name: value for name, value in self.cleaned_data.items() if value and name in LABELS}
        chosen = {name: "" if value == BY_RULE else value for name, value in data.items()}
        if "availability" in chosen:
            chosen |= said_of_availability(chosen.pop("availability"))
        return chosen | self.new()

    def clean(self) -> dict[str, Any]:
        data: dict[str, Any] = super().clean() or {}
        if not self.errors and not any(data.values()):
            raise forms.ValidationError("Choose what shall be changed.")
        return data


def _say(form: forms.Form, machine: str) -> None:
    """Name a control for those who do not see its column, and mark one that was changed."""
    for name, field in form.fields.items():
        if name in LABELS:
            field.widget.attrs["aria-label"] = f"{LABELS[name]} of {machine}"
            if form.initial.get(name):
                field.widget.attrs["class"] = "changed"
