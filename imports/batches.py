"""The batches of a run: while the database commits one, the next is read and cleaned in a thread."""

import time
from concurrent.futures import ThreadPoolExecutor
from itertools import islice


class Batches:
    """Takes the rows of `work` (FileRows, UndoRows) by `size`, which may change on the way.

    `batch` is the present one, `rows` what `work` has begun of it until it looks ahead, `counted_at` when the
    one before was counted.
    """

    def __init__(self, work, size):
        self.work, self.size = work, size
        self.source = work.rows()
        self.counted_at = time.monotonic()
        self.next, self.thread = None, ThreadPoolExecutor(1)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.thread.shutdown()

    def take(self):
        """The next batch, [] at the end."""
        self.batch, self.rows = self.next.result() if self.next else self.read()
        self.next = None
        return self.batch

    def read(self):
        batch = list(islice(self.source, self.size))
        return batch, self.work.begin(batch) if batch else []

    def look_ahead(self):
        """Read the next batch meanwhile; only rows of a file, for a connection of the database is one thread's."""
        if self.work.looks_ahead and self.next is None:
            self.next = self.thread.submit(self.exchange, self.rows)

    def exchange(self, done):
        """Let go of rows that are dealt with, which takes its time too, and read others."""
        done.clear()
        return self.read()
