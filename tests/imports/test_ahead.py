"""Rows that a second process cleans: the same rows, whatever happens to it or to who waits for them."""

import os
import signal
from functools import partial

import pytest

from entities.models import Contact
from imports import ahead, drafts, execution
from imports.models import ImportRun, file_storage
from imports.parts import iter_rows, rows_of, stored_parts
from tests.imports.journeys import csv_bytes, draft, problems, run_import
from tests.product import wait_until
from tests.stress.deliveries import Worker

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email,Date of Birth,Gender"
ROWS = 6_500  # more than a part


def lines():
    for number in range(ROWS):
        email = "no address" if number % 70 == 3 else f"c{number}@example.com"
        birthday = "1984-02-30" if number % 90 == 4 else "1984-03-09"
        yield f"C{number},Ann,Σample {number},{email},{birthday},{('', 'MALE', 'F')[number % 3]}"


@pytest.fixture(scope="module")
def content():
    return csv_bytes(HEADER, *lines())


@pytest.fixture
def always(monkeypatch):
    """However few rows there are; gives the processes that were begun."""
    begun, fork = [], os.fork
    monkeypatch.setattr(ahead, "LEAST_ROWS", 1)

    def note():
        pid = fork()
        if pid:
            begun.append(pid)
        return pid

    monkeypatch.setattr(ahead.os, "fork", note)
    return begun


def cleaned_ahead(job, after=1, parts=None):
    reading = job.get_reading()
    parts = parts or stored_parts(file_storage(), reading, after)
    return ahead.cleaned(drafts.checker(job).cleaner, parts, partial(rows_of, reading=reading, after=after))


def is_there(pid):
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize("after", [1, 2, 4_000, ROWS])
def test_the_second_process_makes_of_each_row_what_the_first_would(content, after):
    job = draft("contacts", content)
    cleaner = drafts.checker(job).cleaner
    rows = iter_rows(file_storage(), job.get_reading(), after=after)
    expected = [(number, cells, cleaner.cleaned(number, cells)) for number, cells in rows]
    assert len(expected) == ROWS + 1 - after
    assert list(cleaned_ahead(job, after)) == expected


def test_an_import_ends_as_it_does_without_the_second_process(content, always):
    job = run_import("contacts", content, leave_out=True)
    assert len(always) == 1
    told = problems(job), sorted(Contact.objects.values_list("code", "last_name", "birth_date", "gender"))
    Contact.objects.all().delete()
    ahead.LEAST_ROWS = 10**9  # the fixture puts it back
    assert job.rejected > 100
    job = run_import("contacts", content, leave_out=True)
    assert len(always) == 1
    assert told == (
        problems(job),
        sorted(Contact.objects.values_list("code", "last_name", "birth_date", "gender")),
    )


def test_of_who_wants_no_more_rows_no_process_stays(content, always):
    rows = cleaned_ahead(draft("contacts", content))
    assert next(rows)[0] == 2
    rows.close()
    assert not is_there(always[0])


def test_a_process_that_ends_early_is_not_taken_for_the_end_of_the_file(content, always):
    rows = cleaned_ahead(draft("contacts", content))
    next(rows)
    os.kill(always[0], signal.SIGKILL)
    with pytest.raises(ahead.ProcessGone):
        list(rows)


def test_a_part_that_cannot_be_read_is_told_to_who_waits_for_its_rows(content, always):
    job = draft("contacts", content)

    def parts():
        yield from list(stored_parts(file_storage(), job.get_reading()))[:1]
        raise FileNotFoundError("the second part")

    with pytest.raises(FileNotFoundError, match="the second part"):
        list(cleaned_ahead(job, parts=parts()))
    assert not is_there(always[0])


@pytest.mark.django_db(transaction=True)
def test_an_import_whose_second_process_dies_goes_on_where_it_was(content, always):
    """Its worker leaves the run to the sweep, as if it had died itself."""
    job, queue = draft("contacts", content), []
    run = execution.add_run(job, ImportRun.Kind.CHECK, queue.append)

    def kill(run):
        if len(always) == 1:
            os.kill(always[0], signal.SIGKILL)

    Worker(queue.append, 10**6, kill).work(run.pk)
    run.refresh_from_db()
    assert run.state == "waiting"
    assert 0 < run.rows_done < ROWS
    Worker(queue.append, 10**6).work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.rows_done, len(always)) == ("done", ROWS, 2)


def test_a_worker_that_is_killed_leaves_no_process(content, tmp_path):
    job = draft("contacts", content)
    cleaner, parts = drafts.checker(job).cleaner, list(stored_parts(file_storage(), job.get_reading()))
    seen, fork = tmp_path / "pid", os.fork

    def note():
        if pid := fork():
            seen.write_text(str(pid))
        return pid

    if not (worker := fork()):
        try:
            ahead.os.fork = note
            rows = ahead.cleaned(cleaner, parts * 50, partial(rows_of, reading=job.get_reading()))
            next(rows)
            signal.pause()
        finally:
            os._exit(1)
    wait_until(lambda: seen.exists() and seen.read_text(), "the second process is there")
    os.kill(worker, signal.SIGKILL)
    os.waitpid(worker, 0)
    wait_until(lambda: not is_there(int(seen.read_text())), "the second process is gone too")
