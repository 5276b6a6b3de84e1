"""The page of all rows that would double a record, and the answer on what is to become of them."""

from django.contrib import messages
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from . import doubled
from .forms import DoublesForm
from .models import ImportRun
from .steps import is_mapped, render_step, step_of_draft
from .wizard import before_preview, lacking_rights


@step_of_draft
@require_http_methods(["GET", "POST"])
def doubles(request, job):
    if not is_mapped(job):
        return redirect(f"imports:{before_preview(job)}", job.pk)
    return answer(request, job) if request.method == "POST" else show(request, job)


def show(request, job):
    run = job.runs.filter(kind=ImportRun.Kind.CHECK, digest=job.digest).order_by("-id").first()
    if run is None or not run.summary.get("doubles"):
        return redirect("imports:preview", job.pk)
    return render_step(
        request,
        "preview",
        job,
        template="doubles",
        importer=job.importer,
        run=run,
        doubles=run.summary["doubles"],
        alike=doubled.alike(job),
        page=doubled.page_of(job, run, request.user, request.GET.get("page")),
    )


def answer(request, job):
    """Keep the answer; the preview checks the rows anew with it."""
    form = DoublesForm(job.importer, request.POST)
    if form.is_valid():
        job.options = {**job.options, "doubles": form.cleaned_data["doubles"], "leave_out": None}
        if lacking := lacking_rights(request.user, job):
            messages.error(request, _("Your account lacks rights that this takes: %s.") % ", ".join(lacking))
        else:
            job.save_draft("options")
    else:
        messages.error(request, *form.errors["doubles"])
    return redirect(f"{reverse('imports:preview', args=[job.pk])}#doubles")
