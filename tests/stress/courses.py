"""Courses: imports of every kind, brought up to where their work lies in the queue."""

import shutil
from pathlib import Path

from django.apps import apps
from django.conf import settings
from django.db import transaction
from django_q.models import OrmQ

from imports import correcting, execution, repairs, results, undo
from imports.failpoints import POINTS
from imports.models import ImportJob, file_storage
from tests.factories import SuperuserFactory
from tests.imports.journeys import check, csv_bytes, draft, run_import, undo_check, work

from .deliveries import deliver, deliver_here
from .traces import difference, does_not_add_up, trace

HEADER = "Contact Code,First Name,Last Name,Contact Email,Contact Classification,Address Line 1,Address Type"
ROWS = 60


def contact(number, name="Ann", email=None, with_key=True):
    """A line of a file. Who has no key of its own is not known again: written twice, it is there twice."""
    code = f"C{number:04}" if with_key else ""
    email = f"c{number}@example.com" if email is None else email
    return f"{code},{name},Sample {number},{email},Kind {number % 7},{number} Street,HOME"


def file_of(lines):
    return csv_bytes(HEADER, *lines)


def contacts(count=ROWS, **values):
    return file_of(contact(n, with_key=n % 2 == 0, **values) for n in range(count))


def keyed(count=ROWS, **values):
    return file_of(contact(number, **values) for number in range(count))


def with_problems():
    """Every seventh row has no e-mail address, every eleventh the key of an earlier one."""
    lines = [
        contact(n // 2 if n % 11 == 10 else n, email="nowhere" if n % 7 == 3 else None) for n in range(ROWS)
    ]
    return file_of(lines)


def started(user, content, **options):
    job = draft("contacts", content, user=user, generate=True, **options)
    assert execution.start(job, user, start_key=job.start_key, leave_out=True)


# The courses. Each leaves one piece of work in the queue.


def insert(user):
    started(user, contacts())


def insert_after_a_check(user):
    job = draft("contacts", contacts(), user=user, generate=True)
    assert execution.start(job, user, start_key=job.start_key)


def update(user):
    run_import("contacts", keyed(ROWS // 2), leave_out=True, generate=True)
    started(user, keyed(name="Anna", email=""), update=True)


def mixed(user):
    run_import("contacts", keyed(5, email="old@example.com"), leave_out=True, generate=True)
    started(user, with_problems(), update=True)


def first_rows(user):
    job = draft("contacts", with_problems(), user=user, generate=True)
    assert execution.start(job, user, start_key=job.start_key, leave_out=True, first_rows=25)


def go_on_after_first_rows(user):
    job, queue = draft("contacts", with_problems(), user=user, generate=True), []
    execution.start(job, user, start_key=job.start_key, leave_out=True, first_rows=25, queue=queue.append)
    work(queue)
    assert execution.resume(ImportJob.objects.get(pk=job.pk), user)


def repair(user):
    job = run_import("contacts", with_problems(), leave_out=True, generate=True)
    with file_storage().open(job.failed_rows.name) as file:
        content = file.read().replace(b",nowhere,", b",somewhere@example.com,")
    repaired = draft("contacts", content, f"{job.file_name} - failed rows.csv", user=user)
    assert repaired.repairs == job
    assert execution.start(repaired, user, start_key=repaired.start_key, leave_out=True)


def repair_with_all_rows(user):
    """An import that was cancelled half-way, and a repair that brings its failed rows and the others."""
    job, queue = draft("contacts", with_problems(), generate=True), []
    execution.start(job, start_key=job.start_key, leave_out=True, queue=queue.append)
    work(queue, on_progress=lambda run: run.cursor > ROWS / 2 and execution.cancel(ImportJob.objects.get()))
    job.refresh_from_db()
    repaired = repairs.begin(job, user)
    repairs.choose_all_rows(repaired)
    assert execution.start(repaired, user, start_key=repaired.start_key, leave_out=True)


def undo_of_all(user):
    run_import("contacts", keyed(20), leave_out=True, generate=True)
    job = run_import("contacts", keyed(name="Anna", email=""), leave_out=True, generate=True, update=True)
    foretold = undo_check(job)
    assert undo.start(job, user, foretold.pk)


def check_of_an_undo(user):
    undo.check(run_import("contacts", contacts(), leave_out=True, generate=True))


def check_of_a_draft(user):
    execution.check(draft("contacts", with_problems(), user=user, generate=True))


def check_again(user):
    job = draft("contacts", with_problems(), user=user, generate=True)
    rejected = check(job).details.filter(outcome="rejected").values_list("row_number", flat=True)
    cells = {number: {"email": "right@example.com"} for number in list(rejected)}
    assert correcting.correct(job, correcting.correct_rows(cells)) is not None


def read(user):
    job = draft("contacts", contacts(), user=user)
    execution.begin_reading(job, sheet=None)


def write_results(user):
    results.prepare(run_import("contacts", with_problems(), leave_out=True, generate=True), "csv")


IN_A_BATCH = ("after_claim", "after_fence", "mid_upsert", "before_counters", "before_commit", "after_commit")
BETWEEN_SLICES = ("before_requeue", "after_requeue")
PASSED = {  # the fail points that each course passes
    insert: POINTS,
    insert_after_a_check: POINTS,
    update: POINTS,
    mixed: POINTS,
    first_rows: tuple(point for point in POINTS if "mail" not in point),
    go_on_after_first_rows: POINTS,
    repair: POINTS,
    repair_with_all_rows: POINTS,
    undo_of_all: (*IN_A_BATCH, *BETWEEN_SLICES, "before_done"),
    check_of_an_undo: (*IN_A_BATCH, *BETWEEN_SLICES, "before_done"),
    check_of_a_draft: (*IN_A_BATCH, *BETWEEN_SLICES, "before_done"),
    check_again: (*IN_A_BATCH, *BETWEEN_SLICES, "before_done"),
    read: ("after_claim", "before_counters", "before_done"),
    write_results: ("after_claim", "after_report", "before_done"),
}


# What comes out of them


def clear():
    """Empty the CRM, the imports, the queue, the files and the letter box."""
    with transaction.atomic():
        for app in ("imports", "entities"):
            for model in apps.get_app_config(app).get_models():
                rows = model._base_manager.all()
                rows._raw_delete(rows.db)
        OrmQ.objects.all().delete()
    for folder in (settings.EMAIL_FILE_PATH, settings.STORAGES["default"]["OPTIONS"]["location"]):
        shutil.rmtree(Path(folder), ignore_errors=True)


_expected = {}


def expected(course, user):
    """The trace of a course without faults."""
    if course not in _expected:
        clear()
        course(user)
        deliver_here()
        assert not list(does_not_add_up())
        _expected[course] = trace()
    return _expected[course]


def somebody():
    return SuperuserFactory(username="somebody", email="somebody@example.com")


def run(course, user, *faults, deliver=deliver, **how):
    """Work a course while the faults happen; ([lines lost], [lines doubled], what deliver returned)."""
    wanted = expected(course, user)
    clear()
    course(user)
    returned = deliver(*faults, **how)
    missed = [fault.point for fault in faults if not fault.has_happened]
    assert not missed, f"{course.__name__} never came to {missed}"
    lost, doubled = difference(wanted, trace())
    doubled.update(does_not_add_up())
    return sorted(map(str, lost.elements())), sorted(map(str, doubled.elements())), returned
