"""The whole product in processes of its own, as people run it: web server, queue worker, database, files."""

import os
import signal
import socket
import subprocess
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
import psycopg
import requests
from django.conf import settings

from tests.pages import form_values

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "a long enough password"
PATIENCE = 60  # seconds until a wait gives up


class Product:
    """Started in `folder`; on PostgreSQL when the tests run there, else on a SQLite file."""

    shortened = {
        "IMPORT_SLICE_SECONDS": "2",
        "IMPORT_LEASE_SECONDS": "3",
        "IMPORT_QUEUED_AGAIN_SECONDS": "2",
        "WORKER_SILENT_SECONDS": "12",
        "WORKER_GRACE_SECONDS": "5",
    }
    web_options = ("--threads", "4")

    def __init__(self, folder):
        self.folder, self.processes = folder, []
        self.environment = os.environ | self.shortened
        self.environment |= {"DATA_DIR": str(folder), "PYTHONUNBUFFERED": "1"}
        self.database = self.make_database()
        self.log = (folder / "worker.log").open("w")
        try:
            self.start()
        except BaseException:
            self.stop()
            raise

    def start(self):
        self.fill_database()
        self.address = f"http://127.0.0.1:{free_port()}"
        self.begin_web_server(self.address)
        self.start_worker()
        wait_until(self.answers, "the web server answers")

    def fill_database(self):
        self.manage("migrate", "-v0")
        self.manage("load_demo_data")
        self.manage("shell", "-v0", "-c", PEOPLE)

    def make_database(self):
        """The name of a PostgreSQL database for this product alone, or None for SQLite."""
        if settings.DATABASES["default"]["ENGINE"].endswith("sqlite3"):
            self.environment["DATABASE_URL"] = f"sqlite:///{self.folder / 'db.sqlite3'}"
            return None
        name = f"product_{uuid.uuid4().hex[:12]}"
        self.server = os.environ["DATABASE_URL"]
        with psycopg.connect(self.server, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        parsed = dj_database_url.parse(self.server)
        self.environment["DATABASE_URL"] = (
            f"postgres://{parsed['USER']}:{parsed['PASSWORD']}@{parsed['HOST']}:{parsed['PORT'] or 5432}/{name}"
        )
        return name

    def manage(self, *arguments):
        subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=ROOT,
            env=self.environment,
            check=True,
            stdout=self.log,
        )

    def begin(self, *command, **variables):
        process = subprocess.Popen(
            [sys.executable, *command],
            cwd=ROOT,
            env=self.environment | variables,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.processes.append(process)
        return process

    def begin_web_server(self, address, **variables):
        bind = address.removeprefix("http://")
        command = ["-m", "gunicorn", "crm_import.wsgi", *self.web_options, "--bind", bind]
        return self.begin(*command, **variables)

    def answers(self):
        return answers(self.address)

    def kill_worker(self):
        kill_group(self.worker)

    def start_worker(self):
        self.worker = self.begin("manage.py", "qcluster")

    def sweep(self):
        """What the queue does once a minute."""
        self.manage("shell", "-v0", "-c", "from imports.execution import sweep; sweep()")

    def stop(self):
        for process in self.processes:
            kill_group(process)
        self.log.close()
        if self.database:
            with psycopg.connect(self.server, autocommit=True) as connection:
                connection.execute(f"DROP DATABASE {self.database} WITH (FORCE)")

    def printed(self):
        """What the processes printed so far, e-mails included."""
        return (self.folder / "worker.log").read_text(errors="replace")

    def visitor(self, username="business"):
        return Visitor(self, username)

    def session(self):
        return requests.Session()


class Deployed(Product):
    """With the times and the processes of an installation."""

    shortened = {}
    web_options = ("--workers", "2", "--threads", "8", "--keep-alive", "75")


class Visitor:
    """Somebody signed in, without a browser."""

    def __init__(self, product, username):
        self.product, self.session = product, product.session()
        self.post("/login/", {"username": username, "password": PASSWORD}, page="/login/", marker="login")

    def get(self, path):
        answer = self.session.get(self.product.address + path, timeout=30)
        answer.raise_for_status()
        return answer

    def post(self, path, values=None, page=None, marker=None, files=None):
        """Post a form of `page` as it stands, with `values` in place of its own."""
        fields = form_values(self.get(page or path).text, marker or path) | (values or {})
        address = self.product.address + path
        answer = self.session.post(
            address,
            {name: value for name, value in fields.items() if value is not None},
            files=files,
            headers={"Referer": address},
            timeout=60,
        )
        answer.raise_for_status()
        return answer

    def start_import(self, slug, name, content, leave_out=None, **options):
        """Walk the four steps; returns the path of the import's page."""
        mapping = self.upload(slug, name, content)
        wait_until(lambda: "data-mapping" in self.get(mapping).text, "the file is read")
        return self.start(self.map(mapping, **options), leave_out)

    def upload(self, slug, name, content):
        """Take the first two steps; returns the path of the mapping."""
        upload = self.path(self.post("/import-data/new/", {"entity_type": slug}, marker="post"))
        answer = self.post(upload, files={"file": (name, content)}, marker="multipart")
        return self.path(answer).replace("preview", "mapping")  # known headers lead straight to the preview

    def map(self, mapping, **options):
        """Take the third step with what is proposed; returns the path of the preview."""
        answer = self.post(mapping, options, marker="data-mapping")
        preview = self.path(answer)
        assert preview.endswith("/preview/"), answer.text
        return preview

    def start(self, preview, leave_out=None):
        """Take the last step; returns the path of the import's page."""
        start = preview.replace("preview", "start")
        return self.path(self.post(start, {"leave_out": leave_out}, page=preview, marker=start))

    def path(self, answer):
        return urlsplit(answer.url)._replace(scheme="", netloc="").geturl()

    def wait_for_end(self, path):
        """The text of the import's page once it no longer runs."""
        wait_until(lambda: "In Progress" not in self.get(path).text, "the import ends")
        return self.get(path).text


PEOPLE = f"""
from django.contrib.auth.models import Group, User
for name, group in (("business", "Business admin"), ("support", "Support")):
    user = User.objects.create_user(name, name + "@example.com", {PASSWORD!r}, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
"""


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(address):
    try:
        return requests.get(f"{address}/healthz", timeout=5).ok
    except requests.RequestException:
        return False


def kill_group(process):
    """As a power cut would: a process and all that it began, at once."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def wait_until(holds, what):
    """Ask again and again until it holds; fails after PATIENCE seconds, naming what did not happen."""
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"gave up waiting until {what}"
        time.sleep(0.1)
