"""The first rows of a file that is still being read, for who waits for it. They are read anew for each page
and kept nowhere: so they go with the file."""

import tempfile
from contextlib import contextmanager

from . import drafts
from .cells import shown_cell
from .parts import read_head

ROWS = 20
BYTES = 1 << 20  # enough of a text in a bucket; of a workbook there is no part that could be read


def head_of_file(job, rows="", **how):
    """[(row number, texts)] of the first rows, all as wide as the widest; none when they cannot be had soon.

    `how` are sheet, join, encoding and delimiter. A run that is asked for `rows` reads those of an import
    that is repaired, whatever the draft's file holds.
    """
    if rows or not job.file:
        return []
    with beginning(job.file) as path:
        head = read_head(path, ROWS, name=job.file_name, limits=drafts.limits(in_request=True), **how)
    width = max((len(cells) for _, cells in head), default=0)
    return [(number, texts_of(cells, width)) for number, cells in head]


@contextmanager
def beginning(file):
    """A path of the file on this machine, of one in a bucket that of its first bytes: to open it would bring
    all of it here."""
    try:
        yield file.path
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(prefix="import-") as copy:
            stored = file.storage.open(file.name).obj
            copy.write(stored.get(Range=f"bytes=0-{BYTES - 1}")["Body"].read())
            copy.flush()
            yield copy.name


def texts_of(cells, width):
    return [str(shown_cell(cell)) for cell in cells] + [""] * (width - len(cells))
