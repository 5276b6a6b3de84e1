"""Two at once, each in a process of its own: imports, undos and repairs that want the same records.

Each function prepares and works one round and returns what is wrong with its outcome, as sentences.
"""

import time

from django.conf import settings
from django.db import connection

from entities.models import Contact, ContactClassification
from imports import execution, repairs, undo
from imports.models import ImportJob, ImportRun, file_storage
from tests.imports.journeys import draft, run_import, undo_check

from . import courses
from .deliveries import PATIENCE, Worker, begin_process, end_of
from .traces import does_not_add_up

ROWS = 200
BATCH_ROWS = 25


def at_once(folder, *dos):
    """Do all at the same moment, each in a process; whether all ended well."""
    gate = folder / f"gate-{time.monotonic_ns()}"

    def after_the_gate(do):
        while not gate.exists():
            time.sleep(0.001)
        do()

    processes = [begin_process(lambda do=do: after_the_gate(do)) for do in dos]
    gate.touch()
    return [end_of(process) for process in processes] == [0] * len(dos)


def to_the_end(run):
    """Work a run as often as it takes."""

    def work():
        deadline = time.monotonic() + PATIENCE
        while not ImportRun.objects.get(pk=run.pk).is_over:
            assert time.monotonic() < deadline
            Worker(slice_seconds=45).work(run.pk)
            time.sleep(0.01)

    return work


def ready_to_import(lines, user=None, **options):
    """The run of a started import."""
    job, queue = draft("contacts", courses.file_of(lines), user=user, generate=True, **options), []
    assert execution.start(job, user, start_key=job.start_key, leave_out=True, queue=queue.append)
    return queue[0]


def ready_to_undo(job, user):
    queue = []
    assert undo.start(job, user, undo_check(job).pk, queue.append)
    return queue[0]


def deadlocks():
    """How many the database has found; None where it has none."""
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")
        return cursor.fetchone()[0]


def all_done(runs):
    """What runs that were to leave out nothing have left out."""
    yield from does_not_add_up()
    for run in runs:
        run.refresh_from_db()
        if run.state != ImportRun.State.DONE:
            yield f"{run} is {run.state}"
        for detail in run.details.filter(outcome="rejected"):
            yield f"{run}: row {detail.row_number} failed: {detail.get_problems()[0].text}"


def contacts_are(number, **having):
    found = Contact.objects.filter(**having).count()
    if found != number or Contact.objects.count() != number:
        yield f"{found} of {Contact.objects.count()} contacts are right, not {number}"


# Rounds


def opposite_order(user, folder):
    """Two imports of the same new keys, one from the last to the first, which generate the same names."""
    lines = [courses.contact(number) for number in range(ROWS)]
    backwards = [courses.contact(number, name="Bob") for number in reversed(range(ROWS))]
    runs = [ready_to_import(lines, update=True), ready_to_import(backwards, update=True)]
    before = deadlocks()
    assert at_once(folder, *(to_the_end(run) for run in runs))
    yield from all_done(runs)
    yield from contacts_are(ROWS)
    if deadlocks() != before:
        yield "they blocked each other"
    if sum(run.created for run in runs) != ROWS or any(run.rows_done != ROWS for run in runs):
        yield f"created {[run.created for run in runs]}"
    if ContactClassification.objects.count() != 7 or sum(run.generated.count() for run in runs) != 7:
        yield "names were generated twice"


def import_during_undo(user, folder):
    """An undo of what was created, and an import that updates the same records: all are as it says."""
    job = run_import("contacts", courses.keyed(ROWS), leave_out=True, generate=True)
    new = [courses.contact(number, name="Anna") for number in reversed(range(ROWS))]
    runs = [ready_to_undo(job, user), ready_to_import(new, update=True)]
    assert at_once(folder, *(to_the_end(run) for run in runs))
    yield from all_done(runs)
    yield from contacts_are(ROWS, first_name="Anna", classification__isnull=False)
    undone, imported = runs
    if imported.created != undone.summary.get("deleted", 0):
        yield f"{imported.created} created after {undone.summary.get('deleted')} were deleted"


def two_undos(user, folder):
    """The undo of an import and that of a later one that updated the same records."""
    first = run_import("contacts", courses.keyed(ROWS), leave_out=True, generate=True)
    later = run_import("contacts", courses.keyed(ROWS, name="Anna"), leave_out=True, update=True)
    runs = [ready_to_undo(job, user) for job in (first, later)]
    assert at_once(folder, *(to_the_end(run) for run in runs))
    yield from all_done(runs)
    deleted, restored = runs[0].summary.get("deleted", 0), runs[1].summary.get("restored", 0)
    if any(run.rows_done != ROWS for run in runs) or Contact.objects.count() != ROWS - deleted:
        yield f"{Contact.objects.count()} contacts after {deleted} of {ROWS} were deleted"
    if restored != ROWS:
        yield f"{restored} restored"


def one_undo_asked_for_twice(user, folder):
    job = run_import("contacts", courses.keyed(20), leave_out=True, generate=True)
    foretold = undo_check(job)
    press = lambda: undo.start(job, user, foretold.pk)  # noqa: E731
    assert at_once(folder, press, press, press, press)
    undos = job.runs.filter(kind=ImportRun.Kind.UNDO).count()
    if undos != 1:
        yield f"{undos} undos began"


def two_repairs(user, folder):
    """The failed rows come back in a file, and are corrected here at the same time: each is imported once."""
    lines = [courses.contact(number, email="nowhere", with_key=False) for number in range(ROWS // 2)]
    good = courses.contact(ROWS)
    root = run_import("contacts", courses.file_of([*lines, good]), leave_out=True, generate=True)
    with file_storage().open(root.failed_rows.name) as file:
        content = file.read().replace(b",nowhere,", b",right@example.com,")
    by_file = draft("contacts", content, "file - failed rows.csv", user=user, generate=True)
    here = repairs.begin(root, user)
    here.mapping["values"] = {"email": {"nowhere": "right@example.com"}}
    here.save()
    runs, queue = [], []
    for job in (by_file, here):
        assert job.repairs == root
        assert execution.start(job, user, start_key=job.start_key, leave_out=True, queue=queue.append)
        runs.append(queue.pop())
    assert at_once(folder, *(to_the_end(run) for run in runs))
    yield from does_not_add_up()
    for run in runs:
        run.refresh_from_db()
    if [run.state for run in runs] != [ImportRun.State.DONE] * 2 or any(
        r.rows_done != ROWS // 2 for r in runs
    ):
        yield f"ended {[(run.state, run.rows_done) for run in runs]}"
    if sum(run.created for run in runs) != ROWS // 2 or sum(run.done_already for run in runs) != ROWS // 2:
        yield f"created {[run.created for run in runs]}"
    yield from contacts_are(ROWS // 2 + 1)


def names_that_go(user, folder):
    """An undo deletes the names that its import generated, while another import wants to use them."""
    job = run_import("contacts", courses.keyed(20), leave_out=True, generate=True)
    lines = [courses.contact(1000 + number, name="Anna") for number in range(ROWS)]
    runs = [ready_to_import(lines), ready_to_undo(job, user)]
    assert at_once(folder, *(to_the_end(run) for run in runs))
    yield from all_done(runs)
    yield from contacts_are(ROWS, first_name="Anna", classification__isnull=False)


def more_than_a_person_may(user, folder):
    """Five imports are started at the same moment and two are continued: three of them run."""
    stopped = [draft("contacts", courses.file_of([courses.contact(n)]), user=user) for n in range(2)]
    for job in stopped:
        assert execution.start(job, user, start_key=job.start_key, leave_out=True)
        assert execution.cancel(job, user)
    drafts = [draft("contacts", courses.file_of([courses.contact(n)]), user=user) for n in range(5)]
    starts = [
        lambda job=job: execution.start(job, user, start_key=job.start_key, leave_out=True) for job in drafts
    ]
    continues = [lambda job=job: execution.resume(job, user) for job in stopped]
    assert at_once(folder, *starts, *continues)
    running = ImportJob.objects.filter(state=ImportJob.State.IN_PROGRESS).count()
    if running != execution.RUN_AT_ONCE:
        yield f"{running} imports run"
    if ImportRun.objects.filter(state=ImportRun.State.WAITING).count() != running:
        yield "not each running import has its run"


def rounds(number, one, user, folder):
    """[what was wrong] in so many rounds."""
    settings.IMPORT_BATCH_ROWS = BATCH_ROWS
    wrong = []
    for _ in range(number):
        courses.clear()
        wrong += one(user, folder)
    return wrong


ROUNDS = [
    opposite_order,
    import_during_undo,
    two_undos,
    one_undo_asked_for_twice,
    two_repairs,
    names_that_go,
    more_than_a_person_may,
]
