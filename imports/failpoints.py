"""Named places in the life of a run where a test lets a worker die, fail or stand still.

IMPORT_FAIL_AT="point:action:path" arms one of them for a process: whoever first reaches the point creates
the file `path` and then kills itself ("kill"), raises FailPointReached ("raise"), or stands still until
somebody writes into the file ("pause"). Unset, as everywhere but in tests, a point does nothing.
"""

import os
import signal
import time
from pathlib import Path

POINTS = (
    "after_claim",
    "after_fence",
    "mid_upsert",
    "before_counters",
    "before_commit",
    "after_commit",
    "before_requeue",
    "after_requeue",
    "before_done",
    "after_report",
    "before_mail",
    "after_mail",
)
LOOKS_AGAIN_AFTER = 0.02

armed = os.environ.get("IMPORT_FAIL_AT", "")


class FailPointReached(Exception):
    """What goes wrong at a point that is to raise."""


def reached(point):
    if armed:
        act(point, *armed.split(":", 2))


def act(point, wanted, action, path):
    if point != wanted:
        return
    try:
        Path(path).touch(exist_ok=False)
    except FileExistsError:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "raise":
        raise FailPointReached(point)
    while not Path(path).stat().st_size:
        time.sleep(LOOKS_AGAIN_AFTER)
