"""What an import's page shows once it is over: problems by cause, failed rows, changes, how it was done."""

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.utils.translation import gettext_lazy as _

from . import drafts
from .cells import shown_cell
from .mapping import CLEAR, FILL, LEAVE_OUT, UPDATE, name_without_header
from .models import ImportRow
from .noticed import words_as_written
from .problems import CHOSEN, CONTENT, DONE, FORMAT
from .readers_encoding import ENCODINGS
from .rows import row_in_words, row_name
from .values_in_words import names_of_references

FAILED_ROWS_PER_PAGE = 50
SAMPLE_OF_UPDATES = 10
DOUBLES = {UPDATE: _("updated the one that was there"), LEAVE_OUT: _("left out")}
SEPARATORS = {
    ",": _("comma"),
    ";": _("semicolon"),
    "\t": _("tab"),
    "|": _("vertical bar"),
}
DATE_ORDERS = {
    "dmy": _("day, month, year"),
    "mdy": _("month, day, year"),
    "ymd": _("year, month, day"),
}
DECIMAL_MARKS = {",": _("comma"), ".": _("point")}


@dataclass(frozen=True)
class FailedRow:
    """`cells` are [(text, problem is here)], as wide as the headers."""

    number: int
    problems: list
    cells: list


def of(job, page):
    """The details of an import that is over; `page` of its failed rows."""
    run = job.deciding_run()
    headers = headers_of(job)
    if run is None:
        return {"headers": headers, "how": how(job, headers)}
    causes = run.problems
    return {
        "run": run,
        "headers": headers,
        "causes": [
            (kind, found)
            for kind in (CONTENT, FORMAT, DONE, CHOSEN)
            if (found := [c for c in causes if c["kind"] == kind])
        ],
        "failed_rows_page": failed_rows(job, run, headers, page),
        "generated": run.generated_names if run.kind == run.Kind.IMPORT else (),
        "more_generated": run.summary.get("more_look_ups", 0),
        "changed_columns": changed_columns(job, run),
        "updates": updates(job, run),
        "stored": stored_values(job),
        "how": how(job, headers),
    }


def headers_of(job):
    """The file's headers; letters when its parts are no longer kept."""
    try:
        return drafts.headers(job) if job.reading else []
    except FileNotFoundError:
        return [name_without_header(index) for index in range(job.reading["width"])]


def failed_rows(job, run, headers, page):
    """The page of [FailedRow] that is asked for."""
    rejected = run.details.filter(outcome=ImportRow.Outcome.REJECTED).order_by("row_number")
    paginator = Paginator(rejected, FAILED_ROWS_PER_PAGE)
    shown = paginator.get_page(page)
    shown.rows = [failed_row(job, headers, detail) for detail in shown.object_list]
    return shown


def failed_row(job, headers, detail):
    problems = detail.get_problems()
    columns = job.get_mapping().columns
    named = (job.importer.by_name.get(problem.column.casefold()) for problem in problems)
    bad = {columns.get(column.key) for column in named if column}
    cells = detail.cells + [None] * (len(headers) - len(detail.cells))
    texts = ["" if cell is None else shown_cell(cell) for cell in cells]
    return FailedRow(detail.row_number, problems, [(text, index in bad) for index, text in enumerate(texts)])


def changed_columns(job, run):
    """[(column name, number of records)] whose stored values an update changed."""
    changed = run.summary.get("changed", {}).items() if run.kind == run.Kind.IMPORT else ()
    columns = job.importer.by_key
    return sorted(
        ((columns[key].label, count) for key, count in changed if key in columns), key=lambda pair: -pair[1]
    )


def stored_values(job):
    """{"filled", "cleared"}: the names of the columns whose stored values are not simply overwritten."""
    policies, columns = job.get_mapping().stored, job.importer.columns
    return {
        word: [column.label for column in columns if policies.get(column.key) == policy]
        for word, policy in (("filled", FILL), ("cleared", CLEAR))
    }


def updates(job, run):
    """A sample of what changed: [(row number, [(column name, old, new)])]."""
    if run.kind != run.Kind.IMPORT:
        return []
    updated = run.details.filter(outcome=ImportRow.Outcome.UPDATED).order_by("row_number")[:SAMPLE_OF_UPDATES]
    columns = job.importer.by_key
    changes = [
        (row.row_number, {column: row.changes[key] for key, column in columns.items() if key in row.changes})
        for row in updated
    ]
    names = names_of_references(changes)
    return [
        (
            number,
            [
                (column.label, *(text(names.get(value, value)) for value in pair))
                for column, pair in pairs.items()
            ],
        )
        for number, pairs in changes
    ]


def text(value):
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return "" if value is None else str(value)


def how(job, headers):
    """[(what, how it was set)]: the file, how it was read, the options and the mapping."""
    options, reading, importer = job.get_options(), job.reading, job.importer
    encoding = reading.get("encoding")
    answers = [
        sheets_of(job),
        (_("Encoding"), encoding and _(ENCODINGS.get(encoding, encoding))),
        (_("Separator"), SEPARATORS.get(reading.get("delimiter"), reading.get("delimiter"))),
        (_("Header row"), row_in_words("", options.header_row) if options.header_row else _("none")),
        (_("Date order"), DATE_ORDERS.get(options.date_order)),
        (_("Decimal mark"), DECIMAL_MARKS.get(options.decimal_mark)),
    ]
    if importer.look_ups:
        answers.append((_("Automatically generate missing attributes"), text(options.generate)))
    if importer.updates:
        answers.append((_("Update existing %(nouns)s") % {"nouns": importer.nouns}, text(options.update)))
        stored = stored_values(job)
        answers.append((_("Only filled if empty"), ", ".join(stored["filled"])))
        answers.append((_("Cleared by a blank cell"), ", ".join(stored["cleared"])))
    if doubles := DOUBLES.get(options.doubles):
        answers.append((_("Rows that would double a %(noun)s") % {"noun": importer.noun}, doubles))
    totals = [row_name(row, job.row_sheets) for row in options.totals]
    answers.append((_("Treated as blank"), ", ".join(blanks_as_written(job))))
    answers.append((_("Not imported, as totals"), ", ".join(totals)))
    if options.leave_out is not None:
        answers.append(
            (_("Rows with incorrect content"), _("left out") if options.leave_out else _("import nothing"))
        )
    return {"answers": [answer for answer in answers if answer[1]], "mapping": mapping(job, headers)}


def blanks_as_written(job):
    """The words that stand for a blank cell, as its file writes them, or the file of the import it repairs."""
    repaired = words_as_written(job.repairs.reading.get("report", {})) if job.repairs_id else {}
    written = repaired | words_as_written(job.reading.get("report", {}))
    return [written.get(word, word) for word in job.get_options().blanks]


def sheets_of(job):
    if names := job.row_sheets:
        return (_("Sheets, as one"), ", ".join(names))
    return (_("Sheet"), job.reading.get("sheet"))


def mapping(job, headers):
    """[(column name, header or fixed value, is fixed)] in the entity type's order."""
    chosen = job.get_mapping()
    rows = []
    for column in job.importer.columns:
        if column.key in chosen.columns:
            index = chosen.columns[column.key]
            rows.append((column.label, headers[index] if index < len(headers) else "", False))
        elif column.key in chosen.fixed:
            rows.append((column.label, chosen.fixed[column.key], True))
    return rows
