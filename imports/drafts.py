"""A draft: the uploaded file, how it is read, and the mapping that is proposed for it."""

import hashlib
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language

from . import evidence, family, remembering
from .fields import Number
from .headers import headers, width
from .looking_over import date_order, is_outdated, is_report_of_this_version, make_report
from .mapping import Options, guess_header_row
from .models import ImportJob, NoLongerDraft, delete_stored, file_storage
from .parts import Limits, TimeIsUp, delete_parts, first_rows, iter_rows, read_file
from .readers_problems import UnreadableFile
from .suggestions import mapping_of
from .taking_back import carry_corrections, likely_encoding, take_back
from .validation import Checker
from .versions import restored

SAMPLE_VALUES = 3
PACKED = (".xlsx", ".xlsm")
# What a small machine reads at least, of a packed workbook and of other files. A request does not begin what
# it would not end: who waits for it sees the first rows of the file earlier.
PACKED_BYTES_PER_SECOND, BYTES_PER_SECOND = 1_500_000, 6_000_000
UNANSWERED = {"leave_out": None, "first_rows": None}  # what Start Import says
FILE_FIELDS = (
    "file",
    "file_name",
    "file_size",
    "sha256",
    "file_format",
    "reading",
    "reading_problem",
    "mapping",
    "options",
    "remembered",
)


def create(user, importer):
    return ImportJob.objects.create(entity_type=importer.slug, created_by=user, language=get_language() or "")


def keep_file(job, upload, name):
    """Store an upload (a Django File) as the draft's file, in place of an earlier one."""
    outdated = job.stored_names
    digest = getattr(upload, "sha256", None) or digest_of(upload)
    job.file.save(name, upload, save=False)
    job.file_name = Path(name).name[-255:]
    job.file_size, job.sha256 = upload.size, digest
    job.reading, job.reading_problem, job.mapping, job.options, job.remembered = {}, "", {}, {}, None
    try:
        job.save_draft(*FILE_FIELDS)
    except NoLongerDraft:
        file_storage().delete(job.file.name)
        raise
    forget_corrections(job)
    delete_stored(outdated)


def digest_of(upload):
    digest = hashlib.sha256()
    for chunk in upload.chunks():
        digest.update(chunk)
    upload.seek(0)
    return digest.hexdigest()


@transaction.atomic
def forget_corrections(job):
    """Rows that were corrected in place are of one file, read in one way, and of one entity type."""
    if job.corrected and job.row_corrections.all().delete()[0]:
        job.corrected += 1
        job.save_draft("corrected")


def forget_file(job):
    """Remove a draft's file that cannot be read."""
    outdated = job.stored_names
    job.file, job.file_name, job.file_size, job.sha256, job.file_format = "", "", 0, "", ""
    job.reading, job.mapping, job.options, job.remembered = {}, {}, {}, None
    job.save_draft(*FILE_FIELDS)
    delete_stored(outdated)


def change_entity_type(job, importer):
    """Make the draft one of another entity type; its file stays and gets a new proposal. Failed rows that
    came back go: read as others they would no longer be refused when they are done."""
    if job.repairs_id and job.file:
        forget_file(job)
    job.entity_type = importer.slug
    job.options, job.repairs, job.remembered = {}, None, None
    if job.reading:
        propose(job)
    job.save_draft("entity_type", "reading", "options", "mapping", "repairs_id", "remembered")
    forget_corrections(job)


def read(job, *, in_request, sheet=None, join=(), encoding=None, delimiter=None, on_progress=None):
    """Parse the draft's file into parts and propose header row and mapping.

    Raises UnreadableFile, and TimeIsUp when a request's few seconds are over, or would be. Parts of an
    earlier reading are removed only when the new ones are there. A mapping stays while the headers do.
    """
    if in_request and takes_long(job):
        raise TimeIsUp
    known_headers = headers_before(job)
    prefix = f"{job.parts_prefix}/{timezone.now():%H%M%S%f}"
    how = {
        "sheet": sheet,
        "join": join,
        "delimiter": delimiter,
        "limits": limits(in_request),
        "on_progress": on_progress,
    }
    reading = parse(job, prefix, encoding=encoding, **how)
    if likely := likely_encoding(job, reading):
        reading = parse_again(job, reading, f"{prefix}-again", encoding=likely, **how)
    reading, returned = take_back(job, reading, prefix)
    earlier, mapping = job.get_reading(), job.mapping
    job.reading, job.reading_problem, job.file_format = reading.to_json(), "", reading.format
    job.repairs = repaired_by(returned)
    propose(job, returned, in_request)
    if not returned and headers(job) == known_headers:
        job.mapping = mapping
    kept = (
        "reading",
        "reading_problem",
        "file_format",
        "options",
        "mapping",
        "entity_type",
        "repairs_id",
        "remembered",
    )
    same_file = ImportJob.objects.filter(pk=job.pk, sha256=job.sha256, state=ImportJob.State.DRAFT)
    with transaction.atomic():
        if on_progress:  # stops who has lost the run meanwhile, in the transaction that would keep
            on_progress(reading.rows)
        is_kept = same_file.update(touched_at=timezone.now(), **{name: getattr(job, name) for name in kept})
    if is_kept:
        forget_corrections(job)
        carry_corrections(job)
    outdated = earlier if is_kept else reading  # another file was uploaded while this one was read
    if outdated:
        delete_parts(file_storage(), outdated)


def takes_long(job):
    """Whether the size of the draft's file says that it cannot be read within a request. Its name is enough
    for that: a file with a wrong one is tried in vain, or read by a worker without need."""
    is_packed = job.file_name.lower().endswith(PACKED)
    bytes_per_second = PACKED_BYTES_PER_SECOND if is_packed else BYTES_PER_SECOND
    return job.file_size > settings.IMPORT_READ_IN_REQUEST_SECONDS * bytes_per_second


def is_of_this_version(job):
    """Whether a draft can go on as it is: nothing of it was read or mapped by another version."""
    return not job.reading or (job.is_of_this_version and is_report_of_this_version(job))


def forget_reading(job):
    """Go back to where the draft's file was kept and nothing was known of it; `read` goes on from there."""
    job.reading, job.reading_problem, job.mapping, job.options, job.remembered = {}, "", {}, {}, None
    outdated = ImportJob.objects.get(pk=job.pk).reading
    job.save_draft("reading", "reading_problem", "mapping", "options", "remembered")
    forget_corrections(job)
    delete_stored([part["name"] for part in outdated.get("parts", ())])


def repaired_by(returned):
    """The import whose failed rows came back, or None. Of one that is undone they are rows like any other."""
    root = family.root_of(returned.corrects) if returned and returned.corrects else None
    return None if root is None or root.undo_has_begun else root


def parse(job, prefix, **how):
    with local_copy(job) as path:
        return read_file(path, name=job.file_name, storage=file_storage(), prefix=prefix, **how)


def parse_again(job, reading, prefix, **how):
    """The Reading of the file read in another way, in the place of an earlier one if it can be read so."""
    try:
        again = parse(job, prefix, **how)
    except TimeIsUp:
        delete_parts(file_storage(), reading)
        raise
    except UnreadableFile:
        return reading
    delete_parts(file_storage(), reading)
    return again


def headers_before(job):
    """The headers as the file was read so far, or None."""
    with suppress(FileNotFoundError):  # another file may take its place at any time
        return headers(job) if job.reading else None


def limits(in_request):
    if in_request:
        seconds = settings.IMPORT_READ_IN_REQUEST_SECONDS
        return Limits(settings.IMPORT_CHILD_MEMORY_IN_REQUEST, seconds + 1, seconds)
    seconds = settings.IMPORT_READ_SECONDS
    return Limits(settings.IMPORT_CHILD_MEMORY_BYTES, seconds, seconds)


@contextmanager
def local_copy(job):
    """A path of the draft's file on this machine."""
    try:
        yield job.file.path
    except NotImplementedError:
        with tempfile.NamedTemporaryFile(prefix="import-") as copy, job.file.open() as source:
            for chunk in source.chunks():
                copy.write(chunk)
            copy.flush()
            yield copy.name


def propose(job, returned=None, in_request=True):
    """Header row and mapping from what the file holds, keeping the options already chosen; for failed
    rows that come back, entity type, options and mapping are those of the import that they come from."""
    rows = list(first_rows(file_storage(), job.get_reading(), 20))
    corrects = returned and returned.corrects
    if corrects:
        job.entity_type = corrects.entity_type
    job.remembered, header_row = (None, None) if returned else remembering.find(job, rows)
    options = restored(Options, job.options or options_before(job, corrects))
    options.header_row = (
        returned.header_row
        if returned
        else header_row_of(job) or header_row or guess_header_row(job.importer, rows)
    )
    options.totals = []
    job.options = options.to_json()
    make_report(job, in_request)
    mapping = returned.mapping if corrects else suggested_mapping(job)
    if not mapping.columns:
        suggested = suggested_mapping(job).columns
        mapping.columns = {key: index for key, index in suggested.items() if key not in mapping.fixed}
    job.mapping = mapping.to_json()
    detect_writing(job)


def header_row_of(job):
    """The row of the headers that the joined sheets have in common, or None."""
    joined = job.get_reading().joined
    return joined[0]["skipped"] if joined else None


def options_before(job, corrects):
    """The options of the import that is repaired, or of the one with the same headers."""
    if corrects:
        return {**corrects.options, **UNANSWERED}
    return remembering.options_of(job.remembered) if job.remembered else {}


def use_remembered(job, remembered):
    """Map a draft as a remembered mapping says, with its options."""
    job.remembered = remembered
    job.options = {**job.options, **remembering.options_of(remembered)}
    job.mapping = suggested_mapping(job).to_json()
    detect_writing(job)
    job.save_draft("remembered", "options", "mapping")


def forget_remembered(job):
    """Map a draft as its headers and values suggest."""
    job.remembered = None
    job.mapping = suggested_mapping(job).to_json()
    job.save_draft("remembered", "mapping")


def suggestions(job):
    """[Suggestion or None] for each header of the draft's file."""
    rows = first_data_rows(job, evidence.ROWS)
    return evidence.suggestions(job.importer, headers(job), rows, remembering.evidence(job.remembered))


def suggested_mapping(job):
    mapping = mapping_of(suggestions(job))
    return remembering.complete(mapping, job.remembered) if job.remembered else mapping


def detect_writing(job):
    """Set date order and decimal mark where the mapped cells decide them."""
    options, mapping = job.get_options(), job.get_mapping()
    if is_outdated(job):
        make_report(job)
    samples = first_data_rows(job, 5000)
    options.date_order = options.date_order or date_order(job, mapping)
    options.decimal_mark = options.decimal_mark or decimal_mark(texts_of(job, mapping, samples, Number))
    if job.remembered:
        remembering.fill_writing(options, job.remembered)
    job.options = options.to_json()


def texts_of(job, mapping, rows, kind):
    """The texts in the columns of one kind of field."""
    indexes = [
        mapping.columns[c.key]
        for c in job.importer.columns
        if isinstance(c.field, kind) and c.key in mapping.columns
    ]
    return [
        cells[i].strip() for _, cells in rows for i in indexes if i < len(cells) and isinstance(cells[i], str)
    ]


def decimal_mark(texts):
    """ "," or "." when some number decides and none contradicts, else ""."""
    marks = set()
    for text in texts:
        found = [character for character in text if character in ".,"]
        if len(found) == 1 and len(text) - text.rindex(found[0]) != 4:
            marks.add(found[0])
        elif len(set(found)) == 2:
            marks.add(found[-1])
    return marks.pop() if len(marks) == 1 else ""


def first_data_rows(job, count):
    """[(row number, cells)] of the first rows below the headers."""
    rows = iter_rows(file_storage(), job.get_reading(), after=job.get_options().header_row)
    return [row for _, row in zip(range(count), rows, strict=False)]


def samples(job, header_count):
    """For each header its first three values that are not blank, as texts."""
    return evidence.texts_by_header(first_data_rows(job, 50), header_count, SAMPLE_VALUES)


def checker(job, writes=False, written=None):
    """The Checker of an import as it stands; `writes` for the import's own, with what it has `written`."""
    return Checker(
        job.importer,
        job.get_mapping(),
        job.get_options(),
        width(job),
        writes,
        corrections=job.corrections(),
        sheets=job.row_sheets,
        relatives=family.relatives(job, writes),
        written=written,
    )


def data_rows(job):
    """How many rows the import has: those below the headers."""
    reading, header_row = job.get_reading(), job.get_options().header_row
    above = sum(part["rows"] for part in reading.parts if part["last"] <= header_row)
    for number, _ in iter_rows(file_storage(), reading, after=reading_part_start(reading, header_row)):
        if number > header_row:
            break
        above += 1
    return reading.rows - above


def reading_part_start(reading, header_row):
    """The last row before the part that holds `header_row`."""
    return max((part["last"] for part in reading.parts if part["last"] <= header_row), default=0)


def imported_before(job):
    """The latest started import of the same content and entity type, or None."""
    same = ImportJob.objects.filter(sha256=job.sha256, entity_type=job.entity_type)
    return same.exclude(state=ImportJob.State.DRAFT).exclude(pk=job.pk).order_by("-started_at").first()


def delete(job):
    """Remove a draft and its files; False when it was started meanwhile."""
    deleted, _ = ImportJob.objects.filter(pk=job.pk, state=ImportJob.State.DRAFT).delete()
    if deleted:
        job.delete_files()
    return bool(deleted)
