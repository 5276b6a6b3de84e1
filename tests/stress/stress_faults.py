"""Workers that die, fail and stand still, and machines that refuse: the full counts."""

from itertools import product

import pytest
from django.db import connection

from . import courses, proofs

pytestmark = pytest.mark.usefixtures("impatient")


@pytest.fixture
def user(in_a_hurry):
    return courses.somebody()


def holds(report, test, count):
    report(test, count.n, count.lost, count.doubled)
    assert (count.lost[:10], count.doubled[:10]) == ([], [])


def test_random_kills(user, report):
    holds(report, "random kills of a slice", proofs.random_kills(user, 100))


@pytest.mark.parametrize("course", courses.PASSED, ids=lambda course: course.__name__)
def test_every_fail_point(course, user, tmp_path, report):
    has_batches = "after_fence" in courses.PASSED[course]
    cases = [
        (course, point, action, after)
        for point, action in product(courses.PASSED[course], ("kill", "raise"))
        for after in ((0, 20) if point in courses.IN_A_BATCH and has_batches else (0,))
    ]
    name = course.__name__.replace("_", " ")
    holds(report, f"fail points × kill, raise: {name}", proofs.fail_points(user, tmp_path, cases))


def test_paused_owners(user, tmp_path, report):
    points = ("after_claim", "after_fence", "before_commit")
    among = (courses.insert, courses.update, courses.mixed, courses.undo_of_all, courses.repair)
    cases = list(product(among, points, (True, False)))
    cases += [(courses.read, point, False) for point in courses.PASSED[courses.read]]
    cases += [(courses.write_results, point, False) for point in courses.PASSED[courses.write_results]]
    cases += [(courses.check_again, point, True) for point in points]
    cases += [(courses.insert, "before_done", False)]
    holds(report, "paused owners that wake up late", proofs.paused_owners(user, tmp_path, cases))


def test_terminated_backends(user, tmp_path, report):
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has no connections to end")
    holds(report, "terminated backends", proofs.terminated_backends(user, tmp_path, 60))


def test_locked_database(user, tmp_path, report):
    if connection.vendor != "sqlite":
        pytest.skip("PostgreSQL has no lock of the whole")
    holds(report, "database locked by another process", proofs.locked_database(user, tmp_path, 10))


def test_full_database(user, report):
    if connection.vendor != "sqlite":
        pytest.skip("a full disk stops PostgreSQL itself")
    holds(report, "database that cannot grow", proofs.full_database(user, 3))


def test_refused_storage(user, settings, report):
    proofs.use_refusing_storage(settings)
    holds(report, "storage full or out of reach", proofs.refused_storage(user, 16))


def test_lost_and_changed_files(user, report):
    holds(report, "stored rows gone, cut short, broken", proofs.lost_and_changed_parts(user, 12))


def test_dead_mail_server(user, report):
    holds(report, "mail server down", proofs.dead_mail_server(user, 5))


def test_poisoned_rows(user, monkeypatch, report):
    holds(report, "row of which every worker dies", proofs.poisoned_rows(user, 6, monkeypatch))


def test_negative_controls(user, tmp_path, report):
    found = proofs.negative_controls(user, tmp_path)
    for name, count in found.items():
        note = "was not caught" if count.is_clean else "failed as it must"
        report(f"negative control: {name}", count.n, count.lost, count.doubled, note)
    assert [name for name, count in found.items() if count.is_clean] == []
