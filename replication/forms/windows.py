"""The form of a maintenance window. Times are typed in the time zone of the console."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

LONGEST = timedelta(days=31)


class _Moment(forms.DateTimeInput):
    input_type = "datetime-local"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%dT%H:%M")


class WindowForm(forms.Form):
    """find: the key of the machine with a name in the vault, '' when there is none; of an existing window only times and reason change."""

    scope = forms.ChoiceField(
        label="For",
        choices=[("vault", "All machines of the vault"), ("machine", "One machine"), ("tag", "Machines with a tag")],
    )
    machine = forms.CharField(label="Machine", required=False, max_length=300, help_text="Its name, when it is for one machine.")
    tag = forms.CharField(label="Tag", required=False, max_length=770, help_text="As name:value, when it is for machines with a tag.")
    begins = forms.DateTimeField(label="Begins", widget=_Moment())
    ends = forms.DateTimeField(label="Ends", widget=_Moment())
    reason = forms.CharField(label="Reason", max_length=300, help_text="Why, or the number of the change.")
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, find: Callable[[str], str], fixed: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.find = find
        for name in ("scope", "machine", "tag") if fixed else ():
            del self.fields[name]

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"])
        if not reason.isprintable():
            raise ValidationError("Enter one line without control characters.")
        return reason

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        begins, ends = data.get("begins"), data.get("ends")
        if begins and ends and not begins < ends <= begins + LONGEST:
            self.add_error("ends", f"It must end after it begins, and within {LONGEST.days} days.")
        data["subject"] = {"machine": self._machine, "tag": self._tag}.get(data.get("scope", ""), lambda _: "")(data)
        return data

    def _machine(self, data: dict[str, Any]) -> str:
        key = self.find(data.get("machine", ""))
        if not key:
            self.add_error("machine", "No machine with this name is replicated in the vault.")
        return key

    def _tag(self, data: dict[str, Any]) -> str:
        name, colon, value = (part.strip() for part in data.get("tag", "").replace("=", ":", 1).partition(":"))
        if not (name and colon):
            self.add_error("tag", "Enter a tag as name:value.")
        return f"{name}:{value}".lower()[:600]
