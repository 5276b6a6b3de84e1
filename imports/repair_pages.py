"""The pages that lead from an ended import to a repair of its failed rows."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from . import family, repairs, reports
from .access import may_create, may_see
from .attachments import attachment
from .models import ImportJob
from .steps import forget, remember, step_of_draft


def ended_imports():
    return ImportJob.objects.exclude(state__in=[ImportJob.State.DRAFT, ImportJob.State.IN_PROGRESS])


@may_create
@require_POST
def begin(request, pk):
    """Correct the failed rows here: a draft of them, at its preview."""
    job = get_object_or_404(ended_imports(), pk=pk)
    if not repairs.rows_left(job):
        messages.warning(request, _("None of its failed rows is left to be corrected."))
        return redirect(job)
    draft = repairs.begin(job, request.user)
    remember(request, draft, "mapping")
    return redirect("imports:mapping", draft.pk)


@may_create
@require_POST
def upload_corrected(request, pk):
    """A draft for the corrected failed rows of an import, at its upload step."""
    job = get_object_or_404(ended_imports(), pk=pk)
    draft = repairs.create(family.root_of(job), request.user)
    remember(request, draft, "upload")
    return redirect("imports:upload", draft.pk)


@may_see
@require_GET
def rows_left(request, pk):
    """The failed rows that no repair has done yet, as a file."""
    job = family.root_of(get_object_or_404(ended_imports(), pk=pk))
    if not repairs.rows_left(job):
        raise Http404
    content, name = reports.failed_rows_left(job)
    job.log(gettext_noop("failed rows downloaded"), request.user, name=name, left=True)
    return attachment(content, name)


@step_of_draft
@require_POST
def choose_rows(request, job):
    """Whether a repair imports the rows of its own file only, or all that are not imported yet."""
    if request.POST.get("rows") == "all":
        if not repairs.can_take_all_rows(job):
            raise Http404
        repairs.choose_all_rows(job)
    elif job.reading:
        repairs.take_own_rows(job)
    forget(request, job)
    remember(request, job, "mapping")
    return redirect("imports:mapping", job.pk)
