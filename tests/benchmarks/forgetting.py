"""What retention removes beside an import: in a process of its own, which prints one JSON object in the end."""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import django


class Forgetting:
    """The process; it waits until it is told to `go`."""

    def __init__(self):
        command = [sys.executable, "-m", "tests.benchmarks.forgetting"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.process.stdout.readline()

    def go(self):
        self.process.stdin.write("\n")
        self.process.stdin.flush()

    def found(self):
        """{"rows", "taken": seconds, "most rows" and "longest": milliseconds of a transaction}."""
        said, _ = self.process.communicate()
        return json.loads(said)


def end_long_ago(jobs):
    """Let these imports have ended so long ago that nothing of them is kept."""
    from django.conf import settings
    from django.utils import timezone

    jobs.update(finished_at=timezone.now() - timedelta(days=settings.IMPORT_AUDIT_DAYS + 1))


def main():
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "crm_import.settings")
    django.setup()
    from imports import retention

    counts, seconds = [], []
    retention.remove_rows = counted(retention.remove_rows, counts)
    time_transactions(seconds)
    print("ready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    while retention.remove_what_is_over()["rows"]:
        pass
    taken = time.perf_counter() - began
    found = {"rows": sum(counts), "taken": taken, "most rows": max(counts), "longest": 1000 * max(seconds)}
    print(json.dumps(found))


def counted(remove, counts):
    def remove_and_count(*args):
        counts.append(remove(*args))
        return counts[-1]

    return remove_and_count


def time_transactions(seconds):
    """Note how long each transaction lasts from when it has begun: SQLite lets it wait for others first."""
    from django.db.transaction import Atomic

    enter, leave = Atomic.__enter__, Atomic.__exit__

    def begin(self):
        enter(self)
        self.began = time.perf_counter()

    def end(self, *error):
        leave(self, *error)
        seconds.append(time.perf_counter() - self.began)

    Atomic.__enter__, Atomic.__exit__ = begin, end


if __name__ == "__main__":
    main()
