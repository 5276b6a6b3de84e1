"""Let paused imports go on."""

from django.core.management.base import BaseCommand

from imports import execution, pausing


class Command(BaseCommand):
    help = "Lets all imports go on after pause_imports, each where it stopped."

    def handle(self, **options):
        was_paused = pausing.end()
        execution.sweep()
        self.stdout.write("All imports go on." if was_paused else "Imports were not paused.")
