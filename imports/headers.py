"""The headers of an import's file, as they stand there and as names."""

from .mapping import headers_of
from .models import file_storage
from .parts import iter_rows


def headers(job):
    """The file's header names; "Column A" and so on when it has none."""
    return headers_of(header_cells(job), job.get_reading().width)


def header_cells(job):
    """The cells of the row that holds the headers, as they stand there; none when no row does."""
    row = job.get_options().header_row
    if not row:
        return []
    number, cells = next(iter_rows(file_storage(), job.get_reading(), after=row - 1), (0, []))
    return cells if number == row else []


def width(job):
    """How many cells a row may have: as many as there are headers."""
    return len(header_cells(job)) or job.get_reading().width
