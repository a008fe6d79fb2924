"""Reading Azure into stored snapshots: changed rows only, and never a row touched when the read failed."""
