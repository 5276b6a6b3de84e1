"""What is claimed of imports that are disturbed, each as a function that counts what was lost and doubled.

The ordinary tests ask for a few of each, `make stress` for many.
"""

import errno
import os
import signal
import sqlite3
import time
from contextlib import contextmanager
from dataclasses import dataclass, field

from django.conf import settings
from django.core.files.storage import FileSystemStorage
from django.core.mail.backends.base import BaseEmailBackend
from django.db import connection, transaction

from imports import bulk, cleaning, execution, writing
from imports.failpoints import reached
from imports.models import ImportJob, ImportRow, ImportRun, file_storage

from . import courses, traces
from .deliveries import (
    FailAt,
    Worker,
    begin_work,
    deliver,
    deliver_among_kills,
    end_of,
    stands_still,
    sweep,
)

IN_TRANSACTION = ("after_fence", "mid_upsert", "before_counters", "before_commit")


@dataclass
class Count:
    """How often something was done to imports, and what was lost and doubled by it, as lines of traces."""

    n: int = 0
    lost: list = field(default_factory=list)
    doubled: list = field(default_factory=list)

    def add(self, lost, doubled, n=1):
        self.n += n
        self.lost += lost
        self.doubled += doubled

    @property
    def is_clean(self):
        return self.n > 0 and not self.lost and not self.doubled


# Processes that die, fail or stand still


def random_kills(user, kills, among=(courses.insert, courses.update, courses.mixed, courses.undo_of_all)):
    """Kill the process that works a slice of several batches, at any time."""
    count, place = Count(), 0
    settings.IMPORT_SLICE_SECONDS = 45
    while count.n < kills:
        course = among[place % len(among)]
        lost, doubled, killed = courses.run(course, user, deliver=deliver_among_kills, longest=0.12)
        count.add(lost, doubled, killed)
        place += 1
    return count


def fail_points(user, folder, cases):
    """Cases are (course, point, action, row behind which it happens)."""
    count = Count()
    for course, point, action, after in cases:
        marker = folder / f"{course.__name__}-{point}-{action}-{after}"
        lost, doubled, _ = courses.run(course, user, FailAt(point, action, marker, after))
        count.add(lost, doubled)
    return count


def paused_owners(user, folder, cases):
    """Cases are (course, point, whether the owner wakes while the other is still at work)."""
    count = Count()
    for place, (course, point, is_midway) in enumerate(cases):
        is_at_the_end = point == "before_done" and "after_fence" in courses.PASSED[course]
        after = courses.ROWS + 1 if is_at_the_end else 0
        fault = FailAt(point, "pause", folder / f"owner-{place}-{point}", after)
        lost, doubled, _ = courses.run(course, user, fault, deliver=deliver_past_owner, is_midway=is_midway)
        count.add(lost, doubled)
    return count


def deliver_past_owner(fault, is_midway):
    """Let the first owner of a run stand still until its lease is over and another has taken the run."""
    owner = stands_still(fault)
    run = ImportRun.objects.latest("pk")
    run_pk, token = run.pk, run.token
    holds_a_lock = run.kind not in ImportRun.OF_ONE_TASK and fault.point in (*IN_TRANSACTION, "before_done")
    if connection.vendor == "sqlite" and holds_a_lock:
        time.sleep(settings.IMPORT_LEASE_SECONDS)
        assert end_of(begin_work(run_pk)) == 1, "nobody else can write meanwhile"
    elif is_midway:
        deliver(until=lambda: ImportRun.objects.get(pk=run_pk).token != token)
    else:
        deliver(until=lambda: ImportRun.objects.get(pk=run_pk).is_over)
    fault.wake()
    deliver()
    end_of(owner)
    deliver()


def terminated_backends(user, folder, number):
    """The database ends the worker's connection in the middle of a batch."""
    count = Count()
    for place in range(number):
        course = (courses.insert, courses.mixed, courses.undo_of_all)[place % 3]
        fault = FailAt(
            IN_TRANSACTION[place % 4], "pause", folder / f"backend-{place}", after=10 * (place % 2)
        )
        lost, doubled, _ = courses.run(course, user, fault, deliver=deliver_to_broken_connection)
        count.add(lost, doubled)
    return count


def deliver_to_broken_connection(fault):
    worker = stands_still(fault)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        assert cursor.fetchall() == [(True,)]
    fault.wake()
    assert end_of(worker) == 0, "it connects again"
    deliver()


# What the machine refuses


def locked_database(user, folder, number):
    """Another process holds SQLite's write lock for longer than any patience."""
    count = Count()
    for place in range(number):
        fault = FailAt("after_claim", "pause", folder / f"locked-{place}", after=20 * (place % 2))
        lost, doubled, _ = courses.run(courses.mixed, user, fault, deliver=deliver_to_locked_database)
        count.add(lost, doubled)
    return count


def deliver_to_locked_database(fault):
    worker = stands_still(fault)
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    fault.wake()
    assert end_of(worker) == 1
    other.execute("ROLLBACK")
    other.close()
    deliver()


class RefusingStorage(FileSystemStorage):
    """Refuses a kind of call, ("save", "parts"), with an error, as long as a class attribute says so."""

    refuses, error = None, OSError(errno.ENOSPC, "No space left on device")

    def refuse(self, call, name):
        wanted, part = self.refuses or (None, "")
        if call == wanted and part in name:
            raise self.error

    def _save(self, name, content):
        self.refuse("save", name)
        return super()._save(name, content)

    def _open(self, name, mode="rb"):
        self.refuse("open", name)
        return super()._open(name, mode)


def use_refusing_storage(settings):
    default = {**settings.STORAGES["default"], "BACKEND": f"{__name__}.RefusingStorage"}
    settings.STORAGES = {**settings.STORAGES, "default": default}


@contextmanager
def refusing(call, part):
    RefusingStorage.refuses = call, part
    yield
    RefusingStorage.refuses = None


def refused_storage(user, number):
    """Storage refuses to write the failed rows or the parts, or to give the parts, for one try or for all."""
    count = Count()
    cases = [
        (courses.mixed, "save", "failed-rows"),
        (courses.mixed, "open", "parts"),
        (courses.write_results, "save", "results"),
        (courses.repair, "open", "parts"),
    ]
    for place in range(number):
        course, call, part = cases[place % len(cases)]
        is_for_ever = place // len(cases) % 2 == 1 and course is not courses.write_results
        how = {"call": call, "part": part, "is_for_ever": is_for_ever}
        lost, doubled, _ = courses.run(course, user, deliver=deliver_to_refusing_storage, **how)
        count.add(*without_first_end(lost, doubled) if is_for_ever else (lost, doubled))
    return count


def without_first_end(lost, doubled):
    """An import that failed and was continued has told of two ends."""
    told = [line for line in doubled if "'e-mail'" in line and "failed" in line]
    assert len(told) == 1, doubled
    return lost, [line for line in doubled if line not in told]


def deliver_to_refusing_storage(call, part, is_for_ever):
    latest = ImportRun.objects.latest("pk").pk
    with refusing(call, part):
        deliver(until=lambda: ImportRun.objects.get(pk=latest).attempts == 1 + is_for_ever)
        if is_for_ever:
            deliver()
    if is_for_ever:
        continue_failed()
    deliver()


def continue_failed():
    job = ImportJob.objects.latest("pk")
    assert job.state == ImportJob.State.FAILED, job.state
    assert "for a technical reason" in str(job.reason)
    assert execution.resume(job, job.created_by)


def full_database(user, number):
    """SQLite's file cannot grow; the import stops, and is continued when there is room again."""
    count = Count()
    for _ in range(number):
        lost, doubled, _ = courses.run(courses.mixed, user, deliver=deliver_to_full_database)
        count.add(*without_first_end(lost, doubled))
    return count


class WithoutRoom(Worker):
    """Works while the database may not grow any more."""

    def work(self, run_pk):
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA page_count")
            pages = cursor.fetchone()[0]
        connection.close()
        connection.settings_dict["OPTIONS"]["init_command"] += f"PRAGMA max_page_count = {pages};"
        super().work(run_pk)


def deliver_to_full_database():
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # no free pages are left
    deliver(worker=WithoutRoom, until=lambda: ImportRun.objects.latest("pk").attempts > 2)
    deliver(until=lambda: ImportJob.objects.latest("pk").state == "failed")
    continue_failed()
    deliver()


def lost_and_changed_parts(user, number):
    """The stored rows are gone or cut short while the import runs; they come back, and it is continued."""
    count = Count()
    for place in range(number):
        how = {"content": (None, "short", "broken")[place % 3]}
        lost, doubled, _ = courses.run(courses.mixed, user, deliver=deliver_without_rows, **how)
        count.add(*without_first_end(lost, doubled))
    return count


def deliver_without_rows(content):
    job = ImportJob.objects.latest("pk")
    path = file_storage().path(job.get_reading().parts[-1]["name"])
    deliver(until=lambda: job.runs.get().cursor > 20)
    with open(path, "rb") as file:
        rows = file.read()
    if content is None:
        os.remove(path)
    else:
        with open(path, "wb") as file:
            file.write(rows[: rows.rindex(b"\n[") + 1] if content == "short" else rows[:-20])
    deliver()
    with open(path, "wb") as file:
        file.write(rows)
    continue_failed()
    deliver()


class DeadMailServer(BaseEmailBackend):
    def send_messages(self, messages):
        raise ConnectionRefusedError("nobody answers")


def dead_mail_server(user, number):
    """The mail server does not answer; the e-mail is sent when it does, once."""
    count = Count()
    for _ in range(number):
        lost, doubled, _ = courses.run(courses.insert, user, deliver=deliver_without_mail_server)
        count.add(lost, doubled)
    return count


def deliver_without_mail_server():
    backend, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, f"{__name__}.DeadMailServer"
    deliver(until=lambda: ImportJob.objects.latest("pk").state == "completed")
    for _ in range(3):
        sweep()
    assert not traces.e_mails()
    settings.EMAIL_BACKEND = backend
    deliver()


def poisoned_rows(user, number, monkeypatch):
    """Whoever cleans a certain row dies of it. The import names the row, has all before it, and goes on
    when that is mended; how often it took no more deaths than it may."""
    count = Count()
    for place in range(number):
        row = 12 + 7 * place
        how = {"row": row, "monkeypatch": monkeypatch}
        lost, doubled, _ = courses.run(courses.mixed, user, deliver=deliver_poison, **how)
        count.add(*without_first_end(lost, doubled))
    return count


def deliver_poison(row, monkeypatch):
    clean = cleaning.Cleaner.clean

    def die(cleaner, number, cells):
        if number == row:
            os.kill(os.getpid(), signal.SIGKILL)
        return clean(cleaner, number, cells)

    with monkeypatch.context() as poisoned:
        poisoned.setattr(cleaning.Cleaner, "clean", die)
        deliver(until=lambda: ImportJob.objects.latest("pk").state == "failed")
        job = ImportJob.objects.latest("pk")
        assert f"after row {row - 1} " in str(job.reason)
        assert job.not_reached == courses.ROWS - (row - 2)
    continue_failed()
    deliver()


# Negative controls: what looks as good and is not


class CursorFirst(Worker):
    """Takes the batch in a transaction of its own."""

    def work_batch(self, run, work, batches):
        with transaction.atomic():
            self.fence(run, batches.batch[-1][0])
        reached("after_fence")
        with transaction.atomic():
            work.write(batches.rows, False)
            work.count(batches.rows, 0)
        run.cursor = batches.batch[-1][0]


class WorkFirst(Worker):
    """Writes the records, and in a second transaction what tells of them."""

    def work_batch(self, run, work, batches):
        batch, rows = batches.batch, batches.rows
        with transaction.atomic():
            work.checker.generated.clear()
            work.checker.decide_rows(rows)
            writing.write_records(run, work.checker.importer, rows, run.created_at)
        reached("mid_upsert")
        with transaction.atomic():
            self.fence(run, batch[-1][0])
            writing.write_ledger(run, rows, run.created_at)
            work.count(rows, 0)
        run.cursor = batch[-1][0]


class NoFence(Worker):
    """Writes without asking whose run it is, and a ledger that takes no offence at a row twice."""

    def fence(self, run, last_row):
        ImportRun.objects.filter(pk=run.pk).update(cursor=last_row)

    def close(self, run, state):
        ImportRun.objects.filter(pk=run.pk).update(state=state, finished_at=run.created_at, token=None)
        run.refresh_from_db()

    def work_batch(self, run, work, batches):
        insert_rows = bulk.insert_rows

        def insert(model, names, rows):
            if model is not ImportRow:
                insert_rows(model, names, rows)
                return
            ledger = [ImportRow(**dict(zip(names, row, strict=True))) for row in rows]
            ImportRow.objects.bulk_create(ledger, ignore_conflicts=True)

        bulk.insert_rows = insert
        super().work_batch(run, work, batches)


def negative_controls(user, folder):
    """{name: Count} of workers that must be caught."""
    killed = {"cursor first": (CursorFirst, "after_fence"), "work first": (WorkFirst, "mid_upsert")}
    found = {}
    for name, (worker, point) in killed.items():
        fault = FailAt(point, "kill", folder / f"control-{point}")
        found[name] = control(user, fault, worker=worker)
    fault = FailAt("after_claim", "pause", folder / "control-no-fence")
    found["no fence"] = control(user, fault, deliver=deliver_past_owner_without_fence)
    return found


def control(user, fault, **how):
    count = Count()
    lost, doubled, _ = courses.run(courses.insert, user, fault, **how)
    count.add(lost, doubled)
    return count


def deliver_past_owner_without_fence(fault):
    owner = stands_still(fault, NoFence)
    deliver(worker=NoFence)
    fault.wake()
    end_of(owner)
    deliver(worker=NoFence)
