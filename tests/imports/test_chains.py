"""What people do one after the other – imports of several files, trials, repairs, undoing – fits together
whatever the files hold: checks foretell, no row is done twice, and undoing it all leaves nothing behind.
CHAINS makes it try more chains of each type."""

import os
from collections import Counter

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from imports import execution, family, repairs, undo
from imports.models import ImportJob, ImportRun, RowCorrection, file_storage
from imports.parts import iter_rows
from tests.factories import SuperuserFactory
from tests.imports.journeys import undo_import, work
from tests.imports.test_exact_preview import CELLS, CORRECTED, STORE, check, draft_of, files
from tests.imports.test_undo import tables

pytestmark = pytest.mark.django_db

CHAINS = int(os.environ.get("CHAINS", "4"))
LONGEST = 5


@pytest.mark.parametrize("slug", CELLS)
def test_whatever_was_imported_tried_and_repaired_can_be_undone_to_the_last_byte(slug, settings):
    check_chains(slug, settings)


def check_chains(slug, configuration):
    @settings(
        max_examples=CHAINS,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    @given(st.data())
    def every_chain(data):
        with transaction.atomic():
            Chain(slug, data.draw, configuration).walk()
            transaction.set_rollback(True)

    every_chain()


class Chain:
    def __init__(self, slug, draw, configuration):
        self.slug, self.draw, self.configuration = slug, draw, configuration
        self.jobs = []  # those that have written, the latest last
        self.tried = None
        self.user = SuperuserFactory()

    def walk(self):
        first = self.file()
        STORE[self.slug](first["stored"], first["twists"])
        before = tables()
        self.run(draft_of(self.slug, first))
        for _ in range(self.draw(st.integers(1, LONGEST))):
            self.draw(st.sampled_from([self.another, self.try_rows, self.go_on, self.repair, self.undo]))()
            self.no_row_is_done_twice()
        while self.jobs:
            self.undo()
        assert tables() == before

    def file(self):
        file = self.draw(files(self.slug))
        self.configuration.IMPORT_BATCH_ROWS = file["batch_rows"]
        self.slice_seconds = file["slice_seconds"]
        return file

    # Steps

    def another(self):
        self.run(draft_of(self.slug, self.file()))

    def try_rows(self):
        self.run(draft_of(self.slug, self.file()), first_rows=1)

    def go_on(self):
        """Continue a trial; once others have written it could not be undone to the last byte."""
        job, self.tried = self.tried, None
        if job is None:
            return
        queue = []
        assert execution.resume(job, self.user, queue.append)
        work(queue, self.slice_seconds)
        self.has_run(job)

    def repair(self):
        able = [job for job in self.jobs if not job.repairs_id and repairs.rows_left(job)]
        if not able:
            return
        draft = repairs.begin(self.draw(st.sampled_from(able)), None)
        rows = iter_rows(file_storage(), draft.get_reading(), after=draft.get_options().header_row)
        numbers = st.sampled_from([number for number, _ in rows])
        cells = st.dictionaries(
            st.sampled_from(list(CELLS[self.slug])), st.sampled_from(CORRECTED), max_size=2
        )
        corrections = self.draw(st.dictionaries(numbers, cells, max_size=3))
        RowCorrection.objects.filter(job=draft, row_number__in=corrections).delete()
        RowCorrection.objects.bulk_create(
            RowCorrection(job=draft, row_number=number, cells=cells) for number, cells in corrections.items()
        )
        ImportJob.objects.filter(pk=draft.pk).update(from_command_line=True, corrected=draft.corrected + 1)
        draft.refresh_from_db()
        self.run(draft)

    def undo(self):
        """Undo the latest, as its check foretells."""
        if not self.jobs:
            return
        job, self.tried = self.jobs.pop(), None
        done = undo_import(job, self.user, self.slice_seconds)
        counts = undo.counts(done)
        assert counts["kept"] == counts["gone"] == 0
        foretold = job.latest_run(ImportRun.Kind.UNDO_CHECK)
        assert undo.counts(foretold) == counts
        assert foretold.summary["look_ups"] == done.summary["look_ups"]

    def run(self, job, first_rows=None):
        """Check and import a draft; what the check foretells of all its rows comes about."""
        checked = check(job, self.slice_seconds)
        assert checked.state == "done"
        queue = []
        assert execution.start(
            job, None, start_key=job.start_key, leave_out=True, first_rows=first_rows, queue=queue.append
        )
        work(queue, self.slice_seconds)
        self.has_run(job)
        if first_rows is None:
            assert job.latest_run("import").counts == checked.counts

    def has_run(self, job):
        job.refresh_from_db()
        if job not in self.jobs and undo.is_possible(job):
            self.jobs.append(job)
        self.tried = job if job.is_tried else None

    # What always holds

    def no_row_is_done_twice(self):
        for root in {family.root_of(job) for job in self.jobs}:
            done = family.done_rows(root).values_list("row_number", "record_id")
            numbers, records = zip(*done, strict=True) if done else ((), ())
            assert not [number for number, times in Counter(numbers).items() if times > 1]
            assert not [record for record, times in Counter(records).items() if times > 1]
