"""Whatever dies, fails or stands still when: each row is imported once, and one e-mail tells of it.

A few of each; `make stress` does many.
"""

from itertools import cycle

import pytest
from django.db import connection

from entities.models import Contact
from imports import execution, repairs
from imports.failpoints import POINTS
from tests.imports.journeys import draft, start, work
from tests.stress import courses, proofs
from tests.stress.deliveries import impatient, in_a_hurry  # noqa: F401

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def user(in_a_hurry):  # noqa: F811
    return courses.somebody()


def assert_clean(count):
    assert (count.lost[:10], count.doubled[:10]) == ([], [])
    assert count.n


def cases_by_turns():
    """Each fail point of an import once, and of every other course one."""
    actions = cycle(["kill", "raise"])
    yield from ((courses.mixed, point, next(actions), 10 * (point in POINTS[:8])) for point in POINTS)
    for place, (course, points) in enumerate(courses.PASSED.items()):
        yield course, points[(place + 2) % len(points)], next(actions), 0


def test_a_worker_that_dies_or_fails_at_any_point_loses_and_doubles_nothing(user, tmp_path):
    assert_clean(proofs.fail_points(user, tmp_path, cases_by_turns()))


def test_workers_that_are_killed_at_any_time_lose_and_double_nothing(user):
    assert_clean(proofs.random_kills(user, 20))


@pytest.mark.parametrize("point", ["after_claim", "after_fence"])
def test_an_owner_that_wakes_up_late_writes_nothing_twice(point, user, tmp_path):
    assert_clean(proofs.paused_owners(user, tmp_path, [(courses.insert, point, True)]))


def test_a_worker_whose_connection_is_ended_connects_again(user, tmp_path):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to end")
    assert_clean(proofs.terminated_backends(user, tmp_path, 2))


def test_a_database_that_is_locked_for_long_stops_no_import(user, tmp_path):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no lock of the whole")
    assert_clean(proofs.locked_database(user, tmp_path, 1))


def test_an_import_goes_on_when_a_full_database_has_room_again(user):
    if connection.vendor != "sqlite":
        pytest.skip("a full disk stops PostgreSQL itself")
    assert_clean(proofs.full_database(user, 1))


def test_an_import_ends_and_goes_on_although_the_storage_refuses(user, settings):
    proofs.use_refusing_storage(settings)
    assert_clean(proofs.refused_storage(user, 6))


def test_an_import_whose_rows_are_gone_or_cut_short_is_not_completed_and_goes_on(user):
    assert_clean(proofs.lost_and_changed_parts(user, 3))


def test_an_e_mail_is_sent_when_the_mail_server_answers_again(user):
    assert_clean(proofs.dead_mail_server(user, 1))


def test_an_import_names_the_row_of_which_workers_die_and_goes_on_behind_it(user, monkeypatch):
    assert_clean(proofs.poisoned_rows(user, 1, monkeypatch))


def test_what_looks_as_good_and_is_not_is_caught(user, tmp_path):
    found = proofs.negative_controls(user, tmp_path)
    assert [name for name, count in found.items() if count.is_clean] == []


def test_what_a_repair_has_done_is_not_done_again_by_an_import_that_has_no_failed_rows_file(user, settings):
    """It stopped while the storage refused. A repair brings its other rows; then it is continued."""
    proofs.use_refusing_storage(settings)
    lines = [courses.contact(n, email="nowhere" if n == 3 else None, with_key=False) for n in range(40)]
    job, queue = draft("contacts", courses.file_of(lines), generate=True), []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)

    def fail(run):
        raise OSError("the disk is gone")

    with proofs.refusing("save", "failed-rows"):
        work(queue, on_progress=fail)
    job.refresh_from_db()
    assert (job.state, job.failed_rows.name, job.created, job.rejected) == ("failed", "", 9, 1)
    repair = repairs.begin(job, user)
    repairs.choose_all_rows(repair)
    assert start(repair, leave_out=True, user=user).created == 30
    assert execution.resume(job, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created, job.rejected) == ("completed", 9, 31)
    assert Contact.objects.count() == 39
