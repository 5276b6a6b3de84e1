"""The four steps from a file to a started import. The session carries the way; the draft holds the rest."""

from django.conf import settings
from django.contrib import messages
from django.http import Http404, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from . import (
    asked,
    correcting_section,
    doubled,
    drafts,
    execution,
    preview_rows,
    repair_facts,
    repairs,
    uploads,
)
from . import preview as previews
from .access import lacking, may_create
from .events import ImportEvent
from .first_look import head_of_file
from .forms import EntityTypeForm, StartForm, UploadForm, content_answers
from .importers import importer_for, importers
from .mapping import FIRST_ROWS
from .mapping_step import MappingStep
from .models import ImportJob, ImportRun, NoLongerDraft
from .parts import MAX_ROWS, TimeIsUp
from .readers_problems import FILE_PROBLEMS, UnreadableFile
from .remembered_step import is_settled, known_mapping
from .steps import (
    SESSION,
    address,
    errors_of,
    forget,
    is_being_read,
    is_mapped,
    reached_step,
    remember,
    render_step,
    step_of_draft,
)

DRAFTS_TO_CONTINUE = 3


# 1 Select entity type


@may_create
@require_http_methods(["GET", "POST"])
def create(request):
    job = draft_of_address(request)
    data = request.POST if request.method == "POST" else None
    form = EntityTypeForm(data, initial={"entity_type": job.entity_type if job else None})
    if form.is_valid():
        try:
            job = choose_entity_type(request, job, importer_for(form.cleaned_data["entity_type"]))
        except NoLongerDraft:
            return redirect(job)
        remember(request, job, "upload")
        return redirect("imports:upload", job.pk)
    return render_step(
        request,
        "create",
        job,
        form=form,
        importers=importers(),
        chosen=form["entity_type"].value(),
        errors=errors_of(form, {"entity_type": f"entity-type-{importers()[0].slug}"}),
        unfinished=() if job else unfinished_drafts(request),
    )


def draft_of_address(request):
    """The draft that ?draft= names, or None."""
    pk = asked.number(request.GET.get("draft"))
    if pk is None:
        return None
    return ImportJob.objects.filter(pk=pk, created_by=request.user, state=ImportJob.State.DRAFT).first()


def choose_entity_type(request, job, importer):
    if job is None:
        return drafts.create(request.user, importer)
    if job.entity_type != importer.slug:
        was_being_read = is_being_read(job)
        execution.stop_runs(job)
        drafts.change_entity_type(job, importer)
        if was_being_read and job.file:
            execution.begin_reading(job)
    return job


def unfinished_drafts(request):
    """The user's drafts with a file: [(draft, address of the step it has come to)], the last one first."""
    own = ImportJob.objects.filter(created_by=request.user, state=ImportJob.State.DRAFT).exclude(file="")
    last = request.session.get(SESSION, {}).get("last")
    found = sorted(own.order_by("-touched_at")[:DRAFTS_TO_CONTINUE], key=lambda draft: draft.pk != last)
    return [(draft, address(reached_step(request, draft), draft)) for draft in found]


@step_of_draft
@require_POST
def delete_draft(request, job):
    name = job.file_name
    forget(request, job)
    execution.stop_runs(job)
    if drafts.delete(job):
        details = {"draft": job.pk, "file": name, "sha256": job.sha256}
        ImportEvent.objects.create(event=gettext_noop("draft deleted"), user=request.user, details=details)
        messages.success(request, deleted_sentence(name))
    return redirect("imports:list")


def deleted_sentence(name):
    if not name:
        return _("The draft is deleted.")
    return _("The draft of %(file)s is deleted with its file.") % {"file": name}


# 2 Upload file


@step_of_draft
@require_http_methods(["GET", "POST"])
def upload(request, job):
    remember(request, job, "upload")
    if request.method == "GET":
        return render_upload(request, job, job.reading_problem if not job.reading else "")
    form = UploadForm(request.POST, request.FILES)
    if problem := getattr(request, "upload_problem", None):
        return refuse_upload(request, job, uploads.sentence(problem))
    if form.is_valid():
        return take_upload(request, job, form.cleaned_data["file"])
    if job.reading and not wants_json(request):
        return redirect("imports:mapping", job.pk)
    return refuse_upload(request, job, *form.errors["file"])


def take_upload(request, job, file):
    """Keep and read the file; on with it, or back with the sentence that says why not."""
    execution.stop_runs(job)
    expected, entity_type = job.repairs, job.entity_type
    try:
        drafts.keep_file(job, file, file.name)
        job.log(uploads.UPLOADED, request.user, file=job.file_name, size=job.file_size, sha256=job.sha256)
        drafts.read(job, in_request=True)
    except TimeIsUp:
        execution.begin_reading(job)
    except UnreadableFile as error:
        drafts.forget_file(job)
        return refuse_upload(request, job, error.sentence)
    except OSError as error:
        if not uploads.is_no_room(error):
            raise
        drafts.forget_file(job)
        return refuse_upload(request, job, uploads.sentence("no_room"))
    if job.reading and not drafts.data_rows(job):
        drafts.forget_file(job)
        return refuse_upload(request, job, _(FILE_PROBLEMS["header_only"]))
    remember(request, job, "mapping")
    if job.reading:
        for sentence in repair_facts.surprises(job, expected, entity_type):
            messages.info(request, sentence)
    target = reverse("imports:preview" if needs_no_mapping(job) else "imports:mapping", args=[job.pk])
    return JsonResponse({"next": target}) if wants_json(request) else redirect(target)


def refuse_upload(request, job, sentence):
    job.log(uploads.REFUSED, request.user, reason=sentence)
    if wants_json(request):
        return JsonResponse({"problem": sentence}, status=422)
    return render_upload(request, job, sentence)


def render_upload(request, job, problem):
    return render_step(
        request,
        "upload",
        job,
        form=UploadForm(),
        importer=job.importer,
        formats=[label.lstrip(".") for label in ImportJob.Format.labels],
        max_bytes=settings.IMPORT_MAX_UPLOAD_BYTES,
        max_size=uploads.limit_in_words(),
        too_big=uploads.sentence("too_big"),
        not_chosen=uploads.sentence("not_chosen"),
        max_rows=MAX_ROWS,
        errors=[("id_file", problem)] if problem else [],
    )


def wants_json(request):
    return request.headers.get("Accept") == "application/json"


# 3 Data mapping


@step_of_draft
@require_http_methods(["GET", "POST"])
def mapping(request, job):
    if is_being_read(job):
        return render_reading(request, job)
    if "reading" in request.GET or not job.reading:
        return redirect(f"imports:{after_reading(job)}", job.pk)
    if request.method == "GET" and repairs.is_ready(job) and reached_step(request, job) != "preview":
        return redirect("imports:preview", job.pk)
    remember(request, job, "mapping")
    step = MappingStep(request, job)
    return step.answer() if request.method == "POST" else step.page()


def needs_no_mapping(job):
    """Whether the preview can come at once: rows that come back to their import, and known headers."""
    return repairs.is_ready(job) or is_settled(job)


def after_reading(job):
    """The step that a file leads to when a worker has read it; one that was read anew, to where it was asked."""
    if not job.reading:
        return "upload"
    run = job.latest_run(ImportRun.Kind.READ)
    was_asked = bool(run and run.summary.get("how"))
    return "preview" if needs_no_mapping(job) and not was_asked else "mapping"


def render_reading(request, job):
    """What a worker reads, with its first rows; the refresh of its progress needs these no more."""
    run = job.latest_run(ImportRun.Kind.READ)
    head = () if "reading" in request.GET else head_of_file(job, **run.summary.get("how", {}))
    return render_step(request, "mapping", job, template="reading", run=run, head=head)


# 4 Preview


@step_of_draft
@require_GET
def preview(request, job):
    if not is_mapped(job):
        return redirect(f"imports:{before_preview(job)}", job.pk)
    remember(request, job, "preview")
    return render_preview(request, job)


def before_preview(job):
    """The step that an unmapped draft has to go back to."""
    return "mapping" if job.reading or is_being_read(job) else "upload"


def render_preview(request, job, form=None, status=200, tried=None):
    missing = lacking_rights(request.user, job)
    form = form or StartForm(initial={"start_key": job.preview_key})
    run = None if missing else execution.check(job)
    records = preview_rows.records(job, run, request.GET)
    context = check_context(request, job, run, tried)
    return render_step(
        request,
        "preview",
        job,
        status=status,
        form=form,
        importer=job.importer,
        scope=repair_facts.scope(job),
        records=records,
        row_count=drafts.data_rows(job),
        first_rows=FIRST_ROWS,
        lacking=missing,
        others=imports_in_progress(job),
        known_mapping=known_mapping(job, request.user),
        email=request.user.email,
        errors=tried.error_list if tried else errors_of(form),
        **context,
    )


@step_of_draft
@require_GET
def preview_check(request, job):
    """The part of the preview that changes while the check runs."""
    run = job.runs.filter(kind=ImportRun.Kind.CHECK, digest=job.digest).order_by("-id").first()
    if run is None:
        return redirect("imports:preview", job.pk)
    form = StartForm(initial={"start_key": job.preview_key})
    context = {
        "job": job,
        "importer": job.importer,
        "form": form,
        "is_fragment": True,
        **check_context(request, job, run),
    }
    context["filters"] = preview_rows.filters(run, request.GET.get("outcome", ""), context["rows"])
    if context["is_over"]:
        context["records"] = preview_rows.records(job, run, request.GET)
    return render(request, "imports/wizard/_check.html", context)


def check_context(request, job, run, tried=None):
    """`tried` is a correction that was refused, to be shown as it was typed."""
    if run is None:
        return {"run": None}
    found = previews.findings(job, run)
    correcting = correcting_section.context(job, run, tried)
    lists = ("blocking", "left_out")
    offered = {name: correcting_section.offered(found[name], correcting) for name in lists}
    answers = {"content_answers": content_answers(run.rejected_for_content)}
    return found | answers | offered | correcting | doubled.found(job, run, request.user)


def imports_in_progress(job):
    """Other imports of the same entity type that are under way."""
    same_type = ImportJob.objects.filter(entity_type=job.entity_type, state=ImportJob.State.IN_PROGRESS)
    return same_type.exclude(pk=job.pk).select_related("created_by")


def lacking_rights(user, job):
    """The names of the rights that this import takes and the user does not have, such as "add contact"."""
    return lacking(user, execution.rights(job))


@step_of_draft
@require_POST
def start(request, job):
    """Start the import once; whoever comes later finds it started."""
    if not drafts.is_of_this_version(job):
        return redirect("imports:preview", job.pk)
    if not is_mapped(job):
        return redirect("imports:mapping", job.pk)
    if lacking_rights(request.user, job):
        return render_preview(request, job, status=403)
    form = StartForm(request.POST)
    if not form.is_valid():
        raise Http404
    answer = form.cleaned_data["leave_out"]
    if form.cleaned_data["start_key"] == job.preview_key:
        first_rows = form.cleaned_data["first_rows"]
        execution.start(job, request.user, start_key=job.start_key, leave_out=answer, first_rows=first_rows)
        job.refresh_from_db()
    if job.is_draft:
        messages.warning(request, why_not_started(job))
        return redirect("imports:preview", job.pk)
    forget(request, job)
    return redirect(job)


def why_not_started(job):
    if job.undo_has_begun:
        return _(
            "The import that it repairs is undone. Upload the file again to import its rows on their own."
        )
    if execution.must_wait(job):
        return execution.waiting_sentence()
    return _("The preview had changed meanwhile. Look at it and press Start Import again.")
