"""Whether a queue worker answers, for health checks and monitoring."""

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from imports import beat
from imports.models import WorkerBeat


class Command(BaseCommand):
    help = "Exits with 1 and a sentence when no queue worker has answered for WORKER_SILENT_SECONDS, else with 0."

    def add_arguments(self, parser):
        parser.add_argument("--here", action="store_true", help="only ask for workers on this machine")

    def handle(self, here, **options):
        beats = beat.here() if here else WorkerBeat.objects.all()
        place = " on this machine" if here else ""
        last = beat.last(beats)
        if not last:
            raise CommandError(f"No worker{place} has answered yet.")
        since = f"{timezone.localtime(last.at):%Y-%m-%d %H:%M}"
        if not last.answers:
            raise CommandError(f"No worker{place} has answered since {since}.")
        self.stdout.write(f"A worker{place} answered at {since}.")
