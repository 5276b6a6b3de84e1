"""The pages that lead from an ended import to a repair of its failed rows."""

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from . import repairs
from .access import may_create
from .models import ImportJob
from .steps import remember


def ended_imports():
    return ImportJob.objects.exclude(state__in=[ImportJob.State.DRAFT, ImportJob.State.IN_PROGRESS])


@may_create
@require_POST
def begin(request, pk):
    """Correct the failed rows here: a draft of them, at its preview."""
    job = get_object_or_404(ended_imports(), pk=pk)
    if not repairs.can_begin(job):
        messages.warning(request, _("None of its failed rows is left to be corrected."))
        return redirect(job)
    draft = repairs.begin(job, request.user)
    remember(request, draft, "mapping")
    return redirect("imports:mapping", draft.pk)
