"""A queue that hands each task to a process of its own, as the real one does, and lets it die there.

The processes are forked from the test, so that a hundred deaths take seconds. What is queued, claimed and
swept is the real thing; only the waiting is short, see `in_a_hurry`.
"""

import os
import random
import signal
import time
import traceback
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection, connections
from django_q.models import OrmQ

from imports import execution, failpoints, reports, worker
from imports.models import ImportJob, ImportRun

sweep = execution.sweep.__wrapped__  # without the beat: no thread must live while processes are forked
PATIENCE = 600  # seconds until a test gives up
LOOKS_AGAIN_AFTER = 0.01
LEASE_SECONDS = 0.4
BATCH_ROWS = 10


class Worker(worker.Worker):
    """Stands still without holding its run, as a stopped process does."""

    def holding(self, run):
        return nullcontext()


@pytest.fixture
def in_a_hurry(settings, monkeypatch, tmp_path, transactional_db):
    """Small batches; leases, time-outs and second tries of fractions of a second; e-mails go to files."""
    settings.IMPORT_BATCH_ROWS = BATCH_ROWS
    settings.IMPORT_SLICE_SECONDS = 0
    settings.IMPORT_LEASE_SECONDS = LEASE_SECONDS
    settings.EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
    settings.EMAIL_FILE_PATH = tmp_path / "mails"
    monkeypatch.setattr(execution, "QUEUED_AGAIN_AFTER", timedelta(seconds=LEASE_SECONDS))
    monkeypatch.setattr(reports, "MAIL_AGAIN_AFTER", timedelta(seconds=LEASE_SECONDS))


@pytest.fixture
def impatient(in_a_hurry):
    """Besides, connections that do not wait long for a lock."""
    with short_waits():
        yield


@contextmanager
def short_waits():
    """Connections that are opened inside do not wait long for a lock, or for an owner that stands still."""
    options = connection.settings_dict["OPTIONS"]
    before = dict(options)
    if connection.vendor == "sqlite":
        options["init_command"] = options["init_command"].replace("20000", "500")
        options["timeout"] = 0.5
    else:
        options["options"] = "-c lock_timeout=1s -c idle_in_transaction_session_timeout=2s"
    connections.close_all()
    yield
    connection.settings_dict["OPTIONS"] = before
    connections.close_all()


@dataclass
class FailAt:
    """What is to happen to the first process that reaches `point`, of those that begin behind row `after`."""

    point: str
    action: str
    marker: Path
    after: int = 0

    def arm(self):
        failpoints.armed = f"{self.point}:{self.action}:{self.marker}"

    @property
    def has_happened(self):
        return self.marker.exists()

    def wake(self):
        """Let who stands still there go on."""
        self.marker.write_text("go on")


def begin_process(do):
    """The number of a forked process that does it; it ends with 0, with 1 when it raised."""
    connections.close_all()
    if process := os.fork():
        return process
    try:
        do()
    except BaseException:
        traceback.print_exc()
        os._exit(1)
    os._exit(0)


def end_of(process):
    """How a process ended: 0, 1 when it raised, or -9 when it was killed."""
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])


def begin_work(run_pk, fault=None, worker=Worker):
    """The number of a process that works one slice of a run."""
    is_armed = fault and ImportRun.objects.filter(pk=run_pk, cursor__gte=fault.after).exists()

    def work():
        if is_armed:
            fault.arm()
        worker().work(run_pk)

    return begin_process(work)


def wait_until(holds, what):
    deadline = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < deadline, f"gave up waiting until {what}"
        time.sleep(LOOKS_AGAIN_AFTER)


def stands_still(fault, worker=Worker):
    """The number of a process that stands still at the fault."""
    if fault.after:
        deliver(until=lambda: ImportRun.objects.latest("pk").cursor >= fault.after)
    run_pk, task = next_task()
    task.delete()  # before who stands still may hold SQLite's only write lock
    process = begin_work(run_pk, fault, worker)
    wait_until(lambda: fault.has_happened, f"{fault.point} is reached")
    return process


def killed_after(seconds, process):
    """Kill a process when it lives longer than that; how it ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        ended, status = os.waitpid(process, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.001)
    os.kill(process, signal.SIGKILL)
    return end_of(process)


def is_anything_left():
    unfinished = ImportRun.objects.filter(state__in=ImportRun.UNFINISHED)
    return unfinished.exists() or ImportJob.objects.filter(mail_due__isnull=False).exists()


def next_task():
    """The run of the oldest task and the task; waits for one, sweeping like the schedule."""
    while is_anything_left():
        if task := OrmQ.objects.order_by("pk").first():
            return task.task["args"][0], task
        sweep()
        time.sleep(LOOKS_AGAIN_AFTER)
    return None, None


def deliver_here():
    """Work what is queued in this process, which makes it a warm parent of others."""
    while (found := next_task())[1]:
        run_pk, task = found
        Worker().work(run_pk)
        task.delete()


def deliver(*faults, worker=Worker, until=lambda: False):
    """Deliver tasks until nothing is left to do, while the faults [FailAt] happen one after the other; how
    many processes were killed. What a killed one was to do is delivered again, or is lost, by turns."""
    faults, killed, deadline = list(faults), 0, time.monotonic() + PATIENCE
    while not until():
        assert time.monotonic() < deadline, "gave up waiting until all is done"
        run_pk, task = next_task()
        if task is None:
            break
        status = end_of(begin_work(run_pk, faults[0] if faults else None, worker))
        killed += status == -signal.SIGKILL
        if status == 0 or killed % 2:
            task.delete()
        if faults and faults[0].has_happened:
            faults.pop(0)
    return killed


def deliver_among_kills(longest):
    """Deliver tasks until nothing is left to do, each to a process that lives for a random part of
    `longest` seconds at most, unless two died of the same rows already; how many were killed."""
    killed, deadline = 0, time.monotonic() + PATIENCE
    while True:
        assert time.monotonic() < deadline, "gave up waiting until all is done"
        run_pk, task = next_task()
        if task is None:
            break
        before = ImportRun.objects.get(pk=run_pk).attempts
        lives = random.uniform(0, longest) if before < 2 else PATIENCE
        status = killed_after(lives, begin_work(run_pk))
        killed += status == -signal.SIGKILL
        if status and before == ImportRun.objects.get(pk=run_pk).attempts == 0:
            longest *= 1.5  # a loaded machine: it had not even begun
        if status == 0 or killed % 2:
            task.delete()
    return killed
