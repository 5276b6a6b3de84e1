"""Erases people from imports: what is kept of the rows about a record that was deleted.

Of a row that is erased the cells go, everywhere; its number and the ledger's bare outcome stay. It is
erased when the ledger names the deleted record, or when the row has no record and its key, e-mail or phone
is theirs. The imports are gone through one by one, safe to repeat: the parts, in which the rows are found,
are replaced last.
"""

import tempfile
import time
import uuid
from collections import defaultdict
from dataclasses import replace
from datetime import timedelta

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.core.files import File
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_noop

from . import family, reports
from .beat import beating
from .cleaning import Cleaner
from .corrections import write_part
from .erased import Erasure, comparable_fields, waiting
from .events import ImportEvent
from .importers import importer_for
from .keys import folded_key
from .looking_over import make_report
from .models import (
    ImportJob,
    ImportRow,
    ImportRowDetail,
    ImportRun,
    RowCorrection,
    RowDouble,
    delete_stored,
    file_storage,
    upload_name,
)
from .parts import Reading, iter_parts, iter_rows
from .remembered import RememberedMapping
from .writing import count_problems_anew

AT_ONCE = 500
PEOPLE_AT_ONCE = 10_000
ROWS_ERASED = gettext_noop("rows erased with their records")
RECORDS_ERASED = gettext_noop("deleted records erased")


@beating()
def erase(seconds=None):
    """The queued task: as far as it comes in a slice. Returns how many records it is done with."""
    deadline = time.monotonic() + (settings.IMPORT_SLICE_SECONDS if seconds is None else seconds)
    token, some = uuid.uuid4(), list(waiting().order_by("pk").values_list("pk", flat=True)[:PEOPLE_AT_ONCE])
    lease = Now() + timedelta(seconds=settings.IMPORT_READ_SECONDS + 60)
    waiting().filter(pk__in=some).update(token=token, lease=lease)
    own = Erasure.objects.filter(token=token)
    slugs = sorted(set(own.values_list("entity_type", flat=True)))
    done = sum(Erasing(slug, own.filter(entity_type=slug)).work(deadline) for slug in slugs)
    own.update(token=None, lease=None)
    return done


class Erasing:
    """The people of one entity type who are erased together."""

    def __init__(self, slug, erasures):
        self.importer, self.erasures, self.people = importer_for(slug), erasures, list(erasures)
        self.pks = {person.record_id for person in self.people}
        self.values = defaultdict(set)
        for person in self.people:
            for key, value in person.values.items():
                self.values[key].add(value)
        key_field = comparable_fields(self.importer)[self.importer.key]
        self.to_key = self.importer.model.keys[key_field][1]
        self.anywhere = {folded_key(value) for key in self.importer.alike for value in self.values[key]}

    def work(self, deadline):
        """Go through the imports as long as there is time; returns how many people are done with."""
        after = min(person.done_up_to for person in self.people)
        jobs = ImportJob.objects.filter(entity_type=self.importer.slug, pk__gt=after).exclude(file="")
        for pk in list(jobs.order_by("pk").values_list("pk", flat=True)):
            job = ImportJob.objects.filter(pk=pk).first()
            if job is None:
                continue
            if time.monotonic() > deadline or is_busy(job) or not self.erase_from(job):
                return 0
            self.erasures.update(done_up_to=job.pk)
        self.finish()
        return len(self.people)

    def finish(self):
        """What else says who they were; then they are forgotten here too."""
        for remembered in RememberedMapping.objects.filter(entity_type=self.importer.slug):
            if (values := self.without_values(remembered.values)) != remembered.values:
                RememberedMapping.objects.filter(pk=remembered.pk).update(values=values)
        logged = LogEntry.objects.filter(content_type=ContentType.objects.get_for_model(self.importer.model))
        for some in chunks(sorted(map(str, self.pks))):
            logged.filter(object_id__in=some).update(object_repr=F("object_id"), change_message="")
        details = {"entity_type": self.importer.slug, "records": len(self.people)}
        ImportEvent.objects.create(event=RECORDS_ERASED, details=details)
        self.erasures.all().delete()

    # One import

    def erase_from(self, job):
        """Erase their rows; False when somebody changed the import meanwhile: then it is tried again."""
        self.erase_doubles(job)
        numbers = self.numbers_of(job) if job.reading else ()
        if not numbers:
            return True
        erase_details(job, numbers)
        return self.replace_files(job, numbers)

    def erase_doubles(self, job):
        """Rows of others that would have doubled the deleted records: the preview finds them anew."""
        for run in job.runs.filter(summary__doubles__gt=0):
            doubles = run.doubles.values_list("pk", "records").iterator(AT_ONCE)
            pks = set(map(str, self.pks))
            found = [pk for pk, records in doubles if any(record[0] in pks for record in records)]
            for some in chunks(found):
                run.doubles.filter(pk__in=some).delete()
            if found:
                run.summary["doubles"] = run.doubles.count()
                run.save(update_fields=["summary"])

    def numbers_of(self, job):
        """The numbers of the rows that are theirs and still hold something."""
        theirs, cleaner = self.numbers_of_records(job), cleaner_of(job)
        rows = iter_rows(file_storage(), job.get_reading(), after=job.get_options().header_row)
        held = {
            number
            for number, cells in rows
            if cells and (number in theirs or self.are_named(cleaner.clean(number, cells)))
        }
        return held - self.numbers_of_others(job, held - theirs)

    def numbers_of_records(self, job):
        """The rows that made the deleted records what they were, in whichever import of the family."""
        root = family.root_of(job)
        last, found = family.last_row(root), set()
        ledger = ImportRow.objects.filter(run__job__in=root.family)
        for some in chunks(sorted(self.pks)):
            rows = ledger.filter(record_id__in=some).values_list("row_number", "run__job")
            found |= {number for number, pk in rows if not last or number <= last or pk == job.pk}
        return found

    def numbers_of_others(self, job, numbers):
        """Those of the rows that have a record, but of somebody else, such as one with the same phone."""
        found, ledger = set(), ImportRow.objects.filter(run__job__in=family.root_of(job).family)
        for some in chunks(sorted(numbers)):
            found |= set(
                ledger.filter(row_number__in=some)
                .exclude(record_id=None)
                .values_list("row_number", flat=True)
            )
        return found

    def are_named(self, row):
        key = row.values.get(self.importer.key)
        if key is not None and self.to_key(key) in self.values[self.importer.key]:
            return True
        alike = (key for key in self.importer.alike if self.values[key])
        if any(self.importer.comparable(key, row.values) in self.values[key] for key in alike):
            return True
        return any(isinstance(cell, str) and folded_key(cell) in self.anywhere for cell in row.cells)

    def without_values(self, values):
        """The texts that were chosen for others {column key: {text: chosen}}, but for those that are theirs."""
        theirs = self.anywhere | {folded_key(value) for value in self.values[self.importer.key]}
        return {
            key: {
                text: used
                for text, used in others.items()
                if not {folded_key(text), folded_key(used or "")} & theirs
            }
            for key, others in values.items()
        }

    def replace_files(self, job, numbers):
        """Put files without the rows in the place of those with them."""
        outdated, before = set(job.stored_names), stand_of(job)
        digest = job.digest
        job.reading = without_cells(job, numbers).to_json() | {"report": {}}
        job.file.name = save_source(job)
        if job.failed_rows:
            job.failed_rows.name = reports.save_failed_rows(job, job.deciding_run())
        if "values" in job.mapping:
            job.mapping["values"] = self.without_values(job.mapping["values"])
        if job.is_draft:
            job.corrected += 1  # so that it is checked anew
            make_report(job, in_request=False)
        job.erased += len(numbers)
        with transaction.atomic():
            stored = ImportJob.objects.select_for_update().get(pk=job.pk)
            is_kept = stand_of(stored) == before and not is_busy(stored)
            if is_kept:
                job.save(update_fields=["reading", "file", "failed_rows", "mapping", "corrected", "erased"])
                job.runs.filter(kind=ImportRun.Kind.RESULTS).delete()
                job.runs.filter(digest=digest).update(digest=job.digest)
                job.log(ROWS_ERASED, rows=len(numbers))
        kept = set(job.stored_names) if is_kept else outdated
        delete_stored((outdated | set(job.stored_names)) - kept)
        return is_kept


def is_busy(job):
    return job.is_running or job.runs.filter(state__in=ImportRun.UNFINISHED).exists()


def stand_of(job):
    """What must be the same still when files without the rows are put in the place of those with them."""
    return job.state, job.digest, job.reading.get("parts")


def cleaner_of(job):
    return Cleaner(job.importer, job.get_mapping(), job.get_options(), corrections=job.corrections())


def erase_details(job, numbers):
    """Remove what the database holds of the rows, and runs that nothing needs any more."""
    runs = job.runs.exclude(kind=ImportRun.Kind.RESULTS)
    (runs if job.is_draft else runs.filter(kind=ImportRun.Kind.CHECK).exclude(digest=job.digest)).delete()
    for some in chunks(sorted(numbers)):
        for model in (ImportRowDetail, RowDouble):
            model.objects.filter(run__in=list(runs), row_number__in=some).delete()
        RowCorrection.objects.filter(job=job, row_number__in=some).delete()
    for run in runs.filter(kind__in=[ImportRun.Kind.CHECK, ImportRun.Kind.IMPORT]):
        count_problems_anew(run)
        if "doubles" in run.summary:
            run.summary["doubles"] = run.doubles.count()
        run.save(update_fields=["summary"])


def without_cells(job, numbers):
    """The reading with parts in which these rows are empty."""
    reading, prefix = Reading.from_json(job.reading), f"{job.parts_prefix}/{timezone.now():%H%M%S%f}-erased"

    def emptied(parts, folder):
        new = []
        for part in parts:
            (rows,) = iter_parts(file_storage(), replace(reading, parts=[part]))
            if any(number in numbers for number, _ in rows):
                rows = [[number, [] if number in numbers else cells] for number, cells in rows]
                part = write_part(file_storage(), f"{folder}/{len(new):05d}.jsonl", rows)
            new.append(part)
        return new

    own = reading.own and reading.own | {"parts": emptied(reading.own["parts"], f"{prefix}-own")}
    return replace(reading, parts=emptied(reading.parts, prefix), own=own)


def save_source(job):
    """Store a file in the format of the upload that holds the rows of the import, and nothing else."""
    reading = job.get_reading()
    rows = replace(reading, **(reading.own or {}), totals=[])
    with tempfile.TemporaryFile() as file:
        reports.write_table(
            file,
            job,
            job.file_format,
            lambda speech: (cells for _, cells in iter_rows(file_storage(), rows)),
            escaped=False,
        )
        return file_storage().save(upload_name(job, ""), File(file))


def chunks(values):
    values = list(values)
    return (values[start : start + AT_ONCE] for start in range(0, len(values), AT_ONCE))
