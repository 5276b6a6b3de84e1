"""The operator's switch: while it is on, no worker of any machine begins or goes on with a run."""

from django.db.models.functions import Now

from .models import ImportRun, Pause


def begin():
    Pause.objects.get_or_create(pk=Pause.ONLY)


def end():
    """Whether imports were paused until now."""
    return bool(Pause.objects.all().delete()[0])


def since():
    """Since when imports are paused, or None."""
    return Pause.objects.values_list("since", flat=True).first()


def still_worked():
    """The runs that have not come to their next stop yet. Those of the command line end with their command."""
    running = ImportRun.objects.filter(state=ImportRun.State.RUNNING, lease__gt=Now())
    return running.filter(job__from_command_line=False).order_by("pk")
