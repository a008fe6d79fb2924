"""The two commands and what they need. Nothing of the product imports from here."""
