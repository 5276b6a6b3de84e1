"""Everything at once on one machine: database, demo data, an admin account, web server and worker."""

import os
import secrets
import socket

from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db import connections

from crm_import import environment as env
from crm_import.supervision import QueueWorker, Supervised, supervise
from entities.models import Organisation

GRACE_SECONDS = 4


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
        supervise([web_server(host, port), QueueWorker()], GRACE_SECONDS)

    def create_admin(self):
        users = get_user_model().objects
        if users.filter(is_superuser=True).exists():
            return
        password = secrets.token_urlsafe(9)
        users.create_superuser("admin", "admin@example.invalid", password)
        self.stdout.write(f"Sign in as admin with the password {password} – it is shown only now.")


def refuse_taken(host, port):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            raise CommandError(
                f"Port {port} is in use. End what uses it, or choose another: PORT=8001 make run"
            ) from None


def web_server(host, port):
    quiet = ["--log-level", "warning", "--no-control-socket"]
    gunicorn = ["-m", "gunicorn", "crm_import.wsgi", "--bind", f"{host}:{port}", "--threads", "8", *quiet]
    return Supervised("web server", *gunicorn)
