"""The parent's side of reading: runs the child, keeps its rows as numbered parts in storage, reads them back.

A part is a file of lines `[row number,[cells]]`; the lines go from the child to the storage as they are.
See `readers_output` for what a cell can be.
"""

import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from pathlib import Path

from django.core.files.base import ContentFile

from imports.readers_problems import UnreadableFile
from imports.rows import row_name, row_number
from imports.versions import restored

PROJECT = Path(__file__).resolve().parent.parent
PART_ROWS = 5000
FIRST_PART_ROWS = 500  # what the first pages show, without reading a large part for it
PART_BYTES = 8 << 20  # a part is held in memory
MAX_ROWS = 1_048_576
MAX_COLUMNS = 500
ENGINES = (None, "careful")  # the second only for workbooks that the first dies of

logger = logging.getLogger(__name__)


class TimeIsUp(UnreadableFile):
    """The limit of time ended the reading; with a longer one the file may be readable."""

    def __init__(self):
        super().__init__("too_slow")


class _ChildDied(Exception):
    """The child ended without saying why. Holds what it had said of the file, and its exit status."""

    def __init__(self, said, status):
        super().__init__(status)
        self.said = said
        self.status = status


@dataclass
class Limits:
    """What a child may use: bytes of address space, seconds of processor, seconds altogether."""

    address_space: int
    cpu_seconds: int
    wall_seconds: float


@dataclass
class Reading:
    """What a file turned out to be, and the parts that hold its rows.

    `sheets` are dicts of name, visible, rows (approximate, or None), selected and, where it holds, same_rows
    (those of the first rows that are the same in the selected sheet) or continues (it has no headers and goes
    on where a full sheet ends). `joined` are the sheets that were read as one, in their order, dicts of name
    and skipped (how many rows at the top are titles and headers). `delimiter` is None for workbooks and for
    text of a single column. `rows` counts rows that are not blank, `width` is the widest. A part is a dict
    of name, first and last (row numbers) and rows.

    `hidden` are ranges of rows, [first, last], that are hidden in a workbook, `merged` [row, place] of cells,
    `report` are the facts that `reading_report` found. `totals` are rows that are no data.

    Of corrected failed rows: `aligned` when the columns stand where those of the corrected import do; `own`
    are parts, rows and width of the file's own rows while `parts` hold that import's other rows too.
    """

    format: str
    sheet: str | None
    sheets: list
    encoding: str | None
    delimiter: str | None
    encoding_guessed: bool = False
    rows: int = 0
    width: int = 0
    parts: list = field(default_factory=list)
    joined: list = field(default_factory=list)
    hidden: list = field(default_factory=list)
    merged: list = field(default_factory=list)
    report: dict = field(default_factory=dict)
    totals: list = field(default_factory=list)
    aligned: bool = False
    own: dict = field(default_factory=dict)

    @property
    def row_sheets(self):
        """The names of the sheets that its row numbers distinguish, see `rows`."""
        return [sheet["name"] for sheet in self.joined]

    def row_name(self, number):
        """ "row 812", or "Sheet2, row 812"."""
        return row_name(number, self.row_sheets)

    def row_number(self, text):
        """The number that a row's name or label means, or None."""
        return row_number(text, self.row_sheets)

    def without(self, totals):
        """The same reading without these rows, which are no data."""
        parts = [
            part | {"rows": part["rows"] - sum(part["first"] <= row <= part["last"] for row in totals)}
            for part in self.parts
        ]
        return replace(self, totals=totals, parts=parts, rows=self.rows - len(totals))

    def to_json(self):
        return asdict(self)

    @classmethod
    def from_json(cls, data):
        return restored(cls, data)


def read_file(
    path,
    *,
    name,
    storage,
    prefix,
    limits,
    sheet=None,
    join=(),
    encoding=None,
    delimiter=None,
    on_progress=None,
):
    """Read the file at `path`, called `name` by its owner, into parts below `prefix`; return the Reading.

    `join` are the sheets to read as one, as in Reading.joined. Raises UnreadableFile, or TimeIsUp.
    `on_progress(rows so far)` may raise to stop. Whatever is raised, no part is left behind.
    """
    how = {"sheet": sheet, "join": list(join), "encoding": encoding, "delimiter": delimiter}
    request = _request(path, name, limits, how)
    deadline = time.monotonic() + limits.wall_seconds
    for engine in ENGINES:
        try:
            return _read_once(
                request | {"engine": engine}, _PartWriter(storage, prefix, on_progress), deadline
            )
        except _ChildDied as death:
            logger.debug("The child that read a file ended with status %s", death.status)
            if death.said.get("format") != "xlsx" or engine == ENGINES[-1]:
                raise _reason(death.status) from death


def read_head(path, count, *, name, limits, **how):
    """[(row number, cells)] of the first rows of the file at `path`, as far as they can be had soon; of a file
    that cannot be read, those before what is wrong. `how` is as for read_file."""
    request = _request(path, name, limits, how) | {"head": count}
    with _child(request, time.monotonic() + limits.wall_seconds) as (process, _is_time_up):
        lines = (line for line in process.stdout if line.startswith(b"[") and line.endswith(b"\n"))
        return [tuple(json.loads(line)) for line in islice(lines, count)]


def _request(path, name, limits, how):
    return how | {
        "path": os.path.abspath(path),
        "name": name,
        "limits": {
            "address_space": limits.address_space,
            "cpu_seconds": limits.cpu_seconds,
            "max_rows": MAX_ROWS,
            "max_columns": MAX_COLUMNS,
        },
    }


def iter_rows(storage, reading, after=0):
    """Yield (row number, cells) of the rows behind row `after`; parts before it are not opened."""
    for rows in iter_parts(storage, reading, after):
        yield from map(tuple, rows)


def iter_parts(storage, reading, after=0):
    """The same rows as lists of [row number, cells], a part in each."""
    totals = frozenset(reading.totals)
    for part in reading.parts:
        if part["last"] <= after:
            continue
        rows = _load(storage, part)
        if part["first"] <= after or totals:
            rows = [row for row in rows if row[0] > after and row[0] not in totals]
        yield rows


def first_rows(storage, reading, count):
    return list(islice(iter_rows(storage, reading), count))


def delete_parts(storage, reading):
    for part in (*reading.parts, *reading.own.get("parts", ())):
        storage.delete(part["name"])


def _load(storage, part):
    with storage.open(part["name"]) as file:
        data = file.read()
    # One call for the whole part: a newline is never inside of a JSON string.
    return json.loads(b"[" + data.rstrip().replace(b"\n", b",") + b"]")


def _read_once(request, writer, deadline):
    said, status = {}, None
    try:
        with _child(request, deadline) as (process, is_time_up):
            for line in process.stdout:
                if line.startswith(b"["):
                    writer.add(line)
                    if is_time_up():
                        raise TimeIsUp
                else:
                    said |= json.loads(line)
            status = process.wait()
            if is_time_up():
                raise TimeIsUp
        return _conclude(said, status, writer)
    except BaseException:
        writer.discard()
        raise


def _conclude(said, status, writer):
    if "error" in said:
        logger.debug("A file could not be read: %s", said.get("cause", said["error"]["code"]))
        raise UnreadableFile(said["error"]["code"], **said["error"]["params"])
    if "end" not in said:
        raise _ChildDied(said.get("reading", {}), status)
    writer.flush()
    return Reading(**said["reading"], **said["end"], parts=writer.parts)


def _reason(status):
    """Return the exception for a child that died of itself, from its exit status."""
    if -status in (signal.SIGXCPU, signal.SIGKILL):
        return TimeIsUp()
    return UnreadableFile("damaged")


@contextmanager
def _child(request, deadline):
    """Start a child in a process group of its own; the group is killed at the deadline and at the end."""
    process = subprocess.Popen(
        [sys.executable, "-m", "imports.readers"],
        cwd=PROJECT,
        env={"PYTHONPATH": str(PROJECT), "PATH": os.environ.get("PATH", "")},  # no secret goes near the file
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    time_up = threading.Event()

    def end_it():
        time_up.set()
        _kill(process)

    timer = threading.Timer(max(0, deadline - time.monotonic()), end_it)
    timer.daemon = True
    timer.start()
    try:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(json.dumps(request).encode() + b"\n")
        yield process, time_up.is_set
    finally:
        timer.cancel()
        _kill(process)
        process.stdout.close()
        process.wait()


def _kill(process):
    if process.returncode is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


class _PartWriter:
    """Collects lines into parts of the storage."""

    def __init__(self, storage, prefix, on_progress):
        self.storage = storage
        self.prefix = prefix
        self.on_progress = on_progress
        self.parts = []
        self.lines = []
        self.bytes = 0
        self.rows = 0

    def add(self, line):
        self.lines.append(line)
        self.bytes += len(line)
        most = PART_ROWS if self.parts else FIRST_PART_ROWS
        if len(self.lines) == most or self.bytes >= PART_BYTES:
            self.flush()

    def flush(self):
        if not self.lines:
            return
        name = f"{self.prefix}/{len(self.parts):05d}.jsonl"
        name = self.storage.save(name, ContentFile(b"".join(self.lines)))
        first, last = _row_number(self.lines[0]), _row_number(self.lines[-1])
        self.parts.append({"name": name, "first": first, "last": last, "rows": len(self.lines)})
        self.rows += len(self.lines)
        self.lines, self.bytes = [], 0
        if self.on_progress:
            self.on_progress(self.rows)

    def discard(self):
        for part in self.parts:
            self.storage.delete(part["name"])
        self.parts = []


def _row_number(line):
    return int(line[1 : line.index(b",")])
