"""Imports, undos and repairs that want the same records at the same time; `make stress` has many rounds."""

import threading

import pytest
from django.db import OperationalError, connection

from imports import execution, importing
from imports.models import ImportJob, ImportRun
from tests.factories import ContactFactory
from tests.imports.journeys import csv_bytes, draft, problems, start
from tests.stress import courses, together
from tests.stress.deliveries import FailAt, deliver, end_of, impatient, in_a_hurry, stands_still  # noqa: F401

HEADER = "Contact Code,First Name,Last Name"

pytestmark = pytest.mark.usefixtures("in_a_hurry")


@pytest.mark.parametrize("one", together.ROUNDS, ids=lambda one: one.__name__)
def test_two_at_once_neither_block_each_other_nor_lose_or_double_a_row(one, tmp_path):
    assert together.rounds(2, one, courses.somebody(), tmp_path) == []


def commit_elsewhere(do):
    """Do it in another connection, which commits."""

    def work():
        do()
        connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


def test_a_row_whose_record_somebody_else_writes_just_now_is_not_blamed(monkeypatch):
    if connection.vendor == "sqlite":
        pytest.skip("nobody else writes during a batch")
    job = draft("contacts", csv_bytes(HEADER, *(f"A{number},Ann,Sample" for number in range(3))))
    write = importing.write_records

    def somebody_is_first(run, importer, rows, now):
        if new := [row.record["code"] for row in rows if row.outcome == "created"]:
            commit_elsewhere(lambda: ContactFactory(code=new[0]))
        write(run, importer, rows, now)

    monkeypatch.setattr(importing, "write_records", somebody_is_first)
    start(job, leave_out=True)
    assert (problems(job), job.unchanged) == ([], 3)


@pytest.mark.usefixtures("impatient")
def test_cancelling_an_import_that_is_ending_waits_for_nobody(tmp_path):
    """Both lock the import and its run; who did it in another order than the other would block it for ever."""
    user = courses.somebody()
    courses.insert_after_a_check(user)
    deliver(until=lambda: ImportRun.objects.latest("pk").cursor == courses.ROWS + 1)
    fault = FailAt("before_done", "pause", tmp_path / "ending")
    worker = stands_still(fault)
    if connection.vendor == "sqlite":
        with pytest.raises(OperationalError, match="locked"):
            execution.cancel(ImportJob.objects.get(), user)
    else:
        assert execution.cancel(ImportJob.objects.get(), user)
    fault.wake()
    assert end_of(worker) == 0
    deliver()
    assert ImportJob.objects.get().state == "completed"
