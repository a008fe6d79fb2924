"""Lists to choose from, as the wizard's forms take them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from html import escape
from typing import Any

from django import forms
from django.utils.safestring import SafeString

from replication.domain import ids

Options = Sequence[tuple[str, str]]

BY_RULE = ""  # the first entry of each list of targets: whatever the rule gives


def listed(rule: str, ids_: Collection[str], chosen: str = "") -> Options:
    """A list of targets: the rule first, then what exists, and what was typed as new when it does not exist yet."""
    new = [(chosen, f"(new) {ids.name(chosen)}")] if chosen and not any(ids.same(chosen, each) for each in ids_) else []
    return [(BY_RULE, rule), *new, *((each, ids.name(each)) for each in ids_)]


def entries(options: Iterable[tuple[Any, Any]]) -> str:
    """The entries of a select, none of them chosen: drawn once where many have the same."""
    return "".join(f'<option value="{escape(str(each))}">{escape(str(words))}</option>' for each, words in options)


def select(said: Mapping[str, Any], drawn: str, chosen: str) -> SafeString:
    """A select of such entries. said: its attributes."""
    before, entry, after = drawn.partition(f'<option value="{escape(chosen)}">')
    mark = f"{entry[:-1]} selected>" if entry else ""
    return SafeString(f"<select{''.join(map(_attribute, said.items()))}>{before}{mark}{after}</select>")


class PlainSelect(forms.Select):
    """Django's select, built here: *Customize* has dozens, and Django fills in a template an entry."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """The control. value: that of the chosen entry."""
        (chosen,) = self.format_value(value)
        return select({"name": name} | self.build_attrs(self.attrs, attrs), entries(self.choices), chosen)


class PlainText(forms.TextInput):
    """Django's text field, built here for the same reason."""

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """The control. value: what stands in it."""
        said = {"type": self.input_type, "name": name, "value": self.format_value(value)} | self.build_attrs(self.attrs, attrs)
        return SafeString(f"<input{''.join(map(_attribute, said.items()))}>")


def _attribute(said: tuple[str, Any]) -> str:
    """True: the name alone; False and None: nothing."""
    name, value = said
    if value is True:
        return f" {name}"
    return "" if value in (False, None) else f' {name}="{escape(str(value))}"'
