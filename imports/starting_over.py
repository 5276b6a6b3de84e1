"""Starting over with the file of an import that came to nothing: a new draft, mapped as it was."""

from django.core.files import File
from django.utils import timezone
from django.utils.translation import gettext_noop

from . import drafts
from .models import ImportJob, RowCorrection, file_storage

STARTED_OVER = gettext_noop("started over")
TAKEN_OVER = ("file_name", "file_size", "sha256", "file_format", "mapping", "corrected")


def is_possible(job):
    """Whether the import was undone, failed or was cancelled, and its own file is still kept. One that is
    tried goes on, or is undone first."""
    has_stopped = job.state in (ImportJob.State.FAILED, ImportJob.State.CANCELLED) and not job.is_tried
    came_to_nothing = job.undone_at or has_stopped
    return bool(came_to_nothing and job.file and job.reading and not job.repairs_id)


def start_over(job, user):
    """A draft of the user with a copy of the file, read, mapped and corrected as it is there."""
    draft = drafts.create(user, job.importer)
    with job.file.open() as file:
        draft.file.save(job.file_name, File(file), save=False)
    draft.reading = with_copied_parts(job.reading, f"{draft.parts_prefix}/{timezone.now():%H%M%S%f}")
    draft.options = {**job.options, **drafts.UNANSWERED}
    for name in TAKEN_OVER:
        setattr(draft, name, getattr(job, name))
    draft.save_draft(*drafts.FILE_FIELDS, "corrected")
    corrections = job.row_corrections.values_list("row_number", "cells")
    RowCorrection.objects.bulk_create(
        RowCorrection(job=draft, row_number=number, cells=cells) for number, cells in corrections
    )
    draft.log(STARTED_OVER, user, of=job.pk)
    return draft


def with_copied_parts(reading, prefix):
    """The reading with copies of its parts below `prefix`."""
    parts = []
    for index, part in enumerate(reading["parts"]):
        with file_storage().open(part["name"]) as content:
            name = file_storage().save(f"{prefix}/{index:05d}.jsonl", content)
        parts.append({**part, "name": name})
    return {**reading, "parts": parts}
