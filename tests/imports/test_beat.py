"""Whether workers answer, and who is told when they do not."""

import os
import socket
import threading
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.urls import reverse
from django.utils import timezone
from django_q.models import OrmQ
from django_q.signing import SignedPackage

from imports import beat, execution
from imports.cluster import ANSWER, Broker
from imports.models import ImportRun, WorkerBeat
from imports.templatetags.import_worker import in_words
from tests.imports.journeys import csv_bytes, draft

pytestmark = pytest.mark.django_db

CONTACTS = csv_bytes("Contact Code,First Name,Last Name", "A1,Ann,Sample")
SILENT = "No worker has answered since"


def beat_ago(seconds, host="elsewhere", group=7):
    at = timezone.now() - timedelta(seconds=seconds)
    return WorkerBeat.objects.create(host=host, group=group, at=at)


def check_worker(capsys, *arguments):
    call_command("check_worker", *arguments)
    return capsys.readouterr().out


def test_a_cluster_without_any_task_is_handed_proofs_of_life_and_first_of_all_a_sweep(settings):
    settings.WORKER_SILENT_SECONDS = 0  # the next proof is due at once
    broker = Broker("crm_import")
    proofs = [broker.dequeue() for _ in range(3)]
    assert [name for ((name, _),) in proofs] == [ANSWER] * 3
    functions = [SignedPackage.loads(package)["func"] for ((_, package),) in proofs]
    assert functions == ["imports.execution.sweep", "imports.cluster.answer", "imports.cluster.answer"]


def test_between_proofs_of_life_the_queue_has_its_turn(business_admin):
    broker = Broker("crm_import")
    broker.dequeue()
    job = draft("contacts", CONTACTS, user=business_admin)
    execution.start(job, business_admin, start_key=job.start_key)
    OrmQ.objects.update(lock=timezone.now() - timedelta(seconds=1))
    ((number, package),) = broker.dequeue()
    assert number == OrmQ.objects.get().pk
    assert SignedPackage.loads(package)["func"] == "imports.worker.work"
    broker.acknowledge(number)
    assert OrmQ.objects.count() == 0
    assert WorkerBeat.objects.count() == 0


@pytest.mark.django_db(transaction=True)
def test_a_proof_that_comes_back_done_is_the_beat_of_its_cluster():
    for _ in range(2):
        Broker("crm_import").acknowledge(ANSWER)
    assert [(one.host, one.group) for one in WorkerBeat.objects.all()] == [
        (socket.gethostname(), os.getpgrp())
    ]
    assert beat.silent_since() is None


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_busy_for_long_beats_meanwhile(settings):
    settings.WORKER_SILENT_SECONDS = 0.2
    with beat.beating():
        began = threading.Event()
        while not WorkerBeat.objects.exists():
            began.wait(0.05)


def test_one_worker_that_answers_is_enough(capsys):
    beat_ago(500)
    beat_ago(5, group=8)
    assert check_worker(capsys).startswith("A worker answered at ")


def test_the_check_command_fails_with_the_time_when_none_answers(capsys):
    last = beat_ago(125)
    beat_ago(500, group=8)
    since = timezone.localtime(last.at).strftime("%Y-%m-%d %H:%M")
    with pytest.raises(CommandError, match=f"^{SILENT} {since}.$"):
        check_worker(capsys)


def test_the_check_command_fails_before_any_worker_answered(capsys):
    with pytest.raises(CommandError, match=r"^No worker has answered yet\.$"):
        check_worker(capsys)


def test_the_check_command_can_ask_for_this_machine_alone(capsys):
    beat_ago(5)
    with pytest.raises(CommandError, match=r"^No worker on this machine has answered yet\.$"):
        check_worker(capsys, "--here")
    beat_ago(5, host=socket.gethostname())
    assert check_worker(capsys, "--here").startswith("A worker on this machine answered at ")


def test_beats_of_earlier_days_are_swept_away():
    beat_ago(3 * 24 * 3600)
    recent = beat_ago(3600, group=8)
    execution.sweep()
    assert list(WorkerBeat.objects.all()) == [recent]


# The banner


@pytest.fixture
def started(business_admin):
    job = draft("contacts", CONTACTS, user=business_admin)
    execution.start(job, business_admin, start_key=job.start_key)
    return job


@pytest.fixture
def pages(started, business_admin):
    """Each page on which something waits for a worker."""
    checked = draft("contacts", CONTACTS, user=business_admin)
    read = draft("contacts", CONTACTS, user=business_admin)
    execution.check(checked)
    execution.begin_reading(read)
    return {
        "list": reverse("imports:list"),
        "import": reverse("imports:detail", args=[started.pk]),
        "progress": reverse("imports:progress", args=[started.pk]),
        "preview": reverse("imports:preview", args=[checked.pk]),
        "check": reverse("imports:preview-check", args=[checked.pk]),
        "reading": reverse("imports:mapping", args=[read.pk]),
    }


@pytest.mark.parametrize("page", ["list", "import", "progress", "preview", "check", "reading"])
def test_a_page_where_something_waits_says_since_when_no_worker_answers(page, pages, client, business_admin):
    client.force_login(business_admin)
    assert SILENT not in client.get(pages[page]).text
    last = beat_ago(3600)
    text = client.get(pages[page]).text
    assert f"{SILENT} {beat_in_words(last)}." in text
    assert "nothing is lost, and it goes on by itself" in text
    beat_ago(5, group=8)
    assert SILENT not in client.get(pages[page]).text


def beat_in_words(last):
    return in_words(timezone.localtime(last.at))


def test_where_no_worker_ever_answered_the_oldest_wait_counts(pages, client, business_admin):
    client.force_login(business_admin)
    ImportRun.objects.update(created_at=timezone.now() - timedelta(minutes=5))
    assert SILENT in client.get(pages["import"]).text


def test_pages_where_nothing_waits_say_nothing(client, business_admin):
    beat_ago(3600)
    client.force_login(business_admin)
    assert SILENT not in client.get(reverse("imports:list")).text


def test_an_import_on_the_command_line_needs_no_worker(started, client, business_admin):
    beat_ago(3600)
    client.force_login(business_admin)
    type(started).objects.filter(pk=started.pk).update(from_command_line=True)
    assert SILENT not in client.get(started.get_absolute_url()).text


def test_a_time_of_another_day_is_told_with_its_day():
    today = timezone.localtime().replace(hour=14, minute=2)
    assert in_words(today) == "14:02"
    assert in_words(today.replace(year=2025, month=3, day=9)) == "9 Mar 2025, 14:02"
