"""The form of one part of the settings, made from the registry."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse

from replication.domain.settings import Kind, Setting, Unfit
from replication.forms.live import live


class SettingsForm(forms.Form):
    """One field a setting, by its name; and what the page showed, so that nobody undoes a colleague's change unseen."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, data: Any, *, settings: Sequence[Setting], values: Mapping[str, Any], editable: bool = True) -> None:
        self.settings = settings
        initial = {each.name: _shown(each, values[each.name]) for each in settings}
        shown = str(settings[0].section) if settings else ""
        super().__init__(data, auto_id=f"{shown}-%s", initial=initial | {"seen": json.dumps(dict(values), sort_keys=True)})
        for each in settings:
            self.fields[each.name] = _field(each)
            self.fields[each.name].disabled = not editable
            self.fields[each.name].unit = each.unit  # type: ignore[attr-defined]  # shown behind the control
            if each.preview:
                text = str((data or initial).get(each.name) or "")
                self.fields[each.name].preview = each.preview(text)  # type: ignore[attr-defined]

    def seen_values(self) -> dict[str, Any] | None:
        """What was shown, by name; None when that was not sent whole."""
        try:
            seen = json.loads(self.cleaned_data.get("seen") or "")
        except ValueError:
            return None
        return seen if isinstance(seen, dict) and all(each.name in seen for each in self.settings) else None

    def values(self) -> dict[str, Any]:
        """What was chosen, by the settings' names."""
        return {each.name: self.cleaned_data[each.name] for each in self.settings}

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for each in self.settings:
            if each.name in data:
                try:
                    data[each.name] = each.check(_stored(each, data[each.name]))
                except Unfit as unfit:
                    self.add_error(each.name, ValidationError(str(unfit)))
        return data


def _shown(setting: Setting, value: Any) -> Any:
    return "\n".join(value) if setting.kind is Kind.LINES else value


def _stored(setting: Setting, value: Any) -> Any:
    return [line.strip() for line in value.splitlines() if line.strip()] if setting.kind is Kind.LINES else value


def _field(setting: Setting) -> forms.Field:
    named: dict[str, Any] = {"label": setting.label, "help_text": setting.help, "required": False}
    options = list(setting.options)
    if setting.kind is Kind.FLAG:
        return forms.BooleanField(**named)
    if setting.kind is Kind.NUMBER:
        return forms.IntegerField(min_value=setting.minimum, max_value=setting.maximum, **named | {"required": True})
    if setting.kind is Kind.CHOICE:
        return forms.ChoiceField(choices=options, **named | {"required": True})
    if setting.kind is Kind.CHOICES:
        return forms.MultipleChoiceField(choices=options, widget=forms.CheckboxSelectMultiple, **named)
    if setting.kind is Kind.LINES:
        return forms.CharField(widget=forms.Textarea(attrs={"rows": 4}), max_length=20_000, **named)
    text = forms.CharField(max_length=setting.longest, **named)
    if setting.preview:
        live(text, reverse("replication:settings_preview"))
    return text
