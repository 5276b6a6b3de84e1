"""Everything at once on one machine: database, demo data, an admin account, web server and worker."""

import contextlib
import os
import secrets
import signal
import socket
import subprocess
import sys
import time

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from crm_import import environment as env
from entities.models import Organisation

GRACE_SECONDS = 4
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, kill, the terminal closed


class Command(BaseCommand):
    help = "Prepares the database and starts the web server and the queue worker; Ctrl-C ends both."

    def handle(self, **options):
        host, port = env.text("HOST", "127.0.0.1"), env.number("PORT", 8000)
        refuse_taken(host, port)
        os.environ.setdefault("SITE_URL", f"http://{host}:{port}")  # for the links in e-mails
        call_command("migrate", verbosity=0)
        if not Organisation.objects.exists():
            call_command("load_demo_data")
        self.create_admin()
        connections.close_all()
        self.stdout.write(f"The CRM is at http://{host}:{port} – Ctrl-C ends it.")
        self.supervise(
            {
                "web server": gunicorn(host, port),
                "queue worker": ["manage.py", "qcluster"],
            }
        )

    def create_admin(self):
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(9)
        users.create_superuser("admin", "admin@example.invalid", password)
        self.stdout.write(f"Sign in as admin with the password {password} – it is shown only now.")

    def supervise(self, commands):
        """Keep the processes running until a signal asks for the end."""
        for number in ENDINGS:
            signal.signal(number, end)
        processes = {}
        try:
            for name, command in commands.items():
                processes[name] = begin(command)
            while True:
                time.sleep(0.5)
                for name, process in processes.items():
                    if process.poll() is not None:
                        self.stderr.write(f"The {name} ended by itself; it is started again.")
                        kill_group(process)
                        time.sleep(1)
                        processes[name] = begin(commands[name])
        except KeyboardInterrupt:
            self.stdout.write("Stopping …")
        finally:
            for number in ENDINGS:
                signal.signal(number, signal.SIG_IGN)
            stop(processes.values())


def refuse_taken(host, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CommandError(
                f"Port {port} is in use. End what uses it, or choose another: PORT=8001 make run"
            ) from None


def gunicorn(host, port):
    quiet = ["--log-level", "warning", "--no-control-socket"]
    return ["-m", "gunicorn", "crm_import.wsgi", "--bind", f"{host}:{port}", "--threads", "8", *quiet]


def begin(command):
    """Start a process in a group of its own: Ctrl-C reaches this command alone, which ends them in order."""
    return subprocess.Popen([sys.executable, *command], cwd=settings.BASE_DIR, start_new_session=True)


def stop(processes):
    """Ask each main process to end, and kill what is left of its group after the grace."""
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(max(0, deadline - time.monotonic()))
        kill_group(process)


def kill_group(process):
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def end(number, frame):
    raise KeyboardInterrupt
