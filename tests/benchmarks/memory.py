"""The memory that processes and their children take together, as it is shared out among them (PSS)."""

import os
import threading
from pathlib import Path

EVERY_SECONDS = 0.2


class Peak:
    """Use as a context manager; `mb` is the highest sum that was seen. Of this process unless others are named."""

    def __init__(self, *pids):
        self.pids, self.mb, self.over = pids or (os.getpid(),), 0, threading.Event()

    def __enter__(self):
        self.thread = threading.Thread(target=self.watch, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()

    def watch(self):
        while not self.over.wait(EVERY_SECONDS):
            self.mb = max(self.mb, sum(map(pss, family(self.pids))) / 1024)


def family(pids):
    """The processes and all below them."""
    children = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(path.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(path.parent.name))
    found = list(pids)
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
