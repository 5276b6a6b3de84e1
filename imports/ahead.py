"""Rows cleaned ahead by a second process, while the first one waits for the database.

It is a fork of the worker, so it has the compiled columns at once. It is given the parts as they are stored
and gives back cleaned rows; it touches neither database nor storage. Whoever of the two dies, the other
finds its pipe broken: nothing is lost, because only the worker says which rows are done.
"""

import gc
import os
import pickle
import signal
import threading
from contextlib import suppress

LEAST_ROWS = 10_000  # a fork takes about as long as 200 rows
AT_ONCE = 2000
SIZE = 8  # bytes that say how long a part is; a length of 0 is the end


class ProcessGone(RuntimeError):
    """The process that cleans rows ended before it was done."""


def is_worth_it(rows):
    return rows >= LEAST_ROWS and hasattr(os, "fork") and (os.cpu_count() or 1) > 1


def cleaned(cleaner, parts, rows_of):
    """Yield (row number, cells, what `cleaner.cleaned` makes of them) of the rows that `rows_of` finds in each
    of `parts`, stored parts as bytes. Raises what reading the parts raises, and ProcessGone."""
    (given, give), (take, taken) = os.pipe(), os.pipe()
    pid = os.fork()
    if pid == 0:
        _work(cleaner, rows_of, given, taken, (give, take))
    os.close(given)
    os.close(taken)
    feeder = _Feeder(parts, give)
    try:
        with os.fdopen(take, "rb") as results:
            while batch := _next(results, feeder):
                yield from batch
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        feeder.join()


def _next(results, feeder):
    try:
        return pickle.load(results)
    except (EOFError, pickle.UnpicklingError):
        feeder.join()
        raise feeder.error or ProcessGone("the process that cleans rows is gone") from None


class _Feeder(threading.Thread):
    """Reads the parts and writes them into the pipe, as fast as they are taken."""

    def __init__(self, parts, pipe):
        super().__init__(daemon=True)
        self.parts, self.pipe, self.error = parts, pipe, None
        self.start()

    def run(self):
        try:
            with suppress(BrokenPipeError), os.fdopen(self.pipe, "wb") as pipe:
                for part in self.parts:
                    pipe.write(len(part).to_bytes(SIZE) + part)
                    pipe.flush()
                pipe.write(bytes(SIZE))
        except Exception as error:  # told to who waits for the rows
            self.error = error


def _work(cleaner, rows_of, given, taken, others):
    """What the second process does until its end. It leaves without a word: all that is open is the worker's."""
    status = 1
    try:
        os.setsid()  # who stops the worker's group lets it finish its batch
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        gc.disable()
        for pipe in others:
            os.close(pipe)
        with os.fdopen(given, "rb") as parts, os.fdopen(taken, "wb") as results:
            while (size := parts.read(SIZE)) and (length := int.from_bytes(size)):
                rows = rows_of(parts.read(length))
                for start in range(0, len(rows), AT_ONCE):
                    some = rows[start : start + AT_ONCE]
                    found = [(number, cells, cleaner.cleaned(number, cells)) for number, cells in some]
                    pickle.dump(found, results, pickle.HIGHEST_PROTOCOL)
                    results.flush()
            if size:
                pickle.dump(None, results)
        status = 0
    finally:
        os._exit(status)
