"""Pause all imports, for a backup or an upgrade."""

import time

from django.core.management.base import BaseCommand

from imports import pausing


class Command(BaseCommand):
    help = "Pauses all imports on all machines, and ends when nothing is written any more."

    def handle(self, **options):
        pausing.begin()
        told = None
        while runs := [str(run) for run in pausing.still_worked()]:
            if runs != told:
                self.stdout.write(f"Waiting for the next stop of: {', '.join(runs)}")
                told = runs
            time.sleep(0.5)
        self.stdout.write("All imports are paused. manage.py resume_imports lets them go on.")
