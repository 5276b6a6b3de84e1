"""The results of an import: all rows as they were uploaded, with what became of each and its record.

Few rows are written while somebody waits for the download; more by a run in the background, whose
summary names the stored file and what it is of: {"as", "of", "rows", "file"}.
"""

import tempfile
from itertools import islice
from pathlib import Path

from django.core.files import File
from django.db import transaction
from django.db.models import Max, Sum
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from . import family
from .corrections import result_headers
from .execution import Lost, add_run, put_in_queue
from .failpoints import reached
from .models import ImportJob, ImportRow, ImportRun, file_storage, results_name
from .outcomes import Outcomes
from .parts import iter_rows
from .reports import RESULTS, format_of, kind_of, user_headers, write_table
from .rows import row_label

ROWS_AT_ONCE = 1000
ROWS_IN_A_REQUEST = 20_000
ENDING = " - results"
NOT_REACHED, UNDONE = pgettext_lazy("one row", "Not reached"), _("Undone")


def are_kept(job):
    """Whether the import has ended and its rows are still there."""
    has_rows = job.file and job.reading.get("parts")
    return job.state in ImportJob.ENDED and bool(has_rows) and job.deciding_run() is not None


def file_name(job, file_format):
    """What the file is called when it is downloaded: "contacts - results.csv"."""
    return f"{Path(job.file_name).stem}{ENDING}.{file_format}"


def format_for(job, wanted=""):
    """The uploaded format, unless .xls is too small; a .csv can be had as "xlsx" too."""
    if wanted == "xlsx" and job.file_format == ImportJob.Format.CSV:
        return "xlsx"
    return format_of(job, job.rows, job.reading["width"] + len(result_headers("", "")))


def write(job, file_format, on_progress=lambda rows: None):
    """An open file with the results, at its beginning."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 who asked for it closes it
    with job.in_its_language():
        write_table(file, job, file_format, lambda speech: table(job, speech, on_progress))
    return file


def table(job, speech, on_progress):
    """Yield the rows of the table: the headers, then each row of the file."""
    importer, sheets = job.importer, job.row_sheets
    headers = user_headers(job, job.deciding_run())
    yield [*headers, *result_headers(job.reference, importer.key_column.label)]
    outcomes = Outcomes(job)
    rows = iter_rows(file_storage(), job.get_reading(), after=job.get_options().header_row)
    done = 0
    while chunk := list(islice(rows, ROWS_AT_ONCE)):
        became = outcomes.between(chunk[0][0], chunk[-1][0])
        keys = keys_of(importer, became.values())
        for number, cells in chunk:
            blanks = [None] * (len(headers) - len(cells))
            yield [*cells, *blanks, row_label(number, sheets), *told(became.get(number), keys, speech)]
        done += len(chunk)
        on_progress(done)


def keys_of(importer, became):
    """{identifier: key} of the records that are still there."""
    wanted = [one.record_id for one in became if one.record_id and has_record(one)]
    return dict(importer.model._base_manager.filter(pk__in=wanted).values_list("pk", importer.key))


def has_record(became):
    return became.outcome not in (ImportRow.Outcome.REJECTED, ImportRow.Outcome.DELETED)


def told(became, keys, speech):
    """[result, error, key, identifier] of a row; what has no record any more has no key."""
    if became is None:
        return [str(NOT_REACHED), None, None, None]
    if became.outcome == ImportRow.Outcome.REJECTED:
        error = speech(" | ".join(problem.text for problem in became.problems)) or None
        return [rejected(became), error, None, None]
    result = UNDONE if became.is_undone else ImportRow.Outcome(became.outcome).label
    key = keys.get(became.record_id) if has_record(became) else None
    return [str(result), None, key, str(became.record_id) if key else None]


def rejected(became):
    """Why, as far as it is still kept."""
    label = RESULTS[kind_of(became.problems)] if became.problems else ImportRow.Outcome.REJECTED.label
    return str(label)


# In the background


def is_made_at_once(job):
    return job.rows <= ROWS_IN_A_REQUEST


@transaction.atomic
def prepare(job, file_format, queue=put_in_queue):
    """The run that writes the results as they are now; one is begun when there is none."""
    ImportJob.objects.select_for_update(no_key=True).get(pk=job.pk)
    run = prepared(job, file_format)
    if run is None:
        run = add_run(job, ImportRun.Kind.RESULTS, queue, **{"as": file_format, "of": stand(job)})
    return run


def prepared(job, file_format=None):
    """The latest run for these results, or for any, that is not out of date; None without one."""
    runs = job.runs.filter(kind=ImportRun.Kind.RESULTS).exclude(state=ImportRun.State.FAILED)
    runs = runs.filter(**{"summary__as": file_format} if file_format else {}).order_by("-id")
    of = stand(job)
    return next((run for run in runs if run.summary["of"] == of), None)


def stand(job):
    """What changes whenever an import or undo of the family goes on: [latest run, rows done]."""
    kinds = (ImportRun.Kind.IMPORT, ImportRun.Kind.UNDO)
    runs = ImportRun.objects.filter(job__in=family.root_of(job).family, kind__in=kinds)
    found = runs.aggregate(latest=Max("pk"), rows=Sum("rows_done"))
    return [found["latest"], found["rows"]]


def write_in_background(run, is_mine):
    """Write what the run is to write and note the file; `is_mine` are its rows in the database as long as
    this worker has it. Raises Lost when it has not."""

    def progress(rows):
        if not is_mine.update(rows_done=rows):
            raise Lost

    job = run.job
    with write(job, run.summary["as"], progress) as file:
        name = file_storage().save(results_name(job, run.summary["as"]), File(file))
    reached("after_report")
    if not is_mine.update(summary={**run.summary, "file": name}):
        file_storage().delete(name)
        raise Lost
    remove_earlier(run)


def remove_earlier(run):
    """What the same import had prepared in this format before."""
    earlier = run.job.runs.filter(kind=ImportRun.Kind.RESULTS, pk__lt=run.pk, summary__as=run.summary["as"])
    for other in earlier.exclude(state__in=ImportRun.UNFINISHED):
        if name := other.summary.get("file"):
            file_storage().delete(name)
        other.delete()
