"""Whether workers answer: each cluster of them has a row with the time when one of its tasks last came through.

django-q2 starts a cluster as a process group; a group of which a part was killed can live on, take tasks
and run none. So what counts is not that it lives but that it answers.
"""

import os
import socket
import threading
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, close_old_connections, connection
from django.db.models import Q
from django.db.models.functions import Now

from .models import ImportRun, WorkerBeat

BEATS_PER_SILENCE = 4
FORGOTTEN_AFTER = timedelta(days=1)


def interval():
    """Seconds between two beats."""
    return settings.WORKER_SILENT_SECONDS / BEATS_PER_SILENCE


def here():
    """The beats of this machine's clusters."""
    return WorkerBeat.objects.filter(host=socket.gethostname())


def beat():
    """Note that the cluster of this process answers. Without a database it goes unsaid."""
    with quietly():
        WorkerBeat.objects.update_or_create(
            host=socket.gethostname(), group=os.getpgrp(), defaults={"at": Now()}
        )


@contextmanager
def beating():
    """Beat while a task is worked, however long it takes: django-q2 ends what takes longer than it may."""
    with again_and_again(beat, interval()):
        yield


@contextmanager
def again_and_again(say, seconds):
    """Say it every so many seconds, in a thread, until what is inside has ended or the process is no more."""
    over = threading.Event()

    def go_on():
        while not over.wait(seconds):
            with quietly():
                say()
        connection.close()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()  # its connection is closed: a process that is forked now inherits none


@contextmanager
def quietly():
    """On a connection that works, and without a word when there is none."""
    try:
        close_old_connections()
        yield
    except (DatabaseError, InterfaceError):
        close_old_connections()


def last(beats):
    """The latest of these or None; `.answers` says whether it is recent by the database's clock."""
    return beats.annotate(answers=Q(at__gte=Now() - silence())).order_by("-at").first()


def silence():
    return timedelta(seconds=settings.WORKER_SILENT_SECONDS)


def silent_since():
    """Since when no worker has answered, or None while one does. Where none ever did, it is since when
    the oldest run waits for one."""
    if latest := last(WorkerBeat.objects):
        return None if latest.answers else latest.at
    waiting = ImportRun.objects.filter(
        state__in=ImportRun.UNFINISHED, job__from_command_line=False, created_at__lt=Now() - silence()
    )
    return waiting.order_by("pk").values_list("created_at", flat=True).first()


def forget_silent():
    """Remove what clusters of earlier days left; the last one that answered stays known."""
    WorkerBeat.objects.filter(at__lt=Now() - FORGOTTEN_AFTER).delete()
