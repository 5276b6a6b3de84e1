"""The memory that a process and its children take together, as it is shared out among them (PSS)."""

import os
import threading
from pathlib import Path

EVERY_SECONDS = 0.2


class Peak:
    """Use as a context manager; `mb` is the highest sum that was seen."""

    def __init__(self):
        self.mb, self.over = 0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def watch(self):
        while not self.over.wait(EVERY_SECONDS):
            self.mb = max(self.mb, sum(map(pss, family(os.getpid()))) / 1024)


def family(pid):
    """The process and all below it."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = [pid]
    for one in found:
        found += children.get(one, ())
    return found


def pss(pid):
    """In KB; 0 when it has ended meanwhile."""
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
