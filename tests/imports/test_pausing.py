"""Pausing all imports: nothing is written meanwhile, nothing is lost, and pages say so."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db.models.functions import Now
from django_q.models import OrmQ

from entities.models import Contact
from imports import execution, pausing
from imports.models import ImportRow, ImportRun
from imports.worker import Worker
from tests.imports.journeys import csv_bytes, draft

pytestmark = pytest.mark.django_db

ROWS = 30
CONTENT = csv_bytes("Contact Code,First Name,Last Name", *(f"A{number},Ann,Sample" for number in range(ROWS)))
PAUSED = "All imports have been paused since"


def say(*command):
    out = StringIO()
    call_command(*command, stdout=out)
    return out.getvalue()


@pytest.fixture
def started(business_admin, settings):
    settings.IMPORT_BATCH_ROWS = 10
    job = draft("contacts", CONTENT, user=business_admin)
    execution.start(job, business_admin, start_key=job.start_key, leave_out=True)
    return job


def work_queue(on_progress=None):
    """Work what is queued, as the workers of any machine do."""
    while task := OrmQ.objects.first():
        task.delete()
        Worker(slice_seconds=45, on_progress=on_progress).work(task.task["args"][0])


def test_a_running_slice_stops_at_the_next_batch_and_goes_on_there(started, client, business_admin):
    client.force_login(business_admin)
    work_queue(on_progress=lambda run: pausing.begin())
    run = started.latest_run(ImportRun.Kind.IMPORT)
    assert (run.state, run.rows_done, Contact.objects.count()) == ("waiting", 10, 10)
    assert PAUSED in client.get(started.get_absolute_url()).content.decode()
    execution.sweep()
    assert OrmQ.objects.count() == 0
    assert say("resume_imports") == "All imports go on.\n"
    assert PAUSED not in client.get(started.get_absolute_url()).content.decode()
    work_queue()
    started.refresh_from_db()
    assert (started.state, started.created) == ("completed", ROWS)
    assert ImportRow.objects.filter(run=run).count() == ROWS


def test_what_is_started_in_a_pause_waits_for_its_end(started, client, business_admin):
    client.force_login(business_admin)
    say("pause_imports")
    work_queue()
    assert Contact.objects.count() == 0
    assert PAUSED in client.get("/import-data/").content.decode()
    say("resume_imports")
    work_queue()
    started.refresh_from_db()
    assert (started.state, started.created) == ("completed", ROWS)


def test_the_command_ends_when_nothing_is_written_any_more(started):
    lease = Now() + timedelta(seconds=1)
    ImportRun.objects.update(state=ImportRun.State.RUNNING, lease=lease)
    said = say("pause_imports")
    assert said.splitlines() == [
        f"Waiting for the next stop of: Importing of import {started.pk}",
        "All imports are paused. manage.py resume_imports lets them go on.",
    ]
    assert not ImportRun.objects.filter(lease__gt=Now()).exists()


def test_pausing_and_going_on_can_be_repeated():
    assert say("pause_imports") == say("pause_imports")
    say("resume_imports")
    assert say("resume_imports") == "Imports were not paused.\n"


def test_the_command_line_imports_nothing_in_a_pause(tmp_path):
    (tmp_path / "some.csv").write_bytes(CONTENT)
    say("pause_imports")
    with pytest.raises(CommandError, match="All imports are paused") as refused:
        call_command("import_data", "contacts", str(tmp_path / "some.csv"))
    assert refused.value.returncode == 2
    assert Contact.objects.count() == 0
