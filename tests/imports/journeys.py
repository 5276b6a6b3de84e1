"""Short ways to bring a file to where a test begins."""

from django.core.files.base import ContentFile

from imports import drafts, execution, undo
from imports.importers import importer_for
from imports.models import ImportRun
from imports.worker import Worker
from tests.factories import SuperuserFactory

FOREVER = float("inf")


def csv_bytes(*lines):
    return "\n".join(lines).encode()


def draft(slug, content, name="file.csv", user=None, **options):
    """A draft of `content` (bytes), read and mapped by its headers, with options set."""
    job = drafts.create(user, importer_for(slug))
    drafts.keep_file(job, ContentFile(content, name=name), name)
    drafts.read(job, in_request=True)
    job.options = {**job.options, **options}
    job.from_command_line = user is None
    job.save()
    return job


def check(job):
    """The finished check run of a draft."""
    queue = []
    run = execution.add_run(job, ImportRun.Kind.CHECK, queue.append)
    work(queue)
    run.refresh_from_db()
    return run


def start(job, leave_out=None, user=None, slice_seconds=FOREVER):
    """Start an import and work its runs to the end."""
    queue = []
    assert execution.start(job, user, start_key=job.start_key, leave_out=leave_out, queue=queue.append)
    work(queue, slice_seconds)
    job.refresh_from_db()
    return job


def work(queue, slice_seconds=FOREVER, on_progress=None):
    """Work runs and what follows from them, in order."""
    while queue:
        Worker(queue.append, slice_seconds, on_progress).work(queue.pop(0).pk)


def run_import(slug, content, name="file.csv", leave_out=None, **options):
    return start(draft(slug, content, name, **options), leave_out)


def problems(job):
    """[(row number, code, column)] of the rejected rows of the run that decided."""
    details = job.deciding_run().details.filter(outcome="rejected").order_by("row_number")
    return [(d.row_number, p.code, p.column) for d in details for p in d.get_problems()]


def undo_check(job):
    """The finished check of an undo."""
    queue = []
    run = undo.check(job, queue.append)
    work(queue)
    run.refresh_from_db()
    return run


def undo_import(job, user=None, slice_seconds=FOREVER):
    """Undo an import as its page does; returns the finished run."""
    queue, user = [], user or SuperuserFactory()
    assert undo.start(job, user, undo_check(job).pk, queue.append)
    work(queue, slice_seconds)
    job.refresh_from_db()
    return undo.last_undo(job)


def kept(run):
    """[(row number, code)] of what an undo run kept, or would keep."""
    details = run.details.filter(outcome="kept").order_by("row_number")
    return [(d.row_number, p.code) for d in details for p in d.get_problems()]
