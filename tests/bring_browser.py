"""Brings the browser for the tests: an installed one, else playwright's, else Debian's when root."""

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))

from playwright.sync_api import Error, sync_playwright

from tests.chromium import installed, launch

WAYS = [
    [[sys.executable, "-m", "playwright", "install", "chromium"]],
    [
        ["apt-get", "update", "-qq"],
        ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
    ],
]


def works():
    with sync_playwright() as playwright:
        try:
            launch(playwright).close()
        except Error:
            return False
    return True


def main():
    if works():
        return
    for commands in WAYS[:1] if os.geteuid() else WAYS:
        print("Bringing a browser:", " ".join(commands[-1]))
        try:
            for command in commands:
                subprocess.run(
                    command, check=True, timeout=600, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
                )
        except (OSError, subprocess.SubprocessError) as error:
            print(f"That did not work: {error}")
        if works():
            return
    found = f"{installed()} does not start" if installed() else "no Chromium or Chrome was found"
    sys.exit(f"The browser tests need a browser, and {found}. Install Chromium, then run this again.")


if __name__ == "__main__":
    main()
