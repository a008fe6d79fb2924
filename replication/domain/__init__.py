"""What the product knows: standard library only, frozen dataclasses, no clock, no I/O, no Django, no SDK."""
