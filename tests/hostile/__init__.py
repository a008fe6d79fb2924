"""What a hostile name, message or form field can do: nothing."""
