"""Which Chromium the browser tests drive."""

import shutil

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed():
    """The path of an installed Chromium or Chrome, else None; playwright then takes its own."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


def launch(playwright):
    return playwright.chromium.launch(executable_path=installed(), args=ARGUMENTS)
