"""Failed rows that are brought again: from an ended import to the draft that repairs it.

A repair is an import of its own whose rows are rows of another import's file. Its draft holds the
failed rows alone, or with them the rows of that file that have not been imported yet.
"""

from dataclasses import replace
from heapq import merge
from itertools import groupby

from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext_noop

from . import drafts, execution, family, reports
from .corrections import PART_ROWS, write_parts
from .models import ImportJob, NoLongerDraft, RowCorrection, delete_stored, file_storage
from .parts import TimeIsUp, iter_rows

BEGUN = gettext_noop("failed rows taken up")
ROWS_IN_A_REQUEST = 2000
ALL_ROWS_IN_A_REQUEST = 20_000


# To a draft that holds failed rows


def begin(job, user, queue=execution.put_in_queue):
    """The draft that holds the failed rows left of an ended import and its repairs, with the mapping and
    options of the import; that which the user has begun already, if any. Many rows are brought by a
    read run: until it is over the draft has no reading."""
    root = family.root_of(job)
    if begun := begun_draft(root, user):
        return begun
    draft = create(root, user, file_name=f"{reports.failed_rows_stem(root)}.{root.file_format}")
    draft.log(BEGUN, user, of=root.pk)
    if root.rejected > ROWS_IN_A_REQUEST:
        execution.begin_reading(draft, queue, rows="left")
        return draft
    try:
        bring_rows_left(draft, in_request=True)
    except TimeIsUp:
        execution.begin_reading(draft, queue)
    return draft


def begun_draft(root, user):
    own = ImportJob.objects.filter(repairs=root, created_by=user, state=ImportJob.State.DRAFT)
    return own.filter(events__event=BEGUN).order_by("-pk").first()


def create(root, user, file_name=""):
    """A draft that is to repair an import; its file decides whether it does."""
    draft = drafts.create(user, root.importer)
    draft.repairs, draft.file_name = root, file_name
    draft.save_draft("repairs_id", "file_name")
    return draft


def rows_left(job):
    """How many failed rows of an import and its repairs are left to be corrected; 0 while it runs, when it
    is undone, and when its file is no longer kept."""
    root = family.root_of(job)
    has_ended = not job.is_draft and not job.is_running and not job.undo_has_begun
    return family.left_count(root) if has_ended and is_kept(root.get_reading()) else 0


def read(job, *, rows="", **how):
    """Read a draft's rows: its file, or the rows "left" to repair, or "all" that are not imported yet."""
    {"": drafts.read, "left": bring_rows_left, "all": take_all_rows}[rows](job, **how)


def bring_rows_left(draft, **how):
    """Write the failed rows left into a file, as if they had been downloaded, and read it."""
    file, name = reports.failed_rows_left(draft.repairs)
    with file:
        drafts.keep_file(draft, File(file), name)
    drafts.read(draft, **how)


def is_ready(job):
    """Whether a repair's draft needs no mapping: all that the repaired import had mapped is there."""
    return bool(job.repairs_id and job.reading and job.get_reading().aligned)


def lost_columns(job):
    """The columns that the repaired import had mapped and that nothing of the repair's file feeds."""
    if not job.repairs_id or is_ready(job):
        return []
    lost = job.repairs.get_mapping().fed() - job.get_mapping().fed()
    return [column for column in job.importer.columns if column.key in lost]


# With the other rows of the import's file


def can_take_all_rows(job):
    """Whether the repaired import's other rows are kept and fit those of the draft."""
    root = job.repairs
    return is_ready(job) and not root.is_running and bool(root.file) and is_kept(root.get_reading())


def is_kept(reading):
    return all(file_storage().exists(part["name"]) for part in reading.parts[:1])


def choose_all_rows(job, queue=execution.put_in_queue):
    execution.stop_runs(job)
    if job.repairs.rows > ALL_ROWS_IN_A_REQUEST:
        execution.begin_reading(job, queue, rows="all")
    else:
        take_all_rows(job)


def take_all_rows(draft, in_request=True, on_progress=None):
    """Put between the draft's rows those of the repaired import's file that are not yet imported."""
    root, reading = draft.repairs, draft.get_reading()
    own = reading.own or {"parts": reading.parts, "rows": reading.rows, "width": reading.width}
    own_reading = replace(reading, **own, own={})
    others = iter_rows(file_storage(), root.get_reading(), after=root.get_options().header_row)
    done = set(family.done_rows(root).values_list("row_number", flat=True))
    rows = merged(iter_rows(file_storage(), own_reading), (row for row in others if row[0] not in done))
    prefix = f"{draft.parts_prefix}/{timezone.now():%H%M%S%f}-all"
    parts, width = write_parts(file_storage(), prefix, reported(rows, on_progress))
    count = sum(part["rows"] for part in parts)
    change_rows(draft, replace(reading, parts=parts, rows=count, width=width, own=own))
    take_over_corrections(draft, root, own_reading)


def merged(own, others):
    """The rows of both in order of their numbers; the own one where both have one."""
    for _, same in groupby(merge(own, others, key=family.number_of), key=family.number_of):
        yield next(same)


def reported(rows, on_progress):
    for count, row in enumerate(rows):
        if on_progress and count % PART_ROWS == 0:
            on_progress(count)
        yield row


def take_own_rows(draft):
    """Leave the rows of the draft's own file only."""
    reading = draft.get_reading()
    if reading.own:
        change_rows(draft, replace(reading, **reading.own, own={}))


def change_rows(draft, reading):
    """Keep another reading of the same file. Raises NoLongerDraft when it was started or has another file."""
    earlier = draft.get_reading()
    same = ImportJob.objects.filter(pk=draft.pk, sha256=draft.sha256, state=ImportJob.State.DRAFT)
    is_kept = same.update(reading=reading.to_json(), touched_at=timezone.now())
    kept, outdated = (reading, earlier) if is_kept else (earlier, reading)
    delete_stored(names_of_parts(outdated) - names_of_parts(kept))
    if not is_kept:
        raise NoLongerDraft
    draft.reading = reading.to_json()


def names_of_parts(reading):
    return {part["name"] for part in (*reading.parts, *reading.own.get("parts", ()))}


def take_over_corrections(draft, root, own_reading):
    """The cells of the import's other rows that were corrected in place stay so."""
    corrections = root.corrections()
    own = {number for number, _ in iter_rows(file_storage(), own_reading)} if corrections else ()
    taken = [
        RowCorrection(job=draft, row_number=number, cells=cells)
        for number, cells in corrections.items()
        if number not in own
    ]
    RowCorrection.objects.bulk_create(taken, ignore_conflicts=True)
    if taken:
        draft.corrected += 1
        draft.save_draft("corrected")
