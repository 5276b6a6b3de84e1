"""The queue as the cluster of workers sees it: django-q2's table, and between its tasks proofs of life."""

import time
import uuid

from django.utils import timezone
from django_q.brokers.orm import ORM
from django_q.signing import SignedPackage

from .beat import beat, interval

ANSWER = "answer"
FIRST, LATER = "imports.execution.sweep", "imports.cluster.answer"


def answer():
    """The task that shows that tasks come through."""


class Broker(ORM):
    """Now and then hands its own cluster a task that is in no table. When that is reported as done, whatever
    pushes tasks, runs them and collects their results works. The first one sweeps up what died before."""

    function, due = FIRST, 0

    def dequeue(self):
        if time.monotonic() < self.due:
            return super().dequeue()
        package = proof(self.function)
        self.function, self.due = LATER, time.monotonic() + interval()
        return [(ANSWER, package)]

    def acknowledge(self, task_id):
        if task_id == ANSWER:
            beat()
        else:
            super().acknowledge(task_id)


def proof(function):
    """A task as async_task would make it. Its result is not kept; that it failed is an answer too."""
    return SignedPackage.dumps(
        {
            "id": uuid.uuid4().hex,
            "name": ANSWER,
            "func": function,
            "args": (),
            "kwargs": {},
            "started": timezone.now(),
            "save": False,
            "ack_failure": True,
        }
    )
