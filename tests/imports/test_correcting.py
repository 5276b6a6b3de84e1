"""Correcting in place: whatever is corrected, the check finds what a check of the whole file would."""

import os
import random

import pytest
from django.core.files.base import ContentFile

from entities.models import Contact
from imports import correcting, drafts, execution
from imports.causes import causes_of
from imports.importers import importer_for
from imports.models import ImportRun
from imports.worker import Worker

from .files_with_problems import HEADERS, file_of, records
from .journeys import check, csv_bytes, draft, start, work

pytestmark = pytest.mark.django_db
CONTACTS = "Contact Code,First Name,Last Name,Contact Email,Contact Phone Country,Contact Phone Number"


def correct(job, action):
    """Do it and work what it brings; the check that says what the preview shows then."""
    queue = []
    execution_queue = queue.append
    again = correcting.correct(job, action, execution_queue)
    job.refresh_from_db()
    for run in queue:
        Worker(queue.append, float("inf")).work(run.pk)
    if again is None:
        return check(job)
    again.refresh_from_db()
    assert again.state == ImportRun.State.DONE
    return again


def cause(job, code, column):
    return causes_of(job, correcting.finished_check(job))[f"{code}|{column}"]


def found(run):
    """All that a check has found, but for the identifiers of what would be generated."""
    details = {
        d.row_number: (d.outcome, d.problems, d.cells, sorted(d.changes)) for d in run.details.order_by("pk")
    }
    summary = {name: value for name, value in run.summary.items() if value}
    doubles = sorted(run.doubles.values_list("row_number", "records"))
    return run.counts, run.rows_done, run.rejected_for_content, run.cursor, details, summary, doubles


def test_one_value_is_used_for_all_rows_that_say_another():
    job = draft("contacts", csv_bytes(CONTACTS, *(f"C{n},Ann,Doe,,Cyprsu,9912345{n}" for n in range(5))))
    assert check(job).rejected == 5
    run = correct(
        job,
        correcting.use_values(cause(job, "unknown_country", "Contact Phone Country"), {"Cyprsu": "CYP"}),
    )
    assert (run.created, run.rejected, run.problems) == (5, 0, [])
    assert job.mapping["values"] == {"phone_country": {"Cyprsu": "CYP"}}
    assert start(job).created == 5
    assert set(Contact.objects.values_list("phone_country", flat=True)) == {"CYP"}


# Whatever is corrected


def some_action(chance, job, run):
    """Something that a person could do, or None when nothing is left to be corrected."""
    actions = []
    for one in causes_of(job, run).values():
        texts = sorted(one.values)
        if one.takes_values and texts and (one.is_mapped or not one.is_of_the_cell):
            text = chance.choice(texts)
            other = chance.choice([*OTHERS, *texts, *([None] if one.left_out else [])])
            actions.append((correcting.use_values, one, {text: other}))
        if one.left_out:
            actions.append((correcting.leave_out, one))
        if one.remedy:
            answer = chance.choice([*(value for value, _ in one.remedy.choices), "CYP", "GRC"])
            value = chance.choice(texts) if one.remedy.for_each else None
            actions.append((correcting.apply_remedy, one, {value: answer}))
        if one.option:
            actions.append((correcting.set_option, one.option, chance.choice(["dmy", "mdy", ",", "."])))
        if one.code != "would_be_new":
            row = chance.choice([number for number, _ in one.rows(run)])
            cells = {row: {one.column.key: chance.choice([*OTHERS, None])}}
            actions.append((correcting.correct_rows, cells) if one.is_settable else None)
    actions = [action for action in actions if action]
    if not actions:
        return None
    act, *arguments = chance.choice(actions)
    return act(*arguments)


OTHERS = ["CYP", "VIP", "Gold", "DEC-4K", "Student Club", "C1", "EUR", "a@example.com", "99123456", "S1", "x"]


@pytest.mark.parametrize("slug", sorted(HEADERS))
@pytest.mark.parametrize("seed", range(int(os.environ.get("MANY_CORRECTIONS", 4))))
def test_what_is_checked_again_equals_a_check_of_the_whole_file(slug, seed, settings):
    settings.IMPORT_BATCH_ROWS = 5
    chance = random.Random(f"{slug} {seed}")
    job = draft(
        slug,
        file_of(slug, chance, records()),
        generate=chance.random() < 0.5,
        update=chance.random() < 0.5,
        doubles=chance.choice(["create", "leave_out", "update"]),
    )
    run = check(job)
    for _ in range(6):
        action = some_action(chance, job, run)
        if action is None:
            break
        run = correct(job, action)
        fresh = check(job)
        assert found(run) == found(fresh)
        fresh.delete()


def test_a_run_that_dies_goes_on_with_the_rows_that_are_still_stale(settings):
    settings.IMPORT_BATCH_ROWS = 2
    job = draft("contacts", csv_bytes(CONTACTS, *(f"C{n},Ann,Doe,,Cyprsu,9912345{n}" for n in range(6))))
    check(job)
    queue = []
    country = cause(job, "unknown_country", "Contact Phone Country")
    run = correcting.correct(job, correcting.use_values(country, {"Cyprsu": "CYP"}), queue.append)
    job.refresh_from_db()
    Worker(queue.append, slice_seconds=0).work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created, run.details.filter(stale=True).count()) == ("waiting", 2, 4)
    Worker(queue.append, float("inf")).work(run.pk)
    run.refresh_from_db()
    assert (run.state, run.created, run.details.count(), run.cursor) == ("done", 6, 0, 7)
    assert found(run) == found(check(job))


# Start Import meanwhile


@pytest.mark.parametrize("leave_out", [None, True])
def test_an_import_that_starts_while_rows_are_checked_again_goes_on_to_its_end(leave_out):
    job = draft("contacts", csv_bytes(CONTACTS, *(f"C{n},Ann,Doe,,Cyprsu,9912345{n}" for n in range(6))))
    check(job)
    queue = []
    country = cause(job, "unknown_country", "Contact Phone Country")
    correcting.correct(job, correcting.use_values(country, {"Cyprsu": "CYP"}), queue.append)
    job.refresh_from_db()
    assert execution.start(job, start_key=job.start_key, leave_out=leave_out, queue=queue.append)
    work(queue)
    job.refresh_from_db()
    assert (job.state, job.created) == ("completed", 6)


def test_what_is_corrected_is_what_is_imported():
    rows = ["C1,Ann,Doe,nowhere,,", "C2,Bob,Doe,,,99123456", "C3,Eve,Doe,b@,,"]
    job = draft("contacts", csv_bytes(CONTACTS, *rows))
    check(job)
    correct(job, correcting.correct_rows({2: {"email": "ann@example.com"}}))
    correct(job, correcting.apply_remedy(cause(job, *PHONE), {None: "CYP"}))
    correct(job, correcting.leave_out(cause(job, "not_an_email", "Contact Email")))
    assert start(job).created == 3
    contacts = Contact.objects.order_by("code").values_list("email", "phone")
    assert list(contacts) == [("ann@example.com", ""), ("", "+35799123456"), ("", "")]


PHONE = ("phone_country_missing", "Contact Phone Country")


@pytest.mark.parametrize("gone", ["file", "entity type"])
def test_corrections_are_of_one_file_and_one_entity_type(gone):
    job = draft("contacts", csv_bytes(CONTACTS, "C1,Ann,Doe,nowhere,,"))
    check(job)
    correct(job, correcting.leave_out(cause(job, "not_an_email", "Contact Email")))
    digest = job.digest
    if gone == "file":
        drafts.keep_file(job, ContentFile(b"x"), "x.csv")
    else:
        drafts.change_entity_type(job, importer_for("products"))
        drafts.change_entity_type(job, importer_for("contacts"))
    assert (job.row_corrections.count(), job.corrected) == (0, 2)
    assert job.digest != digest
