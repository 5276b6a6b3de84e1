"""The pages on which imports are watched: the list, an import's page, its failed rows, and the manual."""

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_POST

from . import details, execution, repair_facts, repairs, reports, result_pages, tried, undo_pages
from .access import lacking, may_create, may_enter, may_see, may_see_records, page_context
from .attachments import TYPES, attachment
from .filters import Filter
from .importers import importers
from .manual import contents, models_of_records
from .models import ImportJob, file_storage
from .progress import shown

IMPORTS_PER_PAGE = 25


def started_imports():
    return ImportJob.objects.exclude(state=ImportJob.State.DRAFT).select_related("created_by")


@may_see
@require_GET
def import_list(request):
    chosen = Filter(request.GET)
    page = Paginator(chosen.apply(started_imports()), IMPORTS_PER_PAGE).get_page(request.GET.get("page"))
    imports = shown(page.object_list)
    context = page_context(
        request,
        filter=chosen,
        page=page,
        imports=imports,
        any_running=any(one.is_running or one.is_being_undone for one in imports),
        any_needs_worker=any(one.needs_worker or one.is_being_undone for one in imports),
        drafts=drafts_of(request.user) if may_enter(request.user, "imports.add_importjob") else (),
        importers=importers(),
    )
    return render(request, "imports/list.html", context)


def drafts_of(user):
    return (
        ImportJob.objects.filter(state=ImportJob.State.DRAFT, created_by=user)
        .exclude(file="")
        .order_by("-touched_at")
    )


@may_see
@require_GET
def import_detail(request, pk):
    job = get_object_or_404(ImportJob.objects.select_related("created_by"), pk=pk)
    if job.is_draft:
        return to_draft(request, job)
    title = _("Import %(number)s: %(file)s") % {"number": job.pk, "file": job.file_name}
    context = page_context(request, (title, None), title=title, **import_context(request, job))
    return render(request, "imports/detail.html", context)


def to_draft(request, job):
    """A draft is its owner's alone, and lives in the wizard."""
    if job.created_by != request.user or not may_enter(request.user, "imports.add_importjob"):
        raise Http404
    return redirect("imports:mapping" if job.reading else "imports:upload", job.pk)


@may_see
@require_GET
def progress(request, pk):
    """The part of an import's page that changes, for the page to put in place of its own."""
    job = get_object_or_404(started_imports(), pk=pk)
    return render(request, "imports/_import.html", page_context(request, **import_context(request, job)))


def import_context(request, job):
    context = {"shown": shown([job])[0], "job": job, "records_url": records_url(request, job.importer.model)}
    if job.is_running:
        return context
    rows_left = repairs.rows_left(job) if job.rejected else 0
    undo = context["shown"].undo
    return context | {
        "all_well": context["shown"].kind == ImportJob.State.COMPLETED and not undo,
        "can_resume": execution.can_resume(job),
        "can_leave_out": execution.can_leave_out(job),
        "rows_left": rows_left,
        "repaired": repair_facts.repaired(job, rows_left),
        "events": events(request, job),
        **undo_pages.context(request, job, undo),
        **result_pages.context(request, job),
        "tried_rows": tried.rows(request, job),
        **details.of(job, request.GET.get("page")),
    }


def events(request, job):
    if not request.user.has_perm("imports.view_importevent"):
        return ()
    return job.events.select_related("user")


def records_url(request, model):
    """The admin's list of a model's records; "" for those who may not see them."""
    if not may_see_records(request, model):
        return ""
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@may_create
@require_POST
def cancel(request, pk):
    return ask(
        request,
        pk,
        execution.cancel,
        _("Cancelling: see below what was written."),
        _("The import was over already."),
    )


@may_create
@require_POST
def resume(request, pk):
    done, late = _("The import goes on."), _("The import cannot be continued.")
    return ask(request, pk, execution.resume, done, late, takes_rights=True)


@may_create
@require_POST
def leave_out(request, pk):
    done, late = (
        _("The import starts again, leaving those rows out."),
        _("The import cannot be started again."),
    )
    return ask(request, pk, execution.start_leaving_out, done, late, takes_rights=True)


def ask(request, pk, action, done, late, takes_rights=False):
    job = get_object_or_404(started_imports(), pk=pk)
    missing = lacking(request.user, execution.rights(job)) if takes_rights else ()
    if missing:
        reason = _("Your account lacks rights that this takes: %(rights)s.") % {"rights": ", ".join(missing)}
        messages.error(request, reason)
    elif action(job, request.user):
        messages.success(request, done)
    elif takes_rights and execution.must_wait(job):
        messages.warning(request, execution.waiting_sentence())
    else:
        messages.warning(request, late)
    return redirect(job)


@may_see
@require_GET
def failed_rows(request, pk):
    job = get_object_or_404(started_imports(), pk=pk)
    if not job.failed_rows:
        raise Http404
    if request.GET.get("as") == "xlsx" and job.file_format == ImportJob.Format.CSV:
        content, name = (
            reports.failed_rows_as_xlsx(job),
            f"{reports.failed_rows_file_name(job).removesuffix('.csv')}.xlsx",
        )
    else:
        content, name = file_storage().open(job.failed_rows.name), reports.failed_rows_file_name(job)
    job.log(gettext_noop("failed rows downloaded"), request.user, name=name)
    return attachment(content, name)


@may_see
@require_GET
def sample_file(request, slug, format):
    importer = next((importer for importer in importers() if importer.slug == slug), None)
    if importer is None or format not in TYPES:
        raise Http404
    return attachment(reports.write_sample(importer, format), f"{importer.slug} - sample.{format}")


@may_see
@require_GET
def manual(request):
    links = [
        (model._meta.verbose_name_plural, url)
        for model in models_of_records()
        if (url := records_url(request, model))
    ]
    context = page_context(
        request, (_("Manual"), None), title=_("Import Data manual"), record_links=links, **contents()
    )
    return render(request, "imports/manual.html", context)
