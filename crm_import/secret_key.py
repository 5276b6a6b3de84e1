"""The secret key of an installation that was not given one: made once, read ever after."""

import os
import tempfile
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key


def read_or_create_secret_key(path: Path) -> str:
    """The web server and the workers start together, and queued tasks are signed: all must hold one key."""
    if not path.exists():
        _create(path)
    key = path.read_text().strip()
    if len(key) < 50:
        raise ImproperlyConfigured(f"{path} holds no secret key. Delete it, and a new one is made.")
    return key


def _create(path):
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor, candidate = tempfile.mkstemp(prefix="secret_key.", dir=path.parent)  # mode 0600
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(get_random_secret_key() + get_random_secret_key())
        os.link(candidate, path)  # complete or not at all; only the first of several succeeds
    except FileExistsError:
        pass
    finally:
        os.unlink(candidate)
