"""Loaded by pytest before Django's settings: tests never touch the developer's data folder."""

import atexit
import os
import shutil
import tempfile

folder = tempfile.mkdtemp(prefix="import-data-tests-")
atexit.register(shutil.rmtree, folder, ignore_errors=True)
os.environ["DATA_DIR"] = folder
for name in ("PRODUCTION", "DEBUG", "SECRET_KEY", "S3_BUCKET"):
    os.environ.pop(name, None)
# Playwright's own event loop would make Django refuse its synchronous database calls in browser tests.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
