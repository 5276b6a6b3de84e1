"""The product's queue worker under its supervisor, to be hurt in every part; see tests/product.py."""

import os
import signal
import sqlite3
from contextlib import closing, contextmanager

import psycopg

from tests.processes import children, processes_with, work_of
from tests.product import wait_until

HEADERS = "Contact Code,First Name,Last Name\n"


class SupervisedWorker:
    """`manage.py run_worker`, and below it django-q2's cluster: a main process, its sentinel, whose children
    are the workers, then what collects their results and what takes tasks from the queue."""

    def __init__(self, product):
        self.product = product
        self.process = product.begin("manage.py", "run_worker")
        self.wait_until_it_answers()

    def wait_until_it_answers(self):
        wait_until(self.answers, "the worker answers")

    def answers(self):
        beats = 'SELECT count(*) FROM imports_workerbeat WHERE "group" = {}'
        return self.main and ask(self.product, beats.format(self.main))[0][0]

    @property
    def main(self):
        return next(iter(children(self.process.pid)), None)

    @property
    def sentinel(self):
        return children(self.main)[0]

    @property
    def workers(self):
        return self.parts[:-2]

    @property
    def parts(self):
        """Those that the sentinel began, of a cluster of which none was begun again."""
        return children(self.sentinel)

    def kill_idle_worker(self):
        """Idle workers stand in line for the next task. Of these all, since nobody knows which is the first."""
        for worker in self.workers:
            os.kill(worker, signal.SIGKILL)

    def kill_busy_worker(self):
        os.kill(max(self.workers, key=work_of), signal.SIGKILL)

    def send_to_cluster(self, number):
        """To the main process and all others at once."""
        os.killpg(self.main, number)

    def send_to_everything(self, number):
        """As a machine that shuts down does."""
        for process in self.everything():
            os.kill(process, number)

    def everything(self):
        started_here = set(processes_with(f"DATA_DIR={self.product.environment['DATA_DIR']}"))
        family = [self.process.pid]
        for parent in family:
            family += children(parent)
        return started_here & set(family)

    def kill(self):
        for process in self.everything():
            os.kill(process, signal.SIGKILL)
        self.process.wait()


@contextmanager
def supervised(product):
    """In place of the product's own worker."""
    product.kill_worker()
    worker = SupervisedWorker(product)
    try:
        yield worker
    finally:
        worker.kill()
        product.start_worker()


def ask(product, query):
    """The rows that the product's database answers with."""
    with closing(connect(product)) as connection:
        return connection.execute(query).fetchall()


def connect(product):
    address = product.environment["DATABASE_URL"]
    if address.startswith("sqlite"):
        return sqlite3.connect(address.removeprefix("sqlite:///"), timeout=60, isolation_level=None)
    return psycopg.connect(address, autocommit=True)


class Contacts:
    """An import of so many contacts, whose codes begin with `prefix`."""

    def __init__(self, product, visitor, prefix, count):
        self.product, self.prefix, self.count = product, prefix, count
        lines = "".join(f"{prefix}-{number},Ann,Sample {number}\n" for number in range(count))
        content = (HEADERS + lines).encode()
        path = visitor.start_import("contacts", f"{prefix}.csv", content, leave_out="yes")
        self.number = int(path.strip("/").rsplit("/", 1)[1])

    def ask(self, query):
        return ask(self.product, query.format(job=self.number, prefix=self.prefix))

    def wait_until_rows_are_written(self):
        written = (
            "SELECT count(*) FROM imports_importrun WHERE job_id = {job} AND kind = 'import' AND created > 0"
        )
        wait_until(lambda: self.ask(written)[0][0], "the import has written rows")

    def state(self):
        return self.ask("SELECT state FROM imports_importjob WHERE id = {job}")[0][0]

    def wait_for_end(self, sweep=True):
        """With or without the sweep of each minute: at once and again and again."""

        def has_ended():
            if sweep:
                self.product.sweep()
            return self.state() != "in_progress"

        wait_until(has_ended, "the import has ended")

    def lost_and_doubled(self):
        """How many rows have no record, and how many records or lines of the ledger are too many."""
        ((records, codes),) = self.ask(
            "SELECT count(*), count(DISTINCT code) FROM entities_contact WHERE code LIKE '{prefix}-%'"
        )
        ((lines, rows),) = self.ask(
            "SELECT count(*), count(DISTINCT record_id) FROM imports_importrow JOIN imports_importrun AS run"
            " ON run.id = run_id WHERE job_id = {job} AND kind = 'import' AND outcome = 'created'"
        )
        lost = self.count - min(codes, rows)
        return lost, (records - codes) + (lines - rows) + max(records - self.count, 0)
