"""The next rows are read while the database takes the ones before; nobody sees that but on the clock."""

from contextlib import closing
from threading import Event
from types import SimpleNamespace

import pytest
from django.db import connection

from entities.models import Contact
from imports import batches, importing, worker
from imports.batches import Batches
from imports.models import ImportRun
from tests.imports.journeys import csv_bytes, draft, start

ENOUGH = 20  # seconds
CONTENT = csv_bytes("Contact Code,First Name,Last Name", *(f"A{number},Ann,Sample" for number in range(30)))


class Rows:
    """Six rows, of which the fifth cannot be read if `damaged`."""

    def __init__(self, looks_ahead=True, damaged=False):
        self.looks_ahead, self.damaged = looks_ahead, damaged
        self.begun, self.has_begun_second = [], Event()

    def rows(self):
        for number in range(1, 7):
            if self.damaged and number == 5:
                raise FileNotFoundError("part 2")
            yield number, [f"cell {number}"]

    def begin(self, batch):
        numbers = [number for number, _ in batch]
        self.begun.append(numbers)
        if 3 in numbers:
            self.has_begun_second.set()
        return numbers


def test_the_next_rows_are_read_without_being_asked_for():
    work = Rows()
    with Batches(work, 2) as taken:
        taken.take()
        taken.look_ahead()
        assert work.has_begun_second.wait(ENOUGH)
        assert taken.batch == [(1, ["cell 1"]), (2, ["cell 2"])]


@pytest.mark.parametrize("looks_ahead", [True, False])
def test_each_row_comes_once_and_in_its_order(looks_ahead):
    work, seen = Rows(looks_ahead), []
    with Batches(work, 2) as taken:
        while taken.take():
            seen += taken.rows
            taken.look_ahead()
            taken.look_ahead()  # a batch that is done again asks again
            taken.size = 3
    assert seen == [1, 2, 3, 4, 5, 6]


def test_rows_that_are_dealt_with_are_let_go_while_the_next_are_read():
    work = Rows()
    with Batches(work, 2) as taken:
        taken.take()
        dealt_with = taken.rows
        taken.look_ahead()
        taken.take()
    assert (dealt_with, taken.rows) == ([], [3, 4])


def test_rows_that_the_database_gives_are_read_when_they_are_asked_for():
    work = Rows(looks_ahead=False)
    with Batches(work, 2) as taken:
        taken.take()
        taken.look_ahead()
    assert work.begun == [[1, 2]]


def test_what_is_wrong_with_later_rows_is_said_when_they_are_taken():
    with Batches(Rows(damaged=True), 2) as taken:
        for numbers in ([1, 2], [3, 4]):
            taken.take()
            assert taken.rows == numbers
            taken.look_ahead()
        with pytest.raises(FileNotFoundError, match="part 2"):
            taken.take()


@pytest.mark.django_db(transaction=True)
def test_rows_that_are_gone_cost_none_of_the_rows_before_them(business_admin, settings, monkeypatch):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", CONTENT, user=business_admin)
    rows = importing.iter_rows

    def rows_until_they_are_gone(*args, **kwargs):
        for number, cells in rows(*args, **kwargs):
            if number > 21:
                raise FileNotFoundError
            yield number, cells

    monkeypatch.setattr(importing, "iter_rows", rows_until_they_are_gone)
    job = start(job, leave_out=True)
    assert (job.state, job.created, job.not_reached) == ("failed", 20, 10)
    assert Contact.objects.count() == 20


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has processes of its own for that")
@pytest.mark.django_db
def test_what_an_import_has_written_is_put_in_order_by_it_and_by_no_page_of_the_site(business_admin):
    def pages_until_it_is(connection):
        with connection.cursor() as cursor:
            return cursor.execute("PRAGMA wal_autocheckpoint").fetchone()[0]

    start(draft("contacts", CONTENT, user=business_admin))
    with closing(connection.copy()) as of_the_site:
        assert 1000 < pages_until_it_is(connection) < pages_until_it_is(of_the_site)


@pytest.mark.django_db
def test_the_time_of_an_import_counts_the_reading_of_its_rows(business_admin, settings, monkeypatch):
    """Else the time left that is shown would be too short."""
    settings.IMPORT_BATCH_ROWS = 10
    clock = SimpleNamespace(now=100.0)
    begin = importing.FileRows.begin

    def take_three_seconds(work, batch):
        clock.now += 3
        return begin(work, batch)

    for module in (batches, worker):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(importing.FileRows, "begin", take_three_seconds)
    job = start(draft("contacts", CONTENT, user=business_admin), leave_out=True)
    assert job.latest_run(ImportRun.Kind.IMPORT).seconds == pytest.approx(9)
