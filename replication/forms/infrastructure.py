"""Forms of replication policies and network mappings."""

from typing import Any

from django import forms

from replication.domain import naming
from replication.domain.specs import PolicySpec
from replication.forms.wizard.options import Options

MOST_HOURS = 15 * 24  # recovery points are kept for 15 days at most (portal-behaviour.md §1.6; the service judges in the end: 150261)


class PolicyForm(forms.Form):
    """A policy's values; the name only of a new one, because it is its address."""

    name = forms.CharField(label="Name", max_length=50)
    retention_hours = forms.IntegerField(
        label="Recovery point retention, hours", min_value=0, max_value=MOST_HOURS,
        help_text="How far back a machine can be recovered: up to 360 hours (15 days), 72 for unmanaged disks.",
    )  # fmt: skip
    app_consistent_minutes = forms.IntegerField(
        label="App-consistent snapshot every, minutes", min_value=0, max_value=720,
        help_text="60 to 720 minutes and not longer than the retention, or 0 for none.",
    )  # fmt: skip
    multi_vm = forms.BooleanField(
        label="Multi-VM consistency", required=False, help_text="Machines of a replication group share recovery points."
    )

    def __init__(self, *args: Any, taken: set[str], there: PolicySpec | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs | {"initial": _initial(there)})
        self.taken = taken
        if there:
            del self.fields["name"]

    def clean_name(self) -> str:
        name: str = self.cleaned_data["name"]
        if said := naming.RULES["policy"].refusal(name):
            raise forms.ValidationError(f"{name}: {said}")
        if name.lower() in self.taken:
            raise forms.ValidationError(f"The vault has a policy {name} already.")
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        hours, every = data.get("retention_hours"), data.get("app_consistent_minutes")
        if every and every < 60:
            self.add_error("app_consistent_minutes", "At least 60 minutes, or 0 for none.")
        elif every and hours is not None and every > hours * 60:
            self.add_error("app_consistent_minutes", "It must not be longer than the retention, or 0 for none.")
        return data

    def values(self) -> dict[str, Any]:
        """The fields of a spec; Azure counts in minutes."""
        data = self.cleaned_data
        return {
            "retention": data["retention_hours"] * 60,
            "app_consistent": data["app_consistent_minutes"],
            "multi_vm": data["multi_vm"],
        }


def _initial(there: PolicySpec | None) -> dict[str, Any]:
    if there is None:
        return {"retention_hours": 24, "app_consistent_minutes": 60, "multi_vm": True}
    return {
        "retention_hours": there.retention // 60,
        "app_consistent_minutes": there.app_consistent,
        "multi_vm": there.multi_vm,
    }


class MappingForm(forms.Form):
    """Which network a network's machines are recovered into."""

    source = forms.ChoiceField(label="Source network", help_text="A network has one target in each region.")
    target = forms.ChoiceField(
        label="Target network", help_text="Only networks of other regions in which the vault is set up can be a target."
    )

    def __init__(self, *args: Any, sources: Options, targets: Options, fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("source", sources), ("target", targets)):
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", "Choose a network"), *choices] if not fixed or name == "target" else list(choices)
            field.error_messages["invalid_choice"] = "That is no longer offered. Choose again."
