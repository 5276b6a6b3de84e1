"""The pages of an undo: what it would do, starting it, what it kept; and starting over with the file."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from . import asked, starting_over, undo
from .access import CREATE, lacking, may_create, may_enter, may_see, page_context
from .models import ImportJob, ImportRun
from .record_links import RecordLinks
from .steps import remember
from .undo_words import ShownUndo

KEPT_PER_PAGE = 50


def ended_imports():
    return ImportJob.objects.filter(state__in=ImportJob.ENDED)


@may_create
@require_GET
def preview(request, pk):
    """What undoing would do: a check run finds it out."""
    job = get_object_or_404(ended_imports(), pk=pk)
    if obstacle := undo.obstacle(job):
        messages.warning(request, obstacle)
        return redirect(job)
    missing = lacking(request.user, undo.rights(job))
    run = None if missing else undo.check(job)
    title = _("Undo import %(number)s") % {"number": job.pk}
    context = page_context(
        request,
        (str(job), job.get_absolute_url()),
        (title, None),
        title=title,
        lacking=missing,
        **preview_context(request, job, run),
    )
    return render(request, "imports/undo.html", context)


@may_create
@require_GET
def preview_check(request, pk):
    """The part of the page that changes while the check runs."""
    job = get_object_or_404(ended_imports(), pk=pk)
    run = job.latest_run(ImportRun.Kind.UNDO_CHECK)
    if run is None or undo.obstacle(job):
        return redirect(job)
    return render(request, "imports/_undo_check.html", preview_context(request, job, run))


def preview_context(request, job, run):
    context = {"job": job, "undo": run and ShownUndo(job, run)}
    return context | {"kept_page": kept_page(request, job, run) if run and run.is_over else None}


@may_create
@require_POST
def look_again(request, pk):
    job = get_object_or_404(ended_imports(), pk=pk)
    if not undo.obstacle(job) and not lacking(request.user, undo.rights(job)):
        undo.check(job, again=True)
    return redirect("imports:undo", pk)


@may_create
@require_POST
def start(request, pk):
    """Undo once, as foretold; a second press finds it begun."""
    job = get_object_or_404(ended_imports(), pk=pk)
    check = asked.number(request.POST.get("check"))
    if check is None:
        raise Http404
    if undo.start(job, request.user, check) or is_being_undone(job):
        return redirect(job)
    messages.warning(request, _("Nothing was undone, because the preview was out of date. Look at it again."))
    return redirect("imports:undo", pk)


def is_being_undone(job):
    run = undo.last_undo(job)
    return bool(run and not run.is_over)


@may_create
@require_POST
def go_on(request, pk):
    """Continue an undo that stopped."""
    job = get_object_or_404(ended_imports(), pk=pk)
    if not undo.go_on(job, request.user) and not is_being_undone(job):
        missing = ", ".join(lacking(request.user, undo.rights(job)))
        reason = _("Your account lacks rights that this takes: %(rights)s.") % {"rights": missing}
        messages.warning(request, reason if missing else _("The undo cannot be continued."))
    return redirect(job)


@may_see
@require_GET
def kept(request, pk):
    """The records that the undo of an import kept, with the reasons."""
    job = get_object_or_404(ended_imports(), pk=pk)
    run = undo.last_undo(job)
    if run is None or not run.is_over:
        return redirect(job)
    title = _("Records kept by the undo")
    context = page_context(
        request,
        (str(job), job.get_absolute_url()),
        (title, None),
        title=title,
        job=job,
        undo=ShownUndo(job, run),
        kept_page=kept_page(request, job, run),
    )
    return render(request, "imports/undo_kept.html", context)


def kept_page(request, job, run):
    """The page of kept records that the address asks for, each with `.problem` and `.url` of its record."""
    rows = run.details.filter(outcome="kept").order_by("row_number")
    page = Paginator(rows, KEPT_PER_PAGE).get_page(request.GET.get("page"))
    links = RecordLinks(request, job.importer.model)
    for row in page.object_list:
        (row.problem,) = row.get_problems()
        row.url = links.url(row.problem.details["record"])
    return page


@may_create
@require_POST
def start_over(request, pk):
    """A new draft with the file, mapping and options of an import that came to nothing."""
    job = get_object_or_404(ended_imports(), pk=pk)
    if not starting_over.is_possible(job):
        messages.warning(request, _("The import cannot be started over."))
        return redirect(job)
    draft = starting_over.start_over(job, request.user)
    remember(request, draft, "mapping")
    return redirect("imports:mapping", draft.pk)


def context(request, job, shown):
    """What the page of an import says of undoing it; `shown` is its latest undo, a ShownUndo or None."""
    may = may_enter(request.user, CREATE)
    has_stopped = shown and not shown.is_running and not shown.is_done
    return {
        "undo": shown,
        "may_undo": may and undo.is_possible(job),
        "may_start_over": may and starting_over.is_possible(job) and not (shown and shown.is_running),
        "may_go_on_undoing": may and has_stopped and undo.can_go_on(job),
        "can_have_been_undone": job.finished_at and undo.has_written([job]),
        "undo_is_over": job.finished_at and undo.is_over(job),
    }
