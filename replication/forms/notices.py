"""Forms of notifications: one's own rules, and a vault's webhooks."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from replication.domain.notices import KINDS, Kind

_CHOICES = [(kind.value, words.label) for kind, words in KINDS.items()]


class RulesForm(forms.Form):
    """What to be told of in the bell, and what by e-mail; a box that is not ticked says no."""

    bell = forms.MultipleChoiceField(choices=_CHOICES, required=False)
    email = forms.MultipleChoiceField(choices=_CHOICES, required=False)
    address = forms.EmailField(
        label="E-mail address",
        required=False,
        max_length=254,
        help_text="Where e-mails to you go.",
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("email") and "address" in data and not data["address"] and "address" in self.data:
            self.add_error("address", "Enter an address, or tick nothing under e-mail.")
        return data

    def wishes(self) -> dict[Kind, tuple[bool, bool]]:
        """(bell, e-mail) of each kind."""
        chosen = self.cleaned_data
        return {kind: (kind.value in chosen["bell"], kind.value in chosen["email"]) for kind in Kind}


class WebhookForm(forms.Form):
    """Where a vault's notices are posted to. keep: there is an address already, which stays when none is typed."""

    name = forms.CharField(label="Name", max_length=100, help_text="What it is for, such as the channel's name.")
    url = forms.CharField(
        label="Address",
        max_length=2000,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "inputmode": "url"}),
        help_text="Begins with https:// and leads to a public address. Only its host is shown once it is saved.",
    )
    shape = forms.ChoiceField(label="Form", choices=[("json", "JSON"), ("teams", "Microsoft Teams card")])
    kinds = forms.MultipleChoiceField(
        label="Sends", choices=_CHOICES, widget=forms.CheckboxSelectMultiple, error_messages={"required": "Choose what it sends."}
    )
    active = forms.BooleanField(label="Switched on", required=False, initial=True)

    def __init__(self, *args: Any, keep: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if keep:
            self.fields["url"].required = False
            self.fields["url"].help_text = "Leave it empty to keep the present address."

    def clean_name(self) -> str:
        name = str(self.cleaned_data["name"])
        if not name.isprintable():
            raise ValidationError("Enter one line without control characters.")
        return name
