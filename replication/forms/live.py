"""A text that the server says something about while one types: below the field, without changing anything."""

from django import forms


def live(field: forms.Field, address: str, said: str = "", rest: int = 400) -> None:
    """Ask `address` with the field's value whenever it rests (so many milliseconds); said: what stands there at first.

    templates/ui/field.html has the place.
    """
    field.widget.attrs |= {
        "hx-get": address,
        "hx-trigger": f"input changed delay:{rest}ms",
        "hx-target": "next .preview",
        "autocomplete": "off",
    }
    field.preview = said  # type: ignore[attr-defined]
