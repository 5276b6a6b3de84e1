"""Failed rows that are brought again: from an ended import to the draft that repairs it.

A repair is an import of its own whose rows are rows of another import's file. Its draft holds the
failed rows alone, or all rows of that file that are not yet imported with the failed ones corrected.
"""

from django.core.files import File

from . import drafts, execution, family, reports
from .models import ImportJob
from .parts import TimeIsUp

BEGUN = "failed rows taken up"
ROWS_IN_A_REQUEST = 2000


def begin(job, user, queue=execution.put_in_queue):
    """The draft that holds the failed rows left of an ended import and its repairs, with the mapping and
    options of the import; that which the user has begun already, if any. Many rows are brought by a
    read run: until it is over the draft has no reading."""
    root = family.root_of(job)
    if begun := begun_draft(root, user):
        return begun
    draft = drafts.create(user, root.importer)
    draft.repairs = root
    draft.file_name = f"{reports.failed_rows_stem(root)}.{root.file_format}"
    draft.save_draft("repairs_id", "file_name")
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


def can_begin(job):
    """Whether an import has ended, is not undone, and rows of its family are left to be corrected."""
    has_ended = not job.is_draft and not job.is_running and not job.undo_has_begun
    return has_ended and any(True for _ in family.rows_left(family.root_of(job)))


def read(job, *, rows="", **how):
    """Read a draft's rows: its file, or the rows "left" to repair, or "all" of the repaired import."""
    {"": drafts.read, "left": bring_rows_left}[rows](job, **how)


def bring_rows_left(draft, **how):
    """Write the failed rows left into a file, as if they had been downloaded, and read it."""
    file, name = reports.failed_rows_left(draft.repairs)
    with file:
        drafts.keep_file(draft, File(file), name)
    drafts.read(draft, **how)


def is_ready(job):
    """Whether a repair's draft needs no mapping: all that the repaired import had mapped is there."""
    return bool(job.repairs_id and job.reading and job.get_reading().aligned)
