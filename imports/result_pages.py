"""The download of an import's results, and their preparation where it takes time."""

from django.contrib import messages
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from . import results
from .access import may_see, may_see_records
from .attachments import attachment
from .models import ImportJob, ImportRun, file_storage


def job_with_results(request, pk):
    """An ended import whose rows are kept. They hold all that its records have: for who may see those."""
    job = get_object_or_404(ImportJob.objects.exclude(state=ImportJob.State.DRAFT), pk=pk)
    if not (results.are_kept(job) and may_see_records(request, job.importer.model)):
        raise Http404
    return job


@may_see
@require_GET
def download(request, pk):
    job = job_with_results(request, pk)
    file_format = results.format_for(job, request.GET.get("as", ""))
    if results.is_made_at_once(job):
        content = results.write(job, file_format)
    else:
        run = results.prepared(job, file_format)
        if run is None or run.state != ImportRun.State.DONE:
            messages.warning(request, _("The results are not prepared, or no longer as they were prepared."))
            return redirect(job)
        content = file_storage().open(run.summary["file"])
    name = results.file_name(job, file_format)
    job.log(gettext_noop("results downloaded"), request.user, name=name)
    return attachment(content, name)


@may_see
@require_POST
def prepare(request, pk):
    job = job_with_results(request, pk)
    if not results.is_made_at_once(job):
        results.prepare(job, results.format_for(job, request.POST.get("as", "")))
    return redirect(f"{reverse('imports:detail', args=[job.pk])}#results")


@may_see
@require_GET
def progress(request, pk):
    """The part of an import's page that changes while its results are prepared."""
    job = job_with_results(request, pk)
    return render(request, "imports/_results.html", {"job": job, **context(request, job)})


def context(request, job):
    """What the page of an import offers of its results: {"formats": [(format, address)] to download,
    "missing": [format] to prepare, "is_running", "percent"}; nothing where there are none."""
    if not (results.are_kept(job) and may_see_records(request, job.importer.model)):
        return {}
    formats = list(dict.fromkeys([results.format_for(job), results.format_for(job, "xlsx")]))
    if results.is_made_at_once(job):
        return {"results": {"formats": addresses(job, formats), "missing": []}}
    runs = {file_format: results.prepared(job, file_format) for file_format in formats}
    ready = [name for name, run in runs.items() if run and run.state == ImportRun.State.DONE]
    running = next((run for run in runs.values() if run and not run.is_over), None)
    return {
        "results": {
            "formats": addresses(job, ready),
            "missing": [] if running else [name for name in formats if name not in ready],
            "is_running": running is not None,
            "percent": min(100 * running.rows_done // job.rows, 100) if running else 100,
        }
    }


def addresses(job, formats):
    url = reverse("imports:results", args=[job.pk])
    return [(name, url if name == results.format_for(job) else f"{url}?as={name}") for name in formats]
