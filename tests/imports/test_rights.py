"""Rights are read again in every slice: who loses them writes nothing more, and what is written stays known."""

import pytest
from django.contrib.auth.models import Permission
from django.urls import reverse

from entities.models import Contact
from imports import execution, repairs, undo
from imports.models import ImportEvent, ImportJob, ImportRow
from imports.worker import Worker
from tests.conftest import person
from tests.imports.journeys import csv_bytes, draft, start, undo_check, work
from tests.imports.test_monitoring import text_of

pytestmark = pytest.mark.django_db

HEADER = "Contact Code,First Name,Last Name,Contact Email"
GOOD = [f"A{number},Ann,Sample,a@example.com" for number in range(1, 5)]
BAD = [f"B{number},Bob,Sample,bad" for number in range(1, 5)]


def shut(user):
    user.is_active = False
    user.save()


def take_rights(user):
    user.groups.clear()


def drafted(user, *rows, **options):
    return draft("contacts", csv_bytes(HEADER, *(rows or GOOD)), user=user, **options)


def begin(job, user, **how):
    queue = []
    assert execution.start(job, user, start_key=job.start_key, queue=queue.append, **how)
    return job, queue


def an_import(user):
    return begin(drafted(user), user, leave_out=True)


def a_repair(user):
    root = start(drafted(user, *GOOD[:1], *BAD), leave_out=True, user=user)
    Contact.objects.all().delete()
    job = repairs.begin(root, user)
    job.mapping["values"] = {"email": {"bad": "good@example.com"}}
    job.save()
    return begin(job, user, leave_out=True)


def a_tried_import_that_goes_on(user):
    job, queue = begin(drafted(user), user, leave_out=True, first_rows=1)
    work(queue)
    job.refresh_from_db()
    assert execution.resume(job, user, queue.append)
    return job, queue


def an_import_that_leaves_rows_out(user):
    job = start(drafted(user, *GOOD, GOOD[0]), user=user)
    assert job.state == ImportJob.State.FAILED
    queue = []
    assert execution.start_leaving_out(job, user, queue.append)
    return job, queue


def an_undo(user):
    job, queue = start(drafted(user), user=user), []
    assert undo.start(job, user, undo_check(job).pk, queue.append)
    return job, queue


IMPORTS = [an_import, a_repair, a_tried_import_that_goes_on, an_import_that_leaves_rows_out]


@pytest.fixture
def one_row_per_slice(settings):
    settings.IMPORT_BATCH_ROWS = 1


def work_one_slice(queue):
    Worker(queue.append, slice_seconds=0).work(queue.pop(0).pk)


@pytest.mark.parametrize("lose", [shut, take_rights])
@pytest.mark.parametrize("begun", IMPORTS)
def test_an_import_ends_where_its_rights_end(begun, lose, business_admin, one_row_per_slice, client):
    job, queue = begun(business_admin)
    work_one_slice(queue)
    written = Contact.objects.count()
    assert 0 < written < 4
    lose(business_admin)
    work(queue, slice_seconds=0)
    job.refresh_from_db()
    assert (job.state, job.reason.code, Contact.objects.count()) == ("failed", "without_rights", written)
    assert ImportRow.objects.filter(run__job=job, outcome="created").count() == job.created == written
    client.force_login(person("another", "Business admin"))
    assert "no longer has the right to import this" in text_of(client.get(job.get_absolute_url()))


@pytest.mark.parametrize("lose", [shut, take_rights])
def test_an_undo_ends_where_its_rights_end(lose, business_admin, one_row_per_slice):
    job, queue = an_undo(business_admin)
    work_one_slice(queue)
    assert Contact.objects.count() == 3
    lose(business_admin)
    work(queue, slice_seconds=0)
    assert (undo.last_undo(job).state, Contact.objects.count()) == ("failed", 3)
    assert ImportRow.objects.filter(run=undo.last_undo(job), outcome="deleted").count() == 1


@pytest.mark.parametrize(("name", "begun"), [("continue", "stopped"), ("leave-out", "refused")])
def test_who_lacks_the_rights_does_not_go_on_with_the_import_of_another(name, begun, business_admin, client):
    job = start(drafted(business_admin, *GOOD, GOOD[0]), user=business_admin)
    if begun == "stopped":
        ImportJob.objects.filter(pk=job.pk).update(state="cancelled")
        job.runs.update(state="cancelled")
    other = person("other", "Business admin")
    other.groups.clear()
    for right in ("view_importjob", "add_importjob"):
        grant(other, right)
    client.force_login(other)
    told = text_of(client.post(reverse(f"imports:{name}", args=[job.pk]), follow=True))
    assert "Your account lacks rights that this takes: add contact" in told
    job.refresh_from_db()
    assert not job.is_running
    assert not ImportEvent.objects.filter(job=job, user=other).exists()


def grant(user, codename):
    user.user_permissions.add(Permission.objects.get(codename=codename))


def test_three_imports_of_a_person_run_at_once(business_admin, client):
    for _ in range(3):
        begin(drafted(business_admin), business_admin)
    fourth = drafted(business_admin)
    client.force_login(business_admin)
    address = reverse("imports:start", args=[fourth.pk])
    form = {"start_key": fourth.preview_key, "leave_out": "no"}
    told = text_of(client.post(address, form, follow=True))
    assert "3 of your imports are under way" in told
    fourth.refresh_from_db()
    assert fourth.is_draft
    ImportJob.objects.filter(state="in_progress").update(state="completed", rows=0)
    client.post(address, form)
    fourth.refresh_from_db()
    assert fourth.is_running
