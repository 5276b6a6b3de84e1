"""The frame of the wizard: whose draft it is, which steps it has come to, and the list of the steps."""

from functools import wraps

from django.contrib import messages
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from . import drafts, execution
from .access import may_create, page_context
from .models import ImportJob, ImportRun, NoLongerDraft, file_storage
from .parts import TimeIsUp
from .readers_problems import UnreadableFile
from .said import Said

SESSION = "imports"
STEPS = ("create", "upload", "mapping", "preview")
TITLES = {
    "create": _("Select entity type"),
    "upload": _("Upload file"),
    "mapping": _("Data mapping"),
    "preview": _("Preview"),
}

OF_ANOTHER_VERSION = _(
    "This draft was prepared by another version of this system, so its file was read again. "
    "Look at its mapping before you go on."
)
FILE_WAS_READ_AGAIN = _(
    "What was read of the file is no longer stored, so it was read again. Look at its mapping before you go on."
)
FILE_IS_GONE = _("The file of this draft is no longer stored. Upload it again.")
STATES = {"current": _("current"), "completed": _("completed"), "not-yet": _("not yet")}


def step_of_draft(view):
    """A step of the user's own draft. Whoever comes to one that was started is sent to its page."""

    @may_create
    @wraps(view)
    def step(request, pk):
        job = get_object_or_404(
            ImportJob.objects.select_related("created_by"), pk=pk, created_by=request.user
        )
        try:
            if job.is_draft and not drafts.is_of_this_version(job):
                return read_anew(request, job, OF_ANOTHER_VERSION)
            return view(request, job) if job.is_draft else redirect(job)
        except NoLongerDraft:
            return redirect(job)
        except FileNotFoundError:
            return restore(request, job)

    return step


def restore(request, job):
    """Go on with a draft of which a stored file is gone: read it again, or ask for it again."""
    job.refresh_from_db()
    storage = file_storage()
    if all(map(storage.exists, job.stored_names)):  # another tab has put others in their place
        return redirect("imports:mapping", job.pk)
    if storage.exists(job.file.name):
        return read_anew(request, job, FILE_WAS_READ_AGAIN)
    execution.stop_runs(job)
    drafts.forget_file(job)
    messages.warning(request, FILE_IS_GONE)
    return redirect("imports:upload", job.pk)


def read_anew(request, job, why):
    """Begin again with the file of a draft."""
    execution.stop_runs(job)
    drafts.forget_reading(job)
    messages.warning(request, why)
    try:
        drafts.read(job, in_request=True)
    except TimeIsUp:
        execution.begin_reading(job)
    except UnreadableFile as error:
        ImportJob.objects.filter(pk=job.pk).update(reading_problem=Said(error.code, **error.params))
    return redirect("imports:mapping", job.pk)


# The session: {"last": number of the last draft, "drafts": {its number: {"type", "step"}}}.


def remember(request, job, step):
    """Note in the session that the draft has come to this step."""
    known = request.session.get(SESSION, {"last": None, "drafts": {}})
    reached = known["drafts"].get(str(job.pk), {}).get("step", 0)
    known["drafts"][str(job.pk)] = {"type": job.entity_type, "step": max(reached, STEPS.index(step))}
    request.session[SESSION] = known | {"last": job.pk}


def forget(request, job):
    known = request.session.get(SESSION, {"last": None, "drafts": {}})
    known["drafts"].pop(str(job.pk), None)
    request.session[SESSION] = known | {"last": None}


def reached_step(request, job):
    """The name of the furthest step that the draft has come to and can still stand on."""
    known = request.session.get(SESSION, {}).get("drafts", {}).get(str(job.pk), {})
    if not job.file:
        return "upload"
    if known.get("step") == STEPS.index("preview") and is_mapped(job):
        return "preview"
    return "mapping" if job.reading or is_being_read(job) else "upload"


def is_mapped(job):
    if not job.reading or is_being_read(job):
        return False
    mapping = job.get_mapping()
    return bool(mapping.columns) and not mapping.missing(job.importer, job.get_options().update)


def is_being_read(job):
    return job.runs.filter(kind=ImportRun.Kind.READ, state__in=ImportRun.UNFINISHED).exists()


def render_step(request, step, job=None, template="", status=200, **context):
    """A page of the wizard with its step list; a step has its own template unless another is named."""
    page = page_context(
        request,
        (_("Create Import"), None),
        title=TITLES[step],
        step=step,
        step_number=STEPS.index(step) + 1,
        steps=step_list(request, step, job),
        job=job,
        **context,
    )
    return render(request, f"imports/wizard/{template or step}.html", page, status=status)


def step_list(request, step, job):
    reached = STEPS.index(reached_step(request, job)) if job else 0
    present = STEPS.index(step)
    return [
        {
            "number": number + 1,
            "title": TITLES[name],
            "state": state_of(number, present),
            "state_words": STATES[state_of(number, present)],
            "url": address(name, job)
            if job and number != present and number <= max(reached, present)
            else "",
        }
        for number, name in enumerate(STEPS)
    ]


def state_of(number, present):
    return "current" if number == present else "completed" if number < present else "not-yet"


def address(step, job):
    return (
        f"{reverse('imports:create')}?draft={job.pk}"
        if step == "create"
        else reverse(f"imports:{step}", args=[job.pk])
    )


def errors_of(form, anchors=()):
    """[(id of the field, sentence)] for the error summary."""
    anchors = dict(anchors)
    return [
        (anchors.get(name) or (f"id_{name}" if name != "__all__" else "how-read"), sentence)
        for name, sentences in form.errors.items()
        for sentence in sentences
    ]
