"""Pages. A view gets its rows through access.py, calls one verb, and answers."""
