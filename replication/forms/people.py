"""Forms of accounts and grants. Choices from rows are passed in."""

from collections.abc import Callable, Sequence
from typing import Any

from django import forms
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.core.exceptions import ValidationError

from replication.domain.roles import Role

TAKEN = "There is an account with this user name already."


class AccountForm(forms.Form):
    """A new account. The initial password is typed by the administrator and shown nowhere afterwards."""

    username = forms.CharField(
        label="User name",
        max_length=150,
        validators=[UnicodeUsernameValidator()],
        help_text="What the person signs in with. Letters, digits and @ . + - _",
        widget=forms.TextInput(attrs={"autocomplete": "off", "autocapitalize": "none", "spellcheck": "false"}),
    )
    display_name = forms.CharField(
        label="Display name",
        max_length=200,
        required=False,
        help_text="Stands in the audit history beside what they did.",
    )
    password = forms.CharField(
        label="Initial password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Hand it over yourself; it is not shown again.",
    )

    def __init__(self, *args: Any, taken: Callable[[str], bool], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.taken = taken

    def clean_username(self) -> str:
        name = str(self.cleaned_data["username"])
        if self.taken(name):
            raise ValidationError(TAKEN)
        return name

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        person = get_user_model()(username=data.get("username", ""))  # a password like the name is refused
        try:
            if "password" in data:
                validate_password(data["password"], person)
        except ValidationError as error:
            self.add_error("password", error)
        return data


class PasswordForm(forms.Form):
    """A new password for somebody else."""

    password = forms.CharField(
        label="New password",
        max_length=200,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="At least 12 characters. Hand it over yourself; it is not shown again. All their sessions end.",
    )

    def __init__(self, *args: Any, username: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.username = username

    def clean_password(self) -> str:
        password = str(self.cleaned_data["password"])
        validate_password(password, get_user_model()(username=self.username))
        return password


class GrantForm(forms.Form):
    """A role in a vault, with the subscriptions and groups that it opens on each side."""

    role = forms.ChoiceField(label="Role", choices=[(role.value, role.label) for role in Role])
    source = forms.MultipleChoiceField(
        label="Usable as source",
        required=False,
        help_text="Machines of these subscriptions or groups can be replicated.",
    )
    target = forms.MultipleChoiceField(
        label="Usable as target", required=False, help_text="Target resources can be chosen and created here."
    )

    def __init__(
        self, *args: Any, sources: Sequence[tuple[str, str]], targets: Sequence[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, choices in (("source", sources), ("target", targets)):
            field = self.fields[name]
            assert isinstance(field, forms.MultipleChoiceField)
            field.choices = choices
            field.widget.attrs["size"] = min(10, max(3, len(choices)))


class GroupForm(GrantForm):
    """A role in a vault for a group of Microsoft Entra ID."""

    field_order = ["group", "label"]
    group = forms.CharField(
        label="Group",
        max_length=200,
        help_text="The group's object id, or the value of an app role, exactly as Microsoft Entra ID shows it.",
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    label = forms.CharField(label="Name", max_length=200, required=False, help_text="How it is called on these pages.")
