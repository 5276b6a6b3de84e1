"""The queue worker of a machine, begun again when it ends or no longer answers."""

from django.conf import settings
from django.core.management.base import BaseCommand

from crm_import.supervision import QueueWorker, supervise


class Command(BaseCommand):
    help = (
        "Runs the queue worker and starts it again when it ends or no longer answers. SIGTERM ends it: tasks "
        "get WORKER_GRACE_SECONDS to finish; what is cut off then goes on with the next worker."
    )

    def handle(self, **options):
        supervise([QueueWorker()], settings.WORKER_GRACE_SECONDS)
