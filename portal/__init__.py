"""The Django project: wiring only, knows no replication."""
