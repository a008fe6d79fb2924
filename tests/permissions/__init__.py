"""Who may do what, at every address."""
