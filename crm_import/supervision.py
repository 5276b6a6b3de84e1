"""Keeping the product's processes running: what ends or no longer answers is begun again.

Each is a process group of its own: Ctrl-C reaches the supervisor alone, which ends the others in order, and
what hangs is killed with all that it began.
"""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import time

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections

from imports import beat

log = logging.getLogger(__name__)

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)  # Ctrl-C, kill, the terminal closed
LOOKS_PER_SILENCE = 8


class Supervised:
    """A command, and the process that runs it."""

    def __init__(self, name, *command):
        self.name, self.command = name, command

    def begin(self):
        command = [sys.executable, *self.command]
        self.process = subprocess.Popen(command, cwd=settings.BASE_DIR, start_new_session=True)

    def fault(self):
        """Why it has to be begun again, or ""."""
        return "" if self.process.poll() is None else "ended by itself"

    def ask_to_end(self):
        """Only the main process: it ends the others in order."""
        self.process.terminate()

    def kill(self):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class QueueWorker(Supervised):
    """django-q2's cluster, which when a part of it was killed can live on and do nothing."""

    def __init__(self):
        super().__init__("queue worker", "manage.py", "qcluster")

    def begin(self):
        super().begin()
        self.looked_after(settings.WORKER_SILENT_SECONDS)

    def looked_after(self, seconds):
        self.next_look = time.monotonic() + seconds

    def fault(self):
        return super().fault() or ("no longer answers" if self.is_silent() else "")

    def is_silent(self):
        """Known only while the database answers; when it is back the worker gets time to say so."""
        if time.monotonic() < self.next_look:
            return False
        self.looked_after(settings.WORKER_SILENT_SECONDS / LOOKS_PER_SILENCE)
        try:
            close_old_connections()
            last = beat.last(beat.here().filter(group=self.process.pid))
            return not (last and last.answers)
        except (DatabaseError, InterfaceError):
            self.looked_after(settings.WORKER_SILENT_SECONDS)
            return False


def supervise(processes, grace_seconds):
    """Keep the processes running until a signal asks for the end, and then give them the grace to end."""
    for number in ENDINGS:
        signal.signal(number, end)
    begun = []
    try:
        for process in processes:
            process.begin()
            begun.append(process)
        while True:
            time.sleep(0.5)
            for process in processes:
                if fault := process.fault():
                    log.warning("The %s %s; it is started again.", process.name, fault)
                    process.kill()
                    time.sleep(1)
                    process.begin()
    except KeyboardInterrupt:
        log.info("Stopping …")
    finally:
        for number in ENDINGS:
            signal.signal(number, signal.SIG_IGN)
        stop(begun, grace_seconds)


def stop(processes, grace_seconds):
    """Ask each main process to end, and kill what is left of its group after the grace."""
    for process in processes:
        process.ask_to_end()
    deadline = time.monotonic() + grace_seconds
    for process in processes:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.process.wait(max(0, deadline - time.monotonic()))
        process.kill()


def end(number, frame):
    raise KeyboardInterrupt
