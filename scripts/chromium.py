"""Where the browser tests find a browser: CHROMIUM, or one that is installed. Prints its path."""

from __future__ import annotations

import os
import shutil
import sys

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find() -> str | None:
    """The executable, or None."""
    given = os.environ.get("CHROMIUM")
    if given:
        return shutil.which(given)
    return next((path for path in map(shutil.which, NAMES) if path), None)


if __name__ == "__main__":
    browser = find()
    if not browser:
        sys.exit("No Chromium here: install it (on Debian: apt install chromium) or name one: make browser CHROMIUM=…")
    print(browser)
