"""A failed-rows file that comes back: its rows are rows of the import in which they failed.

They get the numbers that they have in that import's file, and when all headers that were mapped are
still there, its columns in its order. So the mapping, the ledger and the other rows of that file fit.
"""

import json
import tempfile
from collections import Counter
from dataclasses import dataclass, replace
from itertools import chain

from . import family
from .cells import shown_cell
from .corrections import TITLE_LINES, find_correction, without_blank_end, write_parts
from .headers import header_cells, headers
from .mapping import Mapping, headers_of
from .models import ImportJob, RowCorrection, file_storage
from .parts import delete_parts, first_rows, iter_rows
from .rows import row_number


@dataclass(frozen=True)
class Returned:
    """A file that has come back: the `header_row` of its parts, and the import that it `corrects`, None
    when that is unknown here. `mapping` is that import's as far as the headers are still there."""

    header_row: int
    corrects: ImportJob | None = None
    mapping: Mapping | None = None


@dataclass(frozen=True)
class Layout:
    """Where the cells of a file that has come back go: `order` gives for each column its place in the
    file, None for one that is no longer there; `heading` are the headers' cells."""

    order: list
    heading: list
    mapping: Mapping
    is_aligned: bool

    def arrange(self, cells):
        count = len(cells)
        return without_blank_end(
            cells[place] if place is not None and place < count else None for place in self.order
        )


def take_back(job, reading, prefix):
    """(Reading of the user's own columns, Returned) of a failed-rows file; else (reading, None)."""
    correction = find_correction(first_rows(file_storage(), reading, TITLE_LINES))
    if correction is None:
        return reading, None
    corrects = corrected_import(job, correction)
    if corrects:
        rows, returned, is_aligned = of_import(corrects, reading, correction)
    else:
        rows = ((number, correction.own_cells(cells)) for number, cells in iter_rows(file_storage(), reading))
        returned, is_aligned = Returned(correction.header_row), False
    parts, width = write_parts(file_storage(), f"{prefix}-restored", (row for row in rows if row[1]))
    delete_parts(file_storage(), reading)
    count = sum(part["rows"] for part in parts)
    return replace(reading, parts=parts, rows=count, width=width, aligned=is_aligned), returned


def likely_encoding(job, reading):
    """The encoding of the import that a file corrects, when that of the file could only be guessed; else
    None. A few failed rows are less to guess from than the whole file was."""
    if not reading.encoding_guessed:
        return None
    correction = find_correction(first_rows(file_storage(), reading, TITLE_LINES))
    corrects = correction and corrected_import(job, correction)
    known = corrects.reading.get("encoding") if corrects else None
    return known if known and known != reading.encoding and not known.startswith("utf") else None


def corrected_import(job, correction):
    """The started import that a failed-rows file names, or None."""
    named = ImportJob.objects.filter(pk=correction.number, code=correction.code).exclude(pk=job.pk)
    return named.exclude(state=ImportJob.State.DRAFT).select_related("repairs").first()


def of_import(corrects, reading, correction):
    """(rows with their numbers, headers first, Returned, whether the columns fit) of a file that
    corrects rows of an import."""
    header_row = corrects.get_options().header_row
    cells_of_headers = next(
        correction.own_cells(cells)
        for number, cells in first_rows(file_storage(), reading, TITLE_LINES)
        if number == correction.header_row
    )
    layout = layout_of(corrects, cells_of_headers, reading.width - len(correction.columns))
    said = (
        (correction.number_of(cells), layout.arrange(correction.own_cells(cells)))
        for _, cells in iter_rows(file_storage(), reading, after=correction.header_row)
    )
    rows = numbered(family.root_of(corrects), (row for row in said if row[1]))
    if header_row:
        rows = chain([(header_row, layout.heading)], rows)
    return rows, Returned(header_row, corrects, layout.mapping), layout.is_aligned


def layout_of(corrects, heading, width):
    """The Layout of a file with these headers as one of the import that it corrects."""
    mapping = corrects.get_mapping()
    try:
        with corrects.in_its_language():
            original, names = headers(corrects), headers_of(heading, width)
    except FileNotFoundError:  # its parts are gone when its time of keeping is over
        return Layout(list(range(width)), heading, with_columns(mapping, {}), False)
    original_heading, place_of = header_cells(corrects), {name: place for place, name in enumerate(names)}
    found = {key: original[index] for key, index in mapping.columns.items() if original[index] in place_of}
    if len(found) < len(mapping.columns):
        columns = {key: place_of[name] for key, name in found.items()}
        return Layout(list(range(width)), heading, with_columns(mapping, columns), False)
    is_wide = len(original) > len(original_heading)  # what stands beside the headers is to be refused
    added = [] if is_wide else [place for place, name in enumerate(names) if name not in set(original)]
    return Layout(
        [place_of.get(name) for name in original] + added,
        original_heading + [heading[place] if place < len(heading) else None for place in added],
        mapping,
        family.root_of(corrects) == corrects or family.is_aligned(corrects),
    )


def with_columns(mapping, columns):
    stored = {key: policy for key, policy in mapping.stored.items() if key in columns}
    return replace(mapping, columns=columns, stored=stored)


def carry_corrections(job):
    """Cells that were corrected in place when a row failed stay so, where the file that came back has what
    stood there then."""
    runs = family.deciding_runs(job.repairs) if job.repairs_id else ()
    if not (runs := [run for run in runs if run.job.corrected]):
        return
    carried, rows = {}, dict(iter_rows(file_storage(), job.get_reading()))
    for run in runs:
        for number, cells in corrections_that_stay(run, rows, job.get_mapping().columns):
            carried[number] = carried.get(number, {}) | cells
    RowCorrection.objects.bulk_create(
        RowCorrection(job=job, row_number=number, cells=cells) for number, cells in carried.items() if cells
    )
    if carried:
        job.corrected += 1
        job.save_draft("corrected")


def corrections_that_stay(run, rows, columns):
    """Yield (row number, {column key: text}) of what was corrected before a run rejected the row."""
    corrections, columns_then = run.job.corrections(), run.job.get_mapping().columns
    for number, cells, _ in family.rejected_rows(run):
        if number in rows and number in corrections:
            yield (
                number,
                {
                    key: text
                    for key, text in corrections[number].items()
                    if shown_at(rows[number], columns.get(key)) == shown_at(cells, columns_then.get(key))
                },
            )


def shown_at(cells, place):
    cell = cells[place] if place is not None and place < len(cells) else None
    return None if cell is None else shown_cell(cell)


def numbered(root, rows):
    """Yield (row number, cells) of the rows [(what it says of its number, cells)], in order of the numbers.

    What has no number of a failed row, or one that another row has too, comes last, behind the numbers
    of the import's file: nobody knows which of its rows it is.
    """
    sheets = root.row_sheets
    with tempfile.TemporaryFile() as kept:
        places = []
        for said, cells in rows:
            number = None if said is None else row_number(shown_cell(said), sheets)
            places.append((number, kept.tell()))
            kept.write(json.dumps(cells).encode() + b"\n")
        count = Counter(number for number, _ in places)
        known = family.known_numbers(root, count.keys() - {None})
        own = sorted(place for place in places if place[0] in known and count[place[0]] == 1)
        others = [at for number, at in places if number not in known or count[number] > 1]
        for number, at in chain(own, enumerate(others, family.last_row(root) + 1)):
            kept.seek(at)
            yield number, json.loads(kept.readline())
